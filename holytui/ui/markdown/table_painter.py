"""A table into lines: light rules, columns as wide as they need, wrapped cells where the screen is narrow.

A row that comes is laid out alone; all rows are laid out anew only when a column gets wider. Columns grow by four
cells at a time while there is room, so that a cell which is coming does not move the whole table with each token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from holytui.text import visible
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.inline import MUTED, Run, parse_cell
from holytui.ui.markdown.prefix import prefix_of
from holytui.ui.markdown.seams import with_seams
from holytui.ui.markdown.tables import split_cells
from holytui.ui.markdown.wrap import Line, cell_width, fold, make_line

Cell: TypeAlias = list[Run]

_SEPARATOR: Final[Run] = (" │ ", MUTED)
_STEP: Final = 4
_MIN_COLUMN: Final = 6
"""Cells of a column; where there is no room for it, each row becomes a list of `header: value`."""
_HEADER: Final = "bold"
_MEASURED_ROWS: Final = 200
"""Rows that make columns wider; what is wider further down is wrapped, so that few rows are ever laid out anew."""
_ROWS_AT_ONCE: Final = 16
"""Rows that are laid out between two looks at the time."""


class TablePainter:
    """Draws one table at one width."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.lines: list[Line] = []
        self.leaf = leaf
        self.done = False
        self._prefix = prefix_of(leaf).fitting(width)
        self._room = max(1, width - self._prefix.width)
        self._rows: list[list[Cell]] = []
        """The committed rows; the first is the header."""
        self._natural = [0] * len(leaf.aligns)
        """The widest cell of each column among them."""
        self._widths: tuple[int, ...] | None = None
        self._settled_rows = 0
        self._settled_lines = 0

    def paint(self, seams: Sequence[int]) -> int:
        leaf = self.leaf
        texts = with_seams(leaf, seams) if seams else leaf.lines
        settled = len(texts) if leaf.closed else leaf.committed
        for text in texts[len(self._rows) : min(settled, len(self._rows) + _ROWS_AT_ONCE)]:
            row = self._row(text, len(self._rows))
            self._rows.append(row)
            if len(self._rows) <= _MEASURED_ROWS:
                self._natural = self._widened(row)
        self.done = len(self._rows) >= settled
        open_rows = texts[len(self._rows) :] if self.done else ()
        tail = [self._row(text, index) for index, text in enumerate(open_rows, len(self._rows))]
        natural = self._natural
        for row in tail if len(self._rows) < _MEASURED_ROWS else ():
            natural = self._widened(row, natural)
        widths = column_widths(natural, self._room)
        if widths != self._widths:
            self._widths = widths
            self._settled_rows = self._settled_lines = 0
        stable = self._settled_lines
        del self.lines[stable:]
        rows = self._rows[self._settled_rows :] + tail
        for index, row in enumerate(rows, self._settled_rows):
            self._draw(row, index, (self._rows or tail)[0], len(self._rows) + len(tail) > 1)
            if index < len(self._rows) and (index or widths):
                self._settled_rows, self._settled_lines = index + 1, len(self.lines)
        return stable

    def _row(self, text: str, index: int) -> list[Cell]:
        """The cells of a line; what is too many goes into the last one, so that no text is lost."""
        texts = split_cells(visible(text, breaks=False).replace("\t", " "))
        count = len(self.leaf.aligns)
        if len(texts) > count:
            texts[count - 1 :] = [" | ".join(texts[count - 1 :])]
        texts += [""] * (count - len(texts))
        style = "" if index else _HEADER
        return [parse_cell(text, style) if text else [] for text in texts]

    def _widened(self, row: list[Cell], natural: list[int] | None = None) -> list[int]:
        base = self._natural if natural is None else natural
        return [max(width, cell_width(cell)) for width, cell in zip(base, row, strict=True)]

    def _draw(self, row: list[Cell], index: int, header: list[Cell], has_rows: bool) -> None:
        if not self._widths:
            self._draw_record(row, index, header, has_rows)
            return
        pieces = [fold(cell, width) for cell, width in zip(row, self._widths, strict=True)]
        for number in range(max(len(piece) for piece in pieces)):
            runs: list[Run] = []
            for column, piece in enumerate(pieces):
                cell = piece[number] if number < len(piece) else []
                runs += [_SEPARATOR, *self._padded(cell, column)] if column else self._padded(cell, column)
            self._add_line(_trimmed(runs))
        if index == 0:
            self._add_line([("─┼─".join("─" * width for width in self._widths), MUTED)])

    def _padded(self, cell: Cell, column: int) -> Cell:
        assert self._widths
        space = self._widths[column] - cell_width(cell)
        match self.leaf.aligns[column]:
            case "right":
                left = space
            case "center":
                left = space // 2
            case _:
                left = 0
        return [(" " * max(0, left), ""), *cell, (" " * max(0, space - left), "")]

    def _draw_record(self, row: list[Cell], index: int, header: list[Cell], has_rows: bool) -> None:
        """A row as a list of `header: value`. The header itself is shown only until there is a row."""
        if index == 0:
            if not has_rows:
                for cell in row:
                    self._fold(cell)
            return
        if index > 1:
            self._add_line([("─" * min(8, self._room), MUTED)])
        for name, cell in zip(header, row, strict=True):
            if not cell:
                continue  # a row of few cells in a table of many columns is not to take a line for each
            self._fold([*name, (": ", MUTED), *cell] if name else cell)

    def _fold(self, runs: Cell) -> None:
        for piece in fold(runs, self._room):
            self._add_line(piece)

    def _add_line(self, runs: Cell) -> None:
        prefix = self._prefix.rest if self.lines else self._prefix.first
        self.lines.append(make_line(prefix, runs))


def _trimmed(runs: list[Run]) -> list[Run]:
    """Without the space at the end of the line."""
    while runs and not runs[-1][0].strip(" "):
        runs.pop()
    if runs:
        runs[-1] = (runs[-1][0].rstrip(" "), runs[-1][1])
    return runs


def column_widths(natural: Sequence[int], room: int) -> tuple[int, ...]:
    """The width of each column in `room` cells; nothing if there is no room for columns.

    Columns that need no more than their share get what they need; the others share the rest alike.
    """
    free = room - len(_SEPARATOR[0]) * (len(natural) - 1)
    rounded = tuple(-(-max(1, width) // _STEP) * _STEP for width in natural)
    if sum(rounded) <= free:
        return rounded
    exact = tuple(max(1, width) for width in natural)
    if sum(exact) <= free:
        return exact
    if free < _MIN_COLUMN * len(natural):
        return ()
    widths = list(exact)
    greedy = set(range(len(natural)))
    while True:
        share, extra = divmod(free, len(greedy))
        modest = {column for column in greedy if exact[column] <= share}
        if not modest:
            for position, column in enumerate(sorted(greedy)):
                widths[column] = share + (position < extra)
            return tuple(widths)
        free -= sum(exact[column] for column in modest)
        greedy -= modest
