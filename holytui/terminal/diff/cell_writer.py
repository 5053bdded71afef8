"""Output of cells in as few bytes as possible, with a model of the terminal's cursor and style."""

from __future__ import annotations

import re

from holytui.terminal.diff.cells import CellRow, is_risky
from holytui.terminal.diff.frame import Capabilities, Pen
from holytui.terminal.diff.sgr import UNKNOWN, StyleTable

_REPEATED = re.compile("([\x20-\x7e\u2500-\u259f])\\1{5,}")  # REP can be shorter from six on
_MIN_ERASE = 11  # blanks: ECH and the cursor movement take up to ten bytes


def cursor_to(x: int, y: int) -> str:
    """Return CUP, without parameters that default to 1."""
    if x:
        return f"\x1b[{y + 1};{x + 1}H"
    return f"\x1b[{y + 1}H" if y else "\x1b[H"


def _with_count(count: int, final: str) -> str:
    return f"\x1b[{count}{final}" if count > 1 else f"\x1b[{final}"


def motion(pen: Pen, x: int, y: int) -> str:
    """Return the shortest movement of the cursor from `pen` to column `x`, row `y`.

    Rows are absolute, except for the step to the start of the next row: an error in the widths of one row must not
    affect others.
    """
    if pen.x == x and pen.y == y:
        return ""
    options = [cursor_to(x, y)]
    if pen.y == y:
        if x == 0:
            return "\r"
        if pen.x >= 0:
            if x > pen.x:
                options.append(_with_count(x - pen.x, "C"))
            else:
                options.append("\b" * (pen.x - x) if pen.x - x < 4 else _with_count(pen.x - x, "D"))
        options.append(f"\x1b[{x + 1}G")
    elif pen.y == y - 1 and pen.y >= 0 and x == 0:
        return "\r\n"
    elif pen.x == x:
        options.append(f"\x1b[{y + 1}d")
    return min(options, key=len)


class CellWriter:
    """Collects output, and tracks the cursor and style after it."""

    def __init__(self, width: int, pen: Pen, caps: Capabilities, styles: StyleTable) -> None:
        self.out: list[str] = []
        self.rows = 0
        """Number of rows with output."""
        self._x, self._y, self._style = pen.x, pen.y, pen.style
        self._width = width
        self._caps = caps
        self._styles = styles

    @property
    def pen(self) -> Pen:
        """The cursor and style after the output."""
        return Pen(self._x, self._y, self._style)

    @property
    def text(self) -> str:
        """The output."""
        return "".join(self.out)

    def command(self, sequence: str, pen: Pen) -> None:
        """Write a sequence after which cursor and style are those of `pen`."""
        self.out.append(sequence)
        self._x, self._y, self._style = pen.x, pen.y, pen.style

    def move(self, x: int, y: int) -> None:
        """Move the cursor to column `x`, row `y`."""
        if self._x != x or self._y != y:
            self.out.append(motion(self.pen, x, y))
            self._x, self._y = x, y

    def style(self, number: int) -> None:
        """Set style `number`."""
        if number != self._style:
            self.out.append(self._styles.change(self._style, number))
            self._style = number

    def blank_style(self, number: int) -> None:
        """Set the part of style `number` that shows on blanks, without the colour and weight of letters."""
        blanks = self._styles.blanks
        if self._style == UNKNOWN or blanks[self._style] != blanks[number]:
            self.style(blanks[number])

    def end_link(self) -> None:
        """End the current link, so that later output is not part of it."""
        if self._style != UNKNOWN:
            self.style(self._styles.without_link(self._style))

    def may_erase(self, number: int) -> bool:
        """Return whether erased cells look like blanks in style `number`."""
        blank = self._styles.blanks[number]
        look = self._styles.look(blank)
        if look.attributes or look.link:
            return False
        return self._caps.bce or self._styles.default_background(blank)

    def erase_to_end(self, x: int, y: int, number: int) -> None:
        """Erase row `y` from column `x` to its end, in style `number`."""
        self.move(x, y)
        blank = self._styles.blanks[number]
        if self._style == UNKNOWN or self._styles.blanks[self._style] != blank:
            self.style(blank)
        self.out.append("\x1b[K")

    def cells(self, row: CellRow, y: int, start: int, end: int) -> None:
        """Write the cells of `row` from column `start` up to `end`."""
        self.move(start, y)
        chars, styles = row.chars, row.styles
        x = start
        while x < end:
            style = styles[x]
            stop = x + 1
            while stop < end and styles[stop] == style:
                stop += 1
            if row.risky:
                self._risky_run(chars, x, stop, y, style)
            else:
                self._run("".join(chars[x:stop]), stop - x, y, style)
            x = stop

    def _risky_run(self, chars: list[str], start: int, end: int, y: int, style: int) -> None:
        """Write a run in which terminals may count other widths: the column is set after each risky cluster."""
        x = plain = start
        while x < end:
            wide = 2 if x + 1 < len(chars) and chars[x + 1] == "" else 1
            if is_risky(chars[x], wide):
                if plain < x:
                    self.move(plain, y)
                    self._run("".join(chars[plain:x]), x - plain, y, style)
                self.move(x, y)
                self.style(style)
                # a terminal that draws it narrower would leave the old cell next to it
                self.out.append(" " * wide + "\b" * wide if x + wide < self._width else "")
                self.out.append(chars[x])
                self._x = -1
                plain = x + wide
            x += wide
        if plain < end:
            self.move(plain, y)
            self._run("".join(chars[plain:end]), end - plain, y, style)

    def _run(self, text: str, cells: int, y: int, style: int) -> None:
        """Write `text`, `cells` wide and of one style, at the cursor."""
        assert self._x >= 0, "the column is set before cells are written"
        if not text.strip(" "):
            self.blank_style(style)
            if cells >= _MIN_ERASE and not self._caps.rep and self._caps.ech and self.may_erase(style):
                self._erase(cells, y)
                return
        else:
            self.style(style)
        if cells > 5 and self._caps.rep:
            text = _REPEATED.sub(_repeat, text)
        self.out.append(text)
        self._x += cells
        if self._x >= self._width:
            self._x = -1

    def _erase(self, cells: int, y: int) -> None:
        self.out.append(f"\x1b[{cells}X")
        if self._x + cells < self._width:
            self.move(self._x + cells, y)
        else:
            self._x = -1


def _repeat(match: re.Match[str]) -> str:
    char, count = match.group(1), len(match.group())
    short = f"{char}\x1b[{count - 1}b"
    return short if len(short.encode()) < len(match.group().encode()) else match.group()
