"""Search in a text, ignoring accents and case."""

from __future__ import annotations

import re
from collections.abc import Sequence

from holytui.text import fold


def folded(text: str) -> str:
    """`text.fold` with a fast path for ASCII."""
    return text.lower() if text.isascii() else fold(text)


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
