"""One request as a trial: what came and when, whether it flowed, and whether a counted answer goes on where it ended.

Counting is the trial's task because its right continuation is known without asking anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from holytui.engine.ports import AttemptEvents
from holytui.faults import Fault
from holytui.models import DeltaKind, Usage
from holytui.wire.events import Accepted, End, Piece, UsageSeen, Verdict

QUESTION = "Count from 1 to 40, with a comma and a space after each number. Write nothing else."
"""In English, which every model follows best."""

_FEW = 8
_LONG_WAIT = 1.0
_BURST = 0.1
_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(r"\d+[^\w\s]?(?!\w)")
_ROW = 3
_PART = 0.55


@dataclass(frozen=True, slots=True)
class Heard:
    """What one request brought."""

    text: str
    arrivals: tuple[float, ...]
    """Seconds from the beginning of the request to each piece of text or reasoning."""
    status: int | None
    """HTTP status, if a response came."""
    usage: Usage | None
    end: End | None
    """None: it was given up before its end."""
    seconds: float
    """How long it took in all."""

    @property
    def fault(self) -> Fault | None:
        """What went wrong, if something did."""
        return self.end.fault if self.end is not None else None

    @property
    def complete(self) -> bool:
        """The answer has an end of its own."""
        return self.end is not None and self.end.verdict is Verdict.COMPLETE


def hear(
    stream: AttemptEvents,
    clock: Callable[[], float],
    longest: float,
    enough: Callable[[str], bool] = lambda _text: False,
    began: float | None = None,
) -> Heard:
    """Read `stream` to its end, for at most `longest` seconds, or until `enough` of the text is there.

    `began` is when its request was sent, on `clock`; None: now.
    """
    began = clock() if began is None else began
    text, arrivals = "", []
    status: int | None = None
    usage: Usage | None = None
    end: End | None = None
    while end is None and (left := longest - (clock() - began)) > 0 and not enough(text):
        match stream.wait(left):
            case Accepted(status=status):
                pass
            case Piece() as piece:
                arrivals.append(clock() - began)
                text += piece.text if piece.kind is DeltaKind.CONTENT else ""
            case UsageSeen(usage=usage):
                pass
            case End() as end:
                status = end.status or status
    return Heard(text, tuple(arrivals), status, usage, end, clock() - began)


class Flow(StrEnum):
    """How an answer came over the line."""

    STREAMED = "streamed"
    BUFFERED = "buffered"
    """Everything came at once after a long wait: something on the way held it back."""
    UNCLEAR = "unclear"
    """In so few pieces that nobody can tell."""


def flow(arrivals: Sequence[float]) -> Flow:
    """Judged by when its pieces came.

    Buffered is only what came within a tenth of a second after more than one second: models that think unseen wait
    longer, but none is known that then writes so fast.
    """
    if len(arrivals) < _FEW:
        return Flow.UNCLEAR
    at_once = arrivals[-1] - arrivals[0] <= _BURST
    return Flow.BUFFERED if at_once and arrivals[0] >= _LONG_WAIT else Flow.STREAMED


class Going(StrEnum):
    """What a model says when it is to go on counting."""

    EXACT = "exact"
    """The next numbers, and nothing before them."""
    WORDS = "words"
    """The next numbers, after words of its own."""
    ECHO = "echo"
    """Numbers that are there already, then the next ones."""
    ANEW = "anew"
    """It counts again from the start."""
    OTHER = "other"


def beginning_of(text: str, *, whole: bool) -> str:
    """The part of a counted answer that is to be continued: about half of a whole one, else all that is surely
    complete; empty if there is no counting in it."""
    limit = int(len(text) * _PART) if whole else len(text) - 1
    ends = [found.end() for found in _COUNTED.finditer(text) if found.end() <= limit]
    part = text[: ends[-1]] if ends else ""
    row = _numbers(part)[-_ROW:]
    return part if len(row) == _ROW and _consecutive(row) else ""


def enough(text: str) -> bool:
    """Whether `text` has all that `going_on` looks at."""
    return len(_numbers(text)) > _ROW + 1 or len(text) > 400


def going_on(partial: str, text: str, *, echoes: bool = False) -> Going:
    """What `text` is as a continuation of `partial`, which `beginning_of` gave.

    `echoes`: the server is known to send `partial` again first, so that this is no fault.
    """
    if echoes:
        text = text.removeprefix(partial)
    first = _NUMBER.search(text)
    if first is None:
        return Going.OTHER
    row, last = _numbers(text)[:_ROW], _numbers(partial)[-1]
    if not _consecutive(row):
        return Going.OTHER
    if row[0] == last + 1:
        return Going.WORDS if re.search(r"\w", text[: first.start()]) else Going.EXACT
    if row[0] == 1:
        return Going.ANEW
    return Going.ECHO if row[0] <= last else Going.OTHER


def _numbers(text: str) -> list[int]:
    return [int(found[:9]) for found in _NUMBER.findall(text)]


def _consecutive(row: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(row))
