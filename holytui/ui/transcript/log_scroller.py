"""Scrolling and selecting messages, layout of long text in slices, and which lines to paint again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from holytui.models import AnswerState
from holytui.ui.markdown.budget import within
from holytui.ui.transcript.message_list import MessageList
from holytui.ui.transcript.scroll_math import Anchor

_FRAME = 0.04
"""Seconds between two slices of layout, for text that comes faster than it can be laid out."""
_SLICE = 0.01
"""Seconds of such a slice."""


class LogDisplay(Protocol):
    """The widget that shows the lines."""

    @property
    def has_focus(self) -> bool:
        """Whether the current message is marked."""

    @property
    def slack(self) -> int:
        """Lines that may be free below an end that grows."""

    def repaint(self, first: int, last: int) -> None:
        """Paint these lines of the view again."""

    def clear_text_selection(self) -> None:
        """Called before the view is scrolled by the user."""

    def moved(self, *, following: bool, new_lines: int) -> None:
        """Called when one of the values has changed."""


class LogScroller:
    """Moves the view of `messages` and keeps `display` up to date."""

    def __init__(
        self,
        messages: MessageList,
        display: LogDisplay,
        after: Callable[[float, Callable[[], None]], object],
        pause: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`after` calls back once after some seconds. `pause`: seconds for which layout should wait."""
        self._messages = messages
        self._viewport = messages.viewport
        self._display = display
        self._after = after
        self._pause = pause
        self._layout_due = False
        self._reported = (True, 0)

    # -- display

    def settle(self) -> None:
        """Show the present lines after any change; the end stays in view if it is followed."""
        if not self._messages.width:
            return
        self._viewport.follow(free=self._free_lines())
        self.show_changes()
        if not self._layout_due and self._messages.unfinished():
            self._layout_due = True
            self._after(_FRAME, self._continue_layout)
        state = (self._viewport.following, self._viewport.new_lines)
        if state != self._reported:
            self._reported = state
            self._display.moved(following=state[0], new_lines=state[1])

    def show_changes(self) -> None:
        """Paint the lines in view that differ."""
        changed = self._messages.update_rows(mark_current=self._display.has_focus)
        if changed is not None:
            self._display.repaint(*changed)

    def _continue_layout(self) -> None:
        if (rest := self._pause()) > 0:
            self._after(rest, self._continue_layout)
            return
        self._layout_due = False
        self._messages.lay_out(within(_SLICE))
        self.settle()

    def _free_lines(self) -> int:
        """Lines that may stay free below the end: none unless it grows."""
        views = self._messages.views
        state = views[-1].message.state if views else AnswerState.COMPLETE
        if (state.final or state is AnswerState.QUEUED) and not self._messages.unfinished():
            return 0
        return self._display.slack

    # -- scrolling

    def scroll_to(self, anchor: Anchor) -> None:
        """Scroll to a position."""
        before = self._viewport.anchor
        self._viewport.scroll_to(anchor)
        if self._viewport.anchor != before:
            self._display.clear_text_selection()
        self.settle()

    def scroll_lines(self, lines: int) -> None:
        """Scroll down (negative: up)."""
        self._display.clear_text_selection()
        self._viewport.scroll_lines(lines)
        self.settle()

    def scroll_page(self, *, down: bool) -> None:
        """Scroll a page."""
        self._display.clear_text_selection()
        self._viewport.scroll_page(down=down)
        self.settle()

    def follow_end(self) -> None:
        """Go to the end and follow it; the keys act on the last message."""
        self._messages.selected_index = None
        self._display.clear_text_selection()
        self._viewport.following = True
        self.settle()

    # -- selecting

    def select(self, index: int) -> None:
        """Select the message at an index, or the nearest one, and bring it into view."""
        messages = self._messages
        messages.selected_index = max(0, min(index, len(messages.views) - 1))
        self.scroll_to(self._viewport.showing(messages.selected_index))

    def step(self, direction: int) -> None:
        """Select the next message (`direction` 1) or the previous one (-1); within one taller than the view, scroll."""
        if not self._messages.views:
            return
        index = self._messages.current_index
        if self._messages.selected_index is None:
            self.select(index)
        elif self._viewport.extends(index, direction):
            self.scroll_lines(direction * max(1, self._viewport.height // 2))
        else:
            self.select(index + direction)

    def select_question(self, direction: int) -> None:
        """Select the next question (`direction` 1) or the previous one (-1), if there is any."""
        index = self._messages.next_question(direction)
        if index is not None:
            self.select(index)

    def toggle_fold(self) -> None:
        """Expand or collapse the reasoning or the long question of the current message."""
        view = self._messages.current
        if view is None or not view.folds(self._messages.width):
            return
        selected = self._messages.selected_index
        before = self._viewport.showing(self._messages.current_index)
        view.set_open(not view.open)
        if selected is None:  # the end stays followed
            self.settle()
        else:
            self.scroll_to(before if view.open else self._viewport.showing(selected))
