"""Lines of the messages that match a search, visited one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from holytui.store.matches import folded, match_ranges
from holytui.ui.markdown.budget import Spent, within
from holytui.ui.transcript.scroll_math import Anchor
from holytui.ui.transcript.sliced_work import Work

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView


_SPACE = re.compile("[ \n]")

_SLICE = 0.005
"""Seconds of laying out in one step of the work."""
_ROWS = 100
"""Rows searched in one step."""
_TEXT = 1 << 14
"""Characters folded in one step."""


class Matches:
    """Lines with any of `words`, in messages that have all of them. Messages are laid out only when visited."""

    def __init__(
        self,
        views: Sequence[MessageView],
        words: Sequence[str],
        a_slice: Callable[[], Spent] = lambda: within(_SLICE),
    ) -> None:
        """`a_slice` begins the time limit of one step of layout."""
        self._views = views
        self._words = words
        self._slice = a_slice
        self._at: Anchor | None = None
        self.here: Content | None = None
        """Content of the line that was visited last."""

    def begin(self, near: Anchor, width: int) -> Work[None]:
        """Continue from the matching line nearest to a position in a message."""
        view = self._views[near.index]
        lines = yield from self._lines(view, width)
        line = min(lines, key=lambda one: abs(one - near.offset), default=None)
        self._go(near if line is None else Anchor(near.index, line), width)

    def step(self, direction: int, width: int, otherwise: int) -> Work[Anchor | None]:
        """Go to the next match (`direction` 1) or the previous one (-1), wrapping around; None if there is none. Before
        the first step `otherwise` is the index of the message to begin at."""
        at = self._at or Anchor(otherwise, -1 if direction > 0 else 1 << 30)
        place = yield from self._from(at, direction, width)
        if place is not None:
            self._go(place, width)
        return place

    def _go(self, place: Anchor, width: int) -> None:
        self._at = place
        self.here = self._views[place.index].line(width, place.offset).content

    def _from(self, at: Anchor, direction: int, width: int) -> Work[Anchor | None]:
        count = len(self._views)
        for step in range(count + 1 if count else 0):
            index = (at.index + direction * step) % count
            lines = yield from self._lines(self._views[index], width)
            for line in lines if direction > 0 else reversed(lines):
                beyond = (line - at.offset) * direction > 0
                if (step == 0 and beyond) or (step == count and not beyond) or 0 < step < count:
                    return Anchor(index, line)
        return None

    def _lines(self, view: MessageView, width: int) -> Work[Sequence[int]]:
        if not (yield from self._has_all(view.message.text)):
            return ()
        lines = yield from self._shown(view, width)
        if not lines and view.folds(width) and not view.open:
            view.set_open(True)
            lines = yield from self._shown(view, width)
        return lines

    def _has_all(self, text: str) -> Work[bool]:
        missing = list(self._words)
        at = 0
        while missing and at < len(text):
            # words contain no space, and combining marks do not cross one
            space = _SPACE.search(text, at + _TEXT)
            end = space.start() if space else len(text)
            piece = folded(text[at:end])
            missing = [word for word in missing if word not in piece]
            at = end
            yield
        return not missing

    def _shown(self, view: MessageView, width: int) -> Work[Sequence[int]]:
        while view.behind(width):
            view.advance(width, self._slice())
            yield
        found: list[int] = []
        for y in range(view.height(width)):
            row = view.line(width, y)
            if row.gutter and not row.note and match_ranges(row.content.plain, self._words):
                found.append(y)
            if y % _ROWS == _ROWS - 1:
                yield
        return found
