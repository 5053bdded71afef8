"""The rows of a tree on the screen. Only visible ones are painted, so ten thousand cost as little as ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from holytui.ui.bindings import forwarded, run_in_order
from holytui.ui.styling import part_style
from holytui.ui.tree.layout import TreeRow
from holytui.ui.tree.row_line import row_line


class TreeView(Widget, can_focus=True):
    """↑ ↓ move; the page has the other keys."""

    COMPONENT_CLASSES = {"tree--cursor"}  # noqa: RUF012 - Textual's own
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("up,k", "move(-1)"),
        ("down,j", "move(1)"),
        ("pageup", "move_page(-1)"),
        ("pagedown", "move_page(1)"),
        ("home,g", "move(-1000000)"),
        ("end,G", "move(1000000)"),
    ]

    @dataclass
    class Chosen(Message):
        """A message was clicked."""

        message_id: str

    def __init__(self) -> None:
        super().__init__(id="tree")
        self._rows: Sequence[TreeRow] = ()
        self._labels: Mapping[str, str] = {}
        self._today = date.min
        self._cursor = 0
        self._top = 0
        self.chosen = ""
        """Id of the message to compare with, or empty."""

    def show(self, rows: Sequence[TreeRow], labels: Mapping[str, str], today: date, at: str | None) -> None:
        """Replace the rows. The cursor goes to the message `at`, or else stays in its place."""
        places = {row.entry.id: index for index, row in enumerate(rows)}
        self._rows, self._labels, self._today = rows, labels, today
        self._cursor = places.get(at or "", min(self._cursor, max(0, len(rows) - 1)))
        self._follow_cursor(centre=True)
        self.refresh()

    @property
    def selected(self) -> TreeRow | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._cursor < len(self._rows) else None

    def choose(self, message_id: str) -> None:
        """Choose a message to compare with; an empty id ends it."""
        self.chosen = message_id
        self.refresh()

    def _follow_cursor(self, *, centre: bool = False) -> None:
        height = max(1, self.size.height)
        if not self._top <= self._cursor < self._top + height:
            below = self._cursor - height + 1 if self._cursor >= self._top else self._cursor
            self._top = self._cursor - height // 2 if centre else below
        self._top = max(0, min(self._top, len(self._rows) - height))

    async def on_key(self, event: events.Key) -> None:
        """See `run_in_order`."""
        await run_in_order(self, event)

    async def on_paste(self, event: events.Paste) -> None:
        """Forward a paste after the closing key to the screen below."""
        forwarded(self, event)

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor + step))
        self._follow_cursor()
        self.refresh()

    def action_move_page(self, step: int) -> None:
        """Move the cursor by the height of the tree."""
        self.action_move(step * max(1, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked, and choose it if it was there already."""
        index = self._top + event.y
        if not 0 <= index < len(self._rows):
            return
        if index == self._cursor:
            self.post_message(self.Chosen(self._rows[index].entry.id))
        self._cursor = index
        self.refresh()

    def on_mouse_scroll_up(self) -> None:
        """Move up by some rows."""
        self.action_move(-3)

    def on_mouse_scroll_down(self) -> None:
        """Move down by some rows."""
        self.action_move(3)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor visible."""
        self._follow_cursor(centre=True)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        index = self._top + y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        label = self._labels.get(row.entry.id, "")
        line = row_line(row, label, width, self._today, chosen=row.entry.id == self.chosen)
        style = self.visual_style
        if index == self._cursor:
            style += part_style(self, "tree--cursor")
            line = Content(line.plain)
        strip = Strip(line.render_segments(style), line.cell_length)
        return strip.extend_cell_length(width, style.rich_style)
