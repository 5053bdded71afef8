"""The difference of two texts by lines, and of similar lines by words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_LINES = 4_000_000
"""Product of the numbers of lines that are matched; beyond, lines are paired by their place."""
_MOST_WORDS = 40_000
"""Product of the numbers of words of two lines that are matched."""
_SIMILAR = 0.3
"""Share of equal characters of two lines whose words are compared."""


class DiffKind(StrEnum):
    """Where a piece of text is."""

    BOTH = "both"
    DELETED = "deleted"
    """In the first text only."""
    INSERTED = "inserted"
    """In the second text only."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """Part of a line."""

    kind: DiffKind
    text: str


Line = tuple[DiffPiece, ...]


@dataclass(frozen=True, slots=True)
class LinePair:
    """Two lines side by side; None: there is none on that side."""

    left: Line | None
    right: Line | None

    @property
    def is_equal(self) -> bool:
        """Whether both lines are the same."""
        return self.left is not None and self.left == self.right


def compare(first: str, second: str) -> tuple[LinePair, ...]:
    """Compare two texts. The left lines are those of the first, the right lines those of the second, in order."""
    old, new = first.split("\n"), second.split("\n")
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    return (
        *map(_same, old[:start]),
        *_changed(inner_old, inner_new),
        *map(_same, old[len(old) - end :]),
    )


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of equal lines at the beginning."""
    both = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))


def _same(line: str) -> LinePair:
    pieces = (DiffPiece(DiffKind.BOTH, line),)
    return LinePair(pieces, pieces)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[LinePair]:
    if len(old) * len(new) > _MOST_LINES:
        yield from _paired(old, new)
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from map(_same, old[a:b])
        else:
            yield from _paired(old[a:b], new[c:d])


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[LinePair]:
    """Pair lines by their place."""
    for at in range(max(len(old), len(new))):
        if at >= len(new):
            yield LinePair((DiffPiece(DiffKind.DELETED, old[at]),), None)
        elif at >= len(old):
            yield LinePair(None, (DiffPiece(DiffKind.INSERTED, new[at]),))
        else:
            yield _by_words(old[at], new[at])


def _by_words(old: str, new: str) -> LinePair:
    a, b = _WORDS.findall(old), _WORDS.findall(new)
    if not a or not b or len(a) * len(b) > _MOST_WORDS:
        return _whole(old, new)
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    kept = sum(len("".join(a[i:j])) for tag, i, j, _k, _l in codes if tag == "equal")
    if kept < _SIMILAR * max(len(old), len(new)):
        return _whole(old, new)
    left: list[DiffPiece] = []
    right: list[DiffPiece] = []
    for tag, i, j, k, m in codes:
        kinds = (DiffKind.BOTH, DiffKind.BOTH) if tag == "equal" else (DiffKind.DELETED, DiffKind.INSERTED)
        for side, kind, words in ((left, kinds[0], a[i:j]), (right, kinds[1], b[k:m])):
            if words:
                side.append(DiffPiece(kind, "".join(words)))
    return LinePair(tuple(left), tuple(right))


def _whole(old: str, new: str) -> LinePair:
    if old == new:
        return _same(old)
    return LinePair((DiffPiece(DiffKind.DELETED, old),), (DiffPiece(DiffKind.INSERTED, new),))
