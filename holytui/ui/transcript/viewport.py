"""The part of the message list that is in view, and whether it follows the end."""

from __future__ import annotations

from holytui.ui.transcript import scroll_math
from holytui.ui.transcript.scroll_math import Anchor, Heights


class Viewport:
    """A window of `height` lines over `count` entries."""

    def __init__(self, entry_height: Heights) -> None:
        self._entry_height = entry_height
        self.count = 0
        self.height = 1
        self.anchor = Anchor()
        self.following = True
        self._left_at = (0, 0)
        """Index and height of the last entry when following ended."""

    def show_end(self) -> None:
        """Scroll to the end and follow it."""
        self.following = True
        self.anchor = scroll_math.bottom(self.count, self._entry_height, self.height)

    def follow(self, *, free: int = 0) -> None:
        """Scroll to the end if it is followed; `free` as in `scroll_math.followed`."""
        if self.following:
            self.anchor = scroll_math.followed(self.anchor, self.count, self._entry_height, self.height, free=free)

    def scroll_to(self, anchor: Anchor) -> None:
        """Scroll to a position between the ends. Free lines below the end stay free, so that nothing jumps."""
        end = scroll_math.bottom(self.count, self._entry_height, self.height)
        followed = self.following
        self.anchor = min(anchor, max(end, self.anchor))
        self.following = self.anchor >= end
        if followed and not self.following:
            self._remember_end()

    def stop_following(self) -> None:
        """Stay here while lines are added."""
        if self.following:
            self.following = False
            self._remember_end()

    def _remember_end(self) -> None:
        if self.count:
            self._left_at = (self.count - 1, self._entry_height(self.count - 1))

    def refit(self) -> None:
        """Adapt to other entry heights or another `height`: stay between the ends, or at the end if it is followed."""
        if self.following:
            self.show_end()
        else:
            self.anchor = scroll_math.moved(self.anchor, 0, self.count, self._entry_height, self.height)

    def scroll_lines(self, lines: int) -> None:
        """Scroll down (negative: up)."""
        self._step(scroll_math.moved(self.anchor, lines, self.count, self._entry_height, self.height), down=lines > 0)

    def scroll_page(self, *, down: bool) -> None:
        """Scroll a page down or up."""
        self._step(scroll_math.page(self.anchor, down, self.count, self._entry_height, self.height), down=down)

    def _step(self, anchor: Anchor, *, down: bool) -> None:
        # where lines below the end are free, the position further down is above the present one
        self.scroll_to(max(anchor, self.anchor) if down else anchor)

    def showing(self, index: int) -> Anchor:
        """The nearest position that shows an entry."""
        return scroll_math.showing(self.anchor, index, self.count, self._entry_height, self.height)

    def entry_at(self, line: int) -> int | None:
        """Index of the entry on a line of the view; None below the end."""
        position = scroll_math.at(self.anchor, line, self.count, self._entry_height)
        return position[0] if position is not None else None

    def line_of(self, position: Anchor) -> int | None:
        """The line of the view at which a line of an entry is shown; None if it is not in view."""
        line = position.offset - self.anchor.offset
        line += sum(self._entry_height(index) for index in range(self.anchor.index, position.index))
        return line if position >= self.anchor and line < self.height else None

    def extends(self, index: int, direction: int) -> bool:
        """Whether an entry taller than the view continues above (`direction` < 0) or below it."""
        if self._entry_height(index) <= self.height or self.anchor.index != index:
            return False
        if direction < 0:
            return self.anchor.offset > 0
        return self.anchor.offset + self.height < self._entry_height(index)

    @property
    def new_lines(self) -> int:
        """Lines added since following ended; 0 while the end is followed."""
        if self.following or not self.count:
            return 0
        index, height = self._left_at
        return max(0, sum(self._entry_height(i) for i in range(index, self.count)) - height)
