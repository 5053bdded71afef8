"""Motions: from the cursor to another position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from holytui.ui.composer.vim import words
from holytui.ui.composer.vim.lines import Line, Lines, Position, cells_before, column_at, first_nonblank, is_blank

END = 1 << 30
"""The wanted column after `$`: the end of each line."""
_BRACKETS = "()[]{}"


class Span(StrEnum):
    """Whether an operator takes the unit at the end of a motion, or whole lines."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class CharSearch:
    """A search of a character in a line: `f`, `F`, `t` or `T`."""

    verb: str
    char: str

    @property
    def reversed(self) -> CharSearch:
        """The search in the other direction."""
        return CharSearch(self.verb.swapcase(), self.char)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a motion begins, and what it depends on."""

    lines: Lines
    cursor: Position
    column: int
    """The wanted column of `j` and `k` in cells, or `END`."""
    count: int | None
    argument: str
    """The character of `f`, or the name of a text object."""
    operator: str
    """The operator that waits for the motion, or empty."""
    anchor: Position | None
    """The other end of the visual selection."""
    search: CharSearch | None
    """The last search of a character."""

    @property
    def times(self) -> int:
        """The count, or 1."""
        return self.count or 1

    @property
    def line(self) -> Line:
        """The line of the cursor."""
        return self.lines[self.cursor[0]]

    @property
    def last(self) -> int:
        """The last row."""
        return len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class Motion:
    """The end of a motion."""

    target: Position
    span: Span = Span.EXCLUSIVE
    column: int | None = None
    """The wanted column afterwards; None: that of the target."""
    start: Position | None = None
    """The start of a text object; None: the cursor."""
    is_jump: bool = False
    """Whether text that it deletes goes to register 1, however short."""


def goal(line: Line, wanted: int, *, after: bool = False) -> int:
    """The column for a wanted distance in cells. `after`: the position after the line is allowed."""
    return min(column_at(line, wanted), max(0, len(line) - (not after)))


def _left(origin: Origin) -> Motion | None:
    row, column = origin.cursor
    return Motion((row, max(0, column - origin.times))) if column else None


def _right(origin: Origin) -> Motion | None:
    row, column = origin.cursor
    end = len(origin.line) - (not origin.operator and origin.anchor is None)
    if column >= end and not origin.operator:
        return None
    return Motion((row, max(column, min(end, column + origin.times))))


def _down(origin: Origin) -> Motion | None:
    return _vertical(origin, origin.times) if origin.cursor[0] < origin.last else None


def _up(origin: Origin) -> Motion | None:
    return _vertical(origin, -origin.times) if origin.cursor[0] else None


def _vertical(origin: Origin, rows: int) -> Motion:
    row = min(origin.last, max(0, origin.cursor[0] + rows))
    target = goal(origin.lines[row], origin.column, after=origin.anchor is not None)
    return Motion((row, target), Span.LINES, origin.column)


def _word(origin: Origin, *, big: bool) -> Motion:
    column = origin.cursor[1]
    if origin.operator == "c" and column < len(origin.line) and not is_blank(origin.line[column]):
        target = words.word_end(origin.lines, origin.cursor, origin.times, big=big, stay=True)
        return _on_text(origin, target, Span.INCLUSIVE)
    stop = bool(origin.operator)
    target = words.next_word(origin.lines, origin.cursor, origin.times, big=big, stop=stop)
    return _on_text(origin, target, Span.EXCLUSIVE)


def _word_end(origin: Origin, *, big: bool) -> Motion:
    target = words.word_end(origin.lines, origin.cursor, origin.times, big=big)
    return _on_text(origin, target, Span.INCLUSIVE)


def _on_text(origin: Origin, target: Position, span: Span) -> Motion:
    row, column = target
    if column and column >= len(origin.lines[row]) and origin.anchor is None and target > origin.cursor:
        target, span = (row, len(origin.lines[row]) - 1), Span.INCLUSIVE
    return Motion(target, span)


def _word_start(origin: Origin, *, big: bool) -> Motion | None:
    target, done = words.word_start(origin.lines, origin.cursor, origin.times, big=big)
    return Motion(target) if done or not origin.operator else None


def _previous_end(origin: Origin, *, big: bool) -> Motion | None:
    target, done = words.previous_end(origin.lines, origin.cursor, origin.times, big=big)
    return Motion(target, Span.INCLUSIVE) if done or not origin.operator else None


def _line_start(origin: Origin) -> Motion:
    return Motion((origin.cursor[0], 0))


def _line_text(origin: Origin) -> Motion:
    return Motion((origin.cursor[0], first_nonblank(origin.line)))


def _line_end(origin: Origin) -> Motion | None:
    row = origin.cursor[0] + origin.times - 1
    if row > origin.last and origin.cursor[0] == origin.last:
        return None
    row = min(row, origin.last)
    line = origin.lines[row]
    return Motion((row, len(line) if origin.anchor is not None else max(0, len(line) - 1)), Span.INCLUSIVE, END)


def _to_row(origin: Origin, row: int) -> Motion:
    row = min(origin.last, max(0, row))
    return Motion((row, first_nonblank(origin.lines[row])), Span.LINES)


def _next_row(origin: Origin) -> Motion | None:
    return _to_row(origin, origin.cursor[0] + origin.times) if origin.cursor[0] < origin.last else None


def _paragraph(origin: Origin, step: int) -> Motion | None:
    row, lines = origin.cursor[0], origin.lines
    for left in reversed(range(origin.times)):
        begun, moved = bool(lines[row]), False
        while True:
            begun = begun or bool(lines[row])
            if moved and begun and not lines[row]:
                break
            if not 0 <= row + step <= origin.last:
                if left:
                    return None
                break
            row, moved = row + step, True
    if step > 0 and row == origin.last and lines[row]:
        return Motion((row, len(lines[row]) - 1), Span.INCLUSIVE, is_jump=True)
    return Motion((row, 0), is_jump=True)


def _match(origin: Origin) -> Motion | None:
    row, column = origin.cursor
    found = next((at for at in range(column, len(origin.line)) if origin.line[at] in _BRACKETS), None)
    if found is None or origin.count:
        return None
    at = _BRACKETS.index(origin.line[found])
    opening, closing = _BRACKETS[at & ~1], _BRACKETS[at | 1]
    if at & 1:
        target = opening_before(origin.lines, (row, found), opening, closing)
    else:
        target = closing_after(origin.lines, (row, found + 1), opening, closing)
    return Motion(target, Span.INCLUSIVE, is_jump=True) if target is not None else None


def opening_before(lines: Lines, at: Position, opening: str, closing: str) -> Position | None:
    """The bracket before `at` that is not closed before it."""
    depth = 0
    for row in range(at[0], -1, -1):
        line = lines[row]
        for column in range(at[1] - 1 if row == at[0] else len(line) - 1, -1, -1):
            if line[column] == closing:
                depth += 1
            elif line[column] == opening:
                if not depth:
                    return row, column
                depth -= 1
    return None


def closing_after(lines: Lines, at: Position, opening: str, closing: str) -> Position | None:
    """The bracket from `at` on that was opened before it."""
    depth = 0
    for row in range(at[0], len(lines)):
        line = lines[row]
        for column in range(at[1] if row == at[0] else 0, len(line)):
            if line[column] == opening:
                depth += 1
            elif line[column] == closing:
                if not depth:
                    return row, column
                depth -= 1
    return None


def _search(origin: Origin, search: CharSearch, *, again: bool = False) -> Motion | None:
    (row, column), line = origin.cursor, origin.line
    step = 1 if search.verb.islower() else -1
    is_till = search.verb in "tT"
    beside = column + step
    if again and is_till and origin.times == 1 and 0 <= beside < len(line) and line[beside] == search.char:
        column = beside  # a repeated `t` would not move
    for _each in range(origin.times):
        column += step
        while 0 <= column < len(line) and line[column] != search.char:
            column += step
        if not 0 <= column < len(line):
            return None
    return Motion((row, column - step if is_till else column), Span.INCLUSIVE if step > 0 else Span.EXCLUSIVE)


def _search_again(origin: Origin) -> Motion | None:
    return _search(origin, origin.search, again=True) if origin.search is not None else None


def _search_back(origin: Origin) -> Motion | None:
    return _search(origin, origin.search.reversed, again=True) if origin.search is not None else None


MOTIONS: dict[str, Callable[[Origin], Motion | None]] = {
    "h": _left,
    "backspace": _left,
    "l": _right,
    " ": _right,
    "j": _down,
    "k": _up,
    "w": lambda origin: _word(origin, big=False),
    "W": lambda origin: _word(origin, big=True),
    "b": lambda origin: _word_start(origin, big=False),
    "B": lambda origin: _word_start(origin, big=True),
    "e": lambda origin: _word_end(origin, big=False),
    "E": lambda origin: _word_end(origin, big=True),
    "ge": lambda origin: _previous_end(origin, big=False),
    "gE": lambda origin: _previous_end(origin, big=True),
    "0": _line_start,
    "^": _line_text,
    "$": _line_end,
    "gg": lambda origin: _to_row(origin, origin.times - 1),
    "G": lambda origin: _to_row(origin, origin.count - 1 if origin.count else origin.last),
    "enter": _next_row,
    "{": lambda origin: _paragraph(origin, -1),
    "}": lambda origin: _paragraph(origin, 1),
    "%": _match,
    "f": lambda origin: _search(origin, CharSearch("f", origin.argument)),
    "F": lambda origin: _search(origin, CharSearch("F", origin.argument)),
    "t": lambda origin: _search(origin, CharSearch("t", origin.argument)),
    "T": lambda origin: _search(origin, CharSearch("T", origin.argument)),
    ";": _search_again,
    ",": _search_back,
}
"""The motion of each key. It returns None if it is not possible."""


def wanted_column(lines: Lines, motion: Motion) -> int:
    """The wanted column after a motion."""
    row, column = motion.target
    return cells_before(lines[row], column) if motion.column is None else motion.column
