"""Answers of many kinds, made the same way each time, to be cut at any place (see `benchmarks.seams`)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_EN_TEXT = (
    "the link between the two machines stalls for a while and then goes on as if nothing had happened; a "
    "client that waits too long looks broken while one that gives up too early wastes what it has paid "
    "for. most people notice a delay after a second and lose their train of thought after ten. in "
    "practice the server keeps sending small comments so that proxies do not close an idle connection. "
    "when the connection breaks the text that has already come is worth keeping because it cannot be had "
    "again for free. every request carries the whole conversation and so the price of a retry grows with "
    "its length."
)
_VI_TEXT = (
    "đường truyền giữa hai máy đôi khi bị nghẽn rồi lại chạy tiếp như không có gì xảy ra. người dùng "
    "thường nhận ra độ trễ sau một giây và mất tập trung sau mười giây. khi kết nối bị ngắt giữa chừng "
    "thì phần văn bản đã nhận được rất đáng giữ lại vì không thể có lại miễn phí. máy chủ gửi những dòng "
    "ghi chú ngắn để proxy không đóng một kết nối đang chờ. mỗi yêu cầu đều mang theo toàn bộ cuộc trò "
    "chuyện nên giá của một lần thử lại tăng dần theo độ dài của nó."
)
_CJK = (
    "断线之后，客户端应当保留已经收到的文字，并且从中断的地方继续。",
    "回线が切れても、届いた文章は失われません。",
    "연결이 끊겨도 받은 글은 남아 있습니다。",
    "每一次重试都会带上整个对话，因此费用随长度增长。",
    "再接続のあとで、続きをサーバーに頼みます。",
    "等待太久的程序看起来像是坏了，放弃太早的程序则浪费了已经付出的代价。",
    "返事を待つあいだも、画面は止まりません。",
    "서버는 작은 신호를 보내서 연결을 살려 둡니다。",
    "第{n}步：先把文字写到磁盘，然后再显示出来。",
    "途中で切れた行は、{n}行目から読み直します。",
    "{n}번째 시도에서도 같은 글이 옵니다。",
    "如果模型从头开始回答，旧的回答会作为另一个版本保留下来。",
    "つなぎ目が確かでないときは、印を付けて見せます。",
    "대화가 길어질수록 한 번의 요청이 비싸집니다。",
    "网络恢复以后，不需要用户做任何事情。",
    "鍵が古くなったら、もう一度だけ取り直します。",
)
_EN = _EN_TEXT.split()
_VI = _VI_TEXT.split()
_NAMES = (
    "retry",
    "backoff",
    "journal",
    "stream",
    "probe",
    "listener",
    "budget",
    "cursor",
    "packet",
    "window",
    "socket",
)
_EMOJI = ("🎉", "👩‍💻", "🇻🇳", "👍🏽", "❤️", "🧑‍🤝‍🧑", "✅", "🚀", "☕", "🐑")


def _sentence(rng: Random, words: list[str]) -> str:
    start = rng.randrange(len(words) - 14)
    picked = words[start : start + rng.randrange(7, 14)]
    if rng.random() < 0.5:
        picked.insert(rng.randrange(1, len(picked)), rng.choice(_NAMES))
    text = " ".join(picked).rstrip(".;,")
    return text[0].upper() + text[1:] + rng.choice((".", ".", ".", "?", ":", "!"))


def _paragraph(rng: Random, words: list[str], sentences: int) -> str:
    return " ".join(_sentence(rng, words) for _ in range(sentences))


def prose_en(rng: Random) -> str:
    return "\n\n".join(_paragraph(rng, _EN, rng.randrange(3, 6)) for _ in range(4)) + "\n"


def prose_vi(rng: Random) -> str:
    return "\n\n".join(_paragraph(rng, _VI, rng.randrange(3, 6)) for _ in range(4))


def headed(rng: Random) -> str:
    parts = [f"## {rng.choice(_NAMES).title()} {i}\n\n{_paragraph(rng, _EN, 3)}" for i in range(1, 5)]
    return "# What to do when the link breaks\n\n" + "\n\n".join(parts)


def python(rng: Random) -> str:
    lines = ["Here is the function you asked for:", "", "```python", "from __future__ import annotations", ""]
    for _ in range(4):
        name, other = rng.sample(_NAMES, 2)
        lines += [
            f"def {name}_{other}(count: int, limit: float = {rng.random():.2f}) -> int:",
            f'    """{_sentence(rng, _EN)}"""',
            "    if count <= 0:",
            "        return 0",
            f"    for {name} in range(count):",
            f"        {other} = {name} * {rng.randrange(2, 90)}",
            f"        if {other} > limit:",
            "            return 0",
            f"    return {other}",
            "",
            "",
        ]
    return "\n".join([*lines[:-2], "```", "", _paragraph(rng, _EN, 2)])


def javascript(rng: Random) -> str:
    lines = ["```js", "'use strict';", ""]
    for _ in range(5):
        name, other = rng.sample(_NAMES, 2)
        lines += [
            f"export async function {name}{other.title()}(url, {{ signal }} = {{}}) {{",
            f"  const response = await fetch(`${{url}}/{name}/{rng.randrange(1000)}`, {{ signal }});",
            "  if (!response.ok) {",
            "    throw new Error(response.statusText);",
            "  }",
            f"  return response.json().then((body) => body.{other});",
            "}",
            "",
        ]
    return "\n".join([*lines[:-1], "```"]) + f"\n\n{_paragraph(rng, _EN, 2)}"


def diff(rng: Random) -> str:
    lines = ["```diff", f"--- a/{rng.choice(_NAMES)}.py", f"+++ b/{rng.choice(_NAMES)}.py"]
    for _ in range(6):
        at, name = rng.randrange(900), rng.choice(_NAMES)
        lines += [f"@@ -{at},4 +{at},4 @@", f" def {name}():", f"-    return {rng.randrange(99)}"]
        lines += [f"+    return {rng.randrange(99)}", " ", "     pass"]
    return "\n".join([*lines, "```", ""])


def table(rng: Random) -> str:
    rows = ["| Name | Tries | Seconds | Result |", "| --- | ---: | ---: | --- |"]
    rows += [
        f"| {rng.choice(_NAMES)} | {rng.randrange(9)} | {rng.randrange(60)}.0 | {rng.choice(('ok', 'ok', 'cut off'))} |"
        for _ in range(24)
    ]
    return f"{_sentence(rng, _EN)}\n\n" + "\n".join(rows) + f"\n\n{_sentence(rng, _EN)}"


def nested_list(rng: Random) -> str:
    lines = [_sentence(rng, _EN), ""]
    for i in range(1, 7):
        lines.append(f"{i}. **{rng.choice(_NAMES).title()}** — {_sentence(rng, _EN)}")
        lines += [f"   - {_sentence(rng, _EN)}" for _ in range(rng.randrange(1, 4))]
    return "\n".join(lines)


def counting(rng: Random) -> str:
    start = rng.randrange(50)
    between = rng.choice((", ", "\n", " "))
    return between.join(str(i) for i in range(start, start + 220))


def steps(rng: Random) -> str:
    return "\n".join(f"{i}. Step {i} of 60: wait for {rng.choice(_NAMES)}." for i in range(1, 61))


def cjk(rng: Random) -> str:
    sentences = [each.format(n=rng.randrange(2, 90)) for each in rng.sample(_CJK, len(_CJK))]
    return "\n\n".join("".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3))


def emoji(rng: Random) -> str:
    return "\n".join(f"- {''.join(rng.choices(_EMOJI, k=3))} {_sentence(rng, _EN)}" for _ in range(14))


def refrain(rng: Random) -> str:
    chorus = [_sentence(rng, _EN) for _ in range(3)]
    verses = [[_sentence(rng, _EN) for _ in range(2)] for _ in range(4)]
    return "\n\n".join("\n".join([*verse, *chorus]) for verse in verses)


def repeated(rng: Random) -> str:
    line = rng.choice(("ha ", "All work and no play makes Jack a dull boy.\n", "=-", "la la la\n", "very, very, "))
    return f"{_sentence(rng, _EN)}\n\n" + line * (600 // len(line)) + f"\n{_sentence(rng, _EN)}"


def records(rng: Random) -> str:
    rows = []
    for i in range(1, 25):
        name, tries, done = rng.choice(_NAMES), rng.randrange(4), rng.choice(("true", "false"))
        rows.append(f'  {{"id": {i}, "name": "{name}", "tries": {tries}, "done": {done}}}')
    return '{\n "rows": [\n' + ",\n".join(rows) + "\n ]\n}\n"


def log(rng: Random) -> str:
    rows = []
    for _ in range(24):
        when = f"2026-03-0{rng.randrange(1, 9)} 1{rng.randrange(9)}:{rng.randrange(10, 59)}"
        rows.append(f"{when} INFO {rng.choice(_NAMES)}: {rng.choice(('opened', 'closed', 'retry in 2 s'))}")
    return "```\n" + "\n".join(rows) + "\n```\n"


def quotes(rng: Random) -> str:
    parts = [f"> {_sentence(rng, _EN)}\n>\n> — {rng.choice(_NAMES).title()}\n\n{_sentence(rng, _EN)}" for _ in range(7)]
    return "\n\n".join(parts)


def maths(rng: Random) -> str:
    parts = [f"Let $x_{{{i}}} = \\frac{{{rng.randrange(90)}}}{{{rng.randrange(1, 90)}}}$, so that" for i in range(1, 5)]
    lines = [
        f"{part}\n\n$$\n\\sum_{{k=1}}^{{{rng.randrange(90)}}} x_{{{i}}}^k = {rng.randrange(900)}\n$$\n"
        for i, part in enumerate(parts, 1)
    ]
    return "\n".join(lines) + f"\n{_sentence(rng, _EN)}"


KINDS: tuple[Callable[[Random], str], ...] = (
    prose_en,
    prose_vi,
    headed,
    python,
    javascript,
    diff,
    table,
    nested_list,
    counting,
    steps,
    cjk,
    emoji,
    refrain,
    repeated,
    records,
    log,
    quotes,
    maths,
)


def answers(seed: int = 7, each: int = 4) -> list[tuple[str, str]]:
    """`each` answers of every kind, as pairs of the kind's name and the text."""
    rng = Random(seed)
    return [(kind.__name__, kind(rng)) for kind in KINDS for _ in range(each)]
