"""Turns rows of the log into strips for Textual. Unchanged rows keep their strip objects."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from holytui.store.matches import match_ranges
from holytui.ui.markdown.row import CODE_INDENT, Row
from holytui.ui.styling import part_style

_CACHE_SIZE = 400
"""Cached strips; more than a screen has rows."""


class RowPainter:
    """Paints rows in the styles of `widget`; `width` is that of its content."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: dict[tuple[int, str, bool], tuple[Content, Strip]] = {}
        self._blank: Strip | None = None
        self.width = 0
        self.words: Sequence[str] = ()
        """Folded words to highlight."""

    def forget(self) -> None:
        """Clear the cache, after a change of width or colours."""
        self._strips.clear()
        self._blank = None

    def blank(self) -> Strip:
        """An empty row."""
        if self._blank is None:
            self._blank = Strip.blank(self.width, self._widget.visual_style.rich_style)
        return self._blank

    def _with_code_background(self, row: Row, content: Content) -> Content:
        """Give code its own background, from its margin to the end of the row."""
        start = len(row.gutter) + max(0, row.indent - len(CODE_INDENT) * bool(row.source and row.source[0]))
        content = content.pad_right(max(0, self.width - content.cell_length))
        return content.stylize_before(part_style(self._widget, "log--code"), start)

    def strip(self, row: Row, *, marked: bool) -> Strip:
        """The cached strip of a row; `marked`: it belongs to the selected message."""
        key = (id(row.content), row.gutter, marked)
        cached = self._strips.get(key)
        if cached is None or cached[0] is not row.content:
            if len(self._strips) >= _CACHE_SIZE:
                self._strips.clear()
            cached = self._strips[key] = (row.content, self.paint(row, marked=marked))
        return cached[1]

    def paint(self, row: Row, *, marked: bool, selected: tuple[int, int] | None = None, here: bool = False) -> Strip:
        """Paint a row. `selected`: range of characters selected with the mouse (end -1: to the end); `here`: the row
        has the current match."""
        content = (Content(row.gutter) + row.content) if row.gutter else row.content
        if row.code:
            content = self._with_code_background(row, content)
        if self.words and row.gutter and not row.note:
            style = part_style(self._widget, "log--match-here" if here else "log--match")
            for start, end in match_ranges(row.content.plain, self.words):
                content = content.stylize(style, start + len(row.gutter), end + len(row.gutter))
        if marked:
            bar = Content.assemble(("▌", "$accent"))
            content = bar + (content[1:] if row.gutter else Content(" ") + content)
        if selected is not None:
            start, end = selected
            style = part_style(self._widget, "log--selection")
            content = content.stylize(style, start, len(content) if end == -1 else end)
        # the line is laid out already; Textual's own conversion would lay it out again
        base = self._widget.visual_style
        pieces = content.render(base, "", self._widget._get_style)
        segments = [Segment(text, style.rich_style) for text, style in pieces if text]
        return Strip(segments, content.cell_length).adjust_cell_length(self.width, base.rich_style)
