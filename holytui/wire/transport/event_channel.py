"""Bounded channel from an attempt's thread to its reader: events, one `End`, and the deadlines of the attempt.

The reader waits only here, so neither a blocked socket nor a slow server delays it. It may be the main thread: a
KeyboardInterrupt anywhere in `get` leaves no lock held. A `Condition` cannot guarantee that (its `wait` and `__exit__`
are Python code), so the reader uses plain locks and waits on a `SimpleQueue`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto

from holytui.faults import Fault, FaultKind
from holytui.wire.events import Connected, End, Piece, Verdict, WireEvent
from holytui.wire.request import Timeouts

# When the channel is full, the writer stops reading, and TCP slows the server down.
_MAX_EVENTS = 4096  # events
_MAX_BUFFERED_TEXT = 1024 * 1024  # characters
# `Timeouts.connect` is per address of a host, and name resolution has no timeout. This factor limits the sum.
_CONNECT_ROUNDS = 3


class _Phase(Enum):
    CONNECTING = auto()
    SENDING = auto()
    WAITING = auto()
    FLOWING = auto()


class EventChannel:
    """Channel for one writer and one reader; any thread may cancel."""

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._lock = threading.Lock()
        self._writable = threading.Condition(self._lock)
        """Notified when the writer may continue: there is space, or the channel is closed."""
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._reader_waits = False
        self._events: deque[WireEvent] = deque()
        self._text = 0
        """Characters in `_events`."""
        self._phase = _Phase.CONNECTING
        self._byte_at = self._token_at = clock()
        self._so_far = End(Verdict.FAULT)
        self._default_end: tuple[float, End] | None = None
        self._writer_waits = False
        self._end: End | None = None
        self._closed = False
        self._end_read = False
        self.timed_out = False
        """A deadline passed; the writer may still be blocked in a read."""

    # For the writer

    @property
    def closed(self) -> bool:
        """Whether the end is decided; further events are dropped."""
        return self._closed

    @property
    def connected(self) -> bool:
        """Whether the connection was opened."""
        return self._phase is not _Phase.CONNECTING

    def mark_sending(self) -> None:
        """Record that the connection is open. No deadline applies while the request is being sent."""
        with self._lock:
            if self._phase is _Phase.CONNECTING and not self._closed:
                self._events.append(Connected())
                self._wake_reader()
            self._phase = _Phase.SENDING

    def mark_sent(self) -> None:
        """Record that the request is sent; the deadlines for the server start."""
        with self._lock:
            if self._phase is _Phase.SENDING:
                self._phase = _Phase.WAITING
                self._byte_at = self._token_at = self._clock()
                self._wake_reader()

    def put(self, events: Sequence[WireEvent], so_far: End, *, token: bool = False) -> None:
        """Add events of received bytes; `so_far` is the end if no more arrive. Blocks while the channel is full."""
        with self._lock:
            began = self._clock()
            while (len(self._events) >= _MAX_EVENTS or self._text >= _MAX_BUFFERED_TEXT) and not self._closed:
                self._writer_waits = True
                self._writable.wait()
            self._writer_waits = False
            if self._closed:
                return
            self._so_far = so_far
            self._byte_at = self._clock()
            self._token_at += self._byte_at - began  # do not count the time that the reader took
            if token:
                self._phase = _Phase.FLOWING
                self._token_at = self._byte_at
            self._events.extend(events)
            self._text += sum(len(event.text) for event in events if isinstance(event, Piece))
            self._wake_reader()

    def pause(self, seconds: float) -> None:
        """Wait for `seconds` or until closed, without counting the time as silence of the server.

        It still counts towards the deadline for a token, as otherwise a flood without tokens would never reach it.
        """
        with self._lock:
            until = time.monotonic() + seconds
            began = self._clock()
            while not self._closed and (left := until - time.monotonic()) > 0:
                self._writable.wait(left)
            self._byte_at += self._clock() - began

    def set_default_end(self, end: End | None, within: float = 0.0) -> None:
        """Set the end that takes effect after `within` seconds without another one; None removes it."""
        with self._lock:
            self._default_end = None if end is None else (self._clock() + within, end)
            self._wake_reader()

    def finish(self, end: End) -> None:
        """Set the last event. Ignored if the end is already decided."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._end = end
                self._wake_reader()

    # For the reader

    def cancel(self) -> bool:
        """Drop unread events and end with `CANCELLED`; return False if the end was already read."""
        with self._lock:
            if self._end_read:
                return False
            self._closed = True
            self._events.clear()
            self._text = 0
            self._end = replace(self._so_far, verdict=Verdict.CANCELLED, fault=None)
            self._writable.notify_all()
            self._wake_reader()
            return True

    def get(self, timeout: float | None = None) -> WireEvent | None:
        """Return the next event; None after `timeout` seconds of real time without one, and after the end."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                if self._events:
                    event = self._events.popleft()
                    if isinstance(event, Piece):
                        self._text -= len(event.text)
                    if self._writer_waits:
                        self._writable.notify_all()
                    return event
                if self._end is not None:
                    end = None if self._end_read else self._end
                    self._end_read = True
                    return end
                pause = self._check_deadline()
                if self._closed:
                    continue
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return None
                pauses = [seconds for seconds in (pause, left) if seconds is not None]
                self._reader_waits = True
            with suppress(queue.Empty):
                self._wake.get(timeout=min(pauses, default=None))

    def _wake_reader(self) -> None:
        """Wake a waiting reader. The lock must be held."""
        if self._reader_waits:
            self._reader_waits = False
            self._wake.put(None)

    def _check_deadline(self) -> float | None:
        """Close the channel if a deadline has passed; else return the seconds until the next one."""
        if self._writer_waits:  # the reader is slow, not the server
            return None
        at, end = self._next_deadline()
        if at is None:
            return None
        left = at - self._clock()
        if left <= 0:
            self._closed = self.timed_out = True
            self._end = replace(self._so_far, fault=Fault(end)) if isinstance(end, FaultKind) else end
        # Python's locks reject very long timeouts.
        return min(max(left, 0.0), 3600.0)

    def _next_deadline(self) -> tuple[float | None, End | FaultKind]:
        """Return the time of the next deadline (None: none) and its end. Called for each token, so it must be cheap."""
        if self._default_end is not None:
            return self._default_end
        times = self._timeouts
        match self._phase:
            case _Phase.CONNECTING:
                return self._byte_at + _CONNECT_ROUNDS * times.connect, FaultKind.CONNECT_TIMEOUT
            case _Phase.SENDING:
                return None, FaultKind.IDLE
            case phase:
                patience = times.token if phase is _Phase.FLOWING else times.first_token
                idle, no_token = self._byte_at + times.idle, self._token_at + patience
                return (idle, FaultKind.IDLE) if idle <= no_token else (no_token, FaultKind.NO_TOKEN)
