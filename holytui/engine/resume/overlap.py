"""Incremental matching of a new text against the start and the end of an old text."""

from __future__ import annotations

import re

_TAIL = 400
_MIN_ROUND = 24
LONG_TEXT = 200
"""Length from which an answer does not contain its own text twice."""
_SPACE = re.compile(r"\s+")


def weight(text: str) -> int:
    """How significant a repetition of `text` is.

    An ideograph or emoji counts three, a run of white space one, another character one; at most three per distinct
    character, which limits rules such as `-----`.
    """
    text = _SPACE.sub(" ", text)
    total = sum(3 if char >= "\u2e80" else 1 for char in text)
    return min(total, 3 * sum(3 if char >= "\u2e80" else 1 for char in set(text)))


def period(text: str) -> int:
    """The shortest `p` with `text[i] == text[i + p]` throughout; `len(text)` if there is none."""
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
    """Whether `old` ends in at least one and a half repetitions of the same words, so that another may follow."""
    tail = old[: -_TAIL - 1 : -1]
    borders = _borders(tail)
    return any(length - borders[length - 1] <= length * 2 / 3 for length in range(_MIN_ROUND, len(tail) + 1))


def repetition_is_likely(old: str, overlap: int) -> bool:
    """Whether a continuation of `old` may start with `old[-overlap:]` without repeating it.

    True if the overlap itself is periodic, if the text before it also ends `old` (rows, refrains, lines of code), or if
    both are starts of lines.
    """
    start = len(old) - overlap
    if period(old[start:]) * 2 <= overlap:
        return True
    if start == 0 and overlap >= LONG_TEXT:
        return False
    if ends_in_repetition(old):
        return True
    # a server may drop the space between, so both are also compared without it
    return _end_alike(old[:start], old) or _end_alike(old[:start].rstrip(), old.rstrip())


def _end_alike(before: str, end: str) -> bool:
    """Whether two texts end alike by more than chance: a few characters, or back to the start of a line."""
    common = 0
    while common < min(len(before), len(end)) and before[-1 - common] == end[-1 - common]:
        common += 1
    if common >= 4 or "\n" in end[len(end) - common :]:
        return True
    return common == len(before) < len(end) and end[len(end) - common - 1] == "\n"


class OverlapMatcher:
    """Finds the suffixes of `old` that an incoming text starts with.

    `shortest` is the minimum length of a suffix; the whole of `old` always counts.
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
        """Each `(k, end)` with `new[:k] == old[:end][-k:]`, where only white space follows `end` in `old`."""
        self.prefix_length = 0
        """Length of the common prefix of `old` and the new text."""

    @property
    def undecided(self) -> bool:
        """More text may complete an overlap."""
        return self._candidates is None or bool(self._candidates)

    @property
    def repeats_start(self) -> bool:
        """All of the new text so far is a prefix of `old`."""
        return bool(self._candidates) and self._candidates is not None and self._candidates[0] == 0

    def feed(self, text: str) -> None:
        """Append `text` to the new text."""
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
