"""The list in a dialog."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widgets import OptionList

from holytui.ui.styling import part_style


class Choices(OptionList):
    """A list without focus, controlled by the line above it."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(id="dialog-list", markup=False, compact=True)

    def render_line(self, y: int) -> Strip:
        """One line; all text under the cursor has its colours, as the colour of remarks would be unreadable."""
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if self.highlighted is None or line >= len(self._lines) or self._lines[line][0] != self.highlighted:
            return strip
        base = self.get_visual_style("option-list--option")
        cursor = (base + part_style(self, "option-list--option-highlighted")).rich_style
        over = Style(color=cursor.color, bgcolor=cursor.bgcolor, reverse=cursor.reverse)
        return Strip([Segment(text, style + over if style else cursor, control) for text, style, control in strip])
