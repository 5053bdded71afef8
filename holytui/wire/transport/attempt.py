"""Reader's side of one attempt: an iterator of events that never raises and that any thread can cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from holytui.faults import Fault, FaultKind
from holytui.wire.events import End, Verdict, WireEvent
from holytui.wire.transport.advice import add_advice
from holytui.wire.transport.attempt_thread import AttemptSpec, AttemptThread
from holytui.wire.transport.connections import ConnectionPool
from holytui.wire.transport.event_channel import EventChannel


class AttemptStream:
    """Events of one attempt; the last one is an `End`. One thread reads; any thread may cancel.

    Leaving it as a context manager cancels an unfinished attempt.
    """

    def __init__(
        self, spec: AttemptSpec, connections: ConnectionPool, refused_options: set[str], clock: Callable[[], float]
    ) -> None:
        self._channel = EventChannel(spec.timeouts, clock)
        self._endpoint = spec.endpoint
        self._attempt_thread = AttemptThread(spec, connections, self._channel, refused_options, clock)
        self._ended = False
        # A daemon, so that quitting does not wait for name resolution.
        self._thread = threading.Thread(target=self._attempt_thread.run, name="holytui-wire", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as exc:  # the limit of threads is reached
            self._channel.finish(End(Verdict.FAULT, Fault(FaultKind.INTERNAL, str(exc))))

    def __iter__(self) -> AttemptStream:
        return self

    def __next__(self) -> WireEvent:
        event = self.wait(None)
        if event is None:
            raise StopIteration
        return event

    def wait(self, timeout: float | None) -> WireEvent | None:
        """Return the next event; None after `timeout` seconds without one, and always after the `End`."""
        event = self._channel.get(timeout)
        if isinstance(event, End):
            self._ended = True
            if self._channel.timed_out:
                self._attempt_thread.cancel()
            if event.fault is not None:  # the channel's deadlines do not know the endpoint
                event = replace(event, fault=add_advice(event.fault, self._endpoint))
        return event

    @property
    def ended(self) -> bool:
        """Whether the `End` was read."""
        return self._ended

    def cancel(self) -> None:
        """Shut down the connection; the next event is `End(CANCELLED)`. Thread-safe."""
        if self._channel.cancel():
            self._attempt_thread.cancel()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its thread to end; return False if it has not within `timeout` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def __enter__(self) -> AttemptStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()
