"""What one attempt of one request tells: any number of events, of which the last one is an `End`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.faults import Fault
from holytui.models import DeltaKind, Usage


@dataclass(frozen=True, slots=True)
class Connected:
    """The request is on its way over an open connection."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The response's head: 2xx and a body to be read."""

    status: int
    generation_id: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes came, of whatever kind; `total` of this attempt. Told at most ten times a second."""

    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, sanitised."""

    kind: DeltaKind
    text: str


@dataclass(frozen=True, slots=True)
class UsageSeen:
    """Figures for this attempt so far; later ones replace earlier ones."""

    usage: Usage


class Verdict(StrEnum):
    """What the end of an attempt means."""

    COMPLETE = "complete"
    """`[DONE]` or a finish_reason was seen, and no error."""
    CUT = "cut"
    """The body ended without either; however clean the end was."""
    FAULT = "fault"
    """Something went wrong before or in the body; `End.fault` says what."""
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
    """The answer called tools, which holytui does not have; its text may be empty."""


WireEvent = Connected | Accepted | Received | Piece | UsageSeen | End
