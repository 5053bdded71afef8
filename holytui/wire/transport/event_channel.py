"""What passes from an attempt's thread to whoever reads it: events, one end, and the times after which it is overdue.

The reader waits here and nowhere else, so neither a blocked socket nor a slow server can hold it up. It may be the main
thread: a KeyboardInterrupt anywhere in `get` leaves no lock held. A `Condition` cannot promise that (its `wait` and its
`__exit__` are Python code), so the reader takes plain locks only, and waits on a `SimpleQueue`.
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

# A reader that is slower than the server slows the server down, through TCP.
_CAPACITY = 4096  # events
_MOST_TEXT = 1024 * 1024  # characters
# Each address of a host has `Timeouts.connect` to itself; looking the name up has no limit of its own. This is for all.
_CONNECT_ROUNDS = 3


class _Phase(Enum):
    CONNECTING = auto()
    SENDING = auto()
    WAITING = auto()
    FLOWING = auto()


class Mailbox:
    """One writer, one reader, and anyone may cancel."""

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        """For the writer: there is room again, or it is closed."""
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._reader_waits = False
        self._events: deque[WireEvent] = deque()
        self._text = 0
        """Characters in `_events`."""
        self._phase = _Phase.CONNECTING
        self._byte_at = self._token_at = clock()
        self._so_far = End(Verdict.FAULT)
        self._presumed: tuple[float, End] | None = None
        self._writer_waits = False
        self._end: End | None = None
        self._closed = False
        self._read_out = False
        self.overdue = False
        """A deadline ended it; the writer may still be blocked in reading."""

    # For the writer

    @property
    def closed(self) -> bool:
        """Nobody wants to hear more: the end is settled."""
        return self._closed

    @property
    def connected(self) -> bool:
        """The request was about to be sent, or more."""
        return self._phase is not _Phase.CONNECTING

    def sending(self) -> None:
        """The connection is open, the request on its way; while it is, only the connection itself can fail."""
        with self._lock:
            if self._phase is _Phase.CONNECTING and not self._closed:
                self._events.append(Connected())
                self._wake_reader()
            self._phase = _Phase.SENDING

    def sent(self) -> None:
        """The whole request is sent: now the server is waited for."""
        with self._lock:
            if self._phase is _Phase.SENDING:
                self._phase = _Phase.WAITING
                self._byte_at = self._token_at = self._clock()
                self._wake_reader()

    def put(self, events: Sequence[WireEvent], so_far: End, *, token: bool = False) -> None:
        """Bytes came, and these events of them; `so_far` is the end if no more comes. Waits for a slow reader."""
        with self._lock:
            began = self._clock()
            while (len(self._events) >= _CAPACITY or self._text >= _MOST_TEXT) and not self._closed:
                self._writer_waits = True
                self._room.wait()
            self._writer_waits = False
            if self._closed:
                return
            self._so_far = so_far
            self._byte_at = self._clock()
            self._token_at += self._byte_at - began  # the time that the reader took is not the server's
            if token:
                self._phase = _Phase.FLOWING
                self._token_at = self._byte_at
            self._events.extend(events)
            self._text += sum(len(event.text) for event in events if isinstance(event, Piece))
            self._wake_reader()

    def pause(self, seconds: float) -> None:
        """Let time go by, or until it is cancelled. The silence meanwhile is not the server's; but it is paused for
        what it sends, so a flood without a token waits for one no longer than a silence does."""
        with self._lock:
            until = time.monotonic() + seconds
            began = self._clock()
            while not self._closed and (left := until - time.monotonic()) > 0:
                self._room.wait(left)
            self._byte_at += self._clock() - began

    def presume(self, end: End | None, within: float = 0.0) -> None:
        """If nothing else ends it `within` these seconds, then this is the end (None: nothing is presumed)."""
        with self._lock:
            self._presumed = None if end is None else (self._clock() + within, end)
            self._wake_reader()

    def finish(self, end: End) -> None:
        """The last event; only the first one counts, and none after a cancel."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._end = end
                self._wake_reader()

    # For the reader

    def cancel(self) -> bool:
        """Drop what was not read; the end is `CANCELLED`. False: its end was read already."""
        with self._lock:
            if self._read_out:
                return False
            self._closed = True
            self._events.clear()
            self._text = 0
            self._end = replace(self._so_far, verdict=Verdict.CANCELLED, fault=None)
            self._room.notify_all()
            self._wake_reader()
            return True

    def get(self, timeout: float | None = None) -> WireEvent | None:
        """The next event; None after `timeout` seconds (of real time) without one, and when the end was read."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                if self._events:
                    event = self._events.popleft()
                    if isinstance(event, Piece):
                        self._text -= len(event.text)
                    if self._writer_waits:
                        self._room.notify_all()
                    return event
                if self._end is not None:
                    end = None if self._read_out else self._end
                    self._read_out = True
                    return end
                pause = self._look_at_deadlines()
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
        """With the lock held."""
        if self._reader_waits:
            self._reader_waits = False
            self._wake.put(None)

    def _look_at_deadlines(self) -> float | None:
        """End it if it is overdue; else seconds until it is."""
        if self._writer_waits:  # it was the reader who took long
            return None
        at, end = self._deadline()
        if at is None:
            return None
        left = at - self._clock()
        if left <= 0:
            self._closed = self.overdue = True
            self._end = replace(self._so_far, fault=Fault(end)) if isinstance(end, FaultKind) else end
        # A wait for ever is no wait that Python's locks can do.
        return min(max(left, 0.0), 3600.0)

    def _deadline(self) -> tuple[float | None, End | FaultKind]:
        """When it is overdue next (None: never), and how it ends then. Looked at for every token: it must be cheap."""
        if self._presumed is not None:
            return self._presumed
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
