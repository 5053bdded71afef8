"""The text of a question, shown as it was typed, not as Markdown. A long one is folded to its first and last rows, as
the question itself is usually before or after a paste.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from rich.cells import cell_len
from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _, ngettext
from holytui.text import visible
from holytui.ui.markdown.row import Row, Source

MIN_ROWS_TO_FOLD = 12
"""Texts with more rows than this can be folded."""
FIRST_ROWS = 6
"""First rows shown of a folded text."""
LAST_ROWS = 3
"""Last rows shown of a folded text, if they are whole lines."""
_TAB = 4
_MIN_FIRST_ROWS = 4
"""Minimum rows left when a text is folded between two lines; else it is folded within a line."""


@dataclass(frozen=True, slots=True)
class _Row:
    content: Content
    line: int
    """Offset in the text of the start of its line."""
    ends: bool
    """Whether it is the last row of its line."""
    source: Source = ("", 0)

    def shown(self) -> Row:
        """The row for the log."""
        return Row(self.content, "", joint="" if self.source[1] else None, source=self.source)


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


class FoldedText:
    """The text of a question in rows. While it is folded, only shown rows are laid out."""

    def __init__(self, text: str) -> None:
        self._exact = text
        self._text = visible(text)
        """The shown text; offsets inside this class refer to it."""
        self._laid_out = (0, False, "")
        self._folded: Folded | None = None
        self._lines: Sequence[int] = ()
        """For each row, the offset of its line; empty while the text is folded."""
        self._rows: Sequence[Row] = ()

    @property
    def long(self) -> bool:
        """Whether it can be folded at the width of `rows`."""
        return self._folded is not None

    def rows(self, width: int, *, is_open: bool, key: str) -> Sequence[Row]:
        """The rows, with a hint about `key` if the text is long; the same objects as long as they look the same."""
        if self._laid_out != (width, is_open, key):
            self._laid_out = (width, is_open, key)
            self._lay_out(width, is_open, key)
        return self._rows

    def hides(self, offset: int) -> bool:
        """Whether the text at an offset is hidden."""
        folded, offset = self._folded, self._shown(offset)
        return folded is not None and not self._lines and folded.offset <= offset < folded.end

    def row_of(self, offset: int) -> int:
        """The row with the text at an offset, which must not be hidden."""
        offset = self._shown(offset)
        if not self._lines:
            return self._row_of_folded(offset)
        line = self._lines[bisect_right(self._lines, offset) - 1]
        row, end = bisect_left(self._lines, line), bisect_right(self._lines, line) - 1
        left = _letters(self._text[line:offset])
        while row < end and (here := _letters(self._rows[row].content.plain)) <= left:
            left -= here
            row += 1
        return row

    def _shown(self, offset: int) -> int:
        return offset if self._text == self._exact else len(visible(self._exact[:offset]))

    def _row_of_folded(self, offset: int) -> int:
        if self._folded is None or offset < self._folded.end:
            return 0
        before = sum(row.line <= offset for row in self._folded.last)
        return len(self._folded.rows) + max(1, before)

    def _lay_out(self, width: int, is_open: bool, key: str) -> None:
        head = list(islice(_rows(self._text, width, MIN_ROWS_TO_FOLD + 1), MIN_ROWS_TO_FOLD + 1))
        self._folded = folded = _fold(self._text, head, width) if len(head) > MIN_ROWS_TO_FOLD else None
        self._lines = ()
        if folded is None:
            self._rows = [row.shown() for row in head]
        elif is_open:
            whole = list(_rows(self._text, width, sys.maxsize))
            self._lines = [row.line for row in whole]
            self._rows = [row.shown() for row in whole]
            if key:
                self._rows.append(_note("▾", _("{key}: collapse").format(key=key), width))
        else:
            words = rest = folded.rest(self._text)
            if key:
                words = " · ".join((rest, _("{key}: expand").format(key=key)))
            last = [row.shown() for row in folded.last]
            self._rows = [*folded.rows, _note("▸", words if cell_len(words) + 2 <= width else rest, width), *last]


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
        rows = list(islice(_rows(text[start:end], width, LAST_ROWS + 1), LAST_ROWS + 1))
        if not start or len(found) + len(rows) > LAST_ROWS:
            break
        found[:0] = [replace(row, line=start) for row in rows]
        end = start - 1
    return found


def _rows(text: str, width: int, most: int) -> Iterator[_Row]:
    """The rows of `text`, laid out lazily; at most `most` of each line."""
    for start, line in _lines(text):
        contents = _wrapped(line, width, most)
        flat = line.expandtabs(_TAB) if "\t" in line else line
        column = 0
        for number, content in enumerate(contents, 1):
            column = max(column, flat.find(content.plain, column))
            yield _Row(content, start, number == len(contents), (line, column))
            column += len(content.plain)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield start, text[start:end]
        start = end + 1
    yield start, text[start:]


def _wrapped(line: str, width: int, most: int) -> Sequence[Content]:
    if len(line) <= width and "\t" not in line and cell_len(line) <= width:
        return [Content(line)]
    size = (most + 1) * width
    while size < len(line):
        rows = Content(line[:size].expandtabs(_TAB)).wrap(width)
        if len(rows) > most:  # text not laid out yet can change only the last row
            return rows[:most]
        size *= 2
    return Content(line.expandtabs(_TAB)).wrap(width)
