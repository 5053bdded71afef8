"""The messages of a conversation as lines: the part in view, and the selected message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from holytui.hints import ActionNames
from holytui.models import Role
from holytui.ui.markdown.budget import Spent
from holytui.ui.markdown.row import Row
from holytui.ui.transcript.viewport import Viewport

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView


class ShownRow(NamedTuple):
    """A row in view, and whether it belongs to the selected message."""

    row: Row
    marked: bool

    def looks_like(self, other: ShownRow) -> bool:
        """Whether painting it again would change nothing."""
        return (
            self.row.content is other.row.content
            and self.row.gutter == other.row.gutter
            and self.marked == other.marked
        )


class MessageList:
    """Message views, of which those in view are laid out for `width` cells."""

    def __init__(self, names: ActionNames, text_width: int = 0) -> None:
        self.views: list[MessageView] = []
        self.viewport = Viewport(self.height_of)
        self.width = 0
        """0 before the first layout."""
        self.rows: Sequence[ShownRow] = ()
        """The rows in view, as of the last `update_rows`."""
        self.selected_index: int | None = None
        """None: the keys act on the last message."""
        self.version = 0
        """Changes when positions of lines become meaningless: with the conversation, and with the width."""
        self._index: dict[str, int] = {}
        self._names = names
        self._text_width = text_width
        self._welcome: Sequence[Content] = ()

    # -- messages

    def show(self, views: Iterable[MessageView], welcome: Sequence[Content]) -> None:
        """Replace all messages and scroll to the end. `welcome` is shown while there is no message."""
        self.views = list(views)
        for view in self.views:
            self._set_up(view)
        self._index = {view.message.id: index for index, view in enumerate(self.views)}
        self._welcome = welcome
        self.selected_index = None
        self.version += 1
        self.viewport.count = len(self.views)
        self.viewport.following = True
        if self.width:
            self.viewport.show_end()

    def add(self, view: MessageView) -> None:
        """Add a message at the end."""
        self._set_up(view)
        self._index[view.message.id] = len(self.views)
        self.views.append(view)
        self.viewport.count = len(self.views)

    def _set_up(self, view: MessageView) -> None:
        view.name_keys(self._names)
        view.text_width = self._text_width

    def name_keys(self, names: ActionNames) -> None:
        """Use other names for the actions that hints mention."""
        self._names = names
        for view in self.views:
            view.name_keys(names)
        if self.width:
            self.viewport.refit()

    def configure(self, names: ActionNames, text_width: int) -> None:
        """Lay out all messages anew: with another maximum width, or in another language."""
        self._names, self._text_width = names, text_width
        self.version += 1
        for view in self.views:
            view.name_keys(names)
            view.lay_out_anew(text_width)
        if self.width:
            self.viewport.refit()

    def resize(self, width: int, height: int) -> None:
        """Lay out for another size; the end stays in view if it is followed."""
        if width != self.width:
            self.width = width
            self.version += 1
        self.viewport.height = max(1, height)
        self.viewport.refit()

    def index_of(self, message_id: str) -> int | None:
        """The index of a message, or None."""
        return self._index.get(message_id)

    def view_of(self, message_id: str) -> MessageView | None:
        """The view of a message, or None."""
        index = self._index.get(message_id)
        return self.views[index] if index is not None else None

    def answer_to(self, question_id: str) -> str:
        """Id of the answer that follows a question, or empty."""
        index = self._index.get(question_id, len(self.views)) + 1
        follows = index < len(self.views) and self.views[index].message.parent_id == question_id
        return self.views[index].message.id if follows else ""

    # -- selection

    @property
    def current_index(self) -> int:
        """Index of the message that the keys act on: the selected one, else the last; -1 without messages."""
        return self.selected_index if self.selected_index is not None else len(self.views) - 1

    @property
    def current(self) -> MessageView | None:
        """The view at `current_index`, or None."""
        return self.views[self.current_index] if self.views else None

    def next_question(self, direction: int) -> int | None:
        """Index of the nearest question below (`direction` 1) or above (-1) the current message, or None."""
        end = len(self.views) if direction > 0 else -1
        below = range(self.current_index + direction, end, direction)
        return next((index for index in below if self.views[index].message.role is Role.USER), None)

    # -- lines

    def height_of(self, index: int) -> int:
        """Lines of a message."""
        return self.views[index].height(self.width)

    def unfinished(self) -> list[MessageView]:
        """Views in view whose text is not laid out to its end."""
        first = self.viewport.anchor.index
        last = self.viewport.entry_at(max(0, len(self.rows) - 1))
        in_view = self.views[first : (last if last is not None else first) + 1]
        return [view for view in in_view if view.behind(self.width)]

    def lay_out(self, spent: Spent) -> None:
        """Lay out more of the unfinished views, until `spent`."""
        for view in self.unfinished():
            view.advance(self.width, spent)
            if spent():
                break

    def update_rows(self, *, mark_current: bool) -> tuple[int, int] | None:
        """Bring `rows` up to date; returns the first and the last changed line, or None."""
        before, self.rows = self.rows, self._rows_in_view(mark_current=mark_current)
        changed = [y for y, (new, old) in enumerate(zip(self.rows, before, strict=False)) if not new.looks_like(old)]
        changed += range(min(len(before), len(self.rows)), max(len(before), len(self.rows)))
        return (changed[0], changed[-1]) if changed else None

    def _rows_in_view(self, *, mark_current: bool) -> Sequence[ShownRow]:
        if not self.views:
            return self._welcome_rows()
        rows: list[ShownRow] = []
        height = self.viewport.height
        marked = self.current_index if mark_current else -1
        index, first = self.viewport.anchor.index, self.viewport.anchor.offset
        while len(rows) < height and index < len(self.views):
            view = self.views[index]
            last = min(self.height_of(index), first + height - len(rows))
            rows += [ShownRow(view.line(self.width, y), index == marked) for y in range(first, last)]
            index, first = index + 1, 0
        return rows

    def _welcome_rows(self) -> Sequence[ShownRow]:
        room = max(4, min(self.width - 2, self._text_width or self.width))
        lines = [line for paragraph in self._welcome for line in paragraph.wrap(room)]
        return [ShownRow(Row(line, "  "), marked=False) for line in lines[: self.viewport.height]]
