"""Events of one attempt. The last one is always an `End`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from holytui.faults import Fault
from holytui.models import DeltaKind, StreamPosition, Usage

MISMATCH = "stream_mismatch"
"""Code of the fault of a kept stream that does not continue the text received before."""
GAP = "stream_gap"
"""Code of the fault of a kept stream in which events are missing."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection is open and the request is being sent."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A 2xx response began; its body follows."""

    status: int
    keeps_streams: bool = False
    """The server names itself as one that can keep streams (llama.cpp)."""
    left_out: tuple[str, ...] = ()
    """Names of `OptionalParams` that were not sent, as the server refuses them."""


@dataclass(frozen=True, slots=True)
class StreamNamed:
    """The server keeps the answer's events under this name (background mode of the Responses API)."""

    stream_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes of any kind arrived; `total` counts those of this attempt. Sent at most ten times a second."""

    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of sanitised text."""

    kind: DeltaKind
    text: str
    position: StreamPosition | None = None
    """For a stream that the server keeps: the last position before this piece at which no text was held back."""


@dataclass(frozen=True, slots=True)
class UsageSeen:
    """Token usage of this attempt so far; replaces earlier figures."""

    usage: Usage


class Verdict(StrEnum):
    """Outcome of an attempt."""

    COMPLETE = "complete"
    """`[DONE]`, a finish_reason, or the last event of the Responses API was seen, and no error."""
    CUT = "cut"
    """The body ended without either, even by a clean end of file."""
    FAULT = "fault"
    """An error before or in the body; `End.fault` has it."""
    CANCELLED = "cancelled"
    """The user stopped it."""


@dataclass(frozen=True, slots=True)
class End:
    """The last event of an attempt."""

    verdict: Verdict
    fault: Fault | None = None
    """Set for FAULT, and for CUT (kind CLOSED, RESET, IDLE, NO_TOKEN or GARBLED)."""
    finish_reason: str = ""
    total_bytes: int = 0
    status: int | None = None
    tool_calls: bool = False
    """The answer called tools, which holytui does not support; its text may be empty."""


WireEvent = Connected | Accepted | StreamNamed | Received | Piece | UsageSeen | End
