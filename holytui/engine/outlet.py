"""Tells listeners of a turn; pieces of text that come quicker than a screen can show them are told together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from holytui.engine.events import Delta, Reasoning, Replaced, TurnEvent

INTERVAL = 0.016
"""Seconds between two tellings of text, a frame at 60 a second. The first piece after a pause is told at once."""


class Outlet:
    """One turn's events on their way out, in order. Written by one thread; `told` is for any."""

    def __init__(
        self, tell: Callable[[TurnEvent], None], clock: Callable[[], float], text: str, reasoning: str = ""
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._told = [text]
        self._thoughts = [reasoning]
        self._held: list[Delta | Reasoning] = []
        self._last = float("-inf")

    @property
    def told(self) -> str:
        """The answer's text as the listeners know it."""
        with self._lock:
            return "".join(self._told)

    @property
    def thoughts(self) -> str:
        """The reasoning as the listeners know it."""
        with self._lock:
            return "".join(self._thoughts)

    @property
    def due(self) -> float | None:
        """When `flush` is to be called, on the clock; None: nothing is held."""
        return self._last + INTERVAL if self._held else None

    def emit(self, event: TurnEvent) -> None:
        """Tell `event`, text a little later if some was told just now."""
        if isinstance(event, Delta | Reasoning):
            self._hold(event)
            if self._clock() - self._last >= INTERVAL:
                self.flush()
            return
        self.flush()
        if isinstance(event, Replaced):
            with self._lock:
                self._told = [event.text]
                self._thoughts = [event.reasoning]
        self._tell(event)

    def flush(self) -> None:
        """Tell all that is held."""
        held, self._held = self._held, []
        if held:
            self._last = self._clock()
        for event in held:
            with self._lock:
                (self._told if isinstance(event, Delta) else self._thoughts).append(event.text)
            self._tell(event)

    def _hold(self, event: Delta | Reasoning) -> None:
        last = self._held[-1] if self._held else None
        if type(last) is type(event) and last is not None:
            self._held[-1] = type(event)(event.turn_id, last.text + event.text)
        else:
            self._held.append(event)
