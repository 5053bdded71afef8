"""Which part of an old text a new text begins with, followed while the new text comes in."""

from __future__ import annotations

import re

_TAIL = 400
_MIN_ROUND = 24
LONG_TEXT = 200
"""Characters from which no answer says all of itself twice."""
_SPACE = re.compile(r"\s+")


def weight(text: str) -> int:
    """How much it says that `text` occurs twice: characters, where an ideograph or emoji counts three, a run of white
    space one, and a rule such as `-----` or a `ha ha ha` no more than three for each character that is in it."""
    text = _SPACE.sub(" ", text)
    total = sum(3 if char >= "\u2e80" else 1 for char in text)
    return min(total, 3 * sum(3 if char >= "\u2e80" else 1 for char in set(text)))


def period(text: str) -> int:
    """The shortest `p` with `text[i] == text[i + p]` throughout; `len(text)` if it does not repeat itself."""
    borders = _borders(text)
    return len(text) - (borders[-1] if borders else 0)


def _borders(text: str) -> list[int]:
    """The prefix function of Knuth, Morris and Pratt."""
    borders = [0] * len(text)
    for i in range(1, len(text)):
        j = borders[i - 1]
        while j and text[i] != text[j]:
            j = borders[j - 1]
        borders[i] = j + (text[i] == text[j])
    return borders


def ends_in_repetition(old: str) -> bool:
    """Whether `old` ends in at least one and a half rounds of the same words: then the next round may follow."""
    tail = old[: -_TAIL - 1 : -1]
    borders = _borders(tail)
    return any(length - borders[length - 1] <= length * 2 / 3 for length in range(_MIN_ROUND, len(tail) + 1))


def repetition_is_likely(old: str, overlap: int) -> bool:
    """Whether a text that goes on after `old` may well begin with `old[-overlap:]` without saying it *again*.

    So it is where the overlap repeats itself, where what stands before it also stands at the end of `old` (the text
    has come round before: rows, refrains, lines of code), and where both are beginnings of lines.
    """
    start = len(old) - overlap
    if period(old[start:]) * 2 <= overlap:
        return True
    if start == 0 and overlap >= LONG_TEXT:
        return False
    if ends_in_repetition(old):
        return True
    # a server may have lost the space between, so the two places are compared with and without it
    return _end_alike(old[:start], old) or _end_alike(old[:start].rstrip(), old.rstrip())


def _end_alike(before: str, end: str) -> bool:
    """Whether the two texts end alike for more than chance: a few characters, or back to the beginning of a line."""
    common = 0
    while common < min(len(before), len(end)) and before[-1 - common] == end[-1 - common]:
        common += 1
    if common >= 4 or "\n" in end[len(end) - common :]:
        return True
    return common == len(before) < len(end) and end[len(end) - common - 1] == "\n"


class OverlapMatcher:
    """Follows a new text and tells which ends of `old` it began with.

    `shortest` is the least length of an end that is of interest; the whole of `old` always is.
    """

    __slots__ = ("_candidates", "_core", "_length", "_old", "_shortest", "near_overlaps", "overlaps", "prefix_length")

    def __init__(self, old: str, shortest: int) -> None:
        self._old = old
        self._core = len(old.rstrip())
        self._shortest = shortest
        self._candidates: list[int] | None = None
        self._length = 0
        self.overlaps: list[int] = []
        """Each `k` with `old[-k:] == new[:k]`."""
        self.near_overlaps: list[tuple[int, int]] = []
        """Each `(k, end)` so that `new[:k] == old[:end][-k:]`, and nothing but white space follows in `old`."""
        self.prefix_length = 0
        """How many characters of the beginning of `old` the new text begins with."""

    @property
    def open(self) -> bool:
        """More text may bring an overlap."""
        return self._candidates is None or bool(self._candidates)

    @property
    def repeats_start(self) -> bool:
        """All of the new text so far is the beginning of `old`."""
        return bool(self._candidates) and self._candidates is not None and self._candidates[0] == 0

    def feed(self, text: str) -> None:
        """The new text goes on with `text`."""
        if not text:
            return
        if self._candidates is None:
            self._candidates = self._starts(text[0])
        candidates: list[int] = []
        for start in self._candidates:
            at = start + self._length
            expected = self._old[at : at + len(text)]
            if expected == text and at + len(text) < len(self._old):
                candidates.append(start)
            elif text.startswith(expected):
                self.overlaps.append(len(self._old) - start)
                self._record_end(start, len(self._old) - start)
            else:
                same = next(i for i, (a, b) in enumerate(zip(expected, text, strict=False)) if a != b)
                self._record_end(start, self._length + same)
        self._candidates = candidates
        self._length += len(text)
        if self.repeats_start:
            self.prefix_length = self._length

    def _starts(self, first: str) -> list[int]:
        last = len(self._old) - self._shortest
        found: list[int] = []
        at = self._old.find(first)
        while 0 <= at <= last or at == 0:
            found.append(at)
            at = self._old.find(first, at + 1)
        return found

    def _record_end(self, start: int, length: int) -> None:
        if start == 0:
            self.prefix_length = max(self.prefix_length, length)
        if self._core <= start + length < len(self._old) and length >= self._shortest:
            self.near_overlaps.append((length, start + length))
