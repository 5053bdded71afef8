"""The body of a 2xx response, told by its bytes: an event stream, one JSON object, or no answer at all."""

from __future__ import annotations

import re
from enum import Enum, auto

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.wire.events import End, Piece, UsageSeen, Verdict
from holytui.wire.response.chunks import ChunkReader
from holytui.wire.response.error_bodies import body_fault
from holytui.wire.response.sse import SSEDecoder

_MIB = 1024 * 1024
_MAX_BODY = 8 * _MIB  # of a body that is no stream, and of one line or event of a stream
_ENOUGH = 4096  # bytes by which it is clear what a body is
_BOM = b"\xef\xbb\xbf"
_BLANKS = re.compile(rb"(?:\s|\xef\xbb\xbf)*")
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry|error)?:")


class _Form(Enum):
    UNKNOWN = auto()
    STREAM = auto()
    WHOLE = auto()


class AnswerBody:
    """Bytes in, pieces out, a verdict at the end. The bytes decide what it is; the content type only helps.

    Servers label streams `text/plain`, error objects `text/event-stream`, and captive portals answer for everyone.
    """

    def __init__(self, content_type: str = "", most: int = 2**63) -> None:
        """`most`: bytes of text after which nothing more is read."""
        self.reader = ChunkReader()
        self._type = content_type.partition(";")[0].strip().lower()
        self._form = _Form.UNKNOWN
        self._decoder = SSEDecoder(_MAX_BODY, _MAX_BODY)
        self._held = bytearray()
        self._begin = b""
        self._heard = False
        self._too_long = False
        self._left = most

    @property
    def finished(self) -> bool:
        """Whatever else comes does not count."""
        return self.reader.done or self._too_long or self._left < 0

    @property
    def settled(self) -> bool:
        """The verdict is known, though more may come (the usage, `[DONE]`)."""
        return self.reader.complete or self.reader.fault is not None

    def feed(self, data: bytes) -> list[Piece | UsageSeen]:
        """What these bytes bring."""
        if self.finished:
            return []
        if self._form is _Form.STREAM:
            return self._decode(data)
        self._held += data
        if self._form is _Form.UNKNOWN:
            # DeepSeek keeps connections alive with blank lines: they decide nothing, however many come
            del self._held[: _end_of_blanks(self._held)]
            self._form = _form(bytes(self._held[:_ENOUGH]), self._type)
        if self._form is _Form.STREAM:
            data, self._held = bytes(self._held), bytearray()
            return self._decode(data)
        self._too_long = len(self._held) > _MAX_BODY
        return []

    def close(self) -> list[Piece | UsageSeen]:
        """The body has ended: what can still be made of its rest."""
        if self._form is _Form.WHOLE:
            return [] if self._too_long else self.reader.read_body(bytes(self._held))
        rest = [] if self._left < 0 else self.reader.read_rest(self._decoder.close())
        return rest + self.reader.close()

    def verdict(self, broke: Fault | None, total_bytes: int, status: int) -> End:
        """How it ended; `broke` is what broke the connection (None: a clean end of file)."""
        if self._too_long:
            broke = Fault(FaultKind.TOO_LONG, _("more than {size} MiB in one piece").format(size=_MAX_BODY // _MIB))
        elif self._left < 0:
            broke = Fault(FaultKind.TOO_LONG)
        elif self._begin.strip() and not self._heard and _FIELD.match(self._begin) is None:
            return End(Verdict.FAULT, body_fault(self._begin, FaultKind.NOT_A_STREAM), "", total_bytes, status)
        return self.reader.verdict(broke, total_bytes, status)

    def _decode(self, data: bytes) -> list[Piece | UsageSeen]:
        if len(self._begin) < _ENOUGH:
            self._begin += data[: _ENOUGH - len(self._begin)]
        found: list[Piece | UsageSeen] = []
        for event in self._decoder.feed(data):
            before = self.reader.progress
            pieces = self.reader.read(event)
            # a call of tools is progress too, and an endless one is not to be read for ever
            tools = len(event.data) if self.reader.progress > before and not pieces else 0
            self._left -= tools + sum(_size(piece.text) for piece in pieces if isinstance(piece, Piece))
            found += pieces
            self._heard = True
            if self._left < 0:
                return found
        self._too_long = self._decoder.overflow
        return found


def _end_of_blanks(data: bytearray) -> int:
    found = _BLANKS.match(data)
    return found.end() if found else 0


def _form(begin: bytes, content_type: str) -> _Form:
    if _BOM.startswith(begin):  # nothing yet, or not the whole of the mark
        return _Form.UNKNOWN
    first = begin[:1]
    labelled = content_type in ("text/html", "application/xhtml+xml")
    return _Form.WHOLE if first in b"{[<" or labelled else _Form.STREAM


def _size(text: str) -> int:
    """Bytes as UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
