"""Incremental decoder for server-sent events (HTML standard, 9.2.5 and 9.2.6).

Lines are split as bytes, on CR, LF and CRLF only, and then decoded, so that neither a split character nor U+2028 can
break a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SSEEvent:
    """One event; `id` is the last event id of the stream."""

    event: str
    data: str
    id: str = ""
    end: int = field(default=0, compare=False)
    """Bytes of the stream up to the end of this event."""


@dataclass(frozen=True, slots=True)
class UnfinishedEvent:
    """Incomplete event at the end of the stream. The standard discards it; `ChunkReader` uses what is complete."""

    data: str | None = None
    """Complete `data` (or `error`) lines of the unended event; None if there were none."""
    partial_line: bytes = b""
    """The bytes after the last line end."""
    event: str = "message"


class SSEDecoder:
    """Decode bytes into events, in linear time.

    A line or event longer than its limit (bytes) sets `overflow`; after that all input is ignored.
    The non-standard field `error` becomes an event named `error`: llama.cpp before late 2025 sent its errors so.
    """

    __slots__ = (
        "_data",
        "_error",
        "_event",
        "_fed",
        "_first_line",
        "_id",
        "_max_event",
        "_max_line",
        "_pending",
        "_swallow_lf",
        "comments",
        "overflow",
    )

    def __init__(self, max_line: int = 8 * _MIB, max_event: int = 8 * _MIB) -> None:
        self._max_line = max_line
        self._max_event = max_event
        self._pending = bytearray()
        self._fed = 0
        self._swallow_lf = False
        self._first_line = True
        self._id = ""
        self.comments = 0
        """Comment lines so far; servers send them to keep the connection alive."""
        self.overflow = False
        self._event = ""
        # One buffer with the LF of each line, so that a million tiny lines take no more memory than was sent.
        self._data = bytearray()
        self._error = bytearray()

    def feed(self, chunk: bytes) -> list[SSEEvent]:
        """Return the events that `chunk` completes."""
        if self.overflow or not chunk:
            return []
        start = 1 if self._swallow_lf and chunk[0] == 0x0A else 0
        self._swallow_lf = False
        events: list[SSEEvent] = []
        for match in _LINE_END.finditer(chunk, start):
            line = chunk[start : match.start()]
            start = match.end()
            if self._pending:
                self._pending += line
                line = bytes(self._pending)
                self._pending.clear()
            if len(line) > self._max_line or self._process_line(line, events, self._fed + start):
                self._mark_overflow()
                return events
        # A CR may be half of a CRLF. The line ends in either case, so it is not delayed; its LF is dropped later.
        self._swallow_lf = chunk[-1] == 0x0D
        self._fed += len(chunk)
        if len(self._pending) + len(chunk) - start > self._max_line:
            self._mark_overflow()
        else:
            self._pending += chunk[start:]
        return events

    def close(self) -> UnfinishedEvent:
        """End the stream and return the incomplete event."""
        partial = bytes(self._pending)
        if self._first_line:
            partial = partial.removeprefix(_BOM)
        self._pending.clear()
        if self._error:
            left = UnfinishedEvent(_text(self._error), partial, "error")
        else:
            left = UnfinishedEvent(_text(self._data) if self._data else None, partial, self._event or "message")
        self._reset_event()
        return left

    def _process_line(self, line: bytes, events: list[SSEEvent], end: int) -> bool:
        """Process one line, which ends at `end`; return True if the event exceeds its limit."""
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events, end)
            return False
        if line[0] == 0x3A:
            self.comments += 1
            return False
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data += value + b"\n"
            case b"event":
                self._event = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"error":
                self._error += value + b"\n"
        return len(self._data) + len(self._error) > self._max_event

    def _dispatch(self, events: list[SSEEvent], end: int) -> None:
        if self._error:
            events.append(SSEEvent("error", _text(self._error), self._id, end))
        if self._data:
            events.append(SSEEvent(self._event or "message", _text(self._data), self._id, end))
        self._reset_event()

    def _reset_event(self) -> None:
        self._event = ""
        self._data.clear()
        self._error.clear()

    def _mark_overflow(self) -> None:
        self.overflow = True
        self._pending = bytearray()
        self._reset_event()


def _text(lines: bytearray) -> str:
    return lines[:-1].decode(errors="replace")
