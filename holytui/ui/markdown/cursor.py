"""A place in one line of Markdown, counted in characters and in columns: a tab reaches to the next multiple of four."""

from __future__ import annotations

import re
from typing import Final

TAB: Final = 4
_SPACE: Final = re.compile(r"[ \t]*")


class Cursor:
    """Walks through `text` as containers take their part of it (CommonMark 0.31, section 2.2)."""

    __slots__ = ("_partial", "blank", "column", "indent", "next", "pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.column = 0
        self._partial = False
        """The cursor stands inside a tab."""
        self.look()

    def look(self) -> None:
        """Find the next character that is neither space nor tab: `next`, `indent` (columns up to it), `blank`."""
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
        """Go over at most `columns` columns; the rest of a tab that is cut stays as spaces."""
        end = len(self.text)
        while columns > 0 and self.pos < end:
            if self.text[self.pos] == "\t":
                to_stop = TAB - self.column % TAB
                self._partial = to_stop > columns
                step = min(columns, to_stop)
                self.column += step
                self.pos += 0 if self._partial else 1
                columns -= step
            else:
                self._partial = False
                self.pos += 1
                self.column += 1
                columns -= 1
        self.look()

    def skip_space(self) -> bool:
        """Go over one column of space; whether there was one."""
        if self.pos < len(self.text) and self.text[self.pos] in " \t":
            self.skip(1)
            return True
        return False

    def to_text(self) -> None:
        """Go to the next character that is no space."""
        self.column += self.indent
        self.pos = self.next
        self.indent = 0
        self._partial = False

    def rest(self) -> str:
        """What is left of the line."""
        if self._partial:
            return " " * (TAB - self.column % TAB) + self.text[self.pos + 1 :]
        return self.text[self.pos :]
