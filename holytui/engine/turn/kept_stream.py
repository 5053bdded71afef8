"""The stream that a server keeps for the request under way: its name, its last position, and its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum, auto

from holytui.engine.turn.effects import Effect, EndStream, SaveStream
from holytui.engine.turn.retry import FaultClass, classify
from holytui.engine.turn.text_buffer import TextBuffer
from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind, StreamKind, StreamMark, StreamPosition
from holytui.wire.events import MISMATCH, Piece
from holytui.wire.request import Reattach

_UNSUPPORTED_STATUS = frozenset({404, 405, 501})
_EXPIRED_WORDS = ("stream not found", "expired")
"""llama.cpp answers so for a stream that it has forgotten; a server without kept streams has other words for 404."""
_MAX_FRUITLESS = 2
_NO_STREAM = frozenset({FaultKind.STATUS, FaultKind.IN_BAND, FaultKind.NOT_A_STREAM, FaultKind.PROXY, FaultKind.STALE})
"""Faults after which there is no stream: it never began, or the server itself ended it with an error."""
_GATEWAY_STATUS = frozenset({502, 504, 524})
"""A gateway gave up waiting, or lost the connection to the server, which may still generate the answer."""


def new_stream_id() -> str:
    """Return a random name, which is also the only access control of the stream."""
    return os.urandom(18).hex()


class KeptStream:
    """Name and last position of one stream, and the text received before and after that position."""

    def __init__(
        self,
        id_: str,
        position: StreamPosition | None = None,
        content: str = "",
        reasoning: str = "",
        *,
        kind: StreamKind = StreamKind.BYTES,
        usable: bool = True,
    ) -> None:
        """`position`: stored by an earlier turn. `content`, `reasoning`: all text of the stream.

        `usable`: it ends the answer's text.
        """
        self.id = id_
        self.kind = kind
        self.usable = usable
        self.sent = position is not None
        """The request was sent, so the stream may exist."""
        self.accepted = position is not None
        """The request was accepted, so the stream existed if the server keeps streams at all."""
        self.whole_next = False
        """The next request fetches the answer as one object."""
        self._gap_at: int | None = None
        self._position = position or StreamPosition()
        self._texts = {DeltaKind.CONTENT: TextBuffer(content), DeltaKind.REASONING: TextBuffer(reasoning)}

    def add(self, piece: Piece) -> StreamMark | None:
        """Add a received piece; return the mark to journal with it."""
        if piece.position is None:
            return None
        self._position = piece.position
        self._texts[piece.kind].add(piece.text)
        return StreamMark(self.id, piece.position)

    def note_gap(self) -> None:
        """Record that events are missing after the position."""
        self._gap_at, self.whole_next = self._position.offset, True

    def reattach(self) -> Reattach:
        """The request for the rest."""
        at, whole, self.whole_next = self._position, self.whole_next, False
        content, reasoning = (self._texts[kind].text() for kind in DeltaKind)
        rest = content[at.content :], reasoning[at.reasoning :]
        if self.kind is StreamKind.BYTES:
            return Reattach(self.id, at, *rest)
        before = content[: at.content], reasoning[: at.reasoning]
        return Reattach(self.id, at, *rest, self.kind, *before, whole, gap=self._gap_at == at.offset)


class StreamFate(Enum):
    """What became of the stream when an attempt ended early."""

    NONE = auto()
    """There is none, or the server ended it."""
    KEPT = auto()
    """It can be read on."""
    FORGOTTEN = auto()
    """The server has it no longer, or does not continue it."""
    UNSUPPORTED = auto()
    """The server, or a gateway before it, keeps no streams."""
    UNREADABLE = auto()
    """It cannot be read on as events; its answer is fetched as one object."""


class StreamKeeper:
    """Tracks the kept stream of a turn's current request. Methods return effects and carry out none."""

    def __init__(self, stream: KeptStream | None, new_id: Callable[[], str] = new_stream_id) -> None:
        """`stream`: left by an earlier turn of the same answer."""
        self._new_id = new_id
        self._stream = stream
        self._fruitless = 0
        """Attempts in a row that read on the stream, and ended without an error before any new text."""
        self.reattaching = False
        """The current or last attempt reads on the stream of an earlier one."""
        self._fetched_whole = False

    @property
    def can_reattach(self) -> bool:
        """There may be a stream to read on."""
        return self._stream is not None and self._stream.sent and self._stream.usable

    def begin(self, attempt_id: str, keep: StreamKind | None) -> tuple[str, list[Effect]]:
        """Name the stream of a new request; empty unless the client names streams of this kind."""
        effects: list[Effect] = [*self.end(release=True)]
        self.reattaching = False
        if keep is not StreamKind.BYTES:
            return "", effects
        self._stream, self._fruitless = KeptStream(self._new_id()), 0
        return self._stream.id, [*effects, SaveStream(attempt_id, self._stream.id)]

    def named(self, attempt_id: str, stream_id: str) -> list[Effect]:
        """Record the name that the server gave to the stream of the current request."""
        self._stream, self._fruitless = KeptStream(stream_id, StreamPosition(), kind=StreamKind.EVENTS), 0
        return [SaveStream(attempt_id, stream_id, StreamKind.EVENTS)]

    def reattach(self) -> Reattach:
        """Begin to read on the stream."""
        assert self._stream is not None
        self.reattaching = True
        request = self._stream.reattach()
        self._fetched_whole = request.whole
        return request

    def connected(self) -> None:
        """Record that the request is being sent."""
        if self._stream is not None:
            self._stream.sent = True

    def accepted(self) -> None:
        """Record that the request was accepted."""
        if self._stream is not None:
            self._stream.sent = self._stream.accepted = True

    def add(self, piece: Piece) -> StreamMark | None:
        """Add a received piece; return the mark to journal with it."""
        return self._stream.add(piece) if self._stream is not None else None

    def fate(self, fault: Fault, *, has_text: bool) -> StreamFate:
        """Decide about the stream after an attempt that ended with `fault`; `has_text`: it brought text."""
        if self._stream is None or not self._stream.sent:
            return StreamFate.NONE
        if self._stream.kind is StreamKind.EVENTS:
            return self._fate_of_events(self._stream, fault)
        if not self.reattaching:
            by_gateway = fault.kind is FaultKind.STATUS and fault.status in _GATEWAY_STATUS
            return StreamFate.KEPT if by_gateway or fault.kind not in _NO_STREAM else StreamFate.NONE
        if fault.kind is FaultKind.STATUS and classify(fault) is FaultClass.FINAL:
            words = fault.message.lower()
            unsupported = fault.status in _UNSUPPORTED_STATUS and not any(each in words for each in _EXPIRED_WORDS)
            return StreamFate.UNSUPPORTED if unsupported and self._stream.accepted else StreamFate.FORGOTTEN
        if fault.kind is FaultKind.IN_BAND:
            return StreamFate.NONE
        # an end or garbage that comes again at the same place is the stream's own
        fruitless = fault.kind in (FaultKind.CLOSED, FaultKind.GARBLED) and not has_text
        self._fruitless = self._fruitless + 1 if fruitless else 0
        if fault.kind is FaultKind.NOT_A_STREAM or fault.code == MISMATCH or self._fruitless >= _MAX_FRUITLESS:
            return StreamFate.FORGOTTEN
        return StreamFate.KEPT

    def _fate_of_events(self, stream: KeptStream, fault: Fault) -> StreamFate:
        if fault.kind is FaultKind.IN_BAND:
            return StreamFate.NONE
        if fault.kind is FaultKind.GARBLED:
            if fault.code == MISMATCH:
                return StreamFate.FORGOTTEN
            if self._fetched_whole and self.reattaching:
                return StreamFate.KEPT
            stream.note_gap()
            return StreamFate.UNREADABLE
        if fault.kind is FaultKind.NOT_A_STREAM and self.reattaching:
            return StreamFate.FORGOTTEN
        if fault.kind is FaultKind.STATUS and classify(fault) is FaultClass.FINAL:
            if fault.status == 404 or self._fetched_whole:
                return StreamFate.FORGOTTEN
            stream.whole_next = True
            return StreamFate.UNREADABLE
        return StreamFate.KEPT

    def end(self, *, release: bool) -> list[EndStream]:
        """Forget the stream. `release`: the server is still generating, or may be."""
        stream, self._stream = self._stream, None
        return [] if stream is None else [EndStream(stream.id, release and stream.sent)]
