"""A place in one line of Markdown, counted in characters and in columns: a tab reaches to the next multiple of four."""

from __future__ import annotations

from typing import Final

TAB: Final = 4


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
        text, pos, column = self.text, self.pos, self.column
        end = len(text)
        while pos < end:
            char = text[pos]
            if char == " ":
                column += 1
            elif char == "\t":
                column += TAB - column % TAB
            else:
                break
            pos += 1
        self.next = pos
        self.indent = column - self.column
        self.blank = pos == end

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
        self.skip(self.indent)

    def rest(self) -> str:
        """What is left of the line."""
        if self._partial:
            return " " * (TAB - self.column % TAB) + self.text[self.pos + 1 :]
        return self.text[self.pos :]
