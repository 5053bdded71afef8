"""How well cut answers are joined: 72 answers, 500 cuts, every way in which servers and models go on.

    python -m benchmarks.seams [--cuts N] [--show]

`exact`: the text is what it would have been without a cut, and no seam is shown. `marked`: a seam is shown where the
parts meet (`of these right`: the text is right all the same). `wrong`: the text is not right and nothing shows it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.corpus import answers
from holytui.engine.resume.seam import Seam
from holytui.engine.resume.strategy import ResumeMode
from holytui.engine.resume.text_end import open_fence
from holytui.models import Join

_PREAMBLES = (
    "Sure, continuing:\n\n",
    "Tiếp tục:\n\n",
    "Here is the continuation:\n\n",
    "Certainly! Continuing from where I left off:\n",
    "Vâng, tôi xin tiếp tục:\n\n",
    "**Continuing from where we left off:**\n\n",
    "Sorry about that! Here is the rest: ",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes after the cut, and what the whole text then ought to be."""

    text: str
    whole: str
    how: ResumeMode
    echoes: bool = False


def _words(rng: Random, partial: str) -> int:
    """Length of the last 3 to 8 words (or as many pairs of characters, without spaces between)."""
    pieces = partial.split(" ")
    count = rng.randrange(3, 9)
    if len(pieces) <= count or len(" ".join(pieces[-count:])) > 200:
        return min(len(partial), count * 3)
    return len(" ".join(pieces[-count:]))


def _lines(rng: Random, partial: str) -> int:
    """Length of the line that was cut, or with one or two before it; at least eight characters that can be seen."""
    lines = partial.split("\n")
    for count in range(rng.randrange(1, 4), len(lines)):
        tail = "\n".join(lines[-count:])
        if len("".join(tail.split())) >= 8:
            return len(tail)
    return len(partial)


def _after(partial: str, whole: str, back: int) -> str:
    return whole[len(partial) - back :]


def _prefilled(_rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, 0), whole, ResumeMode.PREFILL)


def _prefill_echoed(_rng: Random, _partial: str, whole: str) -> Reply:
    return Reply(whole, whole, ResumeMode.PREFILL, echoes=True)


def _prefill_echoed_unknown(_rng: Random, _partial: str, whole: str) -> Reply:
    return Reply(whole, whole, ResumeMode.PREFILL)


def _prefill_preamble(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(rng.choice(_PREAMBLES) + _after(partial, whole, 0), whole, ResumeMode.PREFILL)


def _prefill_last_lines(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, _lines(rng, partial)), whole, ResumeMode.PREFILL)


def _exact(_rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, 0), whole, ResumeMode.INSTRUCT)


def _last_words(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, _words(rng, partial)), whole, ResumeMode.INSTRUCT)


def _last_lines(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, _lines(rng, partial)), whole, ResumeMode.INSTRUCT)


def _again(_rng: Random, _partial: str, whole: str) -> Reply:
    return Reply(whole, whole, ResumeMode.INSTRUCT)


def _asked_again(_rng: Random, _partial: str, whole: str) -> Reply:
    return Reply(whole, whole, ResumeMode.RESTART)


