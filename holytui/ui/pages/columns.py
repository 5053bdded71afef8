"""Tables that never wrap: on a narrow page columns are dropped by rank, and words are truncated, never numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from holytui.text import sanitize_line, visible

_GAP = 2
_MIN_TEXT = 20
"""Minimum cells for text beside a label."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column. The highest rank is dropped first; rank 0 stays."""

    title: str
    rank: int = 0
    least: int = 0
    """Minimum cells of a column of words; 0: numbers, which are aligned to the right and never truncated."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row, with a cell for each column."""

    cells: Sequence[str]
    style: str = ""


def table(columns: Sequence[TableColumn], rows: Sequence[TableRow], width: int) -> list[Content]:
    """The titles, then the rows, each at most `width` cells."""
    natural = [
        max(cell_len(column.title), *(cell_len(row.cells[at]) for row in rows), 0) for at, column in enumerate(columns)
    ]
    widths = _widths(columns, natural, width)
    head = TableRow([column.title for column in columns], "bold")
    return [Content(_line(columns, row, widths).rstrip()).stylize(row.style) for row in (head, *rows)]


def _widths(columns: Sequence[TableColumn], natural: Sequence[int], width: int) -> dict[int, int]:
    """The columns that are shown, with their widths."""
    shown = {at: min(natural[at], column.least) if column.least else natural[at] for at, column in enumerate(columns)}
    while len(shown) > 1 and _total(shown) > width:
        del shown[max(shown, key=lambda at: columns[at].rank)]
    spare = width - _total(shown)
    for at in shown:
        more = max(0, min(spare, natural[at] - shown[at]))
        shown[at] += more
        spare -= more
    if len(shown) == 1 and spare < 0:
        shown = {at: max(0, width) for at in shown}
    return shown


def _total(shown: dict[int, int]) -> int:
    return sum(shown.values()) + _GAP * (len(shown) - 1)


def _line(columns: Sequence[TableColumn], row: TableRow, widths: dict[int, int]) -> str:
    cells = []
    for at, wide in widths.items():
        text = cut(row.cells[at], wide)
        pad = " " * (wide - cell_len(text))
        cells.append(text + pad if columns[at].least else pad + text)
    return (" " * _GAP).join(cells)


def cut(text: str, width: int) -> str:
    """`text` truncated to `width` cells."""
    return Content(visible(text, breaks=False)).truncate(max(0, width), ellipsis=True).plain


def hanging(label: Content, text: str, width: int) -> list[Content]:
    """`text` beside its label, wrapped with a hanging indent, or below the label where that leaves little room."""
    beside, text = label.cell_length, visible(text)
    if width - beside >= _MIN_TEXT:
        first, *others = Content(text).wrap(width - beside) or [Content("")]
        return [label + first, *(Content(" " * beside) + line for line in others)]
    room = max(1, width - 2 * _GAP)
    return [label.rstrip().truncate(width), *(Content(" " * 2 * _GAP) + line for line in Content(text).wrap(room))]


def facts(rows: Sequence[tuple[str, Sequence[str]]], width: int) -> list[Content]:
    """A line for each name with its parts, as many as fit; the first part may be truncated."""
    wide = min(max((cell_len(name) for name, _parts in rows), default=0), max(0, width // 2))
    lines = []
    for name, parts in rows:
        room = max(0, width - wide - _GAP)
        # some parts come from a configuration, a server or another file
        shown = [sanitize_line(part) for part in parts]
        while len(shown) > 1 and cell_len(" · ".join(shown)) > room:
            shown.pop()
        label = cut(name, wide)
        text = cut(" · ".join(shown), room)
        lines.append(Content.assemble((label, "$muted"), " " * (wide - cell_len(label) + _GAP), text))
    return [line.truncate(max(0, width)) for line in lines]
