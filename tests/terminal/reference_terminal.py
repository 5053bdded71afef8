"""The reference terminal: pyte, with the sequences that it lacks (ECMA-48, DEC STD 070, xterm)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import pyte
from pyte.screens import Char

from holytui.terminal.diff.cells import _PLAIN, clusters

_OFF = {22: {1, 2}, 23: {3}, 24: {4, 21}, 25: {5, 6}, 27: {7}, 28: {8}, 29: {9}, 54: {51, 52}, 55: {53}}
_ON = {1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 51, 52, 53}
_SHOWS_ON_BLANKS = {3, 4, 5, 6, 7, 9, 21, 51, 52, 53}  # italics too, where they are shown inverted


class Cell(NamedTuple):
    """The visible content of a cell; for a blank without the colour and weight of letters."""

    text: str
    foreground: str
    background: str
    attributes: frozenset[int]


Difference = tuple[int, int, Cell, Cell]
"""Column and row of a cell, and what it is on either screen."""


class Screen(pyte.Screen):
    """A screen with background colour erase, REP and left and right margins; its widths are Textual's by default."""

    def __init__(
        self, width: int, height: int, *, bce: bool = True, measure: Callable[[str, int], int] | None = None
    ) -> None:
        self.bce = bce
        self.measure = measure or (lambda _cluster, width: width)
        self.last = ""
        self.side_margins = False
        self.left, self.right = 0, width
        self.synchronized: list[bool] = []
        self.answers: list[str] = []
        super().__init__(width, height)
        self.mode.discard(pyte.modes.DECAWM)

    # -- what a user sees -------------------------------------------------------------------------------------------

    def cell(self, x: int, y: int) -> Cell:
        char = self.buffer[y][x]
        return Cell(char.data, _name(char.fg), _name(char.bg), _attributes(char))

    def cells(self) -> list[list[Cell]]:
        return [[self.cell(x, y) for x in range(self.columns)] for y in range(self.lines)]

    def differences(self, other: Screen) -> list[Difference]:
        """Where the two do not show the same: column, row, this one's cell and the other's."""
        return [
            (x, y, self.cell(x, y), other.cell(x, y))
            for y in range(self.lines)
            if self.buffer[y] != other.buffer[y]
            for x in range(self.columns)
            if self.cell(x, y) != other.cell(x, y)
        ]

    # -- drawing ----------------------------------------------------------------------------------------------------

    def draw(self, data: str) -> None:
        if _PLAIN.fullmatch(data) and self.cursor.x + len(data) <= self.columns:
            self._draw_plain(data)
            return
        for cluster, width in clusters(data):
            cells = self.measure(cluster, width)
            if cells == 0:
                self.joins(cluster)
                continue
            self.cursor.x = min(self.cursor.x, self.columns - cells)
            line = self.buffer[self.cursor.y]
            self._unpair(self.cursor.x)
            self._unpair(self.cursor.x + cells)
            line[self.cursor.x] = _drawn(cluster, self.cursor.attrs)
            for x in range(self.cursor.x + 1, self.cursor.x + cells):
                line[x] = _drawn("", self.cursor.attrs)
            self.cursor.x += cells
            self.last = cluster

    def joins(self, mark: str) -> None:
        raise AssertionError(f"{mark!r} has no width of its own")

    def _draw_plain(self, data: str) -> None:
        """The same for text of one cell a character, which nearly all is."""
        start = self.cursor.x
        self._unpair(start)
        self._unpair(start + len(data))
        line, pen = self.buffer[self.cursor.y], self.cursor.attrs
        for x, char in enumerate(data, start):
            line[x] = _drawn(char, pen)
        self.cursor.x = start + len(data)
        self.last = data[-1:] or self.last

    def _unpair(self, x: int) -> None:
        """What is written into the middle of a wide character leaves a blank in its other half."""
        line = self.buffer[self.cursor.y]
        if x >= self.columns or line[x].data != "":
            return
        start = x
        while start > 0 and line[start].data == "":
            start -= 1
        end = x
        while end < self.columns and line[end].data == "":
            end += 1
        for other in range(start, end):
            line[other] = _drawn(" ", line[other])

    def repeat(self, count: int = 1) -> None:
        self.draw(self.last * (count or 1))

    def select_graphic_rendition(self, *codes: int) -> None:
        self.cursor.attrs = _after_sgr(self.cursor.attrs, codes or (0,))

    # -- erasing and moving rows ------------------------------------------------------------------------------------

    @property
    def _fresh(self) -> Char:
        return _char("default", self.cursor.attrs.bg if self.bce else "default", frozenset())

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        assert how in (0, 1)
        self._erase(*((self.cursor.x, self.columns) if how == 0 else (0, self.cursor.x + 1)))

    def erase_characters(self, count: int | None = None) -> None:
        self._erase(self.cursor.x, min(self.columns, self.cursor.x + (count or 1)))

    def _erase(self, start: int, end: int) -> None:
        self._unpair(start)
        self._unpair(end)
        for x in range(start, end):
            self.buffer[self.cursor.y][x] = self._fresh

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        assert how in (0, 2)
        if how == 0:
            self.erase_in_line(0)
        for y in range(self.cursor.y + 1 if how == 0 else 0, self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self._fresh

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        super().set_margins(top, bottom)
        self.cursor_position()

    def left_right_margins(self, left: int = 0, right: int = 0, **_: Any) -> None:
        if self.side_margins:
            self.left, self.right = (left or 1) - 1, right or self.columns
            self.cursor_position()

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        self._private(modes, kwargs, on=True)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        self._private(modes, kwargs, on=False)
        super().reset_mode(*modes, **kwargs)

    def _private(self, modes: tuple[int, ...], kwargs: dict[str, Any], *, on: bool) -> None:
        if kwargs.get("private") and 69 in modes:
            self.side_margins = on
            self.left, self.right = 0, self.columns
        if kwargs.get("private") and 2026 in modes:
            self.synchronized.append(on)

    def index(self) -> None:
        top, bottom = self._region()
        if self.cursor.y == bottom:
            self._move_up(top, bottom, 1)
        else:
            self.cursor_down()

    def delete_lines(self, count: int | None = None) -> None:
        top, bottom = self._region()
        if top <= self.cursor.y <= bottom and self.left <= self.cursor.x < self.right:
            self._move_up(self.cursor.y, bottom, count or 1)
            self.cursor.x = self.left

    def insert_lines(self, count: int | None = None) -> None:
        top, bottom = self._region()
        if top <= self.cursor.y <= bottom and self.left <= self.cursor.x < self.right:
            self._move_down(self.cursor.y, bottom, count or 1)
            self.cursor.x = self.left

    def _region(self) -> tuple[int, int]:
        return (self.margins.top, self.margins.bottom) if self.margins else (0, self.lines - 1)

    def _move_up(self, top: int, bottom: int, count: int) -> None:
        for y in range(top, bottom + 1):
            for x in range(self.left, self.right):
                self.buffer[y][x] = self.buffer[y + count][x] if y + count <= bottom else self._fresh

    def _move_down(self, top: int, bottom: int, count: int) -> None:
        for y in range(bottom, top - 1, -1):
            for x in range(self.left, self.right):
                self.buffer[y][x] = self.buffer[y - count][x] if y - count >= top else self._fresh

    def linefeed(self) -> None:
        self.index()

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)

    def bell(self, *args: Any) -> None:
        pass

    def debug(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"a sequence that this terminal does not know: {args} {kwargs}")


