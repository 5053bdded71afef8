"""Search in a text, ignoring accents and case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from holytui.text import fold

_BOUNDARY = re.compile("[\0-\x7f\u3400-\u4dbf\u4e00-\u9fff\U0001f300-\U0001f3fa\U0001f400-\U0001faff]")
"""Characters that do not change with those before them."""
_PART = 1 << 16
"""Minimum characters of a part that is folded alone."""


def folded(text: str) -> str:
    """`text.fold` with a fast path for ASCII."""
    return text.lower() if text.isascii() else fold(text)


def folded_parts(text: str) -> Iterator[str]:
    """`folded(text)` in parts, as folding takes several times the memory of its text."""
    at = 0
    while at < len(text):
        space = _BOUNDARY.search(text, at + _PART)
        end = space.start() if space else len(text)
        yield folded(text[at:end])
        at = end


def query_words(query: str) -> tuple[str, ...]:
    """The distinct words of a query, folded."""
    return tuple(dict.fromkeys(folded(query).split()))


def match_ranges(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Ranges of `text` that match any of `words` (folded); overlapping ranges are merged."""
    plain, places = fold_with_offsets(text)
    found = []
    for word in words:
        at = plain.find(word)
        while at >= 0:
            found.append((places[at], places[at + len(word)]))
            at = plain.find(word, at + len(word))
    out: list[tuple[int, int]] = []
    for a, b in sorted(found):
        if out and a < out[-1][1]:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out


def fold_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """`folded(text)`, and the offset in `text` of each of its characters and of its end."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    out: list[str] = []
    places: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = folded(match.group())
        out.append(piece)
        places += [match.start()] * len(piece)
    places.append(len(text))
    return "".join(out), places


# a character and the marks that follow it, among them Hangul vowels and finals, which compose with what is before
_CLUSTER = re.compile("[^\u0300-\u036f\u1160-\u11ff\u3099\u309a]?[\u0300-\u036f\u1160-\u11ff\u3099\u309a]*", re.DOTALL)


_AROUND = 60  # characters of the snippet on either side of the first match
_SPACES = re.compile(r"\s")


def excerpt(text: str, plain: str, words: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """One line of `text` (`plain` is its folded form) around the first of `words`, and the matches in it."""
    first = min((at for at in map(plain.find, words) if at >= 0), default=0)
    start, window, ranges = _near(text, plain, first, words)
    at = ranges[0][0] if ranges else 0
    left = max(0, at - _AROUND)
    right = min(len(window), at + 2 * _AROUND)
    shown = window[left:right]
    before = "…" if start + left > 0 else ""
    after = "…" if start + right < len(text) else ""
    shift = len(before) - left
    kept = tuple((a + shift, min(b, right) + shift) for a, b in ranges if a < right and a >= left)
    return before + _SPACES.sub(" ", shown) + after, kept


def place(text: str, plain: str, word: str) -> int:
    """Offset of the first `word` in `text` (`plain` is its folded form)."""
    start, _window, ranges = _near(text, plain, max(0, plain.find(word)), [word])
    return start + ranges[0][0] if ranges else 0


def _near(text: str, plain: str, at: int, words: Sequence[str]) -> tuple[int, str, list[tuple[int, int]]]:
    """Excerpt around folded offset `at`: start, text and match ranges."""
    # folding seldom changes the length, so the place in `text` is near; look there, and only then everywhere
    start = max(0, at - _AROUND - abs(len(text) - len(plain)))
    window = text[start : at + 2 * _AROUND + abs(len(text) - len(plain))]
    ranges = match_ranges(window, words)
    return (start, window, ranges) if ranges or window == text else (0, text, match_ranges(text, words))
