"""Publishes the events of a turn; text that arrives faster than a screen can show it is combined."""

from __future__ import annotations

import threading
from collections.abc import Callable

from holytui.engine.events import Delta, Ended, Reasoning, Replaced, TurnEvent
from holytui.engine.turn.text_buffer import TextBuffer

INTERVAL = 0.016
"""Seconds between two text events (60 a second). The first piece after a pause is published at once."""


class EventPublisher:
    """Publishes one turn's events in order. One thread writes; `text` and `reasoning` are thread-safe."""

    def __init__(
        self, publish: Callable[[TurnEvent], None], clock: Callable[[], float], text: str, reasoning: str = ""
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._text = TextBuffer(text)
        self._reasoning = TextBuffer(reasoning)
        self._pending: list[tuple[type[Delta] | type[Reasoning], list[str]]] = []
        """Pieces in order; adjacent pieces of one kind are grouped."""
        self._turn_id = ""
        self._last_at = float("-inf")
        self.ended = False
        """The last event was published."""

    @property
    def text(self) -> str:
        """The answer's text as listeners know it."""
        with self._lock:
            return self._text.text()

    @property
    def reasoning(self) -> str:
        """The reasoning as listeners know it."""
        with self._lock:
            return self._reasoning.text()

    @property
    def due(self) -> float | None:
        """When `flush` is due, on the clock; None: nothing is pending."""
        return self._last_at + INTERVAL if self._pending else None

    def emit(self, event: TurnEvent) -> None:
        """Publish `event`; delay text if some was published just now."""
        if isinstance(event, Delta | Reasoning):
            self._enqueue(event)
            if self._clock() - self._last_at >= INTERVAL:
                self.flush()
            return
        self.flush()
        if isinstance(event, Replaced):
            with self._lock:
                self._text = TextBuffer(event.text)
                self._reasoning = TextBuffer(event.reasoning)
        self._publish(event)
        self.ended = self.ended or isinstance(event, Ended)

    def emit_last(self, event: Ended) -> None:
        """Publish the end and drop pending text, which is in the journal."""
        self._pending.clear()
        self._publish(event)
        self.ended = True

    def flush(self) -> None:
        """Publish all pending text."""
        pending, self._pending = self._pending, []
        if pending:
            self._last_at = self._clock()
        for kind, pieces in pending:
            text = "".join(pieces)
            with self._lock:
                (self._text if kind is Delta else self._reasoning).add(text)
            self._publish(kind(self._turn_id, text))

    def _enqueue(self, event: Delta | Reasoning) -> None:
        self._turn_id = event.turn_id
        if self._pending and self._pending[-1][0] is type(event):
            self._pending[-1][1].append(event.text)
        else:
            self._pending.append((type(event), [event.text]))
