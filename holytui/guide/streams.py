"""Streams that the guide's server keeps, as llama.cpp does: an answer is generated on when its connection breaks, and
can be read from any byte until some minutes after its end."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from holytui.guide.response_writer import ResponseWriter

_KEPT_SECONDS = 300.0
"""From the end of a stream, as llama.cpp has it."""
_MAX_STREAMS = 64
_WAIT = 0.5
"""Longest wait of a reader before it looks again whether the server has stopped."""


class GuideStream:
    """The body of one answer, which one thread adds to and any others read."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._body = bytearray()
        self._ended = False
        self._cut_at: int | None = None
        self.ended_at: float | None = None
        """On the clock of `GuideStreams`; None while the answer is generated."""

    def add(self, data: bytes) -> None:
        """Add to the body. Raises ConnectionAbortedError once it is cancelled."""
        with self._changed:
            if self._ended:
                raise ConnectionAbortedError
            self._body += data
            self._changed.notify_all()

    def cut(self) -> None:
        """Break the first connection here; the answer goes on."""
        with self._changed:
            self._cut_at = len(self._body)
            self._changed.notify_all()

    def end(self, now: float) -> None:
        """End the body, or cancel it."""
        with self._changed:
            self._ended, self.ended_at = True, now
            self._changed.notify_all()

    def send(self, writer: ResponseWriter, offset: int, stopped: Callable[[], bool], *, first: bool) -> None:
        """Send the body from `offset` to its end. `first`: this is the connection that `cut` breaks.

        Raises OSError when the client leaves.
        """
        writer.begin()
        while not stopped():
            with self._changed:
                if len(self._body) <= offset and not self._ended and not (first and self._cut_at is not None):
                    self._changed.wait(_WAIT)
                data = bytes(self._body[offset : self._cut_at if first else None])
                offset += len(data)
                is_cut = first and self._cut_at is not None and offset >= self._cut_at
                ended = self._ended and offset >= len(self._body)
            if data:
                writer.data(data)
            if is_cut:
                writer.reset()
                return
            if ended:
                writer.end()
                return
        raise ConnectionAbortedError

    @property
    def size(self) -> int:
        """Bytes so far."""
        return len(self._body)


class StreamWriter(ResponseWriter):
    """Writes the events of a reply to a stream instead of a connection."""

    __slots__ = ("_clock", "_stream")

    def __init__(self, stream: GuideStream, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self.keep_alive = False

    def begin(self, *, chunked: bool = True) -> None:
        """The stream has no head."""

    def data(self, data: bytes) -> None:
        """Add to the stream."""
        self._stream.add(data)

    def detach(self) -> None:
        """Break the client's connection."""
        self._stream.cut()

    def end(self) -> None:
        """End the stream."""
        self._stream.end(self._clock())


class GuideStreams:
    """The streams by the names that clients gave them. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._streams: OrderedDict[str, GuideStream] = OrderedDict()

    def begin(self, name: str) -> GuideStream:
        """A new stream; one of the same name is cancelled."""
        self.remove(name)
        with self._lock:
            while len(self._streams) >= _MAX_STREAMS:
                self._streams.popitem(last=False)[1].end(self.clock())
            stream = self._streams[name] = GuideStream()
        return stream

    def find(self, name: str) -> GuideStream | None:
        """The stream of this name, unless it ended long ago."""
        with self._lock:
            stream = self._streams.get(name)
            if stream is None or stream.ended_at is None or self.clock() - stream.ended_at < _KEPT_SECONDS:
                return stream
            del self._streams[name]
            return None

    def remove(self, name: str) -> None:
        """Cancel and forget a stream."""
        with self._lock:
            stream = self._streams.pop(name, None)
        if stream is not None:
            stream.end(self.clock())
