"""Tells listeners of a turn; pieces of text that come quicker than a screen can show them are told together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from holytui.engine.events import Delta, Ended, Reasoning, Replaced, TurnEvent

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
        self._held: list[tuple[type[Delta] | type[Reasoning], list[str]]] = []
        """Pieces in their order, those of one kind beside each other."""
        self._turn_id = ""
        self._last = float("-inf")
        self.ended = False
        """The last event was told."""

    @property
    def told(self) -> str:
        """The answer's text as the listeners know it."""
        with self._lock:
            return _joined(self._told)

    @property
    def thoughts(self) -> str:
        """The reasoning as the listeners know it."""
        with self._lock:
            return _joined(self._thoughts)

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
        self.ended = self.ended or isinstance(event, Ended)

    def tell_last(self, event: Ended) -> None:
        """Tell the end; what was held is left to the journal."""
        self._held.clear()
        self._tell(event)
        self.ended = True

    def flush(self) -> None:
        """Tell all that is held."""
        held, self._held = self._held, []
        if held:
            self._last = self._clock()
        for kind, pieces in held:
            text = "".join(pieces)
            with self._lock:
                (self._told if kind is Delta else self._thoughts).append(text)
            self._tell(kind(self._turn_id, text))

    def _hold(self, event: Delta | Reasoning) -> None:
        self._turn_id = event.turn_id
        if self._held and self._held[-1][0] is type(event):
            self._held[-1][1].append(event.text)
        else:
            self._held.append((type(event), [event.text]))


def _joined(pieces: list[str]) -> str:
    """All pieces as one text, which takes their place: asking again costs only what came since."""
    if len(pieces) != 1:
        pieces[:] = ["".join(pieces)]
    return pieces[0]
