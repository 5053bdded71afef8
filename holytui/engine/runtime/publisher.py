"""Tells listeners of a turn; pieces of text that come quicker than a screen can show them are told together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from holytui.engine.events import Delta, Ended, Reasoning, Replaced, TurnEvent

INTERVAL = 0.016
"""Seconds between two tellings of text, a frame at 60 a second. The first piece after a pause is told at once."""


class EventPublisher:
    """One turn's events on their way out, in order. Written by one thread; `told` is for any."""

    def __init__(
        self, publish: Callable[[TurnEvent], None], clock: Callable[[], float], text: str, reasoning: str = ""
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._text = [text]
        self._reasoning = [reasoning]
        self._pending: list[tuple[type[Delta] | type[Reasoning], list[str]]] = []
        """Pieces in their order, those of one kind beside each other."""
        self._turn_id = ""
        self._last_at = float("-inf")
        self.ended = False
        """The last event was told."""

    @property
    def text(self) -> str:
        """The answer's text as the listeners know it."""
        with self._lock:
            return _joined(self._text)

    @property
    def reasoning(self) -> str:
        """The reasoning as the listeners know it."""
        with self._lock:
            return _joined(self._reasoning)

    @property
    def due(self) -> float | None:
        """When `flush` is to be called, on the clock; None: nothing is held."""
        return self._last_at + INTERVAL if self._pending else None

    def emit(self, event: TurnEvent) -> None:
        """Tell `event`, text a little later if some was told just now."""
        if isinstance(event, Delta | Reasoning):
            self._enqueue(event)
            if self._clock() - self._last_at >= INTERVAL:
                self.flush()
            return
        self.flush()
        if isinstance(event, Replaced):
            with self._lock:
                self._text = [event.text]
                self._reasoning = [event.reasoning]
        self._publish(event)
        self.ended = self.ended or isinstance(event, Ended)

    def emit_last(self, event: Ended) -> None:
        """Tell the end; what was held is left to the journal."""
        self._pending.clear()
        self._publish(event)
        self.ended = True

    def flush(self) -> None:
        """Tell all that is held."""
        pending, self._pending = self._pending, []
        if pending:
            self._last_at = self._clock()
        for kind, pieces in pending:
            text = "".join(pieces)
            with self._lock:
                (self._text if kind is Delta else self._reasoning).append(text)
            self._publish(kind(self._turn_id, text))

    def _enqueue(self, event: Delta | Reasoning) -> None:
        self._turn_id = event.turn_id
        if self._pending and self._pending[-1][0] is type(event):
            self._pending[-1][1].append(event.text)
        else:
            self._pending.append((type(event), [event.text]))


def _joined(pieces: list[str]) -> str:
    """All pieces as one text, which takes their place: asking again costs only what came since."""
    if len(pieces) != 1:
        pieces[:] = ["".join(pieces)]
    return pieces[0]
