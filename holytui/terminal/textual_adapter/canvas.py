"""Conversion of Textual's updates to rows of cells. Only strips that were rendered again are converted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from holytui.terminal.colours import fit_style
from holytui.terminal.diff.cells import CellRow, blank_row, to_cells
from holytui.terminal.diff.frame import Frame, TerminalCursor
from holytui.terminal.diff.sgr import DEFAULT, StyleTable

if TYPE_CHECKING:
    from rich.segment import Segment

_MAX_STRIPS = 1024
_MAX_STYLES = 4096

Update = LayoutUpdate | ChopsUpdate
"""The two kinds of updates of Textual's compositor."""


class Canvas:
    """The screen as last painted by Textual; the terminal may lag behind."""

    def __init__(self, styles: StyleTable, depth: ColorSystem | None) -> None:
        self._styles = styles
        self._depth = depth or ColorSystem.TRUECOLOR
        self._numbers: dict[Style, int] = {}
        self._width = 0
        self._rows: list[CellRow] = []
        self._pieces: list[dict[int, Strip]] = []
        self._converted: dict[int, tuple[Strip, list[str], list[int], bool]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in cells."""
        return self._width, len(self._rows)

    def resize(self, width: int, height: int) -> None:
        """Clear the canvas, and give it another size."""
        self._width = width
        self._rows = [blank_row(width)] * height
        self._pieces = [{} for _ in range(height)]

    def frame(self, cursor: TerminalCursor) -> Frame:
        """Return the current content as a frame."""
        return Frame(self._width, tuple(self._rows), cursor)

    def apply(self, update: Update) -> None:
        """Apply an update of Textual's compositor."""
        if isinstance(update, LayoutUpdate):
            for y, line in enumerate(update.strips, update.region.y):
                if 0 <= y < len(self._rows):
                    self._paint_line(y, update.region.x, line)
            return
        spans: dict[int, list[tuple[int, int]]] = {}
        for y, x1, x2 in update.spans:
            if 0 <= y < min(len(self._rows), len(update.chops)):
                spans.setdefault(y, []).append((x1, x2))
        for y, columns in spans.items():
            self._paint_chops(y, update.chops[y], update.chop_ends[y], columns)

    def _paint_line(self, y: int, x: int, line: Iterable[Strip]) -> None:
        pieces: dict[int, Strip] = {}
        for strip in line:
            pieces[x] = strip
            x += strip.cell_length
        before = self._pieces[y]
        if len(before) == len(pieces) and all(before.get(at) is strip for at, strip in pieces.items()):
            return
        self._pieces[y] = pieces
        chars: list[str] = []
        styles: list[int] = []
        risky = False
        start = next(iter(pieces), 0)
        for strip in pieces.values():
            _, strip_chars, strip_styles, strip_risky = self._cells(strip)
            chars += strip_chars
            styles += strip_styles
            risky = risky or strip_risky
        if start == 0 and len(chars) == self._width:
            self._set(y, CellRow(chars, styles, risky=risky))
        else:
            self._set(y, blank_row(self._width).replaced(start, chars, styles, risky=risky))

    def _paint_chops(self, y: int, chops: object, ends: Sequence[int], spans: Sequence[tuple[int, int]]) -> None:
        assert isinstance(chops, dict)
        painted = self._pieces[y]
        if painted.keys() != chops.keys():
            painted = self._pieces[y] = {}
        row = self._rows[y]
        for end, (x, strip) in zip(ends, chops.items(), strict=False):
            if strip is None or painted.get(x) is strip or not any(x < x2 and end > x1 for x1, x2 in spans):
                continue
            painted[x] = strip
            _, chars, styles, risky = self._cells(strip)
            if x < self._width:
                row = row.replaced(x, chars, styles, risky=risky)
        self._set(y, row)

    def _set(self, y: int, row: CellRow) -> None:
        if self._rows[y] != row:  # an equal row stays the same object, which is fast to compare
            self._rows[y] = row

    def _cells(self, strip: Strip) -> tuple[Strip, list[str], list[int], bool]:
        found = self._converted.get(id(strip))
        if found is not None and found[0] is strip:
            return found
        chars: list[str] = []
        styles: list[int] = []
        risky = False
        for segment in strip:
            if not segment.control:
                risky = self._add_segment(segment, chars, styles) or risky
        if len(self._converted) >= _MAX_STRIPS:
            self._converted.clear()
        self._converted[id(strip)] = found = (strip, chars, styles, risky)
        return found

    def _add_segment(self, segment: Segment, chars: list[str], styles: list[int]) -> bool:
        text = segment.text
        style = self._number(segment.style)
        if not text.strip(" "):
            style = self._styles.blanks[style]
        cells, risky = to_cells(text)
        if not text.isascii() and len(cells) != segment.cell_length:
            del cells[segment.cell_length :]
            cells += [" "] * (segment.cell_length - len(cells))
        chars += cells
        styles += [style] * len(cells)
        return risky

    def _number(self, style: Style | None) -> int:
        if style is None:
            return DEFAULT
        number = self._numbers.get(style)
        if number is None:
            parameters = Strip.render_ansi(fit_style(style, self._depth), self._depth)
            number = self._styles.number(parameters, style.link or "")
            if len(self._numbers) >= _MAX_STYLES:  # with the mouse on, styles hold positions
                self._numbers.clear()
            self._numbers[style] = number
        return number
