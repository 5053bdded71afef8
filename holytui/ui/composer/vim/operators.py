"""Operators: a change of the text of a motion, a text object or the visual selection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holytui.ui.composer.vim.lines import Line, Lines, Position, between, first_nonblank, indent, replaced, to_text
from holytui.ui.composer.vim.motions import Motion, Span
from holytui.ui.composer.vim.registers import RegisterText

_INDENT = 4
"""Columns by which `>` and `<` move a line."""
_MAX_STEPS = 20
"""Indentations at once."""


@dataclass(frozen=True, slots=True)
class TextRange:
    """The text of an operator: from `start` up to, not including, `end`; or the lines of both."""

    start: Position
    end: Position
    is_lines: bool = False
    is_jump: bool = False
    """Whether text that is deleted goes to register 1, however short."""

    @property
    def rows(self) -> range:
        """The rows of all its lines."""
        return range(self.start[0], self.end[0] + 1)


@dataclass(frozen=True, slots=True)
class EditedText:
    """The text after a change, and what the change took out."""

    lines: Lines
    cursor: Position
    taken: RegisterText | None = None
    is_large: bool = False
    """Whether a deleted text goes to the numbered registers."""


def range_of(lines: Lines, cursor: Position, motion: Motion, operator: str) -> TextRange:
    """The text of a motion from the cursor, with Vim's exceptions (`:help exclusive`)."""
    start = cursor if motion.start is None else motion.start
    start, end = sorted((start, motion.target))
    if motion.span is Span.LINES:
        return TextRange(start, end, is_lines=True)
    is_inclusive = motion.span is Span.INCLUSIVE
    if not is_inclusive and end[1] == 0 and end[0] > start[0]:
        row = end[0] - 1
        if start[1] <= indent(lines[start[0]]):
            return TextRange(start, (row, 0), is_lines=True, is_jump=motion.is_jump)
        end, is_inclusive = (row, max(0, len(lines[row]) - 1)), bool(lines[row])
    if is_inclusive:
        end = (end[0], min(len(lines[end[0]]), end[1] + 1))
    if operator == "d" and end[0] > start[0]:
        rest = lines[end[0]][end[1] :]
        if indent(rest) == len(rest) and start[1] <= indent(lines[start[0]]):
            return TextRange(start, end, is_lines=True, is_jump=motion.is_jump)
    return TextRange(start, end, is_jump=motion.is_jump)


def selected_range(lines: Lines, anchor: Position, cursor: Position, *, is_lines: bool) -> TextRange:
    """The text of the visual selection, which includes the unit at its end."""
    start, end = sorted((anchor, cursor))
    if is_lines:
        return TextRange(start, end, is_lines=True)
    if end[1] < len(lines[end[0]]):
        return TextRange(start, (end[0], end[1] + 1))
    return TextRange(start, (end[0] + 1, 0) if end[0] + 1 < len(lines) else end)


def take(lines: Lines, text: TextRange) -> RegisterText:
    """The text of a range."""
    if text.is_lines:
        return RegisterText(to_text(lines[text.start[0] : text.end[0] + 1]), is_lines=True)
    return RegisterText(to_text(between(lines, text.start, text.end)))


def delete(lines: Lines, text: TextRange) -> EditedText:
    """Delete a range."""
    taken = take(lines, text)
    is_large = text.is_lines or text.is_jump or text.end[0] > text.start[0]
    if not text.is_lines:
        return EditedText(replaced(lines, text.start, text.end), text.start, taken, is_large)
    rest = lines[: text.start[0]] + lines[text.end[0] + 1 :] or ((),)
    row = min(text.start[0], len(rest) - 1)
    return EditedText(rest, (row, first_nonblank(rest[row])), taken, is_large=True)


def clear_for_change(lines: Lines, text: TextRange) -> EditedText:
    """Delete a range whose replacement is typed next: of lines, an empty one is left."""
    if not text.is_lines:
        return delete(lines, text)
    rest = (*lines[: text.start[0]], (), *lines[text.end[0] + 1 :])
    return EditedText(rest, (text.start[0], 0), take(lines, text), is_large=True)


def shift(lines: Lines, text: TextRange, steps: int) -> EditedText:
    """Indent the lines of a range by `steps`; outdent them if negative."""
    steps = min(steps, _MAX_STEPS)
    rows = {row: _shifted(lines[row], steps) for row in text.rows if lines[row]}
    changed = tuple(rows.get(row, line) for row, line in enumerate(lines))
    return EditedText(changed, (text.start[0], first_nonblank(changed[text.start[0]])))


def _shifted(line: Line, steps: int) -> Line:
    end = indent(line)
    width = sum(_INDENT if unit == "\t" else 1 for unit in line[:end])
    return (" ",) * max(0, width + _INDENT * steps) + line[end:]


def map_units(lines: Lines, text: TextRange, change: Callable[[str], str]) -> EditedText:
    """Change each unit of a range."""
    rows = list(lines)
    for row in text.rows:
        line = lines[row]
        left = 0 if text.is_lines or row > text.start[0] else text.start[1]
        right = len(line) if text.is_lines or row < text.end[0] else text.end[1]
        rows[row] = line[:left] + tuple(map(change, line[left:right])) + line[right:]
    return EditedText(tuple(rows), text.start)


def swap_case(unit: str) -> str:
    """The unit in the other case; unchanged if it would become longer."""
    return _same_length(unit, unit.swapcase())


def lower_case(unit: str) -> str:
    """The unit in small letters."""
    return _same_length(unit, unit.lower())


def upper_case(unit: str) -> str:
    """The unit in capital letters; unchanged if it would become longer."""
    return _same_length(unit, unit.upper())


def _same_length(unit: str, changed: str) -> str:
    return changed if len(changed) == len(unit) and unit[0] != "[" else unit


CASES: dict[str, Callable[[str], str]] = {"g~": swap_case, "gu": lower_case, "gU": upper_case}
"""The operators that change the case."""
