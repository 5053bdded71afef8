"""The places in the messages of what was searched for, gone through one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from textual.content import Content

from holytui.store.matches import folded, match_ranges
from holytui.ui.markdown import Spent, within
from holytui.ui.transcript.scroll_math import Anchor

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView


_SPACE = re.compile("[ \n]")

_T = TypeVar("_T")
Work = Generator[None, None, _T]
"""Something that takes long, done from one `next` to the next; what it returns is the result."""

_SLICE = 0.005
"""Seconds of laying out in one step of the work."""
_ROWS = 100
"""Rows that are looked through in one step."""
_TEXT = 1 << 14
"""Characters that are folded in one step."""


class Matches:
    """The lines that have any of `words`, in the messages that have all of them. Only those that are asked for are
    laid out."""

    def __init__(
        self,
        entries: Sequence[MessageView],
        words: Sequence[str],
        a_slice: Callable[[], Spent] = lambda: within(_SLICE),
    ) -> None:
        """`a_slice` begins one step of laying out."""
        self._entries = entries
        self._words = words
        self._slice = a_slice
        self._at: Anchor | None = None
        self.here: Content | None = None
        """The content of the line that was gone to last."""

    def begin(self, near: Anchor, width: int) -> Work[None]:
        """Go on from the line that is nearest to a place in an entry."""
        entry = self._entries[near.index]
        lines = yield from self._lines(entry, width)
        line = min(lines, key=lambda one: abs(one - near.offset), default=None)
        self._go(near if line is None else Anchor(near.index, line), width)

    def step(self, direction: int, width: int, otherwise: int) -> Work[Anchor | None]:
        """The next place (`direction` 1) or the previous one (-1), at the ends from the other one on; None if there is
        none. Before the first step `otherwise` is the entry to begin at."""
        at = self._at or Anchor(otherwise, -1 if direction > 0 else 1 << 30)
        place = yield from self._from(at, direction, width)
        if place is not None:
            self._go(place, width)
        return place

    def _go(self, place: Anchor, width: int) -> None:
        self._at = place
        self.here = self._entries[place.index].line(width, place.offset).content

    def _from(self, at: Anchor, direction: int, width: int) -> Work[Anchor | None]:
        count = len(self._entries)
        for step in range(count + 1 if count else 0):
            index = (at.index + direction * step) % count
            lines = yield from self._lines(self._entries[index], width)
            for line in lines if direction > 0 else reversed(lines):
                beyond = (line - at.offset) * direction > 0
                if (step == 0 and beyond) or (step == count and not beyond) or 0 < step < count:
                    return Anchor(index, line)
        return None

    def _lines(self, entry: MessageView, width: int) -> Work[Sequence[int]]:
        if not (yield from self._has_all(entry.message.text)):
            return ()
        lines = yield from self._shown(entry, width)
        if not lines and entry.folds(width) and not entry.open:
            entry.set_open(True)
            lines = yield from self._shown(entry, width)
        return lines

    def _has_all(self, text: str) -> Work[bool]:
        missing = list(self._words)
        at = 0
        while missing and at < len(text):
            # words have no spaces in them, and a space keeps the marks of what follows from what is before
            space = _SPACE.search(text, at + _TEXT)
            end = space.start() if space else len(text)
            piece = folded(text[at:end])
            missing = [word for word in missing if word not in piece]
            at = end
            yield
        return not missing

    def _shown(self, entry: MessageView, width: int) -> Work[Sequence[int]]:
        while entry.behind(width):
            entry.advance(width, self._slice())
            yield
        found: list[int] = []
        for y in range(entry.height(width)):
            row = entry.line(width, y)
            if row.gutter and not row.note and match_ranges(row.content.plain, self._words):
                found.append(y)
            if y % _ROWS == _ROWS - 1:
                yield
        return found
