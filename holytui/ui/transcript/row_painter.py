"""From rows of the log to the strips that Textual paints. What looks the same stays the same object."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from holytui.store.matches import match_ranges
from holytui.ui.markdown.painters import CODE_INDENT
from holytui.ui.markdown.row import Row
from holytui.ui.styling import part_style

_MOST = 400
"""Strips that are kept; more than a screen has rows."""


class RowPainter:
    """Paints rows in the styles of `widget`; `width` is that of its content."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: dict[tuple[int, str, bool], tuple[Content, Strip]] = {}
        self._blank: Strip | None = None
        self.width = 0
        self.words: Sequence[str] = ()
        """Folded words that are highlighted."""

    def forget(self) -> None:
        """The width or the colours are others now."""
        self._strips.clear()
        self._blank = None

    def blank(self) -> Strip:
        """A row with nothing in it."""
        if self._blank is None:
            self._blank = Strip.blank(self.width, self._widget.visual_style.rich_style)
        return self._blank

    def _on_ground(self, row: Row, content: Content) -> Content:
        """Code stands on a background of its own, from its margin to the end of the row."""
        start = len(row.gutter) + max(0, row.indent - len(CODE_INDENT) * bool(row.source and row.source[0]))
        content = content.pad_right(max(0, self.width - content.cell_length))
        return content.stylize_before(part_style(self._widget, "log--code"), start)

    def strip(self, row: Row, *, marked: bool) -> Strip:
        """The row; `marked`: it is of the selected message."""
        key = (id(row.content), row.gutter, marked)
        held = self._strips.get(key)
        if held is None or held[0] is not row.content:
            if len(self._strips) >= _MOST:
                self._strips.clear()
            held = self._strips[key] = (row.content, self.paint(row, marked=marked))
        return held[1]

    def paint(self, row: Row, *, marked: bool, selected: tuple[int, int] | None = None, here: bool = False) -> Strip:
        """The row, painted now; `selected`: the characters in the mouse's selection (to -1: all that follow); `here`:
        the highlighted words are those that were gone to."""
        content = (Content(row.gutter) + row.content) if row.gutter else row.content
        if row.code:
            content = self._on_ground(row, content)
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
        # the line is laid out already; Textual's own way from content to strip would lay it out again
        base = self._widget.visual_style
        pieces = content.render(base, "", self._widget._get_style)
        segments = [Segment(text, style.rich_style) for text, style in pieces if text]
        return Strip(segments, content.cell_length).adjust_cell_length(self.width, base.rich_style)
