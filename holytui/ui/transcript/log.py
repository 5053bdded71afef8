"""The messages of a conversation, as a widget.

It paints only lines in view. It has no scrollbar, as the cells of one would change on every row with each new line,
which is much to send over a thin link.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message as Posted
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from holytui.config.schema import Ui
from holytui.hints import ActionNames
from holytui.keymap import Keymap, Where
from holytui.models import Message
from holytui.store.matches import query_words
from holytui.ui.bindings import fresh_copy, install, names, run_in_order
from holytui.ui.driver_access import last_input, link_figures
from holytui.ui.transcript.input_pause import InputPause
from holytui.ui.transcript.log_scroller import LogScroller
from holytui.ui.transcript.match_navigator import MatchNavigator
from holytui.ui.transcript.message_list import MessageList
from holytui.ui.transcript.row_painter import RowPainter
from holytui.ui.transcript.scroll_math import slack
from holytui.ui.transcript.selecting import selected_text
from holytui.ui.transcript.sliced_work import SlicedWork

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView


_DEFAULT = Ui()


class MessageLog(Widget, can_focus=True):
    """Follows the end until the user scrolls up; `log.last` follows it again."""

    COMPONENT_CLASSES = {"log--selection", "log--code", "log--match", "log--match-here"}  # noqa: RUF012 - Textual's own declaration

    @dataclass
    class ActionRequested(Posted):
        """A key requests an action on a message."""

        action: str
        """The id of the action."""
        message: Message | None
        """The selected message; None if there is none and the action needs none."""
        number: int = 0

    @dataclass
    class Moved(Posted):
        """The view was scrolled, or lines were added below it."""

        following: bool
        new_lines: int

    def __init__(self, keymap: Keymap, ui: Ui = _DEFAULT) -> None:
        super().__init__(id="log")
        self._list = MessageList(names(keymap, Where.PROMPT), ui.text_width)
        self._viewport = self._list.viewport
        self._painter = RowPainter(self)
        self._scroller = LogScroller(self._list, self, self.set_timer, InputPause(lambda: last_input(self.app)).rest)
        self._matches = MatchNavigator(
            self._list, select=self._scroller.select, scroll_to=self._scroller.scroll_to, refresh=self.refresh
        )
        self._work = SlicedWork(
            start=self._start_work,
            version=lambda: self._list.version,
            release=lambda key: self.post_message(fresh_copy(key)),
        )
        self._follow_again = False
        """Whether to follow the end when the text selection is cleared."""
        self.selectable = ui.mouse
        """Whether the mouse can select text; only then do rendered lines carry their offsets."""
        install(self, keymap, Where.LOG)

    def configure(self, keymap: Keymap, ui: Ui, names: ActionNames) -> None:
        """Use other keys, another width of text, and another language."""
        install(self, keymap, Where.LOG)
        self._list.configure(names, ui.text_width)
        self._painter.forget()
        self._scroller.settle()

    def _start_work(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="search", exit_on_error=False)

    # -- messages

    def show(self, views: Sequence[MessageView], welcome: Sequence[Content] = ()) -> None:
        """Show another conversation, at its end. `welcome` is shown while there is no message."""
        self._list.show(views, welcome)
        self._matches.set_words(())
        self._painter.words = ()
        if self.is_attached:
            self.clear_text_selection()
        self._painter.forget()
        self._scroller.settle()

    def add(self, view: MessageView) -> None:
        """Add a message at the end."""
        self._list.add(view)
        self._scroller.settle()

    def name_keys(self, names: ActionNames) -> None:
        """Use other names for the actions that hints mention, as the focus is elsewhere."""
        self._list.name_keys(names)
        if self._list.width:
            self._scroller.settle()

    def view_of(self, message_id: str) -> MessageView | None:
        """The view of a message, or None."""
        return self._list.view_of(message_id)

    def answer_to(self, question_id: str) -> str:
        """Id of the answer that follows a question, or empty."""
        return self._list.answer_to(question_id)

    @property
    def views(self) -> Sequence[MessageView]:
        """The views of all messages, in order."""
        return self._list.views

    @property
    def messages(self) -> Sequence[Message]:
        """All messages, in order."""
        return [view.message for view in self._list.views]

    def message(self, message_id: str) -> Message | None:
        """The message with this id, or None."""
        view = self._list.view_of(message_id)
        return view.message if view is not None else None

    @property
    def selected(self) -> MessageView | None:
        """The view that the keys act on: the selected one, else the last."""
        return self._list.current

    @property
    def following(self) -> bool:
        """Whether the end is followed."""
        return self._viewport.following

    @property
    def new_lines(self) -> int:
        """Lines added since following ended."""
        return self._viewport.new_lines

    # -- layout

    def changed(self) -> None:
        """Show the change of a view; the end stays in view if it is followed."""
        self._scroller.settle()

    # -- display, for the scroller

    @property
    def slack(self) -> int:
        """Lines that may be free below an end that grows: few on a fast link."""
        line = link_figures(self.app)
        beside = self._list.width < self.app.size.width
        return slack(self._viewport.height, beside=beside, thinness=line.thinness if line is not None else 1.0)

    def repaint(self, first: int, last: int) -> None:
        """Paint these lines of the view again."""
        self.refresh(Region(0, first, self._list.width, last - first + 1))

    def clear_text_selection(self) -> None:
        """Clear the selection of the mouse, as the lines under it move."""
        self._follow_again = False
        if self.text_selection is not None:
            self.screen.clear_selection()

    def moved(self, *, following: bool, new_lines: int) -> None:
        """Post `Moved`."""
        self.post_message(self.Moved(following, new_lines))

    def scroll_lines(self, lines: int) -> None:
        """Scroll down (negative: up)."""
        self._scroller.scroll_lines(lines)

    # -- search

    def reveal(self, message_id: str, offsets: Sequence[int] = ()) -> None:
        """Select a message and bring it into view; of a long one the line with the first of `offsets` of its text."""
        index = self._list.index_of(message_id)
        if index is None:
            return
        self._scroller.select(index)
        self._work.run(self._matches.reveal(index, offsets))

    def highlight(self, query: str) -> None:
        """Highlight the words of a query in all messages, or nothing if it is empty."""
        words = query_words(query)
        if words == self._painter.words:
            return
        self._matches.set_words(words)
        self._painter.words = words
        self._painter.forget()
        self.refresh()

    def action_log_next_match(self) -> None:
        """Go to the next match of the search."""
        self._go_to_match(1)

    def action_log_previous_match(self) -> None:
        """Go to the previous match of the search."""
        self._go_to_match(-1)

    def _go_to_match(self, direction: int) -> None:
        if self._matches.active:
            self._work.run(self._matches.step(direction))
        else:
            self.action_ask("log.search", 0)

    # -- keys

    async def on_key(self, event: events.Key) -> None:
        """Run keys in the order in which they were typed (see `run_in_order`), also those typed during a search."""
        if self._work.hold(event):
            event.stop()
            event.prevent_default()
        else:
            await run_in_order(self, event)

    def action_log_next(self) -> None:
        """Select the next message; within one taller than the view, scroll."""
        self._scroller.step(1)

    def action_log_previous(self) -> None:
        """Select the previous message; within one taller than the view, scroll."""
        self._scroller.step(-1)

    def action_log_first(self) -> None:
        """Go to the first message."""
        if self._list.views:
            self._scroller.select(0)

    def action_log_last(self) -> None:
        """Go to the end and follow it."""
        self._scroller.follow_end()

    def action_log_next_question(self) -> None:
        """Select the next question."""
        self._scroller.select_question(1)

    def action_log_previous_question(self) -> None:
        """Select the previous question."""
        self._scroller.select_question(-1)

    def action_log_page_up(self) -> None:
        """Scroll a page up."""
        self._scroller.scroll_page(down=False)

    def action_log_page_down(self) -> None:
        """Scroll a page down."""
        self._scroller.scroll_page(down=True)

    def action_message_reasoning(self) -> None:
        """Expand or collapse the reasoning or the long question of the selected message."""
        self._scroller.toggle_fold()

    def action_ask(self, action: str, number: int) -> None:
        """Request an action on the selected message, or one that needs no message."""
        view = self._list.current
        if view is not None or not action.startswith("message."):
            self.post_message(self.ActionRequested(action, view.message if view is not None else None, number))

    # -- events

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out for the new size."""
        self.clear_text_selection()
        size = self.size
        self._painter.width = size.width
        self._painter.forget()
        self._list.resize(size.width, size.height)
        self._scroller.settle()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Scroll three lines up."""
        self._scroller.scroll_lines(-3)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Scroll three lines down."""
        self._scroller.scroll_lines(3)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked message, unless the mouse selected text."""
        if self.text_selection is not None:
            return
        index = self._viewport.entry_at(event.y)
        if index is not None:
            self._scroller.select(index)

    def on_focus(self, _event: events.Focus) -> None:
        """Mark the message that the keys act on."""
        self._scroller.show_changes()

    def on_blur(self, _event: events.Blur) -> None:
        """Remove the mark."""
        self._scroller.show_changes()

    # -- painting

    def notify_style_update(self) -> None:
        """Repaint in the colours of another theme."""
        self._painter.forget()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the view; the same object as long as it looks the same."""
        if y >= len(self._list.rows):
            return self._painter.blank()
        row, marked = self._list.rows[y]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(y)) is not None:
            return self._painter.paint(row, marked=marked, selected=span).apply_offsets(0, y)
        here = self._matches.here is row.content
        strip = self._painter.paint(row, marked=marked, here=True) if here else self._painter.strip(row, marked=marked)
        return strip.apply_offsets(0, y) if self.selectable else strip

    # -- text selection

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as it is copied. All of it is in view, as a selection stops scrolling."""
        rows = [(row, len(row.gutter) or 2 * marked) for row, marked in self._list.rows]
        return selected_text(rows, selection), "\n"

    @property
    def selected_text(self) -> str:
        """The text that the mouse selected, or empty."""
        selection = self.text_selection
        copied = self.get_selection(selection) if selection is not None else None
        return copied[0] if copied is not None else ""

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection. The end is not followed meanwhile, as the selected text would move."""
        if selection is not None and self.following:
            self._viewport.stop_following()
            self._follow_again = True
        elif selection is None and self._follow_again:
            self._follow_again = False
            self._viewport.following = True
            self._scroller.settle()
        self.refresh()
