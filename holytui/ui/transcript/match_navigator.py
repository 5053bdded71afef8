"""Going to search results in the messages, and from match to match."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from holytui.ui.markdown.budget import within
from holytui.ui.transcript.matches import Matches
from holytui.ui.transcript.message_list import MessageList
from holytui.ui.transcript.scroll_math import Anchor
from holytui.ui.transcript.sliced_work import Work

_SLICE = 0.01
"""Seconds of layout between two steps of the work."""


class MatchNavigator:
    """Selects a message and scrolls to a line of it. Its work is done by `SlicedWork`."""

    def __init__(
        self,
        messages: MessageList,
        *,
        select: Callable[[int], None],
        scroll_to: Callable[[Anchor], None],
        refresh: Callable[[], object],
    ) -> None:
        self._messages = messages
        self._select = select
        self._scroll_to = scroll_to
        self._refresh = refresh
        self._matches: Matches | None = None

    @property
    def active(self) -> bool:
        """Whether there are words to go to."""
        return self._matches is not None

    @property
    def here(self) -> Content | None:
        """Content of the line of the current match, or None."""
        return self._matches.here if self._matches is not None else None

    def set_words(self, words: Sequence[str]) -> None:
        """Go to lines with any of these folded words from now on, in messages that have all of them."""
        self._matches = Matches(self._messages.views, words) if words else None

    def reveal(self, index: int, offsets: Sequence[int] = ()) -> Work[None]:
        """Select a message; of one taller than the view show the line with the first of `offsets` of its text."""
        messages, width = self._messages, self._messages.width
        view = messages.views[index]
        offsets = view.uncover(width, offsets) or offsets
        while offsets and view.behind(width):
            view.advance(width, within(_SLICE))
            yield
        line = view.find(width, offsets)
        self._select(index)
        if messages.height_of(index) > messages.viewport.height:
            self._scroll_to(self._centred(Anchor(index, line)))
        if self._matches is not None:
            yield from self._matches.begin(Anchor(index, line), width)
            self._refresh()

    def step(self, direction: int) -> Work[None]:
        """Go to the next match (`direction` 1) or the previous one (-1), if there is any."""
        if self._matches is None:
            return
        messages = self._messages
        match = yield from self._matches.step(direction, messages.width, messages.current_index)
        if match is None:
            return
        self._select(match.index)
        if messages.viewport.line_of(match) is None:
            self._scroll_to(self._centred(match))
        self._refresh()

    def _centred(self, position: Anchor) -> Anchor:
        return Anchor(position.index, max(0, position.offset - self._messages.viewport.height // 2))
