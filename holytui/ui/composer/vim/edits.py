"""Changes that take no motion: inserting a register, joining lines, replacing units."""

from __future__ import annotations

from holytui.ui.composer.vim.lines import (
    Line,
    Lines,
    Position,
    Splitter,
    end_of,
    first_nonblank,
    indent,
    replaced,
    to_lines,
)
from holytui.ui.composer.vim.operators import EditedText, TextRange, swap_case
from holytui.ui.composer.vim.registers import RegisterText


def put(lines: Lines, at: Position, register: RegisterText, count: int, split: Splitter, *, before: bool) -> EditedText:
    """Insert a register at the cursor: before the unit or line at the cursor, or after it."""
    row, column = at
    new = to_lines(register.text, split)
    if register.is_lines:
        top = row if before else row + 1
        return EditedText((*lines[:top], *new * count, *lines[top:]), (top, first_nonblank(new[0])))
    start = (row, column if before else min(column + 1, len(lines[row])))
    result = replaced(lines, start, start, to_lines(register.text * count, split))
    if len(new) > 1:
        return EditedText(result, start)
    return EditedText(result, (row, max(0, start[1] + len(new[0]) * count - 1)))


def put_over(lines: Lines, text: TextRange, register: RegisterText, count: int, split: Splitter) -> EditedText:
    """Replace a range by a register. Lines are replaced by lines, and lines within a line split it."""
    if not text.is_lines:
        kept, at = replaced(lines, text.start, text.end), text.start
        if register.is_lines:
            kept, at = replaced(lines, text.start, text.end, ((), ())), (at[0] + 1, 0)
        return put(kept, at, register, count, split, before=True)
    before, after = lines[: text.start[0]], lines[text.end[0] + 1 :]
    new = to_lines(register.text, split) * count
    return EditedText((*before, *new, *after), (text.start[0], first_nonblank(new[0])))


def join(lines: Lines, row: int, count: int) -> EditedText | None:
    """Join `count` lines by spaces; None on the last line."""
    count = max(2, count)
    if row + 1 >= len(lines) or (row + count > len(lines) and count <= 2):
        return None
    joined, column = lines[row], 0
    for line in lines[row + 1 : row + count]:
        rest = line[indent(line) :]
        column = len(joined)
        if rest and rest[0] != ")" and joined and joined[-1] not in (" ", "\t"):
            joined += (" ",)
        joined += rest
    column = min(column, max(0, len(joined) - 1))
    return EditedText((*lines[:row], joined, *lines[row + count :]), (row, column))


def replace_units(lines: Lines, at: Position, char: str, count: int) -> EditedText | None:
    """Replace `count` units by a character, or by one line end; None if the line has fewer."""
    row, column = at
    end = column + count
    if end > len(lines[row]):
        return None
    if char == "enter":
        return EditedText(replaced(lines, at, (row, end), ((), ())), (row + 1, 0))
    return EditedText(replaced(lines, at, (row, end), ((char,) * count,)), (row, end - 1))


def toggle_case(lines: Lines, at: Position, count: int) -> EditedText | None:
    """Swap the case of `count` units, and move after them; None on an empty line."""
    row, column = at
    line: Line = lines[row]
    if not line:
        return None
    end = min(len(line), column + count)
    new = tuple(map(swap_case, line[column:end]))
    return EditedText(replaced(lines, at, (row, end), (new,)), (row, min(end, len(line) - 1)))


def open_line(lines: Lines, row: int, *, above: bool) -> EditedText:
    """Add an empty line for text that is typed next."""
    top = row if above else row + 1
    return EditedText((*lines[:top], (), *lines[top:]), (top, 0))


def insert(lines: Lines, at: Position, text: str, split: Splitter) -> EditedText:
    """Insert a text, with the cursor after it."""
    new = to_lines(text, split)
    return EditedText(replaced(lines, at, at, new), end_of(at, new))
