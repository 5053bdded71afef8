"""Results of real Vim for many sequences of keys: `python -m tests.ui.vim_oracle` writes `vim_cases.json` anew."""

from __future__ import annotations

import json
import subprocess
import tempfile
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

CASES = Path(__file__).with_name("vim_cases.json")

WORDS = "one two-three  four.five\n  six, seven\n\neight nine"
CODE = (
    'say("hello \\" big world", [1, (2), 3]) + f(x)\n'
    "if (a) {\n    b = \"c d\" + 'e';\n    {\n        g();\n    }\n}\nend"
)
PARAGRAPHS = "a1\na2\n\n\nb1\nb2\nb3\n\nc1"
VIETNAMESE = "Tiê\u0301ng Viê\u0323t, đường phố\nngười_dùng 3 次の文字 ok"
LINES = "alpha\n  beta gamma\ndelta  \n) epsilon\n\nzeta"

TABLE: dict[str, str] = {
    # motions
    WORDS: """
    l|3l|99l|$h|$2h|h|j|2j|9j|k|jk|9jk|w|2w|3w|4w|7w|99w|W|2W|3W|5W|e|2e|3e|5e|8e|99e|E|2E|3E|6E|$b|$2b|$3b|$99b|Gb|G$b
    G2b|G4b|GB|G3B|$B|$2B|$ge|$2ge|G3ge|$gE|j0|j$|j^|$j|$jj|$jjj|2$|3$|9$|gg|2gg|G|2G|9G|jgg|wG|fo|2fo|fz|fo;|$Fo|$2Fo
    $Fo;|$Fo,|te|2te|te;|te;;|$Te|$Te;|$2To|fe;;,|tw|f-;|jw|jww|jwww|jb|jjb|jjw|jje|jjh|jjl|4lj|4ljj|11ljk|11ljjjkkk
    x|3x|99x|$x|$3x|jjx|X|wX|w3X|$99X|dw|2dw|3dw|d2w|2d2w|wdw|$dw|$bdw|jdw|j2dw|j$bdw|j$dw|jjdw|jd2w|j3dw|GdW|dW|d2W|d4W|d3W
    de|d2e|wde|2wd2e|d5e|dE|d2E|Gde|$db|$d2b|db|jdb|jwdb|Gdb|GwdB|$dB|$dge|d$|wd$|d2$|D|wD|2D|j2D|d0|wd0|$d0|jd^|j$d^|dG|jdG
    dgg|jdgg|jwdgg|Gdgg|dd|2dd|9dd|jdd|Gdd|jjdd|dj|jdj|Gdj|dk|jdk|2jd2k|dl|d3l|$dl|dh|$dh|$d2h|dfo|d2fo|dto|dfz|$dFo|$dTo
    fodt;|wd;|fod;|$Fod,|d2j|2d2j|3dj|dwdwdw
    cwX<Esc>|c2wX<Esc>|wcwX<Esc>|2wcwX<Esc>|$cwX<Esc>|4lcwX<Esc>|3lcwX<Esc>|13lcwX<Esc>|jcwX<Esc>|jjcwX<Esc>|cWX<Esc>|ceX<Esc>|$cbX<Esc>|ccX<Esc>
    2ccX<Esc>|jccX<Esc>|9ccX<Esc>|SX<Esc>|CX<Esc>|wCX<Esc>|sX<Esc>|3sX<Esc>|$sX<Esc>|$9sX<Esc>|cjX<Esc>|jckX<Esc>|cGX<Esc>
    jjsX<Esc>|ctoX<Esc>|c$X<Esc>|c0X<Esc>|wc0X<Esc>|c2jX<Esc>
    yyp|yyP|yy2p|2yyp|2yyP|2yyjP|Yp|YGp|jyyp|ywP|ywp|yw$p|yw2p|y2wjp|yeP|y$p|y0p|wy0P|yjp|jykp|jyjP|ygg|jwygg|yGp|wyiw|$yb
    ywjjp|ywjjP|yyjjp|y3jP|Gyyggp|GyyggP|ylp|yl5p|xp|wxp|$xp|ddp|ddP|jddkP|dwelp|dwP|$daw0P|y2jGp|yj3p|vjyP|vjyp|vjy2p
    iX<Esc>|aX<Esc>|AX<Esc>|IX<Esc>|jIX<Esc>|jjIX<Esc>|jjAX<Esc>|jjaX<Esc>|3iX<Esc>|3aXY<Esc>|2AX<Esc>|oX<Esc>|OX<Esc>|2oX<Esc>|2OXY<Esc>|GoX<Esc>|jOX<Esc>
    o<Esc>|O<Esc>|i<Esc>|wi<Esc>|A<Esc>|2iX<CR>Y<Esc>|iX<CR><Esc>|aXY<BS>Z<Esc>
    rX|3rX|99rX|$rX|$2rX|jjrX|r<CR>|3lr<CR>|2r<CR>|~|3~|99~|$~|jjr~|w5~|jj~|~~~
    J|2J|3J|9J|jJ|jjJ|GJ|2jJ|j3J|jj2J|G2J|kJJ
    >>|2>>|>j|j>>|jj>>|9>>|>G|j<<|<<|>>>>|j>>.|>>j.|jw>>|>w|2>j|<G|jw<<
    g~w|gUw|gUU|2gUU|gUiw|g~~|guu|gUj|jgUk|gU$|wgUe|$gUb|gUgU|gUG
    x.|x3.|3x.|3x2.|dw.|dw2.|2dw.|dd.|dd2.|dwj.|cwX<Esc>w.|cwX<Esc>w2.|ccX<Esc>j.|AX<Esc>j.|IX<Esc>j.|iXY<Esc>.|iXY<Esc>3.|3iX<Esc>.
    oX<Esc>.|oX<Esc>2.|OX<Esc>j.|aX<Esc>l.|dfo.|dfo;.|D.|DjJ.|J.|~.|3~w.|rXw.|3rXw.|yyp.|ywP.|cwX<CR>Y<Esc>jw.|sXY<Esc>w.|xjp.
    >>.|diww.|cawX<Esc>.|gUww.|Jw.|ddp.
    "ayw"byy"ap|"ayw"byy"bp|"add"ap|"ayyj"Ayy"ap|"aywj"Ayw"aP|"ayyjw"Ayw"ap|"ayw"_ddP|"_dd"ap|"byyddp"bp|yydd"0p|ddjdd"1P|dddd"2P|dw"-P
    dwyy"-P|"aywdw"aP|"aywdwP|2"ayyp|"a2yyp|"ap|p|P|"zdw"zP|"add"1P|dwdd"1P"-P|x"-p|yw"ayy"0P|d%p|j"Ayw"ap|"+yyp|"+dw"+P
    diw|daw|wdiw|wdaw|3ldiw|3ldaw|wwwdaw|$daw|$diw|d2iw|d2aw|d3aw|d3iw|wd2aw|jdiw|jdaw|jwdaw|j$daw|diW|daW|wdaW|wdiW|$daW|$bdaw
    ciwX<Esc>|cawX<Esc>|wciWX<Esc>|3lciwX<Esc>|yiwP|wyawP|wyiw$p|13ldiw|13ldaw|13ldaW|jjdiw|jjyiwp|jjciwX<Esc>
    vd|vx|vld|v3ld|vwd|ved|v$d|v$y$p|vjd|vjjd|wvjd|vGd|$vd|$vhd|$vbd|$v0d|v2ed|vfod|vtod|vy$p|vwyP|wvyP|vjyGp|vkd|jvkd|jwvkd|vlcX<Esc>
    vjcX<Esc>|vlsX<Esc>|v$cX<Esc>|vw~|vwU|vwu|vjU|$vb~|vwrX|vjrX|v>|vj>|v2>|vj<|vJ|vjJ|vjjJ|ywwvep|ywwveP|ywwvepp|yywvep|yywvjp|yyjVp|yyjVjp
    ywjVp|ywjVjp|ywGVp|yyGVp|yyVGp|ywVGp|vjyjVp|Vd|Vjd|VGd|jVkd|jVkdP|Vy|VjyP|VjyGp|jwVkyP|jwVky|jw$Vky|jw$Vjy|jwVjjy|jwVy|$Vy|$Vjy|VcX<Esc>|VjcX<Esc>|VU|V~|Vju|VrX|V>|Vj>|V2>|Vj<
    VJ|VjJ|VjjJ|vVd|Vvd|vvx|VVx|vlolx|$vhohx|vlld.|vlldw.|vjdj.|vjd.|Vd.|Vjd.|Vj>.|vl~w.|vlcX<Esc>w.|wvlld0.|VjcX<Esc>j.|vllyd.
    viwd|viwd.|vawd|wviwd|vaWd|viwiwd|vawawd|wvawd|vd|v2iwd|v2awd|v<Esc>x|vll<Esc>x|vD|vlY$p|vjD|vX|vlC<Esc>|vjSX<Esc>|vlRX<Esc>|vlx$p
    vipd|vipy|jjvipd|Vipd|wvipd|v"ay"aP|vll"ay"ap|vw"_dP|v3x|Vjyjp|v2wd|vGy|jvggy|jv99hd|jjvd|jjvly|jjvjd|jjVd
    l<BS>x|w<Space>x|<CR>x|2<CR>x|jd<CR>|d<CR>|f<Esc>x|d<Esc>x|2<Esc>x|"a<Esc>x|gzx|dix|dizx|"?x|d3<Esc>x
    """,
    CODE: """
    %|f[%|f(%|f)%|$%|$h%|j%|j$%|jj%|4jf{%|f(d%|d%|f[d%|f]d%|j$d%|jd%|f(y%P|f(v%d|j$v%d|f(;%
    di"|f"di"|fhdi"|fwdi"|$di"|2jdi"|2jfcdi"|2jfcda"|2jfcda'|2jfcdi'|2jfedi'|2jfeda'|2j$da'|da"|fwda"|f"ci"X<Esc>|fwci"X<Esc>|fwyi"$p|fwya"$p|fwvi"d|fwva"d|fwvi"y$p
    f"da"|f[di"|2jf"da"|2jf"di"|2jf"ya"P|f[da"|fwdi'|2jci'X<Esc>|2jf+ci"X<Esc>|f"yi"P|f"di"p
    di(|di[|2di(|di<|da[|f+da(|da{|di{|f(di(|fhdi(|fhda(|fhdib|fhdab|f2di(|f2da(|f2d2i(|f2d2a(|f2d3a(|f[di[|f1di[|f1da[|f2di[|f2da]|f3di]|f3d2i(|fxdi(|fxda(|fxdi)|f(ci(X<Esc>
    f2ci(X<Esc>|f1ci[X<Esc>|f2yi(P|f2ya(P|fhvi(d|fhva(d|f2vi(d|f2vi(i(d|f2va(a(d|f2v2i(d|f+di(|f(dib|f)di(
    jdi{|j$di{|jjdi{|jjda{|jjdiB|4jdi{|4jda{|4jd2i{|4jd2a{|jjci{X<Esc>|jjcaBX<Esc>|4jci{X<Esc>|jjyi{P|jjyi{Gp|jjvi{d|jjva{d|4jvi{d|6jdi{|6jda{|jf(di(|4jf(di(|4jf(ci(X<Esc>|jjvi{>|jj>i{|jj>a{|jj<i{
    5jdi{|5jda{|jjd2i{|jjdi{.|$di(|$da(|4jyi{jp|f(l%|Gdi{|Gda{|Gdi"|f1d%|t[d%|jjdi(
    """,
    PARAGRAPHS: """
    }|2}|3}|9}|}}|}}}|{|G{|G2{|G9{|4j{|4j}|2j}|3j}|2j{|3j{|j}|j{|d}|jd}|2d}|9d}|ld}|jld}|Gd{|4jd{|5jd{|5jld{|3jd}|y}P|5jy{P|c}X<Esc>|jlc}X<Esc>|v}d|v}y|Gv{d|d{|d}p|d}"1P|4jd}.
    dip|dap|jdip|jdap|2jdip|2jdap|3jdip|3jdap|4jdip|4jdap|5jdap|Gdip|Gdap|d2ip|d2ap|d3ip|d3ap|d9ip|yipP|yapP|5jyip|yipGp|5jyap|cipX<Esc>|5jcipX<Esc>|capX<Esc>|>ip|5j>ip|gUip|5jgUap
    vipd|vapd|5jvipd|5jvapd|vipy|vipipd|vipapd|vapapd|Gvapd|dipp|dapp|dap.|dip.|7jdap|7jdip|d2}|v2}d|vipJ|vip>|5jvip~|Vapd|Vipd
    ddp|ddkP|Gdd|Gddp|G2dd|Gdk|2jdd|3J|JJ|2j3J|2jJ|7jJ|4j>}|yGP|dGp|dGP|dGiX<Esc>|4j<}
    """,
    VIETNAMESE: """
    l|3l|5l|$|w|2w|3w|e|2e|3e|4e|$b|$2b|jw|j2w|j3w|j4w|je|j2e|j3e|j4e|j5e|fđ|f,|tđ|ff|$Fđ|x|2lx|3x|2l2x|2lr\u1ebf|2l~|7lx|7lX|~|gUw|gUU|wgUw|dw|2dw|dW|diw|wdiw|daw|wdaw
    jdiw|jdw|jwdw|j2wdw|j2wdiw|j3wdiw|j$daw|dfđ|dt,|cwX<Esc>|wcwX<Esc>|ciwđó<Esc>w.|yiwP|yiw$p|wyw$p|xp|wxp|2lxp|5lj|8lj|12lj|j12lk|j13lk|j16lk|$jk|$j|j$k|v4ld|vey$p|v$d|vjd|wvbd|vlrX|v2l~|iâ<Esc>.|aê\u0323<Esc>2.|J
    dwj.|xj.|j$x|j$X|wD|wD.|2lCX<Esc>|2lsX<Esc>|2l2sX<Esc>|g~~|jg~~|wrđ|w3rđ
    """,
    LINES: """
    J|jJ|jjJ|3jJ|4jJ|2J|3J|4J|5J|9J|j3J|jj3J|JJJ|VGJ|vjJ|jVjJ|J.|Jx|jjJx|2jdd|j>>j.|2j>>|2j<<|Vj>|jV2j>|jV2j2>|j>>>>|j<<|j^dw|jdiw|j0dw|j0diw|j0daw|j$i<CR><Esc>|jdaw|jwdaw
    2j$x|2jA<BS>X<Esc>|2jdaw|2jDP|2j$diw|2jC<Esc>|jccX<Esc>|jcjX<Esc>|joX<Esc>|jOX<Esc>|jI-<Esc>|j0i-<Esc>|jA-<Esc>|jS<Esc>|jyyGp|jyyp^x|jyyP|jddp|jdj|jwd0|jwc0X<Esc>|j$p|jxp|jw<CR>x
    jwdk|jwyk|jwyj|jwyyp|jwd2j|jw>j|jwVky|jwvky|jwVjy|Gyyp|Gp|GP|ddGp|ddGP|4jp|4jyyp|4jxp|4jiX<Esc>p|4jJ|4jdd|4jdw|4jcwX<Esc>|4jD|4jA<Esc>|3jd%|3j%|3jf)|3jdi(|G5x|GX|G$X|G$a!<Esc>
    jdwk.|jwcwX<Esc>2k.|wdw2j.|jd$.|jd$2j.|2j~~~.|"qyy2j"qp|"qyyj"Qyy"Qyy"qP
    """,
    "": r"""
    x|dd|dw|D|iX<Esc>|p|yyp|yyP|oX<Esc>|OX<Esc>|~|rX|J|w|b|e|$|gg|G|vd|Vd|diw|daw|cwX<Esc>|ccX<Esc>|cX<Esc>|vy|di(|di"|dip|>>|iX<CR>Y<Esc>ggdG|dG|fX|%|}|{
    VcX<Esc>|AX<Esc>.
    """,
    "abc": """
    xxx|xxxx|3x.|ddp|ddP|ddiX<Esc>|dd.|yypyyp|lrX.|a-<Esc>.|lD|lDp|vlldiX<Esc>|Vdp|cc<Esc>p|yiwvp|yiwlvp
    yyVp|yyvp|llJ|5iX<Esc>|20ix<Esc>5x|3ylp|xp.|xP|$p|yl3p.
    """,
}  # fmt: skip

