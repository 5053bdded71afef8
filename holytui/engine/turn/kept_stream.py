"""The stream that a server keeps for the request under way: its name, its last position, and its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum, auto

from holytui.engine.turn.effects import Effect, EndStream, SaveStream
from holytui.engine.turn.retry import FaultClass, classify
from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind, StreamMark, StreamPosition
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
    """Name and last position of one stream, and the text received after that position."""

    def __init__(
        self,
        id_: str,
        position: StreamPosition | None = None,
        content: str = "",
        reasoning: str = "",
        *,
        usable: bool = True,
    ) -> None:
        """`position`: stored by an earlier turn, with the text after it. `usable`: it ends the answer's text."""
        self.id = id_
        self.usable = usable
        self.sent = position is not None
        """The request was sent, so the stream may exist."""
        self.accepted = position is not None
        """The request was accepted, so the stream existed if the server keeps streams at all."""
        self._position = position or StreamPosition()
        self._tails = {DeltaKind.CONTENT: content, DeltaKind.REASONING: reasoning}

    def add(self, piece: Piece) -> StreamMark | None:
        """Add a received piece; return the mark to journal with it."""
        if piece.position is None:
            return None
        before, self._position = self._position, piece.position
        content, reasoning = piece.position.content - before.content, piece.position.reasoning - before.reasoning
        self._tails[DeltaKind.CONTENT] = self._tails[DeltaKind.CONTENT][content:]
        self._tails[DeltaKind.REASONING] = self._tails[DeltaKind.REASONING][reasoning:]
        self._tails[piece.kind] += piece.text
        return StreamMark(self.id, piece.position)

    def reattach(self) -> Reattach:
        """The request for the rest."""
        return Reattach(self.id, self._position, self._tails[DeltaKind.CONTENT], self._tails[DeltaKind.REASONING])


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

    @property
    def can_reattach(self) -> bool:
        """There may be a stream to read on."""
        return self._stream is not None and self._stream.sent and self._stream.usable

    def begin(self, attempt_id: str, *, keep: bool) -> tuple[str, list[Effect]]:
        """Name the stream of a new request; empty unless `keep`."""
        effects = self.end(release=True)
        self.reattaching = False
        if not keep:
            return "", effects
        self._stream, self._fruitless = KeptStream(self._new_id()), 0
        return self._stream.id, [*effects, SaveStream(attempt_id, self._stream.id)]

    def reattach(self) -> Reattach:
        """Begin to read on the stream."""
        assert self._stream is not None
        self.reattaching = True
        return self._stream.reattach()

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

    def end(self, *, release: bool) -> list[Effect]:
        """Forget the stream. `release`: the server is still generating, or may be."""
        stream, self._stream = self._stream, None
        return [] if stream is None else [EndStream(stream.id, release and stream.sent)]
