"""From what Textual wants painted to rows of cells. Only what it rendered anew is converted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from holytui.terminal.colours import fitted
from holytui.terminal.diff.cells import Row, blank_row, to_cells
from holytui.terminal.diff.frame import Cursor, Frame
from holytui.terminal.diff.sgr import DEFAULT, StyleTable

if TYPE_CHECKING:
    from rich.segment import Segment

_MOST_STRIPS = 1024
_MOST_STYLES = 4096

Update = LayoutUpdate | ChopsUpdate
"""The two ways in which Textual's compositor says what is to be painted."""


class Canvas:
    """The screen as Textual last painted it, whether the terminal shows it yet or not."""

    def __init__(self, styles: StyleTable, depth: ColorSystem | None) -> None:
        self._styles = styles
        self._depth = depth or ColorSystem.TRUECOLOR
        self._numbers: dict[Style, int] = {}
        self._width = 0
        self._rows: list[Row] = []
        self._pieces: list[dict[int, Strip]] = []
        self._converted: dict[int, tuple[Strip, list[str], list[int], bool]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in cells."""
        return self._width, len(self._rows)

    def resize(self, width: int, height: int) -> None:
        """A blank canvas of another size."""
        self._width = width
        self._rows = [blank_row(width)] * height
        self._pieces = [{} for _ in range(height)]

    def frame(self, cursor: Cursor) -> Frame:
        """The whole screen as it is now."""
        return Frame(self._width, tuple(self._rows), cursor)

    def apply(self, update: Update) -> None:
        """Take over what Textual painted."""
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
        known = self._pieces[y]
        if len(known) == len(pieces) and all(known.get(at) is strip for at, strip in pieces.items()):
            return
        self._pieces[y] = pieces
        chars: list[str] = []
        styles: list[int] = []
        risky = False
        start = next(iter(pieces), 0)
        for strip in pieces.values():
            _, more, more_styles, doubtful = self._cells(strip)
            chars += more
            styles += more_styles
            risky = risky or doubtful
        if start == 0 and len(chars) == self._width:
            self._set(y, Row(chars, styles, risky=risky))
        else:
            self._set(y, blank_row(self._width).replaced(start, chars, styles, risky=risky))

    def _paint_chops(self, y: int, chops: object, ends: Sequence[int], spans: Sequence[tuple[int, int]]) -> None:
        assert isinstance(chops, dict)
        known = self._pieces[y]
        if known.keys() != chops.keys():
            known = self._pieces[y] = {}
        row = self._rows[y]
        for end, (x, strip) in zip(ends, chops.items(), strict=False):
            if strip is None or known.get(x) is strip or not any(x < x2 and end > x1 for x1, x2 in spans):
                continue
            known[x] = strip
            _, chars, styles, risky = self._cells(strip)
            if x < self._width:
                row = row.replaced(x, chars, styles, risky=risky)
        self._set(y, row)

    def _set(self, y: int, row: Row) -> None:
        if self._rows[y] != row:  # an equal row stays the same object, so comparing it costs nothing
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
        if len(self._converted) >= _MOST_STRIPS:
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
            number = self._styles.number(Strip.render_ansi(fitted(style, self._depth), self._depth), style.link or "")
            if len(self._numbers) >= _MOST_STYLES:  # with the mouse on, each says where it is
                self._numbers.clear()
            self._numbers[style] = number
        return number