_SCRIPT = r"""
set nocompatible encoding=utf-8 shiftwidth=4 expandtab nojoinspaces backspace=indent,eol,start nomore
let cases = json_decode(join(readfile(g:input), "\n"))
for case in cases
  enew!
  for name in split('abcdefghijklmnopqrstuvwxyz0123456789-', '\zs')
    call setreg(name, '')
  endfor
  call setreg('"', '')
  call setline(1, split(case.text, "\n", 1))
  call cursor(1, 1)
  let keys = substitute(case.keys, '<\(\w\+\)>', '\=eval("\"\\<" . submatch(1) . ">\"")', 'g')
  silent! call feedkeys(keys, 'tx')
  silent! call feedkeys("\<C-\>\<C-n>", 'tx')
  let case.result = join(getline(1, '$'), "\n")
  let case.cursor = [line('.') - 1, charidx(getline('.'), col('.') - 1)]
  if case.cursor[1] < 0
    let case.cursor[1] = 0
  endif
endfor
call writefile([json_encode(cases)], g:output)
qall!
"""


class Case(NamedTuple):
    """Keys in a text, and what Vim makes of it."""

    text: str
    keys: str
    result: str
    cursor: tuple[int, int]


def table() -> list[tuple[str, str]]:
    """Each text with each of its sequences of keys."""
    return [(text, keys) for text, listed in TABLE.items() for keys in dict.fromkeys(_sequences(listed))]