class Stream(pyte.Stream):
    """pyte's parser with REP and DECSLRM."""

    csi = {**pyte.Stream.csi, "b": "repeat", "s": "left_right_margins"}  # noqa: RUF012 - pyte's own attribute
    events = frozenset(chain(pyte.Stream.events, ("repeat", "left_right_margins")))


@cache
def _after_sgr(pen: Char, codes: tuple[int, ...]) -> Char:
    attributes = set(_attributes(pen))
    foreground, background = pen.fg, pen.bg
    queue = list(codes)
    while queue:
        code = queue.pop(0)
        if code == 0:
            foreground = background = "default"
            attributes.clear()
        elif code in (38, 48):
            count = 4 if queue[0] == 2 else 2
            colour = ";".join(str(part) for part in (code - 8, *queue[:count]))
            del queue[:count]
            foreground, background = (colour, background) if code == 38 else (foreground, colour)
        elif code in _ON:
            attributes.add(code)
        elif code in _OFF:
            attributes -= _OFF[code]
        elif code in (39, 49):
            foreground, background = ("default", background) if code == 39 else (foreground, "default")
        elif 30 <= code <= 37 or 90 <= code <= 97:
            foreground = str(code)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            background = str(code - 10)
        else:
            raise AssertionError(f"SGR {code}")
    return _char(foreground, background, frozenset(attributes))


@cache
def _drawn(text: str, pen: Char) -> Char:
    """`text` in the pen's style; of a blank only what a user sees of it."""
    if text == " " and not _attributes(pen) & _SHOWS_ON_BLANKS:
        return _char("default", pen.bg, frozenset())
    return pen._replace(data=text)


def _char(foreground: str, background: str, attributes: frozenset[int]) -> Char:
    """A blank in this style. pyte has no place for all attributes, so they stand in for its `bold`."""
    bold: Any = attributes
    return Char(" ", foreground, background, bold)


def _attributes(char: Char) -> frozenset[int]:
    kept: Any = char.bold
    return frozenset(kept or ())


def _name(colour: str) -> str:
    return "" if colour == "default" else colour
