"""The status line: connection, model, tokens and cost."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from holytui.hints import KEYLESS, ActionNames
from holytui.presentation.status import Status
from holytui.ui.status.line import line


class StatusBar(Widget):
    """Shows a `Status`. It repaints once a second while it has a countdown, and else only on changes."""

    status: reactive[Status] = reactive(Status(), repaint=True)

    names: reactive[ActionNames] = reactive(KEYLESS, repaint=True)
    """How notices name actions where the focus is."""

    def __init__(self, names: ActionNames = KEYLESS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(id="status")
        self.set_reactive(StatusBar.names, names)
        self._clock = clock
        self._ticker: Timer | None = None

    def render(self) -> Content:
        """One line, never wrapped."""
        return line(self.status, max(1, self.size.width), self._clock(), self.names)

    def watch_status(self, status: Status) -> None:
        """Start or stop the timer of the countdown."""
        moving = status.connection.moving
        if moving and self._ticker is None:
            self._ticker = self.set_interval(1.0, self.refresh)
        elif not moving and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def on_resize(self, _event: Resize) -> None:
        """Repaint, as other fields may fit."""
        self.refresh()
