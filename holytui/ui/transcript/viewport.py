"""Where the log stands, whether its end is followed, and what came since it was let go."""

from __future__ import annotations

from holytui.ui.transcript import scroll_math
from holytui.ui.transcript.scroll_math import Anchor, Heights


class Position:
    """Moves over `count` entries in a view of `view` lines."""

    def __init__(self, height: Heights) -> None:
        self._height = height
        self.count = 0
        self.view = 1
        self.anchor = Anchor()
        self.following = True
        self._left_at = (0, 0)
        """The last entry, and its height, when the end was let go."""

    def show_end(self) -> None:
        """Another conversation, at its end."""
        self.following = True
        self.anchor = scroll_math.bottom(self.count, self._height, self.view)

    def follow(self, *, free: int = 0) -> None:
        """Keep the end in sight, if it is followed; `free` as in `scroll.followed`."""
        if self.following:
            self.anchor = scroll_math.followed(self.anchor, self.count, self._height, self.view, free=free)

    def go(self, anchor: Anchor) -> None:
        """To a place between the ends. Where lines below the end are free they stay so, as nothing should jump."""
        end = scroll_math.bottom(self.count, self._height, self.view)
        followed = self.following
        self.anchor = min(anchor, max(end, self.anchor))
        self.following = self.anchor >= end
        if followed and not self.following:
            self._leave_end()

    def hold(self) -> None:
        """Stay here, though lines come."""
        if self.following:
            self.following = False
            self._leave_end()

    def _leave_end(self) -> None:
        if self.count:
            self._left_at = (self.count - 1, self._height(self.count - 1))

    def refit(self) -> None:
        """The heights or the view are others now: stay between the ends, and at the end with a full view."""
        if self.following:
            self.show_end()
        else:
            self.anchor = scroll_math.moved(self.anchor, 0, self.count, self._height, self.view)

    def lines(self, step: int) -> None:
        """`step` lines down (negative: up)."""
        self._step(scroll_math.moved(self.anchor, step, self.count, self._height, self.view), down=step > 0)

    def page(self, *, down: bool) -> None:
        """A page down or up."""
        self._step(scroll_math.page(self.anchor, down, self.count, self._height, self.view), down=down)

    def _step(self, anchor: Anchor, *, down: bool) -> None:
        """Down is never up, as it would be where lines below the end are free."""
        self.go(max(anchor, self.anchor) if down else anchor)

    def showing(self, index: int) -> Anchor:
        """The nearest place that shows an entry."""
        return scroll_math.showing(self.anchor, index, self.count, self._height, self.view)

    def at(self, line: int) -> int | None:
        """The entry on a line of the view."""
        found = scroll_math.at(self.anchor, line, self.count, self._height)
        return found[0] if found is not None else None

    def line_of(self, place: Anchor) -> int | None:
        """The line of the view that a place is on; None if it is not in sight."""
        line = place.offset - self.anchor.offset
        line += sum(self._height(index) for index in range(self.anchor.index, place.index))
        return line if place >= self.anchor and line < self.view else None

    def inside(self, index: int, direction: int) -> bool:
        """Whether an entry that is taller than the view goes on above (`direction` < 0) or below it."""
        if self._height(index) <= self.view or self.anchor.index != index:
            return False
        return self.anchor.offset > 0 if direction < 0 else self.anchor.offset + self.view < self._height(index)

    @property
    def new_lines(self) -> int:
        """Lines that came since the end was let go."""
        if self.following or not self.count:
            return 0
        index, height = self._left_at
        return max(0, sum(self._height(i) for i in range(index, self.count)) - height)
