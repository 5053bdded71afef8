"""The places in the messages of what was searched for, gone through one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from holytui.store.matches import folded, ranges_of
from holytui.ui.markdown import never
from holytui.ui.transcript.scroll_math import Anchor

if TYPE_CHECKING:
    from holytui.ui.transcript.message_view import MessageView


class Matches:
    """The lines that have any of `words`, in the messages that have all of them. Only those that are asked for are
    laid out."""

    def __init__(self, entries: Sequence[MessageView], words: Sequence[str]) -> None:
        self._entries = entries
        self._words = words
        self._at: Anchor | None = None
        self.here: Content | None = None
        """The content of the line that was gone to last."""

    def begin(self, near: Anchor, width: int) -> None:
        """Go on from the line that is nearest to a place in an entry."""
        entry = self._entries[near.index]
        line = min(self._lines(entry, width), key=lambda one: abs(one - near.offset), default=None)
        self._go(near if line is None else Anchor(near.index, line), width)

    def step(self, direction: int, width: int, otherwise: int) -> Anchor | None:
        """The next place (`direction` 1) or the previous one (-1), at the ends from the other one on; None if there is
        none. Before the first step `otherwise` is the entry to begin at."""
        at = self._at or Anchor(otherwise, -1 if direction > 0 else 1 << 30)
        place = next(self._from(at, direction, width), None)
        if place is not None:
            self._go(place, width)
        return place

    def _go(self, place: Anchor, width: int) -> None:
        self._at = place
        self.here = self._entries[place.index].line(width, place.offset).content

    def _from(self, at: Anchor, direction: int, width: int) -> Iterator[Anchor]:
        count = len(self._entries)
        for step in range(count + 1 if count else 0):
            index = (at.index + direction * step) % count
            lines = self._lines(self._entries[index], width)
            for line in lines if direction > 0 else reversed(lines):
                beyond = (line - at.offset) * direction > 0
                if (step == 0 and beyond) or (step == count and not beyond) or 0 < step < count:
                    yield Anchor(index, line)

    def _lines(self, entry: MessageView, width: int) -> Sequence[int]:
        text = folded(entry.message.text)
        if not all(word in text for word in self._words):
            return ()
        lines = self._shown(entry, width)
        if not lines and entry.folds(width) and not entry.open:
            entry.set_open(True)
            lines = self._shown(entry, width)
        return lines

    def _shown(self, entry: MessageView, width: int) -> Sequence[int]:
        entry.advance(width, never)
        rows = ((y, entry.line(width, y)) for y in range(entry.height(width)))
        return [y for y, row in rows if row.gutter and not row.note and ranges_of(row.content.plain, self._words)]
