"""Text as lines of units, and positions in it.

A unit is what a motion moves over and an operator never splits: a grapheme cluster, or the chip of a folded paste.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache

from rich.cells import cell_len

from holytui.terminal.diff.cells import clusters

Line = tuple[str, ...]
"""The units of a line."""
Lines = tuple[Line, ...]
"""At least one line."""
Position = tuple[int, int]
"""The number of a line and of a unit in it, both from 0. The number of units of a line is the position after it."""
Splitter = Callable[[str], Line]
"""Splits a line into its units."""

BLANK, PUNCTUATION, WORD, EMOJI, CHIP = range(5)
"""Classes of units; the scripts written without spaces have theirs above."""
_UNSPACED = ((0x3040, 0x309F), (0x30A0, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3))


@lru_cache(maxsize=512)
def split_clusters(line: str) -> Line:
    """Split a line into its grapheme clusters."""
    return tuple(line) if line.isascii() else tuple(cluster for cluster, _width in clusters(line))


def to_lines(text: str, split: Splitter) -> Lines:
    """Split a text."""
    return tuple(split(line) for line in text.split("\n"))


def to_text(lines: Lines) -> str:
    """The text of lines."""
    return "\n".join("".join(line) for line in lines)


@lru_cache(maxsize=512)
def class_of(unit: str) -> int:
    """The class of a unit for the motions over words, as Vim's with its default `iskeyword`."""
    if len(unit) > 2 and unit[0] == "[":
        return CHIP
    char = unit[:1]
    category = unicodedata.category(char) if char else "Zs"
    if char == "\t" or category[0] == "Z":
        return BLANK
    if char == "_" or category[0] in "LMN":
        return next((low for low, high in _UNSPACED if low <= ord(char) <= high), WORD)
    return EMOJI if category == "So" and ord(char) >= 0x2600 else PUNCTUATION


def is_blank(unit: str) -> bool:
    """Whether a unit is a space or a tab."""
    return unit in (" ", "\t")


def first_nonblank(line: Line) -> int:
    """The column of the first unit that is no space; the last column of a line of spaces."""
    return next((at for at, unit in enumerate(line) if not is_blank(unit)), max(0, len(line) - 1))


def indent(line: Line) -> int:
    """The number of spaces and tabs at the start."""
    return next((at for at, unit in enumerate(line) if not is_blank(unit)), len(line))


def cells_before(line: Line, column: int) -> int:
    """The width of the units before `column`, in cells."""
    return sum(map(cell_len, line[:column]))


def column_at(line: Line, cells: int) -> int:
    """The column of the unit at a distance from the start in cells; the length of a shorter line."""
    for column, unit in enumerate(line):
        cells -= cell_len(unit)
        if cells < 0:
            return column
    return len(line)


def between(lines: Lines, start: Position, end: Position) -> Lines:
    """The text from `start` up to, not including, `end`."""
    (top, left), (bottom, right) = start, end
    if top == bottom:
        return (lines[top][left:right],)
    return (lines[top][left:], *lines[top + 1 : bottom], lines[bottom][:right])


def replaced(lines: Lines, start: Position, end: Position, new: Lines = ((),)) -> Lines:
    """`lines` with the text from `start` up to `end` replaced."""
    middle = list(new)
    middle[0] = lines[start[0]][: start[1]] + middle[0]
    middle[-1] += lines[end[0]][end[1] :]
    return (*lines[: start[0]], *middle, *lines[end[0] + 1 :])


def end_of(start: Position, new: Lines) -> Position:
    """The position after text inserted at `start`."""
    return (start[0] + len(new) - 1, len(new[-1]) + (start[1] if len(new) == 1 else 0))
