"""Rendering of tables with light rules, natural column widths, and wrapped cells on narrow screens.

A new row is laid out alone; all rows are laid out again only when a column widens. Columns grow in steps of four
cells while there is room, so that an unfinished cell does not shift the whole table with each token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from holytui.text import visible
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.inline import parse_cell
from holytui.ui.markdown.prefix import prefix_of
from holytui.ui.markdown.runs import MUTED, Run
from holytui.ui.markdown.seams import with_seams
from holytui.ui.markdown.tables import split_cells
from holytui.ui.markdown.wrap import Line, cell_width, fold, make_line

Cell: TypeAlias = list[Run]

_SEPARATOR: Final[Run] = (" │ ", MUTED)
_STEP: Final = 4
_MIN_COLUMN: Final = 6
"""Minimum column width in cells; without room for it, each row becomes a list of `header: value`."""
_HEADER: Final = "bold"
_MEASURED_ROWS: Final = 200
"""Rows that can widen columns; wider cells further down are wrapped, so that few rows are laid out again."""
_ROWS_AT_ONCE: Final = 16
"""Rows laid out between two checks of the budget."""


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
        """Width of the widest cell of each column in the committed rows."""
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
        """Parse the cells of a line; excess cells are joined into the last one, so that no text is lost."""
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
        """Draw a row as a list of `header: value`; the header itself only while there is no row."""
        if index == 0:
            if not has_rows:
                for cell in row:
                    self._fold(cell)
            return
        if index > 1:
            self._add_line([("─" * min(8, self._room), MUTED)])
        for name, cell in zip(header, row, strict=True):
            if not cell:
                continue  # a short row must not take a line for each of many columns
            self._fold([*name, (": ", MUTED), *cell] if name else cell)

    def _fold(self, runs: Cell) -> None:
        for piece in fold(runs, self._room):
            self._add_line(piece)

    def _add_line(self, runs: Cell) -> None:
        prefix = self._prefix.rest if self.lines else self._prefix.first
        self.lines.append(make_line(prefix, runs))


def _trimmed(runs: list[Run]) -> list[Run]:
    """Strip trailing spaces."""
    while runs and not runs[-1][0].strip(" "):
        runs.pop()
    if runs:
        runs[-1] = (runs[-1][0].rstrip(" "), runs[-1][1])
    return runs


def column_widths(natural: Sequence[int], room: int) -> tuple[int, ...]:
    """Distribute `room` cells among the columns; empty if the columns do not fit.

    Columns narrower than an equal share get their natural width; the others share the rest equally.
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
    wide = set(range(len(natural)))
    while True:
        share, extra = divmod(free, len(wide))
        narrow = {column for column in wide if exact[column] <= share}
        if not narrow:
            for position, column in enumerate(sorted(wide)):
                widths[column] = share + (position < extra)
            return tuple(widths)
        free -= sum(exact[column] for column in narrow)
        wide -= narrow
