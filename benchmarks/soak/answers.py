"""The answers of the soak, by their number, and what goes wrong with each."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """What the server does at the first request for an answer."""

    NONE = "none"
    CUT = "cut"
    """It closes in the middle."""
    RESET = "reset"
    BUSY = "busy"
    """429, with a short wait."""
    STOP = "stop"
    """It stalls in the middle until the user stops it."""


_TROUBLES = {2: Trouble.CUT, 4: Trouble.BUSY, 6: Trouble.STOP, 8: Trouble.RESET}
_TALL = 25


def trouble(number: int) -> Trouble:
    """Of ten answers, four have one."""
    return _TROUBLES.get(number % 10, Trouble.NONE)


def text(number: int) -> str:
    """The whole answer; each 25th is long and has code and a table."""
    words = " ".join(f"word{number}x{place}" for place in range(12))
    short = f"Answer {number} in **bold** and `code`: {words}.\n\n- one\n- two, Tiếng Việt 👩‍👩‍👧\n"
    if number % _TALL:
        return short
    code = "".join(
        f"def function_{number}_{line}(value: int) -> int:\n    return value + {line}\n" for line in range(15)
    )
    table = "| a | b |\n|---|---|\n" + "".join(f"| {row} | **{number}** |\n" for row in range(8))
    return f"{short}\n```python\n{code}```\n\n{table}\n{words}\n"


def first_half(number: int) -> str:
    """What comes before the trouble."""
    whole = text(number)
    return whole[: len(whole) // 2]
