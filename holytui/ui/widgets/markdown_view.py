"""A document of Markdown as one widget: it paints the lines in sight, and after a change only those that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual
from textual.widget import Widget

from holytui.ui.markdown import Line, MarkdownDocument

_STRIPS: Final = 512
"""Painted lines that are kept."""


class MarkdownView(Widget):
    """Shows text that may still be coming. The text must have gone through `holytui.text.sanitize`."""

    DEFAULT_CSS = """
    MarkdownView { width: 1fr; height: auto; }
    """

    def __init__(self, source: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's names
        super().__init__(id=id, classes=classes)
        self.document = MarkdownDocument(source)
        self._strips: dict[int, tuple[Line, Strip]] = {}
        self._width = 0
        self._height = 0

    def append(self, text: str) -> None:
        """Add text at the end."""
        self.document.append(text)
        self._show()

    def update(self, source: str) -> None:
        """Show another text."""
        self.document.update(source)
        self._show()

    def close(self) -> None:
        """Nothing more comes."""
        self.document.close()
        self._show()

    def set_seams(self, offsets: Iterable[int]) -> None:
        """Mark places in the source."""
        self.document.set_seams(offsets)
        self._show()

    def _show(self) -> None:
        width = self.content_size.width
        if not width:
            self.refresh(layout=True)
            return
        height = self.document.height(width)
        first = self.document.take_changed(width)
        before, self._height = self._height, height
        if height != before or first < height:
            self.refresh(Region(0, first, width, max(height, before) - first), layout=height != before)

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - Textual's signature
        """All there is: text is wrapped."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - likewise
        """The number of lines at `width`."""
        return self.document.height(width) if width else 0

    def on_resize(self) -> None:
        """Lines of another width are others; all are painted after this."""
        width = self.content_size.width
        if width != self._width:
            self._width = width
            self._strips.clear()
            self._height = self.document.height(width)
            self.document.take_changed(width)

    def notify_style_update(self) -> None:
        """Another theme: paint anew."""
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Line `y`, painted."""
        width = self.content_size.width
        lines = self.document.lines(width)
        if y >= len(lines):
            return Strip.blank(width, self.rich_style)
        line = lines[y]
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is None:
            held = self._strips.get(id(line))
            if held is None or held[0] is not line:
                if len(self._strips) >= _STRIPS:
                    self._strips.clear()
                held = self._strips[id(line)] = (line, self._paint(line, width, None))
            strip = held[1]
        else:
            strip = self._paint(line, width, span)
        return strip.apply_offsets(0, y)

    def _paint(self, line: Line, width: int, span: tuple[int, int] | None) -> Strip:
        content = line.content
        if span is not None:
            start, end = span
            style = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            content = content.stylize(style, start, len(content) if end == -1 else end)
        strips = Visual.to_strips(self, content, width, 1, self.visual_style, apply_selection=False)
        return strips[0].extend_cell_length(width, self.rich_style) if strips else Strip.blank(width, self.rich_style)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as it was before it was wrapped, without the space that is put before code."""
        out: list[str] = []
        for y, line in enumerate(self.document.lines(self.content_size.width)):
            span = selection.get_span(y)
            if span is None:
                continue
            start, end = span
            if line.joint is not None or not line.text[: line.indent].strip():
                start = max(start, line.indent)
            if out:
                out.append("\n" if line.joint is None else line.joint)
            out.append(line.text[start:] if end == -1 else line.text[start:end])
        return "".join(out), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 - Textual's signature
        """Paint the selection."""
        self.refresh()
