"""The list of conversations by day. Only visible rows are painted, so ten thousand cost as little as ten."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial

from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.models import Conversation
from holytui.text import fold, sanitize_line
from holytui.ui.bindings import install, run_in_order
from holytui.ui.styling import part_style

ListRow = Conversation | str
"""A conversation, or a heading."""


def rows(conversations: Sequence[Conversation], today: date, wanted: str = "", heading: str = "") -> list[ListRow]:
    """Rows of the list: pinned conversations first, then by day, newest first. `wanted` filters by title, ignoring case
    and accents; `heading` replaces the day headings."""
    needle = fold(wanted)
    shown = [one for one in conversations if needle in _folded(one.title)] if needle else list(conversations)
    if needle and not shown:
        return [_("no title matches"), _("{key}: all titles").format(key="Esc")]
    shown.sort(key=lambda one: (not one.pinned, -one.updated_at))
    if heading:
        return [heading, *shown]

    def group_of(one: Conversation) -> str:
        return _("Pinned") if one.pinned else fmt.day_group(one.updated_at, today)

    out: list[ListRow] = []
    begin = 0
    while begin < len(shown):  # the days of ten thousand conversations would take a third of a second
        group = group_of(shown[begin])
        end = bisect_left(shown, True, begin, key=partial(_is_other, group, group_of))
        out += [group, *shown[begin:end]]
        begin = end
    return out


@lru_cache(maxsize=1 << 14)
def _folded(title: str) -> str:
    return fold(title)


def _is_other(group: str, group_of: Callable[[Conversation], str], one: Conversation) -> bool:
    return group_of(one) != group


class Sidebar(Widget, can_focus=True):
    """The list. ↑ ↓ move, Enter opens; other keys post `ActionRequested`."""

    COMPONENT_CLASSES = {"sidebar--heading", "sidebar--current", "sidebar--cursor"}  # noqa: RUF012 - Textual's own
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("up,k", "move(-1)"),
        ("down,j", "move(1)"),
        ("pageup", "move(-10)"),
        ("pagedown", "move(10)"),
        ("home,g", "move(-1000000)"),
        ("end,G", "move(1000000)"),
        ("enter,right", "open"),
    ]

    @dataclass
    class Chosen(Message):
        """The user opens a conversation."""

        conversation_id: str

    @dataclass
    class ActionRequested(Message):
        """A key requests an action, by its id, on a conversation."""

        action: str
        conversation: Conversation | None

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="sidebar")
        self._all: Sequence[Conversation] = ()
        self._rows: list[ListRow] = []
        self._cursor = 0
        self._top = 0
        self._current = ""
        self._filter = ""
        self._heading = ""
        self._local: frozenset[str] = frozenset()
        """Ids of the conversations that are kept on this machine."""
        install(self, keymap, Where.SIDEBAR)

    def configure(self, keymap: Keymap, today: date) -> None:
        """Use other keys, and headings in another language."""
        install(self, keymap, Where.SIDEBAR)
        self.show(self._all, self._current, today, self._heading, self._local)

    def show(
        self,
        conversations: Sequence[Conversation],
        current: str,
        today: date,
        heading: str = "",
        local: frozenset[str] = frozenset(),
    ) -> None:
        """Replace the conversations. The cursor stays on its conversation, or else in its place."""
        at = self.selected if self.has_focus else None
        before = self._cursor if at is not None and heading == self._heading else 0
        self._all = conversations
        self._current = current
        self._heading = heading
        self._local = local
        self._rows = rows(conversations, today, self._filter, heading)
        self._cursor = self._find(at.id if at is not None else current, before)
        self._follow_cursor()
        self.refresh()

    def filter(self, text: str, today: date) -> None:
        """Show conversations whose title contains `text`."""
        self._filter = text
        self.show(self._all, self._current, today, self._heading, self._local)

    @property
    def selected(self) -> Conversation | None:
        """The conversation under the cursor."""
        row = self._rows[self._cursor] if self._cursor < len(self._rows) else None
        return row if isinstance(row, Conversation) else None

    def _find(self, conversation_id: str, otherwise: int) -> int:
        """The row of a conversation; else the next conversation from row `otherwise` on, or the last."""
        places = {row.id: index for index, row in enumerate(self._rows) if isinstance(row, Conversation)}
        if conversation_id in places:
            return places[conversation_id]
        return next((index for index in places.values() if index >= otherwise), max(places.values(), default=0))

    def _follow_cursor(self) -> None:
        height = max(1, self.size.height)
        if self._cursor <= self._top:
            self._top = max(0, self._cursor - 1)
        elif self._cursor >= self._top + height:
            self._top = self._cursor - height + 1
        self._top = max(0, min(self._top, len(self._rows) - height))

    async def on_key(self, event: events.Key) -> None:
        """Keys act in the order in which they were typed; see `run_in_order`."""
        await run_in_order(self, event)

    def action_move(self, step: int) -> None:
        """Move the cursor over conversations; headings are passed over."""
        places = [index for index, row in enumerate(self._rows) if isinstance(row, Conversation)]
        if not places:
            return
        at = next((n for n, index in enumerate(places) if index >= self._cursor), 0)
        self._cursor = places[max(0, min(len(places) - 1, at + step))]
        self._follow_cursor()
        self.refresh()

    def action_open(self) -> None:
        """Open the conversation under the cursor."""
        if self.selected is not None:
            self.post_message(self.Chosen(self.selected.id))

    def action_ask(self, action: str, _number: int) -> None:
        """Request an action on the conversation under the cursor."""
        self.post_message(self.ActionRequested(action, self.selected))

    def on_click(self, event: events.Click) -> None:
        """Open the conversation that was clicked."""
        index = self._top + event.y
        if 0 <= index < len(self._rows) and isinstance(self._rows[index], Conversation):
            self._cursor = index
            self.refresh()
            self.action_open()

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor visible."""
        self._follow_cursor()

    def on_focus(self, _event: events.Focus) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self, _event: events.Blur) -> None:
        """Hide the cursor."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        index = self._top + y
        base = self.visual_style
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        if isinstance(row, str):
            style = base + part_style(self, "sidebar--heading")
            return _strip(Content(f" {row}"), width, style)
        part = "sidebar--cursor" if index == self._cursor and self.has_focus else ""
        if not part and row.id == self._current:
            part = "sidebar--current"
        style = base + part_style(self, part) if part else base
        return _strip(label(row, current=row.id == self._current, local=row.id in self._local), width, style)


def label(conversation: Conversation, *, current: bool, local: bool = False) -> Content:
    """A row, marked as streaming (`◆`), open (`›`) or unread (`•`), and as kept on this machine (`⌂`)."""
    mark = "◆" if conversation.streaming else "›" if current else "•" if conversation.unread else " "
    title = sanitize_line(conversation.title) or _("New conversation")
    return Content(f"{mark} ⌂ {title}" if local else f"{mark} {title}")


def _strip(content: Content, width: int, style: Style) -> Strip:
    cut = content.truncate(width, ellipsis=True)
    return Strip(cut.render_segments(style), cut.cell_length).extend_cell_length(width, style.rich_style)
