"""The beginning of an answer as a trial, and what a server or model makes of it when it is to go on from there.

Counting comes first, as its right continuation is known without asking anybody. Of any other text only the first answer
itself tells how it goes on, and with some chance in the choice of words nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, pairwise

from holytui.engine.check.probe import Heard
from holytui.engine.resume.overlap import weight

QUESTION = "Count from 1 to 40, with a comma and a space after each number. Write nothing else."
"""In English, which every model follows best."""
PROSE_QUESTION = "Why is the sky blue? Answer in three sentences."
"""Asked when the answer to `QUESTION` is of no use."""
SHORT_QUESTION = "Say hello. Write one word only."

_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(r"\d+[^\w\s]?(?!\w)")
_ROW = 3
_PART = 0.55
_SAME = 12
"""Characters that two texts have in common by no chance."""
_AGAIN = 8
"""The same for the end of a text and what follows it."""
_ENOUGH = 80
_SHORTEST = 48
"""The weight (see `echo.weight`) of a text that can be cut in two."""
_FIRST_WORD = re.compile(r"\S{1,16}\s+")
_PIECES_OF_AN_ECHO = 3


class Going(StrEnum):
    """What comes when an answer is to go on."""

    EXACT = "exact"
    """What comes next, and nothing before it."""
    LIKELY = "likely"
    """What may come next, in other words than the first time."""
    WORDS = "words"
    """What comes next, after other words."""
    ECHO = "echo"
    """The end of what is there already, then what comes next."""
    ECHO_WHOLE = "echo whole"
    """All that is there already, then what comes next."""
    ANEW = "anew"
    """The answer from its start."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer that was cut. `counts`: it ends in counting."""

    partial: str
    rest: str = ""
    """How the first answer went on, as far as that is known."""
    counts: bool = False

    def enough(self, text: str) -> bool:
        """Whether `text` has all that `going_on` looks at."""
        if self.partial.startswith(text):
            return False
        text = text.removeprefix(self.partial)
        return len(text) > 400 or (len(_numbers(text)) > _ROW + 1 if self.counts else len(text) >= _ENOUGH)

    def going_on(self, text: str) -> Going:
        """What `text` is as a continuation of `partial`."""
        if not text.startswith(self.partial):
            return self._after(text)
        after = self._after(text[len(self.partial) :])
        return Going.ECHO_WHOLE if after in (Going.EXACT, Going.LIKELY) else Going.OTHER

    def _after(self, text: str) -> Going:
        needed = min(len(self.rest), _SAME)
        if needed * 2 >= _SAME and _common(text, self.rest) >= needed:
            return Going.EXACT
        return _counting_on(self.partial, text) if self.counts else self._prose_on(text)

    def _prose_on(self, text: str) -> Going:
        said, partial = text.lstrip(), self.partial
        if _common(said, partial) >= _SAME:
            return Going.ANEW
        if any(said.startswith(partial[-k:]) for k in range(_AGAIN, len(partial))):
            return Going.ECHO
        following = self.rest.strip()[:_SAME]
        if len(following) == _SAME and 0 < text.find(following) <= 2 * _ENOUGH:
            return Going.WORDS
        # a sentence that goes on; a new answer begins without white space, and with a capital
        goes_on = text[:1] in ",;" or (text[:1] == " " and text[1:2].islower())
        return Going.LIKELY if goes_on and len(said) >= _SAME else Going.OTHER

    def without_beginning(self) -> Sample | None:
        """The same without its first words, which no model says of itself; None if too little is left."""
        if self.counts:
            numbers = list(_NUMBER.finditer(self.partial))
            return replace(self, partial=self.partial[numbers[_ROW].start() :]) if len(numbers) > 2 * _ROW else None
        word = _FIRST_WORD.match(self.partial)
        left = self.partial[word.end() if word else 4 :]
        return replace(self, partial=left) if weight(left) >= _SAME else None

    def is_servers_echo(self, pieces: Sequence[str]) -> bool:
        """Whether `pieces` begin with an echo that the server made: it comes as one, a model says a text by and by."""
        ends = list(accumulate(map(len, pieces)))
        count = next((number for number, end in enumerate(ends, 1) if end >= len(self.partial)), len(ends) + 1)
        return count <= _PIECES_OF_AN_ECHO and self.going_on("".join(pieces)) is Going.ECHO_WHOLE


def sample_of(heard: Heard) -> Sample | None:
    """The beginning of an answer, cut for a trial; None if there is too little of it."""
    text = heard.text
    if counted := beginning_of(text, whole=heard.complete):
        return Sample(counted, text[len(counted) :] if heard.complete else "", counts=True)
    if weight(text) < _SHORTEST:
        return None
    middle = len(text) // 2
    at = min(_places(text, heard.pieces), key=lambda place: abs(place - middle), default=0)
    return Sample(text[:at], text[at:]) if at else None


def _places(text: str, pieces: Sequence[str]) -> Iterator[int]:
    """Where a text may be cut: between two words of a sentence, if possible where a piece ends; in scripts without
    spaces anywhere between two letters."""
    ends = [end for end in accumulate(map(len, pieces)) if _is_inside(end, text)]
    spaces = [at for at in range(len(text)) if _is_inside(at, text) and text[at - 1].isalnum() and text[at] == " "]
    words = [at for at in spaces if text[at + 1 : at + 2].islower()]
    both = sorted(set(ends) & set(words))
    letters = [end for end in ends if text[end - 1].isalnum() and text[end].isalnum()]
    yield from both or words or letters


def _is_inside(at: int, text: str) -> bool:
    return len(text) * 0.3 <= at <= len(text) * 0.75


def beginning_of(text: str, *, whole: bool) -> str:
    """The part of a counted answer that is to be continued: about half of a whole one, else all that is surely
    complete; empty if there is no counting in it."""
    limit = int(len(text) * _PART) if whole else len(text) - 1
    ends = [found.end() for found in _COUNTED.finditer(text) if found.end() <= limit]
    part = text[: ends[-1]] if ends else ""
    row = _numbers(part)[-_ROW:]
    return part if len(row) == _ROW and _consecutive(row) else ""


def _counting_on(partial: str, text: str) -> Going:
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


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
