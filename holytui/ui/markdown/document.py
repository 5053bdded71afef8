"""Markdown that is still coming, as lines of text for a screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from holytui.ui.markdown.layout import Layout
from holytui.ui.markdown.parser import BlockParser, Mark
from holytui.ui.markdown.wrap import Line

_WIDTHS: Final = 2
"""Layouts that are kept: a scroll bar that comes and goes asks for two widths in turn."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fence or indented code."""

    number: int
    """Counted from 1 through the document: the key that copies it."""
    language: str
    text: str
    """As it was written, with its tabs, without a newline at its end."""


class MarkdownDocument:
    """Text that only grows, and its lines at a width.

    What it shows depends on the text alone, not on the pieces it came in. `source` and the code blocks are the text as
    it came; what is painted of it went through `holytui.text.visible`. A piece costs the work for itself and for the
    open block's last lines: a line that came to its end is parsed, coloured and laid out once a width.
    """

    text_width = 0
    """Cells that lines of text have at most, but for code and tables; 0: as many as there are."""

    def __init__(self, source: str = "") -> None:
        self._reset()
        if source:
            self.append(source)

    def _reset(self) -> None:
        self._parts: list[str] = []
        self._parser = BlockParser()
        self._parser.commit()
        self._line = ""
        """The last line, which has no newline yet."""
        self._line_offset = 0
        self._version = 0
        """Grows with each change of the leaves."""
        self._mark: Mark | None = None
        self._seams: tuple[int, ...] = ()
        self._layouts: list[Layout] = []
        """The last used first."""

    @property
    def source(self) -> str:
        """All text as it came."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def append(self, text: str) -> None:
        """Add text at the end."""
        if not text:
            return
        self._parts.append(text)
        self._take_back()
        *lines, last = (self._line + text).split("\n")
        for line in lines:
            self._parser.line(line, self._line_offset)
            self._line_offset += len(line) + 1
        self._parser.commit()
        self._line = last
        self._try_line(partial=True)

    def update(self, source: str) -> None:
        """Show `source`; if it begins with what is there, only the rest of it is work."""
        before = self.source
        if source.startswith(before):
            self.append(source[len(before) :])
            return
        seams = self._seams
        widths = [layout.width for layout in self._layouts]
        self._reset()
        self._seams = seams
        self._layouts = [Layout(width, self.text_width) for width in widths]
        self.append(source)

    def close(self) -> None:
        """Nothing more comes: the last line is what it is, also without a newline. `append` opens it again."""
        self._take_back()
        self._try_line(partial=False)

    def set_seams(self, offsets: Iterable[int]) -> None:
        """Mark places in the source (offsets in characters) with a thin sign; replaces those set before."""
        seams = tuple(sorted(set(offsets)))
        if seams != self._seams:
            self._seams = seams
            self._layouts.clear()

    @property
    def seams(self) -> tuple[int, ...]:
        return self._seams

    @property
    def code_blocks(self) -> Sequence[CodeBlock]:
        """The code blocks so far, in order."""
        return tuple(
            CodeBlock(leaf.number, (leaf.info.split(maxsplit=1) or [""])[0], leaf.code)
            for leaf in self._parser.leaves
            if leaf.is_code
        )

    def lines(self, width: int) -> Sequence[Line]:
        """The lines at `width` cells. The sequence is the live one: the next `append` may change it."""
        return self._layout(width).lines

    def render(self, width: int) -> Sequence[Content]:
        """The content of each line at `width` cells; a line that did not change is the same object as before."""
        return [line.content for line in self.lines(width)]

    def line(self, width: int, y: int) -> Line:
        """Line `y` at `width` cells. Raises `IndexError` below the last one."""
        return self._layout(width).lines[y]

    def height(self, width: int) -> int:
        """How many lines there are at `width` cells."""
        return len(self._layout(width).lines)

    def line_near(self, width: int, place: int) -> int:
        """The line at `width` that shows a place in the source, or one close to it."""
        return self._layout(width).line_near(self._parser.leaves, place, len(self.source))

    def take_changed(self, width: int) -> int:
        """The first line that changed at `width` since this was last asked; the number of lines if none did."""
        layout = self._layout(width)
        changed, layout.changed = layout.changed, len(layout.lines)
        return changed

    def _take_back(self) -> None:
        if self._mark is not None:
            self._parser.restore(self._mark)
            self._mark = None

    def _try_line(self, partial: bool) -> None:
        """Take the last line as far as it has come."""
        if self._line:
            self._mark = self._parser.mark()
            self._parser.line(self._line, self._line_offset, partial)
        self._version += 1

    def _layout(self, width: int) -> Layout:
        width = max(1, width)
        for index, layout in enumerate(self._layouts):
            if layout.width == width:
                if index:
                    self._layouts.insert(0, self._layouts.pop(index))
                break
        else:
            layout = Layout(width, self.text_width)
            self._layouts = [layout, *self._layouts[: _WIDTHS - 1]]
        if layout.version != self._version:
            layout.version = self._version
            layout.update(self._parser.leaves, self._parser.settled, self._seams)
        return layout
