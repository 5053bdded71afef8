"""Writes cells where they belong in as few bytes as possible; knows where the terminal's cursor and style are."""

from __future__ import annotations

import re

from holytui.terminal.diff.cells import Row, is_risky
from holytui.terminal.diff.frame import Capabilities, Pen
from holytui.terminal.diff.sgr import UNKNOWN, StyleTable

_REPEATED = re.compile("([\x20-\x7e\u2500-\u259f])\\1{5,}")  # from six on REP can be shorter
_MIN_ERASE = 11  # blanks: ECH and the way to their end take up to ten bytes


def cursor_to(x: int, y: int) -> str:
    """CUP, without the parameters that are 1 anyway."""
    if x:
        return f"\x1b[{y + 1};{x + 1}H"
    return f"\x1b[{y + 1}H" if y else "\x1b[H"


def _counted(count: int, final: str) -> str:
    return f"\x1b[{count}{final}" if count > 1 else f"\x1b[{final}"


def motion(pen: Pen, x: int, y: int) -> str:
    """The shortest way of the cursor from `pen` to column `x`, row `y`.

    Rows are counted from the top of the screen but for the step to the next row's start, so an error in one row's
    widths stays in that row.
    """
    if pen.x == x and pen.y == y:
        return ""
    ways = [cursor_to(x, y)]
    if pen.y == y:
        if x == 0:
            return "\r"
        if pen.x >= 0:
            if x > pen.x:
                ways.append(_counted(x - pen.x, "C"))
            else:
                ways.append("\b" * (pen.x - x) if pen.x - x < 4 else _counted(pen.x - x, "D"))
        ways.append(f"\x1b[{x + 1}G")
    elif pen.y == y - 1 and pen.y >= 0 and x == 0:
        return "\r\n"
    elif pen.x == x:
        ways.append(f"\x1b[{y + 1}d")
    return min(ways, key=len)


class Ink:
    """What is written so far, and the terminal's cursor and style behind it."""

    def __init__(self, width: int, pen: Pen, caps: Capabilities, styles: StyleTable) -> None:
        self.out: list[str] = []
        self.rows = 0
        """Rows that were written in."""
        self._x, self._y, self._style = pen.x, pen.y, pen.style
        self._width = width
        self._caps = caps
        self._styles = styles

    @property
    def pen(self) -> Pen:
        """The terminal's cursor and style after what is written."""
        return Pen(self._x, self._y, self._style)

    @property
    def text(self) -> str:
        """What is written."""
        return "".join(self.out)

    def command(self, sequence: str, pen: Pen) -> None:
        """A sequence after which cursor and style are as `pen` says."""
        self.out.append(sequence)
        self._x, self._y, self._style = pen.x, pen.y, pen.style

    def move(self, x: int, y: int) -> None:
        """Put the cursor at column `x`, row `y`."""
        if self._x != x or self._y != y:
            self.out.append(motion(self.pen, x, y))
            self._x, self._y = x, y

    def style(self, number: int) -> None:
        """Set style `number`."""
        if number != self._style:
            self.out.append(self._styles.change(self._style, number))
            self._style = number

    def blank_style(self, number: int) -> None:
        """Set what blanks in style `number` need; letters' colour and weight do not show in them."""
        blanks = self._styles.blanks
        if self._style == UNKNOWN or blanks[self._style] != blanks[number]:
            self.style(blanks[number])

    def end_link(self) -> None:
        """Let what is written from now on lead nowhere, whoever writes it."""
        if self._style != UNKNOWN:
            self.style(self._styles.without_link(self._style))

    def may_erase(self, number: int) -> bool:
        """Whether erased cells look like blanks in style `number`."""
        blank = self._styles.blanks[number]
        look = self._styles.look(blank)
        if look.attributes or look.link:
            return False
        return self._caps.bce or self._styles.default_background(blank)

    def erase_to_end(self, x: int, y: int, number: int) -> None:
        """Blanks in style `number` from column `x` to the end of row `y`."""
        self.move(x, y)
        blank = self._styles.blanks[number]
        if self._style == UNKNOWN or self._styles.blanks[self._style] != blank:
            self.style(blank)
        self.out.append("\x1b[K")

    def cells(self, row: Row, y: int, start: int, end: int) -> None:
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
                self._careful(chars, x, stop, y, style)
            else:
                self._run("".join(chars[x:stop]), stop - x, y, style)
            x = stop

    def _careful(self, chars: list[str], start: int, end: int, y: int, style: int) -> None:
        """A run in which terminals may count other widths: after each doubtful cluster the column is set anew."""
        x = plain = start
        while x < end:
            wide = 2 if x + 1 < len(chars) and chars[x + 1] == "" else 1
            if is_risky(chars[x], wide):
                if plain < x:
                    self.move(plain, y)
                    self._run("".join(chars[plain:x]), x - plain, y, style)
                self.move(x, y)
                self.style(style)
                # a terminal that draws it narrower would leave the old cell beside it
                self.out.append(" " * wide + "\b" * wide if x + wide < self._width else "")
                self.out.append(chars[x])
                self._x = -1
                plain = x + wide
            x += wide
        if plain < end:
            self.move(plain, y)
            self._run("".join(chars[plain:end]), end - plain, y, style)

    def _run(self, text: str, cells: int, y: int, style: int) -> None:
        """`text`, `cells` wide and of one style, at the cursor."""
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
