"""Motions over words, as Vim defines them.

A motion that cannot reach its target goes as far as it can. Positions may be after the end of a line.
"""

from __future__ import annotations

from holytui.ui.composer.vim.lines import BLANK, Lines, Position, class_of

_LINE_END, _NEXT_LINE, _NONE = 2, 1, -1
"""Results of a step: onto the end of a line, onto another line, or not possible."""


class _Walker:
    """A position that moves unit by unit; the end of a line is a position of its own."""

    __slots__ = ("_big", "_lines", "column", "row")

    def __init__(self, lines: Lines, at: Position, *, big: bool) -> None:
        self._lines = lines
        self._big = big
        self.row, self.column = at

    @property
    def at(self) -> Position:
        return self.row, self.column

    @property
    def kind(self) -> int:
        line = self._lines[self.row]
        kind = class_of(line[self.column]) if self.column < len(line) else BLANK
        return min(kind, 1) if self._big else kind

    @property
    def on_empty_line(self) -> bool:
        return not self._lines[self.row]

    @property
    def on_last_line(self) -> bool:
        return self.row == len(self._lines) - 1

    def forward(self) -> int:
        if self.column < len(self._lines[self.row]):
            self.column += 1
            return _LINE_END if self.column == len(self._lines[self.row]) else 0
        if self.on_last_line:
            return _NONE
        self.row, self.column = self.row + 1, 0
        return _NEXT_LINE

    def back(self) -> int:
        if self.column:
            self.column -= 1
            return 0
        if not self.row:
            return _NONE
        self.row -= 1
        self.column = len(self._lines[self.row])
        return _NEXT_LINE

    def skip_forward(self, kind: int) -> bool:
        """Go forward over units of this class; False at the end of the text."""
        while self.kind == kind:
            if self.forward() == _NONE:
                return False
        return True

    def skip_back(self, kind: int) -> bool:
        """Go back over units of this class; False at the start of the text."""
        while self.kind == kind:
            if self.back() == _NONE:
                return False
        return True


def next_word(lines: Lines, at: Position, count: int, *, big: bool, stop: bool) -> Position:
    """To the start of a following word. `stop`: the last word ends with its line, as it does for an operator."""
    walker = _Walker(lines, at, big=big)
    for left in reversed(range(count)):
        kind, was_last = walker.kind, walker.on_last_line
        step = walker.forward()
        if step == _NONE or (step and was_last):
            return walker.at
        if step and stop and not left:
            return walker.at
        while kind != BLANK and walker.kind == kind:
            step = walker.forward()
            if step == _NONE or (step and stop and not left):
                return walker.at
        while walker.kind == BLANK and not walker.on_empty_line:
            step = walker.forward()
            if step == _NONE or (step and was_last):
                return walker.at
    return walker.at


def word_end(lines: Lines, at: Position, count: int, *, big: bool, stay: bool = False) -> Position:
    """To the end of a word. `stay`: at the end of a word, that is the first."""
    walker = _Walker(lines, at, big=big)
    for _each in range(count):
        kind = walker.kind
        if walker.forward() == _NONE:
            return walker.at
        if walker.kind == kind != BLANK:
            if not walker.skip_forward(kind):
                return walker.at
        elif (not stay or kind == BLANK) and not (walker.skip_forward(BLANK) and walker.skip_forward(walker.kind)):
            return walker.at
        walker.back()
        stay = False
    return walker.at


def word_start(lines: Lines, at: Position, count: int, *, big: bool) -> tuple[Position, bool]:
    """Back to the start of a word; also whether there are so many."""
    walker = _Walker(lines, at, big=big)
    for _each in range(count):
        if walker.back() == _NONE:
            return walker.at, False
        while walker.kind == BLANK and not walker.on_empty_line:
            if walker.back() == _NONE:
                return walker.at, True
        if walker.on_empty_line:
            continue
        if not walker.skip_back(walker.kind):
            return walker.at, True
        walker.forward()
    return walker.at, True


def previous_end(lines: Lines, at: Position, count: int, *, big: bool) -> tuple[Position, bool]:
    """Back to the end of a word; also whether there are so many."""
    walker = _Walker(lines, at, big=big)
    for _each in range(count):
        kind = walker.kind
        if walker.back() == _NONE:
            return walker.at, False
        if kind != BLANK and walker.kind == kind and not walker.skip_back(kind):
            return walker.at, True
        while walker.kind == BLANK and not walker.on_empty_line:
            if walker.back() == _NONE:
                return walker.at, True
    return walker.at, True
