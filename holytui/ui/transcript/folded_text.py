"""The text of a question, shown as it was typed, not as Markdown. A long one is folded to its first and last rows, as
the question itself is usually before or after a paste.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import overload

from rich.cells import cell_len
from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _, ngettext
from holytui.text import visible
from holytui.ui.markdown.budget import Spent, never
from holytui.ui.markdown.row import Row

MIN_ROWS_TO_FOLD = 12
"""Texts with more rows than this can be folded."""
FIRST_ROWS = 6
"""First rows shown of a folded text."""
LAST_ROWS = 3
"""Last rows shown of a folded text, if they are whole lines."""
_TAB = 4
_PIECE = 2_048
"""Characters of a line laid out between two checks of the budget."""
_IMMEDIATE_ROWS = 128
"""Rows of an unfolded text laid out regardless of the budget: with fewer than a screen has, its end would be in view,
and be followed."""
_MADE = 512
"""Maximum rows of an unfolded text kept in memory, several screens of them."""
_MIN_FIRST_ROWS = 4
"""Minimum rows left when a text is folded between two lines; else it is folded within a line."""


@dataclass(frozen=True, slots=True)
class _Row:
    content: Content
    line: int
    """Offset in the text of the start of its line."""
    column: int
    """Where it begins in its line, with tabs expanded."""
    ends: bool
    """Whether it is the last row of its line."""
    source: str = ""
    """Its line."""

    def shown(self) -> Row:
        """The row for the log."""
        return Row(self.content, "", joint="" if self.column else None, source=(self.source, self.column))


@dataclass(frozen=True, slots=True)
class Folded:
    """The rows shown of a folded text, which hides the text from `offset` up to `end`."""

    rows: Sequence[Row]
    offset: int
    between_lines: bool
    end: int
    last: Sequence[_Row] = ()
    """The rows shown after the hidden text."""

    def rest(self, text: str) -> str:
        """A description of the amount of hidden text."""
        if self.between_lines:
            count = text.count("\n", self.offset, self.end) + (not self.last)
            return ngettext("{count} more line", "{count} more lines", count).format(count=fmt.whole(count))
        count = self.end - self.offset
        return ngettext("{count} more character", "{count} more characters", count).format(count=fmt.whole(count))


class _OpenRows(Sequence[Row]):
    """The rows of an unfolded text. Only their places are kept, as objects for each of 50,000 rows would make garbage
    collections long, which hold the event loop."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines, self._columns, self._ends = array("Q"), array("Q"), array("Q")
        """Of each row, the offset of its line, and where it begins and ends in its line, with tabs expanded."""
        self.note: Sequence[Row] = ()
        """What follows the rows of the text."""
        self._made: dict[int, Row] = {}
        """Rows that were shown lately, so that they stay the same objects."""
        self._line = (-1, "", "")
        """Offset of the line of the last row that was made, the line, and the line with tabs expanded."""

    def __len__(self) -> int:
        return len(self._lines) + len(self.note)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        if at >= len(self._lines):
            return self.note[at - len(self._lines)]
        row = self._made.get(at)
        if row is None:
            if len(self._made) >= _MADE:
                del self._made[next(iter(self._made))]
            row = self._made[at] = self._make(at)
        return row

    def _make(self, at: int) -> Row:
        start, column = self._lines[at], self._columns[at]
        if start != self._line[0]:
            end = self._text.find("\n", start)
            line = self._text[start:] if end < 0 else self._text[start:end]
            self._line = (start, line, line.expandtabs(_TAB))
        _start, line, flat = self._line
        return _Row(Content(flat[column : self._ends[at]]), start, column, False, line).shown()

    def extend(self, rows: Sequence[_Row]) -> None:
        """Add rows of the text."""
        self._lines.extend(row.line for row in rows)
        self._columns.extend(row.column for row in rows)
        self._ends.extend(row.column + len(row.content.plain) for row in rows)

    def at(self, offset: int) -> int:
        """The row with the text at an offset; the last row if that is not laid out yet."""
        end = bisect_right(self._lines, offset)
        line = self._lines[end - 1]
        column = len(self._text[line:offset].expandtabs(_TAB))
        return bisect_right(self._columns, column, bisect_left(self._lines, line), end) - 1