def _sequences(listed: str) -> list[str]:
    return [keys for line in listed.split("\n") for keys in line.strip().split("|") if keys]


def cases() -> list[Case]:
    """The stored results."""
    stored = json.loads(CASES.read_text("utf-8"))
    return [
        Case(text, keys, text if result is None else result, (row, column))
        for text, rows in stored.items()
        for keys, result, (row, column) in rows
    ]


def main() -> None:
    """Run Vim, and store its results."""
    with tempfile.TemporaryDirectory() as folder:
        given, script, out = (Path(folder) / name for name in ("cases.json", "script.vim", "results.json"))
        given.write_text(json.dumps([{"text": text, "keys": keys} for text, keys in table()]), "utf-8")
        script.write_text(_SCRIPT, "utf-8")
        settings = [f"let g:input='{given}'", f"let g:output='{out}'"]
        commands = [argument for line in settings for argument in ("--cmd", line)]
        subprocess.run(
            ["vim", "-u", "NONE", "-N", "-n", "-i", "NONE", "-es", *commands, "-S", str(script)],
            check=False,
            timeout=300,
        )
        found = json.loads(out.read_text("utf-8"))
    texts = [
        f"{_json(text)}: [\n" + ",\n".join(map(_row, of_text)) + "\n]"
        for text, of_text in groupby(found, lambda case: case["text"])
    ]
    CASES.write_text("{\n" + ",\n".join(texts) + "\n}\n", "utf-8")


def _row(case: dict[str, object]) -> str:
    """Keys, the text if they change it, and the cursor."""
    return _json([case["keys"], None if case["result"] == case["text"] else case["result"], case["cursor"]])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
