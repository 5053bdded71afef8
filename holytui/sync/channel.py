"""JSON lines over a pair of byte streams, whose other end is not trusted."""

from __future__ import annotations

import json
from typing import Any, NoReturn, Protocol

from holytui.errors import SyncError
from holytui.i18n import _

JSON = dict[str, Any]

MAX_LINE = 1 << 28
"""Bytes of the longest line; the longest answer with its attempts takes less."""


class ByteReader(Protocol):
    """A binary stream that is read."""

    def readline(self, size: int, /) -> bytes:
        """Read until a line feed, the end, or `size` bytes."""
        ...


class ByteWriter(Protocol):
    """A binary stream that is written."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""
        ...

    def flush(self) -> None:
        """Flush the buffered bytes."""
        ...


class Channel:
    """One end of a connection. Counts the bytes in each direction."""

    def __init__(self, reader: ByteReader, writer: ByteWriter, *, max_line: int = MAX_LINE) -> None:
        self._reader = reader
        self._writer = writer
        self._max_line = max_line
        self.sent = 0
        self.received = 0

    def send(self, value: JSON) -> None:
        """Send an object. Raises SyncError if the other end has gone."""
        line = encode(value) + b"\n"
        try:
            self._writer.write(line)
            self._writer.flush()
        except (OSError, ValueError) as exc:
            raise SyncError(_("The connection was lost")) from exc
        self.sent += len(line)

    def receive(self) -> JSON | None:
        """Receive an object; None at the end of the stream, also within a line.

        Raises SyncError for anything else.
        """
        line = self.receive_line()
        if not line.endswith(b"\n"):
            return None
        try:
            return decode(line)
        except ValueError as exc:
            raise SyncError(
                _("The other holytui sent something that is not understood: {reason}").format(reason=exc)
            ) from exc

    def receive_line(self) -> bytes:
        """Receive a line with its line feed. Raises SyncError if it is too long."""
        try:
            line = self._reader.readline(self._max_line + 1)
        except (OSError, ValueError):
            return b""
        self.received += len(line)
        if len(line) > self._max_line:
            raise SyncError(_("The other holytui sent a line that is too long"))
        return line


def encode(value: JSON) -> bytes:
    """Encode an object without line feeds."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode(line: bytes) -> JSON:
    """Decode an object. Raises ValueError for all else."""
    try:
        value = json.loads(line.decode("utf-8", "surrogatepass"), parse_constant=_refuse_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - of the text, not of an argument
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
