"""A widget of lines that are laid out for its width."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget


class LinesWidget(Widget):
    """A widget of lines laid out for its width."""

    def __init__(self, make: Callable[[int], list[Content]], id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._make = make
        self._made: tuple[int, list[Content]] = (-1, [])

    def _of(self, width: int) -> list[Content]:
        if self._made[0] != width:
            self._made = width, self._make(width)
        return self._made[1]

    def renew(self) -> None:
        """Compute the lines again, and repaint if they differ."""
        before = self._made
        self._made = (-1, [])
        lines = self._of(before[0]) if before[0] > 0 else []
        if lines != before[1]:
            self.refresh(layout=len(lines) != len(before[1]))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as Textual calls it
        """The number of lines."""
        return len(self._of(width))

    def render(self) -> Content:
        """All lines."""
        return Content("\n").join(self._of(self.size.width))
