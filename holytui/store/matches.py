"""Finding words in a text, whatever their accents and case."""

from __future__ import annotations

import re
from collections.abc import Sequence

from holytui.text import fold


def folded(text: str) -> str:
    """`text.fold`, quick for plain ASCII."""
    return text.lower() if text.isascii() else fold(text)


def query_words(query: str) -> tuple[str, ...]:
    """The words of a query, folded, each once."""
    return tuple(dict.fromkeys(folded(query).split()))


def match_ranges(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where any of `words`, which are folded, is in `text`; what overlaps is one range."""
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
    """`folded(text)`, and for each of its characters, and its end, the offset in `text` that it came from."""
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
