"""A position in a line of Markdown, in characters and in columns; tab stops are four columns apart."""

from __future__ import annotations

import re
from typing import Final

TAB: Final = 4
_SPACE: Final = re.compile(r"[ \t]*")


class Cursor:
    """Advances through a line as containers consume its beginning (CommonMark 0.31, section 2.2)."""

    __slots__ = ("_inside_tab", "blank", "column", "indent", "next", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.column = 0
        self._inside_tab = False
        """Whether the position is inside a tab."""
        self._scan()

    def _scan(self) -> None:
        """Locate the next character other than space and tab: sets `next`, `indent` (columns up to it) and `blank`."""
        found = _SPACE.match(self.text, self.pos)
        self.next = found.end() if found is not None else self.pos
        space = self.text[self.pos : self.next]
        if "\t" in space:
            before = self.column % TAB
            self.indent = len((" " * before + space).expandtabs(TAB)) - before
        else:
            self.indent = len(space)
        self.blank = self.next == len(self.text)

    def skip(self, columns: int) -> None:
        """Skip at most `columns` columns; the rest of a partially skipped tab counts as spaces."""
        end = len(self.text)
        while columns > 0 and self.pos < end:
            if self.text[self.pos] == "\t":
                to_stop = TAB - self.column % TAB
                self._inside_tab = to_stop > columns
                step = min(columns, to_stop)
                self.column += step
                self.pos += 0 if self._inside_tab else 1
                columns -= step
            else:
                self._inside_tab = False
                self.pos += 1
                self.column += 1
                columns -= 1
        self._scan()

    def skip_space(self) -> bool:
        """Skip one column of whitespace; returns whether there was one."""
        if self.pos < len(self.text) and self.text[self.pos] in " \t":
            self.skip(1)
            return True
        return False

    def skip_indent(self) -> None:
        """Skip the indentation."""
        self.column += self.indent
        self.pos = self.next
        self.indent = 0
        self._inside_tab = False

    def rest(self) -> str:
        """Return the rest of the line."""
        if self._inside_tab:
            return " " * (TAB - self.column % TAB) + self.text[self.pos + 1 :]
        return self.text[self.pos :]
