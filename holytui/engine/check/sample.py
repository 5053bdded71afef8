"""Samples of an answer for testing continuations, and the classification of a continuation.

Counting comes first, as its continuation is known. The continuation of other text is known only from the first answer,
and not even from that if the model samples at random.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, pairwise

from holytui.engine.check.probe import ProbeResponse
from holytui.engine.resume.overlap import weight

QUESTION = "Count from 1 to 40, with a comma and a space after each number. Write nothing else."
"""In English, which models follow best."""
PROSE_QUESTION = "Why is the sky blue? Answer in three sentences."
"""Asked if the answer to `QUESTION` is unusable."""
SHORT_QUESTION = "Say hello. Write one word only."

_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(r"\d+[^\w\s]?(?!\w)")
_MIN_NUMBERS = 3
_CUT_AT = 0.55
_MIN_COMMON = 12
"""Length of a common prefix that is not chance."""
_MIN_ECHO = 8
"""The same for a repeated end."""
_MIN_PROSE = 80
_MIN_SPLIT = 48
"""Weight (see `overlap.weight`) of a text long enough to split."""
_FIRST_WORD = re.compile(r"\S{1,16}\s+")
_MAX_ECHO_PIECES = 3


class ContinuationOutcome(StrEnum):
    """What a model sends when asked to continue."""

    EXACT = "exact"
    """The continuation alone."""
    LIKELY = "likely"
    """A plausible continuation in other words."""
    PREAMBLE = "words"
    """The continuation after an introduction."""
    TAIL_ECHO = "echo"
    """The end of the partial answer, then the continuation."""
    FULL_ECHO = "echo whole"
    """The whole partial answer, then the continuation."""
    RESTART = "anew"
    """The answer from its start."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sample:
    """A partial answer. `counts`: it ends in counting."""

    partial: str
    rest: str = ""
    """The rest of the first answer, as far as known."""
    counts: bool = False

    def enough(self, text: str) -> bool:
        """Whether `text` is long enough for `classify`."""
        if self.partial.startswith(text):
            return False
        text = text.removeprefix(self.partial)
        return len(text) > 400 or (len(_numbers(text)) > _MIN_NUMBERS + 1 if self.counts else len(text) >= _MIN_PROSE)

    def classify(self, text: str) -> ContinuationOutcome:
        """Classify `text` as a continuation of `partial`."""
        if not text.startswith(self.partial):
            return self._classify_after(text)
        after = self._classify_after(text[len(self.partial) :])
        return (
            ContinuationOutcome.FULL_ECHO
            if after in (ContinuationOutcome.EXACT, ContinuationOutcome.LIKELY)
            else ContinuationOutcome.OTHER
        )

    def _classify_after(self, text: str) -> ContinuationOutcome:
        needed = min(len(self.rest), _MIN_COMMON)
        if needed * 2 >= _MIN_COMMON and _common(text, self.rest) >= needed:
            return ContinuationOutcome.EXACT
        return _classify_counting(self.partial, text) if self.counts else self._classify_prose(text)

    def _classify_prose(self, text: str) -> ContinuationOutcome:
        stripped, partial = text.lstrip(), self.partial
        if _common(stripped, partial) >= _MIN_COMMON:
            return ContinuationOutcome.RESTART
        if any(stripped.startswith(partial[-k:]) for k in range(_MIN_ECHO, len(partial))):
            return ContinuationOutcome.TAIL_ECHO
        following = self.rest.strip()[:_MIN_COMMON]
        if len(following) == _MIN_COMMON and 0 < text.find(following) <= 2 * _MIN_PROSE:
            return ContinuationOutcome.PREAMBLE
        # a continued sentence; a new answer starts without white space, with a capital
        goes_on = text[:1] in ",;" or (text[:1] == " " and text[1:2].islower())
        return ContinuationOutcome.LIKELY if goes_on and len(stripped) >= _MIN_COMMON else ContinuationOutcome.OTHER

    def without_start(self) -> Sample | None:
        """The sample without its first words, a text the model would not write; None if too little is left."""
        if self.counts:
            numbers = list(_NUMBER.finditer(self.partial))
            return (
                replace(self, partial=self.partial[numbers[_MIN_NUMBERS].start() :])
                if len(numbers) > 2 * _MIN_NUMBERS
                else None
            )
        word = _FIRST_WORD.match(self.partial)
        left = self.partial[word.end() if word else 4 :]
        return replace(self, partial=left) if weight(left) >= _MIN_COMMON else None

    def is_servers_echo(self, pieces: Sequence[str]) -> bool:
        """Whether the server repeated the sample: a server sends it at once, a model word by word."""
        ends = list(accumulate(map(len, pieces)))
        count = next((number for number, end in enumerate(ends, 1) if end >= len(self.partial)), len(ends) + 1)
        return count <= _MAX_ECHO_PIECES and self.classify("".join(pieces)) is ContinuationOutcome.FULL_ECHO


def make_sample(response: ProbeResponse) -> Sample | None:
    """Split an answer into a sample; None if it is too short."""
    text = response.text
    if counted := counted_part(text, whole=response.complete):
        return Sample(counted, text[len(counted) :] if response.complete else "", counts=True)
    if weight(text) < _MIN_SPLIT:
        return None
    middle = len(text) // 2
    at = min(_cut_points(text, response.pieces), key=lambda place: abs(place - middle), default=0)
    return Sample(text[:at], text[at:]) if at else None


def _cut_points(text: str, pieces: Sequence[str]) -> Iterator[int]:
    """Possible cut points: between two words of a sentence, preferably at the end of a piece.

    In scripts without spaces, between any two letters.
    """
    ends = [end for end in accumulate(map(len, pieces)) if _is_inside(end, text)]
    spaces = [at for at in range(len(text)) if _is_inside(at, text) and text[at - 1].isalnum() and text[at] == " "]
    words = [at for at in spaces if text[at + 1 : at + 2].islower()]
    both = sorted(set(ends) & set(words))
    letters = [end for end in ends if text[end - 1].isalnum() and text[end].isalnum()]
    yield from both or words or letters


def _is_inside(at: int, text: str) -> bool:
    return len(text) * 0.3 <= at <= len(text) * 0.75


def counted_part(text: str, *, whole: bool) -> str:
    """The part of a counted answer to continue; empty without counting.

    About half of a complete answer, else all that is certainly complete.
    """
    limit = int(len(text) * _CUT_AT) if whole else len(text) - 1
    ends = [found.end() for found in _COUNTED.finditer(text) if found.end() <= limit]
    part = text[: ends[-1]] if ends else ""
    row = _numbers(part)[-_MIN_NUMBERS:]
    return part if len(row) == _MIN_NUMBERS and _consecutive(row) else ""


def _classify_counting(partial: str, text: str) -> ContinuationOutcome:
    first = _NUMBER.search(text)
    if first is None:
        return ContinuationOutcome.OTHER
    row, last = _numbers(text)[:_MIN_NUMBERS], _numbers(partial)[-1]
    if not _consecutive(row):
        return ContinuationOutcome.OTHER
    if row[0] == last + 1:
        return ContinuationOutcome.PREAMBLE if re.search(r"\w", text[: first.start()]) else ContinuationOutcome.EXACT
    if row[0] == 1:
        return ContinuationOutcome.RESTART
    return ContinuationOutcome.TAIL_ECHO if row[0] <= last else ContinuationOutcome.OTHER


def _numbers(text: str) -> list[int]:
    return [int(found[:9]) for found in _NUMBER.findall(text)]


def _consecutive(row: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(row))


def _common(one: str, other: str) -> int:
    """The length of the common prefix."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
