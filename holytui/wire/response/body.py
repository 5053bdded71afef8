"""Parser for the body of a 2xx response: an event stream, one JSON object, or anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto
from typing import TypeAlias

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.models import DeltaKind, StreamKind, StreamPosition
from holytui.text import sanitize
from holytui.wire.events import GAP, MISMATCH, End, Piece, StreamNamed, UsageSeen, Verdict
from holytui.wire.request import Reattach
from holytui.wire.response.chunks import ChunkReader
from holytui.wire.response.error_bodies import body_fault
from holytui.wire.response.event_numbers import EventNumbers
from holytui.wire.response.responses_events import ResponsesReader
from holytui.wire.response.sse import SSEDecoder

_MIB = 1024 * 1024
_MAX_BODY = 8 * _MIB  # limit of a body that is not a stream, and of one line or event of a stream
_SNIFF_BYTES = 4096  # bytes that suffice to recognise the form of a body
_BOM = b"\xef\xbb\xbf"
_BLANKS = re.compile(rb"(?:\s|\xef\xbb\xbf)*")
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry|error)?:")


_FIELD_NAMES = (b"data:", b"event:", b"id:", b"retry:", b"error:")


_Found: TypeAlias = Piece | UsageSeen | StreamNamed


class _Form(Enum):
    UNKNOWN = auto()
    STREAM = auto()
    WHOLE = auto()


class AnswerBody:
    """Parse bytes into pieces of text and a verdict.

    The bytes decide the form and the content type is only a hint: servers label streams `text/plain` and error
    objects `text/event-stream`, and captive portals answer with a web page.
    """

    def __init__(
        self,
        content_type: str = "",
        most: int = 2**63,
        token_limit: int | None = None,
        *,
        kept: StreamKind | None = None,
        reattach: Reattach | None = None,
    ) -> None:
        """`most`: bytes of text after which nothing more is read. `token_limit`: that of the request.

        `kept`: the server keeps the stream, so pieces get positions, and text held back at a cut is left to the next
        attempt. `reattach`: the body continues this stream at its position.
        """
        self._kept = reattach.kind if reattach is not None else kept
        self._token_limit = token_limit
        self._responses = _responses_reader(token_limit, self._kept, reattach)
        self.reader = ChunkReader(self._responses, has_text=reattach is not None)
        self._position = reattach.position if reattach is not None else StreamPosition()
        self._reattach = reattach
        self._is_named = reattach is not None
        self._base = self._position.offset
        """Offset in the whole stream of the decoder's first byte."""
        self._lengths = {DeltaKind.CONTENT: self._position.content, DeltaKind.REASONING: self._position.reasoning}
        self._known = {
            DeltaKind.CONTENT: reattach.content if reattach is not None else "",
            DeltaKind.REASONING: reattach.reasoning if reattach is not None else "",
        }
        """Text received before that the stream has still to repeat."""
        self._mismatch = False
        self._gap = False
        """The last event has more text than all events together."""
        self._type = content_type.partition(";")[0].strip().lower()
        self._form = _Form.UNKNOWN
        self._decoder = SSEDecoder(_MAX_BODY, _MAX_BODY)
        self._held = bytearray()
        self._opening = b""
        self._has_events = False
        self._too_long = False
        self._remaining = most

    @property
    def finished(self) -> bool:
        """Further bytes are ignored."""
        return self.reader.done or self._too_long or self._mismatch or self._remaining < 0

    @property
    def verdict_known(self) -> bool:
        """The verdict is known, though usage and `[DONE]` may follow."""
        return self.reader.complete or self.reader.fault is not None

    def feed(self, data: bytes) -> list[_Found]:
        """Parse `data` and return the events in it."""
        if self.finished:
            return []
        if self._form is _Form.STREAM:
            return self._decode(data)
        self._held += data
        if self._form is _Form.UNKNOWN:
            # DeepSeek keeps connections alive with blank lines, which do not decide the form
            blanks = _end_of_blanks(self._held)
            del self._held[:blanks]
            self._base += blanks
            self._form = _form(bytes(self._held[:_SNIFF_BYTES]), self._type)
        if self._form is _Form.STREAM:
            data, self._held = bytes(self._held), bytearray()
            return self._decode(data)
        self._too_long = len(self._held) > _MAX_BODY
        return []

    def close(self) -> list[_Found]:
        """End the body and return the events in its incomplete end."""
        if self._form is _Form.WHOLE:
            return [] if self._too_long else self._read_whole()
        remainder: list[_Found] = []
        if self._remaining >= 0:
            remainder = self._named() + self._placed(self.reader.read_rest(self._decoder.close()))
        if self._kept and not self.reader.complete:
            return remainder
        remainder += self._placed(self.reader.close())
        self._check_end()
        return remainder

    def _read_whole(self) -> list[_Found]:
        """Read an answer in one object, which begins with all text that was received before."""
        if self._kept is not StreamKind.EVENTS:
            return list(self.reader.read_body(bytes(self._held)))
        if (stream := self._reattach) is not None:
            self._responses = ResponsesReader(self._token_limit)
            self.reader = ChunkReader(self._responses, has_text=True)
            self._lengths = dict.fromkeys(DeltaKind, 0)
            self._known = {
                DeltaKind.CONTENT: stream.content_before + stream.content,
                DeltaKind.REASONING: stream.reasoning_before + stream.reasoning,
            }
        found = self.reader.read_body(bytes(self._held))
        if self._known[DeltaKind.REASONING]:
            thoughts = "".join(e.text for e in found if isinstance(e, Piece) and e.kind is DeltaKind.REASONING)
            if not thoughts.startswith(self._known[DeltaKind.REASONING]):
                # servers may leave reasoning out of whole answers, or shorten it
                found = [e for e in found if not (isinstance(e, Piece) and e.kind is DeltaKind.REASONING)]
                self._known[DeltaKind.REASONING] = ""
        placed = self._named() + self._placed(found)
        self._check_end()
        return placed

    def _check_end(self) -> None:
        """Compare the end of a kept answer with the text received."""
        if not (self._kept and self.reader.complete):
            return
        self._mismatch = self._mismatch or any(self._known.values())
        whole = sanitize(self._responses.whole_content) if self._kept is StreamKind.EVENTS else ""
        self._gap = len(whole) > self._lengths[DeltaKind.CONTENT]

    def _named(self) -> list[_Found]:
        """The name of a new answer in the background, once."""
        if self._is_named or self._kept is not StreamKind.EVENTS or not self._responses.answer_id:
            return []
        self._is_named = True
        return [StreamNamed(self._responses.answer_id)]

    def verdict(self, transport_fault: Fault | None, total_bytes: int, status: int) -> End:
        """Return the end of the attempt. `transport_fault` is the connection's error; None for a clean end of file."""
        if self._mismatch:
            fault = Fault(FaultKind.GARBLED, _("the stream continues another text"), code=MISMATCH)
            return End(Verdict.FAULT, fault, "", total_bytes, status)
        if self._gap:
            fault = Fault(FaultKind.GARBLED, _("a part of the answer is missing"), code=GAP)
            return End(Verdict.FAULT, fault, "", total_bytes, status)
        if self._kept is StreamKind.EVENTS and self._responses.cancelled:
            fault = Fault(FaultKind.IN_BAND, _("the answer was cancelled at the server"), code="server_error")
            return End(Verdict.FAULT, fault, "", total_bytes, status)
        if self._too_long:
            transport_fault = Fault(
                FaultKind.TOO_LONG, _("more than {size} MiB in one piece").format(size=_MAX_BODY // _MIB)
            )
        elif self._remaining < 0:
            transport_fault = Fault(FaultKind.TOO_LONG)
        elif self._opening.strip() and not self._has_events and not _begins_with_field(self._opening):
            return End(Verdict.FAULT, body_fault(self._opening, FaultKind.NOT_A_STREAM), "", total_bytes, status)
        return self.reader.verdict(transport_fault, total_bytes, status)

    def _decode(self, data: bytes) -> list[_Found]:
        if len(self._opening) < _SNIFF_BYTES:
            self._opening += data[: _SNIFF_BYTES - len(self._opening)]
        found: list[_Found] = []
        for event in self._decoder.feed(data):
            before = self.reader.progress
            read = self.reader.read(event)
            found += self._named()
            pieces = self._placed(read)
            if self._kept and self.reader.idle and self.reader.fault is None:
                self._position = self._position_after(event.end)
            # tool calls count against the limit, so that an endless one is not read for ever
            tools = len(event.data) if self.reader.progress > before and not pieces else 0
            self._remaining -= tools + sum(_utf8_size(piece.text) for piece in pieces if isinstance(piece, Piece))
            found += pieces
            self._has_events = True
            if self._remaining < 0:
                return found
            if self._mismatch or self.reader.done:
                return found
        self._too_long = self._decoder.overflow
        return found

    def _position_after(self, end: int) -> StreamPosition:
        """The position after an event that ends with the decoder's byte `end`."""
        if self._kept is StreamKind.BYTES:
            return StreamPosition(self._base + end, *self._lengths.values())
        last = self._responses.numbers.last
        # without numbers the stream is read again from its beginning, and compared
        return StreamPosition() if last is None else StreamPosition(last, *self._lengths.values())

    def _placed(self, found: Iterable[Piece | UsageSeen]) -> list[_Found]:
        """Give pieces their position; drop the text that was received before."""
        if not self._kept:
            return list(found)
        placed: list[_Found] = []
        for event in found:
            if not isinstance(event, Piece):
                placed.append(event)
                continue
            self._lengths[event.kind] += len(event.text)
            known = self._known[event.kind]
            common = min(len(known), len(event.text))
            self._mismatch = self._mismatch or known[:common] != event.text[:common]
            self._known[event.kind] = known[common:]
            if len(event.text) > common and not self._mismatch:
                placed.append(replace(event, text=event.text[common:], position=self._position))
        return placed


def _responses_reader(token_limit: int | None, kept: StreamKind | None, stream: Reattach | None) -> ResponsesReader:
    if kept is not StreamKind.EVENTS:
        return ResponsesReader(token_limit)
    if stream is None:
        return ResponsesReader(token_limit, EventNumbers(is_kept=True))
    numbers = EventNumbers(stream.position.offset, is_kept=True, gap_seen=stream.gap)
    return ResponsesReader(token_limit, numbers, stream.content_before, stream.reasoning_before)


def _end_of_blanks(data: bytearray) -> int:
    found = _BLANKS.match(data)
    return found.end() if found else 0


def _form(begin: bytes, content_type: str) -> _Form:
    if _BOM.startswith(begin):  # empty, or an incomplete byte order mark
        return _Form.UNKNOWN
    first = begin[:1]
    labelled = content_type in ("text/html", "application/xhtml+xml")
    return _Form.WHOLE if first in b"{[<" or labelled else _Form.STREAM


def _begins_with_field(opening: bytes) -> bool:
    """Whether a body begins with a field of an event stream, which may be cut within its name."""
    start = opening.removeprefix(_BOM).strip()
    return _FIELD.match(opening) is not None or any(name.startswith(start) for name in _FIELD_NAMES)


def _utf8_size(text: str) -> int:

    return len(text) if text.isascii() else len(text.encode(errors="replace"))
