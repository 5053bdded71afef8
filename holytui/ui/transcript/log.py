"""The messages of a conversation. It paints the lines in sight and nothing else, and has no scrollbar:
the cells of one would change on every row with every line that comes, which a thin link would have to carry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events, work
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message as Posted
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from holytui.hints import ActionNames
from holytui.keymap import Keymap, Where
from holytui.models import AnswerState, Message, Role
from holytui.store.matches import query_words
from holytui.ui.bindings import again, install, names, run_in_order
from holytui.ui.driver_access import link_figures
from holytui.ui.markdown import within
from holytui.ui.markdown.row import Row
from holytui.ui.transcript.matches import Matches, Work
from holytui.ui.transcript.row_painter import RowPainter
from holytui.ui.transcript.scroll_math import Anchor, slack
from holytui.ui.transcript.selecting import selected_text
from holytui.ui.transcript.viewport import Position

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView

_FRAME = 0.04
"""Seconds between two shares of the work on a text that came faster than it can be laid out."""
_SHARE = 0.01
"""Seconds of such a share."""

_Shown = tuple[Row, bool]
"""A row, and whether it is of the selected message."""


class MessageLog(Widget, can_focus=True):
    """Follows the stream until the user scrolls up; `log.last` catches up again."""

    COMPONENT_CLASSES = {"log--selection", "log--code", "log--match", "log--match-here"}  # noqa: RUF012 - Textual's own declaration

    @dataclass
    class ActionRequested(Posted):
        """A key asks for an action on a message: the id of the action and its argument."""

        action: str
        message: Message | None
        """The selected one; None where there is none and the action needs none."""
        number: int = 0

    @dataclass
    class Moved(Posted):
        """The position changed: whether the end is followed, and how many lines came below since it is not."""

        following: bool
        new_lines: int

    def __init__(self, keymap: Keymap, text_width: int = 0) -> None:
        super().__init__(id="log")
        self._views: list[MessageView] = []
        self._index: dict[str, int] = {}
        self._position = Position(self._height)
        self._selected: int | None = None
        self._painter = RowPainter(self)
        self._rows: list[_Shown] = []
        """What is in sight."""
        self._reported = (True, 0)
        self._pending: Timer | None = None
        """Brings what could not be laid out within a frame."""
        self._names = names(keymap, Where.PROMPT)
        self._extent = Size(0, 0)
        """`size`, which Textual works out anew each time it is asked for."""
        self._welcome: Sequence[Content] = ()
        self._text_width = text_width
        self._matches: Matches | None = None
        """The places of what was searched for, if it is highlighted."""
        self._working: Work[None] | None = None
        """What takes several slices, such as to look for a place."""
        self._waiting: list[events.Key] = []
        """Keys that came meanwhile."""
        self._held = False
        """Whether the end is to be followed again as soon as nothing is selected."""
        self.selectable = False
        """Whether the mouse can select text; else the lines need not tell where they are."""
        install(self, keymap, Where.LOG)

    # -- what is shown

    def show(self, views: Sequence[MessageView], welcome: Sequence[Content] = ()) -> None:
        """Another conversation, at its end. `welcome` is shown while there is no message."""
        self._views = list(views)
        for entry in views:
            self._take_in(entry)
        self._index = {entry.message.id: index for index, entry in enumerate(self._views)}
        self._selected = None
        self._matches = None
        self._painter.words = ()
        if self.is_attached:
            self._unselect()
        self._welcome = welcome
        self._painter.forget()
        self._position.count = len(self._views)
        self._position.following = True
        if self._extent.width:
            self._position.show_end()
        self._settle()

    def add(self, entry: MessageView) -> None:
        """One more message at the end."""
        self._take_in(entry)
        self._index[entry.message.id] = len(self._views)
        self._views.append(entry)
        self._position.count = len(self._views)
        self._settle()

    def _take_in(self, entry: MessageView) -> None:
        entry.name_keys(self._names)
        entry.text_width = self._text_width

    def name_keys(self, named: ActionNames) -> None:
        """The focus is elsewhere now: hints name what does an action there."""
        self._names = named
        for entry in self._views:
            entry.name_keys(named)
        if self._extent.width:
            self._position.refit()
            self._settle()

    def view_of(self, message_id: str) -> MessageView | None:
        """The entry of a message, if it is shown."""
        index = self._index.get(message_id)
        return self._views[index] if index is not None else None

    def answer_to(self, question_id: str) -> str:
        """The answer that follows a question; empty if none does."""
        index = self._index.get(question_id, len(self._views)) + 1
        follows = index < len(self._views) and self._views[index].message.parent_id == question_id
        return self._views[index].message.id if follows else ""

    @property
    def views(self) -> Sequence[MessageView]:
        """All entries, in order."""
        return self._views

    @property
    def messages(self) -> Sequence[Message]:
        """The messages of all views, in order."""
        return [view.message for view in self._views]

    def message(self, message_id: str) -> Message | None:
        """The message with this id, if it is shown."""
        view = self.view_of(message_id)
        return view.message if view is not None else None

    @property
    def selected(self) -> MessageView | None:
        """The entry that the keys act on: the selected one, else the last."""
        if not self._views:
            return None
        return self._views[self._selected if self._selected is not None else -1]

    @property
    def following(self) -> bool:
        """Whether the end is kept in sight."""
        return self._position.following

    def changed(self) -> None:
        """An entry was changed: paint it, and stay at the end if it is followed."""
        self._settle()

    def _go_on(self) -> None:
        """Lay out more of the texts in sight that are not laid out to their end yet, a share of each frame."""
        self._pending = None
        spent = within(_SHARE)
        for entry in self._late():
            entry.advance(self._extent.width, spent)
            if spent():
                break
        self._settle()

    def _late(self) -> list[MessageView]:
        """The entries in sight of which text waits to be laid out."""
        last = self._position.at(max(0, len(self._rows) - 1))
        first = self._position.anchor.index
        seen = self._views[first : (last if last is not None else first) + 1]
        return [entry for entry in seen if entry.behind(self._extent.width)]

    # -- position

    def _height(self, index: int) -> int:
        return self._views[index].height(self._extent.width)

    def _settle(self) -> None:
        if not self._extent.width:
            return
        self._position.follow(free=self._free())
        self._show_changes()
        if self._pending is None and self._late():
            self._pending = self.set_timer(_FRAME, self._go_on)
        told = (self._position.following, self.new_lines)
        if told != self._reported:
            self._reported = told
            self.post_message(self.Moved(*told))

    def _free(self) -> int:
        """How many lines may stay free below the end: none unless it grows, and few on a fast link."""
        last = self._views[-1].message.state if self._views else AnswerState.COMPLETE
        if (last.final or last is AnswerState.QUEUED) and not self._late():
            return 0
        line = link_figures(self.app)
        beside = self._extent.width < self.app.size.width
        return slack(self._position.view, beside=beside, thinness=line.thinness if line is not None else 1.0)

    def _show_changes(self) -> None:
        """Paint the lines that are not what they were."""
        before, self._rows = self._rows, self._visible()
        changed = [y for y, (new, old) in enumerate(zip(self._rows, before, strict=False)) if not _same(new, old)]
        changed += range(min(len(before), len(self._rows)), max(len(before), len(self._rows)))
        if changed:
            self.refresh(Region(0, changed[0], self._extent.width, changed[-1] - changed[0] + 1))

    def _visible(self) -> list[_Shown]:
        """The rows in sight, and of each whether it is of the selected message."""
        if not self._views:
            room = max(4, min(self._extent.width - 2, self._text_width or self._extent.width))
            return [(Row(line, "  "), False) for words in self._welcome for line in words.wrap(room)][
                : self._position.view
            ]
        shown: list[_Shown] = []
        marked = self._at() if self.has_focus else -1
        index, first = self._position.anchor.index, self._position.anchor.offset
        while len(shown) < self._position.view and index < len(self._views):
            entry = self._views[index]
            last = min(self._height(index), first + self._position.view - len(shown))
            shown += [(entry.line(self._extent.width, y), index == marked) for y in range(first, last)]
            index, first = index + 1, 0
        return shown

    def _go(self, anchor: Anchor) -> None:
        before = self._position.anchor
        self._position.go(anchor)
        if self._position.anchor != before:
            self._unselect()
        self._settle()

    def _unselect(self) -> None:
        """The view moves: what was selected in it is no longer where it was."""
        self._held = False
        if self.text_selection is not None:
            self.screen.clear_selection()

    @property
    def new_lines(self) -> int:
        """Lines that came since the end was let go."""
        return self._position.new_lines

    def scroll_lines(self, lines: int) -> None:
        """Scroll down (negative: up)."""
        self._unselect()
        self._position.lines(lines)
        self._settle()

    def reveal(self, message_id: str, places: Sequence[int] = ()) -> None:
        """Select a message and bring it into sight; of a long one the first of `places` in its text."""
        index = self._index.get(message_id)
        if index is None:
            return
        self._select(index)
        self._work(self._reveal(index, places))

    def _reveal(self, index: int, places: Sequence[int]) -> Work[None]:
        entry, width = self._views[index], self._extent.width
        while places and entry.behind(width):
            entry.advance(width, within(_SHARE))
            yield
        line = entry.find(width, places)
        self._select(index)
        if self._height(index) > self._position.view:
            self._go(Anchor(index, max(0, line - self._position.view // 2)))
        if self._matches is not None:
            yield from self._matches.begin(Anchor(index, line), width)
            self.refresh()

    # -- what was searched for

    def highlight(self, query: str) -> None:
        """Highlight the words of a query in all messages, or nothing more if it is empty."""
        words = query_words(query)
        if words == self._painter.words:
            return
        self._matches = Matches(self._views, words) if words else None
        self._painter.words = words
        self._painter.forget()
        self.refresh()

    def action_log_next_match(self) -> None:
        """Go to the next place of what was searched for."""
        self._seek(1)

    def action_log_previous_match(self) -> None:
        """Go to the previous place of what was searched for."""
        self._seek(-1)

    def _seek(self, direction: int) -> None:
        if self._matches is None:
            self.action_ask("log.search", 0)
            return
        self._work(self._go_to_match(self._matches, direction))

    def _go_to_match(self, matches: Matches, direction: int) -> Work[None]:
        place = yield from matches.step(direction, self._extent.width, self._at())
        if place is None:
            return
        self._select(place.index)
        if self._position.line_of(place) is None:
            self._go(Anchor(place.index, max(0, place.offset - self._position.view // 2)))
        self.refresh()

    def _work(self, work: Work[None]) -> None:
        """Do it at once if it is short, else from slice to slice; keys wait for it in `on_key`."""
        self._stop_work()
        if not _worked(work):
            self._working = work
            self._work_on()

    @work(group="search", exit_on_error=False)
    async def _work_on(self) -> None:
        entries, width = self._views, self._extent.width
        try:
            while (working := self._working) is not None:
                await asyncio.sleep(0)
                if self._views is not entries or self._extent.width != width:
                    return  # the lines that it found are others now
                if working is self._working and _worked(working):
                    return
        finally:
            self._stop_work()

    def _stop_work(self) -> None:
        """End it, and let the keys that waited act."""
        self._working = None
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self.post_message(again(event))

    def _select(self, index: int) -> None:
        self._selected = max(0, min(index, len(self._views) - 1))
        self._go(self._position.showing(self._selected))

    # -- keys

    async def on_key(self, event: events.Key) -> None:
        """Keys act in the order in which they were typed; see `run_in_order`. While a place is looked for they wait,
        but for Esc, which ends that."""
        if self._working is not None:
            if event.key != "escape":
                event.stop()
                event.prevent_default()
                self._waiting.append(event)
                return
            self._waiting.clear()
            self._stop_work()
        await run_in_order(self, event)

    def _at(self) -> int:
        return self._selected if self._selected is not None else len(self._views) - 1

    def action_log_next(self) -> None:
        """Select the next message; within one taller than the view, scroll."""
        self._step(1)

    def action_log_previous(self) -> None:
        """Select the previous message; within one taller than the view, scroll."""
        self._step(-1)

    def _step(self, direction: int) -> None:
        if not self._views:
            return
        at = self._at()
        if self._selected is not None and self._position.inside(at, direction):
            self.scroll_lines(direction * max(1, self._position.view // 2))
            return
        self._select(at + direction if self._selected is not None else at)

    def action_log_first(self) -> None:
        """Go to the first message."""
        if self._views:
            self._select(0)

    def action_log_last(self) -> None:
        """Go to the end and follow it."""
        self._selected = None
        self._unselect()
        self._position.following = True
        self._settle()

    def action_log_next_question(self) -> None:
        """Select the next question."""
        self._question(range(self._at() + 1, len(self._views)))

    def action_log_previous_question(self) -> None:
        """Select the previous question."""
        self._question(range(self._at() - 1, -1, -1))

    def _question(self, order: range) -> None:
        for index in order:
            if self._views[index].message.role is Role.USER:
                self._select(index)
                return

    def action_log_page_up(self) -> None:
        """A page up."""
        self._unselect()
        self._position.page(down=False)
        self._settle()

    def action_log_page_down(self) -> None:
        """A page down."""
        self._unselect()
        self._position.page(down=True)
        self._settle()

    def action_message_reasoning(self) -> None:
        """Open or fold what can be folded of the selected message."""
        entry = self.selected
        if entry is None or not entry.folds(self._extent.width):
            return
        before = self._position.showing(self._at())
        entry.set_open(not entry.open)
        if self._selected is None:  # who follows the end goes on doing so
            self._settle()
        else:
            self._go(before if entry.open else self._position.showing(self._selected))

    def action_ask(self, action: str, number: int) -> None:
        """Ask for something to be done with the selected message, or without one where it needs none."""
        selected = self.selected
        if selected is not None or not action.startswith("message."):
            self.post_message(self.ActionRequested(action, selected.message if selected is not None else None, number))

    # -- painting

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out for the new width; the end stays in sight if it was."""
        self._unselect()
        self._extent = self.size
        self._painter.width = self._extent.width
        self._painter.forget()
        self._position.view = max(1, self._extent.height)
        self._position.refit()
        self._settle()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Three lines up."""
        self.scroll_lines(-3)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Three lines down."""
        self.scroll_lines(3)

    def on_click(self, event: events.Click) -> None:
        """Select the message that was clicked, unless text was selected."""
        if self.text_selection is not None:
            return
        found = self._position.at(event.y)
        if found is not None:
            self._select(found)

    def on_focus(self, _event: events.Focus) -> None:
        """Show which message the keys act on."""
        self._show_changes()

    def on_blur(self, _event: events.Blur) -> None:
        """Hide the selection's mark."""
        self._show_changes()

    def notify_style_update(self) -> None:
        """Another theme: paint anew."""
        self._painter.forget()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """The line at `y` of the view; as long as it looks the same, the same object."""
        if y >= len(self._rows):
            return self._painter.blank()
        row, marked = self._rows[y]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(y)) is not None:
            return self._painter.paint(row, marked=marked, selected=span).apply_offsets(0, y)
        here = self._matches is not None and self._matches.here is row.content
        strip = self._painter.paint(row, marked=marked, here=True) if here else self._painter.strip(row, marked=marked)
        return strip.apply_offsets(0, y) if self.selectable else strip

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is copied of the selected lines; they are all in sight, as a selection holds the view."""
        rows = [(row, len(row.gutter) or 2 * marked) for row, marked in self._rows]
        return selected_text(rows, selection), "\n"

    @property
    def selected_text(self) -> str:
        """The text that the mouse selected; empty if it selected none."""
        selection = self.text_selection
        found = self.get_selection(selection) if selection is not None else None
        return found[0] if found is not None else ""

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection. While there is one the end is not followed, as its text would move away under it."""
        if selection is not None and self._position.following:
            self._position.hold()
            self._held = True
        elif selection is None and self._held:
            self._held = False
            self._position.following = True
            self._settle()
        self.refresh()


def _worked(work: Work[None]) -> bool:
    """Work for a slice; whether it has come to its end."""
    spent = within(_SHARE)
    return all(not spent() for _step in work)


def _same(one: _Shown, other: _Shown) -> bool:
    return one[0].content is other[0].content and one[0].gutter == other[0].gutter and one[1] == other[1]
