"""The list of conversations. Only visible rows are painted, so ten thousand cost as little as ten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from holytui.keymap import Keymap, Where
from holytui.models import Conversation
from holytui.store.tags import folder_of
from holytui.ui.bindings import install, run_in_order
from holytui.ui.sidebar.rows import FolderRow, ListRow, folder_label, label, rows
from holytui.ui.styling import part_style


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
        conversations: tuple[Conversation, ...]
        """The marked ones, or else the one under the cursor."""

    @dataclass
    class Marked(Message):
        """Conversations were marked, or marks were removed."""

        count: int
        """Number of marked ones."""

    @dataclass
    class FoldersCollapsed(Message):
        """The collapsed folders have changed."""

        names: frozenset[str]

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="sidebar")
        self._all: Sequence[Conversation] = ()
        self._rows: list[ListRow] = []
        self._cursor = 0
        self._top = 0
        self._current = ""
        self._filter = ""
        self._today = date.min
        self._heading = ""
        self._local: frozenset[str] = frozenset()
        self._marked: set[str] = set()
        self._collapsed: frozenset[str] = frozenset()
        install(self, keymap, Where.SIDEBAR)

    def configure(self, keymap: Keymap, today: date) -> None:
        """Use other keys, and headings in another language."""
        install(self, keymap, Where.SIDEBAR)
        self.show(self._all, self._current, today, self._heading)

    def mark_local(self, ids: frozenset[str]) -> None:
        """Mark the conversations that are kept on this machine, from the next `show` on."""
        self._local = ids

    def show(self, conversations: Sequence[Conversation], current: str, today: date, heading: str = "") -> None:
        """Replace the conversations. The cursor stays on its conversation, or else in its place."""
        at = self._key(self._cursor) if self.has_focus else ""
        before = self._cursor if at and heading == self._heading else 0
        if heading != self._heading:
            self._marked.clear()
        if self._marked:
            self._marked.intersection_update([one.id for one in conversations])
        self._all = conversations
        self._current = current
        self._heading = heading
        self._today = today
        self._rows = rows(conversations, today, self._filter, heading, self._collapsed)
        self._cursor = self._find(at or current, before)
        self._follow_cursor()
        self.refresh()

    def filter(self, text: str, today: date) -> None:
        """Show conversations whose title contains `text`, and that have the tags in it."""
        self._filter = text
        self.show(self._all, self._current, today, self._heading)

    @property
    def selected(self) -> Conversation | None:
        """The conversation under the cursor."""
        row = self._rows[self._cursor] if self._cursor < len(self._rows) else None
        return row if isinstance(row, Conversation) else None

    @property
    def chosen(self) -> tuple[Conversation, ...]:
        """The marked conversations, or else the one under the cursor."""
        if self._marked:
            return tuple(one for one in self._all if one.id in self._marked)
        return (self.selected,) if self.selected is not None else ()

    def collapse(self, names: Collection[str]) -> None:
        """Collapse exactly these folders."""
        self._collapsed = frozenset(names)
        self.show(self._all, self._current, self._today, self._heading)

    def _key(self, index: int) -> str:
        """The id of a conversation or the name of a folder; empty for other rows."""
        match self._rows[index] if index < len(self._rows) else "":
            case Conversation(id=id_):
                return id_
            case FolderRow(name=name):
                return f"{name}/"
            case _:
                return ""

    def _find(self, key: str, otherwise: int) -> int:
        """The row of a conversation or folder; else the next one from row `otherwise` on, or the last."""
        places = {self._key(index): index for index in self._places()}
        if key in places:
            return places[key]
        found = [index for index in places.values() if isinstance(self._rows[index], Conversation)]
        return next((index for index in found if index >= otherwise), max(found, default=0))

    def _places(self) -> list[int]:
        """The rows on which the cursor can be."""
        return [index for index, row in enumerate(self._rows) if not isinstance(row, str)]

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
        """Move the cursor over conversations and folders; other headings are passed over."""
        places = self._places()
        if not places:
            return
        at = next((n for n, index in enumerate(places) if index >= self._cursor), 0)
        self._cursor = places[max(0, min(len(places) - 1, at + step))]
        self._follow_cursor()
        self.refresh()

    def action_open(self) -> None:
        """Open the conversation under the cursor, or expand or collapse the folder."""
        if self.selected is not None:
            self.post_message(self.Chosen(self.selected.id))
        else:
            self.action_sidebar_fold()

    def action_sidebar_fold(self) -> None:
        """Expand or collapse the folder under the cursor, or of the conversation there."""
        row = self._rows[self._cursor] if self._cursor < len(self._rows) else ""
        match row:
            case FolderRow(name=name):
                pass
            case Conversation(tags=tags, pinned=False):
                name = folder_of(tags)
            case _:
                name = ""
        if not name:
            return
        place = next((at for at, each in enumerate(self._rows) if isinstance(each, FolderRow) and each.name == name), 0)
        self._cursor = place
        self.collapse(self._collapsed ^ {name})
        self.post_message(self.FoldersCollapsed(self._collapsed))

    def action_sidebar_mark(self) -> None:
        """Mark the conversation under the cursor, or remove its mark, and go to the next; on a folder, all in it."""
        match self._rows[self._cursor] if self._cursor < len(self._rows) else "":
            case Conversation(id=id_):
                self._marked ^= {id_}
                self.action_move(1)
            case FolderRow(name=name):
                inside = {one.id for one in self._all if not one.pinned and folder_of(one.tags) == name}
                self._marked = self._marked - inside if inside <= self._marked else self._marked | inside
                self.refresh()
            case _:
                return
        self.post_message(self.Marked(len(self._marked)))

    def action_sidebar_mark_all(self) -> None:
        """Remove all marks; without any, mark all conversations that are listed."""
        listed = {row.id for row in self._rows if isinstance(row, Conversation)}
        self._marked = set() if self._marked else listed
        self.post_message(self.Marked(len(self._marked)))
        self.refresh()

    def action_ask(self, action: str, _number: int) -> None:
        """Request an action on the marked conversations, or the one under the cursor."""
        self.post_message(self.ActionRequested(action, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Open the conversation or folder that was clicked."""
        index = self._top + event.y
        if 0 <= index < len(self._rows) and self._key(index):
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
        if isinstance(row, FolderRow):
            return _strip(folder_label(row), width, base + part_style(self, part or "sidebar--heading"))
        if not part and row.id == self._current:
            part = "sidebar--current"
        style = base + part_style(self, part) if part else base
        shown = label(
            row,
            current=row.id == self._current,
            marked=row.id in self._marked,
            width=width,
            local=row.id in self._local,
        )
        return _strip(Content(shown.plain) if part == "sidebar--cursor" else shown, width, style)


def _strip(content: Content, width: int, style: Style) -> Strip:
    cut = content.truncate(width, ellipsis=True)
    return Strip(cut.render_segments(style), cut.cell_length).extend_cell_length(width, style.rich_style)