class FoldedText:
    """The text of a question in rows. While it is folded, only shown rows are laid out.

    `budget` starts the time budget of one request. By default everything is laid out on request; with a limited budget
    `rows` may lack the end of an unfolded text while `behind` is true, and `advance` lays out more.
    """

    def __init__(self, text: str, budget: Callable[[], Spent] = lambda: never) -> None:
        self._exact = text
        self._text = visible(text)
        """The shown text; offsets inside this class refer to it."""
        self._budget = budget
        self._laid_out = (0, False)
        """Width, and whether the text is unfolded."""
        self._key = ""
        self._folded: Folded | None = None
        self._rest: Iterator[Sequence[_Row]] | None = None
        """Rows of an unfolded text that are not laid out yet."""
        self._rows: list[Row] | _OpenRows = []

    @property
    def long(self) -> bool:
        """Whether it can be folded at the width of `rows`."""
        return self._folded is not None

    @property
    def behind(self) -> bool:
        """Whether the rows lack the end of the text."""
        return self._rest is not None

    def rows(self, width: int, *, is_open: bool, key: str) -> Sequence[Row]:
        """The rows, with a hint about `key` if the text is long; the same objects as long as they look the same.

        The sequence is live: `advance` adds to it.
        """
        if self._laid_out != (width, is_open):
            self._laid_out, self._key = (width, is_open), key
            self._lay_out(width, is_open)
        elif self._key != key:
            self._change_key(key)
        return self._rows

    def advance(self, spent: Spent) -> None:
        """Lay out more of an unfolded text, until `spent`."""
        opened = self._rows
        while self._rest is not None and isinstance(opened, _OpenRows):
            rows = next(self._rest, None)
            if rows is None:
                self._rest = None
                opened.note = self._collapse_note()
                return
            opened.extend(rows)
            if spent():
                return

    def hides(self, offset: int) -> bool:
        """Whether the text at an offset is hidden."""
        folded, offset = self._folded, self._shown(offset)
        return folded is not None and isinstance(self._rows, list) and folded.offset <= offset < folded.end

    def row_of(self, offset: int) -> int:
        """The row with the text at an offset, which must not be hidden; the last row if it is not laid out yet."""
        offset = self._shown(offset)
        return self._rows.at(offset) if isinstance(self._rows, _OpenRows) else self._row_of_folded(offset)

    def _shown(self, offset: int) -> int:
        return offset if self._text == self._exact else len(visible(self._exact[:offset]))

    def _row_of_folded(self, offset: int) -> int:
        if self._folded is None or offset < self._folded.end:
            return 0
        before = sum(row.line <= offset for row in self._folded.last)
        return len(self._folded.rows) + max(1, before)

    def _lay_out(self, width: int, is_open: bool) -> None:
        count = MIN_ROWS_TO_FOLD + 1
        head = list(islice(chain.from_iterable(_rows(self._text, width, (count + 1) * width)), count))
        self._folded = folded = _fold(self._text, head, width) if len(head) == count else None
        self._rest = None
        if folded is None:
            self._rows = [row.shown() for row in head]
        elif is_open:
            self._rows = opened = _OpenRows(self._text)
            self._rest = _rows(self._text, width, _PIECE)
            spent = self._budget()
            self.advance(lambda: len(opened) >= _IMMEDIATE_ROWS and spent())
        else:
            last = [row.shown() for row in folded.last]
            self._rows = [*folded.rows, self._expand_note(folded), *last]

    def _change_key(self, key: str) -> None:
        self._key = key
        if self._folded is None or self._rest is not None:
            return
        if isinstance(self._rows, _OpenRows):
            self._rows.note = self._collapse_note()
        else:
            self._rows[len(self._folded.rows)] = self._expand_note(self._folded)

    def _expand_note(self, folded: Folded) -> Row:
        words = rest = folded.rest(self._text)
        if self._key:
            words = " · ".join((rest, _("{key}: expand").format(key=self._key)))
        width = self._laid_out[0]
        return _note("▸", words if cell_len(words) + 2 <= width else rest, width)

    def _collapse_note(self) -> Sequence[Row]:
        return [_note("▾", _("{key}: collapse").format(key=self._key), self._laid_out[0])] if self._key else []


def _note(arrow: str, words: str, width: int) -> Row:
    return Row(Content.assemble((f"{arrow} {words}", "$muted")).truncate(width, ellipsis=True), "")


def _letters(text: str) -> int:
    """Number of characters other than spaces, which wrapping may change."""
    return len("".join(text.split()))


def _fold(text: str, head: Sequence[_Row], width: int) -> Folded:
    """Fold a text of more than `MIN_ROWS_TO_FOLD` rows, of which `head` are the first."""
    last = _last(text, width)
    end = last[0].line if last else len(text)
    kept = next((count for count in range(FIRST_ROWS, _MIN_FIRST_ROWS - 1, -1) if head[count - 1].ends), 0)
    if kept:
        return Folded([row.shown() for row in head[:kept]], head[kept].line, True, end, last)
    rows, line = [row.shown() for row in head[:FIRST_ROWS]], head[FIRST_ROWS - 1].line
    shown = sum(_letters(row.content.plain) for row in head[:FIRST_ROWS] if row.line == line)
    offset = line
    while shown:
        shown -= not text[offset].isspace()
        offset += 1
    return Folded(rows, offset, False, end, last)


def _last(text: str, width: int) -> Sequence[_Row]:
    """The rows of the last lines, as many whole lines as fit into `LAST_ROWS`."""
    found: list[_Row] = []
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        some = chain.from_iterable(_line_rows(start, text[start:end], width, (LAST_ROWS + 2) * width))
        rows = list(islice(some, LAST_ROWS + 1))
        if not start or len(found) + len(rows) > LAST_ROWS:
            break
        found[:0] = rows
        end = start - 1
    return found


def _rows(text: str, width: int, size: int) -> Iterator[Sequence[_Row]]:
    """The rows of `text`, laid out lazily, some `size` characters of a line at a time."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield from _line_rows(start, text[start:end], width, size)
        start = end + 1
    yield from _line_rows(start, text[start:], width, size)


def _line_rows(start: int, line: str, width: int, size: int) -> Iterator[Sequence[_Row]]:
    flat = line.expandtabs(_TAB) if "\t" in line else line
    if len(flat) <= width and cell_len(flat) <= width:
        yield [_Row(Content(flat), start, 0, True, line)]
        return
    at, length, more = 0, size, True
    while more:
        more = at + length < len(flat)
        rows = []
        column = at
        for content in Content(flat[at : at + length]).wrap(width):
            column = max(column, flat.find(content.plain, column))
            rows.append(_Row(content, start, column, False, line))
            column += len(content.plain)
        if not more:
            yield [*rows[:-1], replace(rows[-1], ends=True)]
        elif len(rows) > 1 and not rows[-1].content.plain.isspace() and rows[-1].content.plain:
            # text not laid out yet can change only the last row
            yield rows[:-1]
            at, length = rows[-1].column, size
        else:
            length *= 2
