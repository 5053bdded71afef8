"""Text selected with the mouse in the messages, as it is copied.

Code, formulas and questions are copied from their source, with tabs. Other text is copied as shown, without Markdown
markers. Soft line breaks, margins and the marks of seams are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.selection import Selection

from holytui.text import WORD_GAP, replace_invisible, visible
from holytui.ui.markdown import marks
from holytui.ui.markdown.row import Row
from holytui.ui.markdown.seams import MARK

_TAB = 4
_SIGN_OF = "\0"
"""Marks a character that is shown as a sign; received text never has it."""


class _Copy:
    """Collects the copied text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._line: tuple[str, int, int] | None = None
        """The line of source that is being copied: its text, first and last column."""
        self._formula = ""
        """Key of the formula that reaches to the end of the last row."""

    def add(self, row: Row, start: int, end: int) -> None:
        """Add the characters of a row's content from `start` up to `end`."""
        inner = max(start, row.indent)
        if row.source is not None:
            self._add_source(row, inner, max(inner, end))
            return
        self._end_line()
        going_on, self._formula = self._formula, _formula_at(row, end)
        if going_on and _goes_on(row, inner, going_on):
            self._parts.append(_shown(row, inner, end, without=going_on))
        elif row.joint is not None and self._parts:
            self._parts.append(row.joint + _shown(row, inner, end))
        else:
            self._begin(_shown(row, inner if row.joint is not None else start, end))

    def text(self) -> str:
        """All of it."""
        self._end_line()
        return "".join(self._parts).strip("\n")

    def _add_source(self, row: Row, start: int, end: int) -> None:
        assert row.source is not None
        text, column = row.source
        first, last = (column + at - row.indent - _marks(row, at) for at in (start, end))
        if row.joint is not None and self._line is not None and self._line[0] is text:
            self._line = (text, self._line[1], last)
            return
        self._end_line()
        self._line = (text, first, last)

    def _end_line(self) -> None:
        if self._line is not None:
            text, first, last = self._line
            self._line = None
            self._begin(text[_index(text, first) : _index(text, last)])

    def _begin(self, text: str) -> None:
        self._parts.append(f"\n{text}" if self._parts else text)


def selected_text(rows: Sequence[tuple[Row, int]], selection: Selection) -> str:
    """The copied text of rows, each with the number of characters before its content."""
    copy = _Copy()
    for y, (row, before) in enumerate(rows):
        span = selection.get_span(y)
        if span is not None:
            size = len(row.content.plain)
            start, end = (min(size, max(0, at - before)) for at in span)
            copy.add(row, start, size if span[1] == -1 else end)
    return copy.text()


def _shown(row: Row, start: int, end: int, without: str = "") -> str:
    """The text without the marks of seams, with the full source of each formula except `without`."""
    plain = row.content.plain
    out: list[str] = []
    at = start
    for span in row.content.spans:
        if span.start >= end or span.end <= at:
            continue
        formula = marks.formula_of(span.style)
        if formula is not None:
            key, _row, source = formula
            out += [plain[at : span.start], "" if key == without else source]
        elif (plain[span.start : span.end], span.style) == MARK:
            out.append(plain[at : span.start])
        else:
            continue
        at = span.end
    return "".join([*out, plain[at:end]])


def _formula_at(row: Row, end: int) -> str:
    """Key of the formula at the end of a row, if it is selected, or empty."""
    last = row.content.spans[-1] if row.content.spans else None
    formula = marks.formula_of(last.style) if last is not None and last.end == len(row.content.plain) == end else None
    return formula[0] if formula is not None else ""


def _goes_on(row: Row, start: int, key: str) -> bool:
    """Whether a row continues a formula."""
    for span in row.content.spans:
        formula = marks.formula_of(span.style) if span.start == start else None
        if formula is not None:
            return formula[0] == key and (row.joint is not None or formula[1] > 0)
    return False


def _marks(row: Row, end: int) -> int:
    """Number of marks of seams before a position in a row."""
    return end - len(_shown(row, 0, end))


def _index(text: str, column: int) -> int:
    """Index in `text` of a screen column, with tabs shown as spaces and format characters as signs."""
    if "\t" not in text and text.isprintable():
        return column
    at = index = 0
    is_sign = False
    for char in replace_invisible(text, lambda char: _SIGN_OF + char):
        if char == _SIGN_OF:
            is_sign = True
            continue
        if at >= column:
            return index
        if is_sign:
            at += len(visible(char, breaks=False))
        elif char != WORD_GAP:  # not shown
            at += _width(char, at)
        index, is_sign = index + 1, False
    return index


def _width(char: str, at: int) -> int:
    return _TAB - at % _TAB if char == "\t" else 1