def _another(rng: Random, whole: str) -> str:
    """The same answer in partly other words, from a place in its first third on."""
    at = rng.randrange(min(40, len(whole) // 4), len(whole) // 3)
    head, tail = whole[:at], whole[at:]
    words = tail.split(" ")
    for i in range(0, len(words), 5):
        words[i] = words[i][::-1]
    return head + "~" + " ".join(words)


def _different(rng: Random, _partial: str, whole: str) -> Reply:
    other = _another(rng, whole)
    return Reply(other, other, ResumeMode.INSTRUCT)


def _asked_again_different(rng: Random, _partial: str, whole: str) -> Reply:
    other = _another(rng, whole)
    return Reply(other, other, ResumeMode.RESTART)


def _preamble(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(rng.choice(_PREAMBLES) + _after(partial, whole, 0), whole, ResumeMode.INSTRUCT)


def _preamble_echo(rng: Random, partial: str, whole: str) -> Reply:
    back = rng.choice((_words, _lines))(rng, partial)
    return Reply(rng.choice(_PREAMBLES) + _after(partial, whole, back), whole, ResumeMode.INSTRUCT)


def _fence(rng: Random, partial: str, whole: str) -> Reply:
    """Opens the code block again (a cut elsewhere: says the last line again)."""
    marker = open_fence(partial)
    back = _lines(rng, partial)
    if not marker:
        return Reply(_after(partial, whole, back), whole, ResumeMode.INSTRUCT)
    body = partial.rindex(marker)
    line = partial[body:].split("\n")[0]
    if "\n" not in partial[body:]:
        return Reply(_after(partial, whole, len(partial) - body), whole, ResumeMode.INSTRUCT)
    inside = len(partial) - body - len(line) - 1
    return Reply(
        f"{line}\n" + _after(partial, whole, rng.choice((min(back, inside), inside))), whole, ResumeMode.INSTRUCT
    )


def _bare_space(_rng: Random, partial: str, whole: str) -> Reply:
    return Reply(_after(partial, whole, 0).lstrip(), whole, ResumeMode.INSTRUCT)


def _more_space(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(rng.choice(("\n", " ", "\n\n")) + _after(partial, whole, 0).lstrip(), whole, ResumeMode.INSTRUCT)


def _more_space_echo(rng: Random, partial: str, whole: str) -> Reply:
    return Reply(
        rng.choice(("\n", " ", "\n\n")) + _after(partial, whole, _words(rng, partial)), whole, ResumeMode.INSTRUCT
    )


Behaviour = Callable[[Random, str, str], Reply]

BEHAVIOURS: dict[str, Behaviour] = {
    "prefill: exact": _prefilled,
    "prefill: whole prefix first (known)": _prefill_echoed,
    "prefill: whole prefix first": _prefill_echoed_unknown,
    "prefill: last lines again": _prefill_last_lines,
    "prefill: preamble": _prefill_preamble,
    "instruct: exact": _exact,
    "instruct: last words again": _last_words,
    "instruct: last lines again": _last_lines,
    "instruct: begins again, same": _again,
    "instruct: begins again, different": _different,
    "instruct: preamble": _preamble,
    "instruct: preamble, then again": _preamble_echo,
    "instruct: fence opened again": _fence,
    "instruct: white space lost": _bare_space,
    "instruct: white space added": _more_space,
    "instruct: white space, then again": _more_space_echo,
    "restart: same": _asked_again,
    "restart: different": _asked_again_different,
}


@dataclass(frozen=True, slots=True)
class Result:
    """One cut, joined."""

    text: str
    join: Join
    reply: Reply

    @property
    def verdict(self) -> str:
        """`exact`, `right` (marked all the same), `marked` or `wrong`."""
        same = self.text == self.reply.whole
        if self.join is Join.MARKED:
            return "right" if same else "marked"
        return "exact" if same else "wrong"


def join(partial: str, reply: Reply, rng: Random) -> Result:
    """What is shown when `reply` comes in pieces as tokens do."""
    seam = Seam(partial, reply.how, echoes=reply.echoes)
    shown: list[str] = []
    at = 0
    while at < len(reply.text):
        step = rng.randrange(1, 9)
        shown.append(seam.feed(reply.text[at : at + step]))
        at += step
    shown.append(seam.finish())
    decision = seam.decision
    if decision is None:  # nothing came at all
        return Result(partial, Join.EXACT, reply)
    kept = partial if decision.keep < 0 else partial[: decision.keep]
    assert "".join(shown) == reply.text[decision.cut :]
    return Result(kept + "".join(shown), decision.join, reply)


def cases(cuts: int, seed: int = 11) -> Iterator[tuple[str, str, str]]:
    """`cuts` seeded places in the answers of the corpus: kind, text before the cut, whole text."""
    rng = Random(seed)
    corpus = answers()
    for i in range(cuts):
        kind, whole = corpus[i % len(corpus)]
        yield kind, whole[: rng.randrange(20, len(whole) - 1)], whole


def by_kind(name: str, cuts: int, seed: int) -> dict[str, Counter[str]]:
    """Verdicts of one behaviour for each kind of answer."""
    table: dict[str, Counter[str]] = {}
    for i, (kind, partial, whole) in enumerate(cases(cuts, seed)):
        rng = Random(f"{i} {name}")
        result = join(partial, BEHAVIOURS[name](rng, partial, whole), rng)
        table.setdefault(kind, Counter())[result.verdict] += 1
    return table


def measure(cuts: int, show: int = 0, seed: int = 11) -> dict[str, Counter[str]]:
    """Verdicts for each behaviour; the first `show` wrong joins are printed."""
    table = {name: Counter[str]() for name in BEHAVIOURS}
    for i, (kind, partial, whole) in enumerate(cases(cuts, seed)):
        for name, behaviour in BEHAVIOURS.items():
            rng = Random(f"{i} {name}")
            result = join(partial, behaviour(rng, partial, whole), rng)
            table[name][result.verdict] += 1
            if result.verdict == "wrong" and show > 0:
                show -= 1
                print(f"WRONG {kind} {name} {result.join}\n  {partial[-80:]!r}\n  {result.reply.text[:120]!r}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--show", action="store_true", help="print wrong joins")
    parser.add_argument("--kinds", metavar="BEHAVIOUR", help="the table of one behaviour by kind of answer")
    options = parser.parse_args()
    if options.kinds:
        table = by_kind(options.kinds, options.cuts, options.seed)
    else:
        table = measure(options.cuts, 20 if options.show else 0, options.seed)
    print(f"{'':38}{'exact':>8}{'marked':>8}{'(right)':>9}{'wrong':>7}")
    for name, row in table.items():
        marked = row["marked"] + row["right"]
        print(f"{name:38}{row['exact']:8}{marked:8}{row['right']:9}{row['wrong']:7}")


if __name__ == "__main__":
    main()
