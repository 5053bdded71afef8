"""Queue of events from the engine's threads to the screen, delivered in batches at most once a frame.

There is no timer while no events arrive. The first event after a pause, and the end of an answer, are delivered at
once. Text is joined, so a frame costs the same for one token or a hundred.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby

from holytui.engine.events import Delta, Ended, Reasoning, TurnEvent

FRAME = 1 / 25
"""Seconds between two frames of streamed text."""
_LONG = 0.005
"""Seconds of a delivery after which the next one waits for input to be handled."""


class EventQueue:
    """`put` from any thread; `deliver(events)` is called on the loop that `open` was called on."""

    def __init__(
        self,
        deliver: Callable[[Sequence[TurnEvent]], None],
        frame: float = FRAME,
        pause: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`pause`: seconds for which a delivery that takes long should wait."""
        self._deliver = deliver
        self._frame = frame
        self._pause = pause
        self._took = 0.0
        self._waiting: deque[TurnEvent] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: contextvars.Context | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._woken = self._urgent = False

    def open(self) -> None:
        """Begin delivery on the running loop, in the context of the caller, which Textual's timers need."""
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._last = self._loop.time() - self._frame
        if self._waiting:
            self._wake()

    def close(self) -> None:
        """Stop delivery."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def put(self, event: TurnEvent) -> None:
        """Add an event. For any thread; returns at once."""
        self._waiting.append(event)
        loop = self._loop
        urgent = isinstance(event, Ended)
        if loop is None or (self._woken and (self._urgent or not urgent)):
            return
        self._woken = True
        self._urgent = urgent
        try:
            loop.call_soon_threadsafe(self._wake, context=self._context)
        except RuntimeError:  # the loop was closed between the two lines: the app is gone
            self._loop = None

    def _wake(self) -> None:
        if self._loop is None:
            return
        rest = self._last + self._frame - self._loop.time()
        if rest <= 0 or self._urgent:
            self._drain()
        elif self._timer is None:
            self._timer = self._loop.call_later(rest, self._drain, context=self._context)

    def _drain(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is None:
            return
        if not self._urgent and self._took > _LONG and (rest := self._pause()) > 0:
            self._timer = self._loop.call_later(rest, self._drain, context=self._context)
            return
        self._woken = self._urgent = False
        began = self._loop.time()
        events = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if events:
            self._deliver(coalesce(events))
        # after a slow delivery, wait as long again, so that keys are handled
        now = self._loop.time()
        self._took = now - began
        self._last = max(began, now + self._took - self._frame)


def coalesce(events: Sequence[TurnEvent]) -> list[TurnEvent]:
    """The same events with adjacent text of one turn joined, in linear time."""
    out: list[TurnEvent] = []
    for (kind, turn_id), run in groupby(events, _kind_and_turn):
        if kind is Delta or kind is Reasoning:
            pieces = [event.text for event in run if isinstance(event, Delta | Reasoning)]
            out.append(kind(turn_id, "".join(pieces)))
        else:
            out += run
    return out


def _kind_and_turn(event: TurnEvent) -> tuple[type[TurnEvent], str]:
    return type(event), event.turn_id
