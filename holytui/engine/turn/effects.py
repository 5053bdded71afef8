"""Inputs and effects of a turn. Effects are carried out in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from holytui.engine.events import TurnEvent
from holytui.engine.resume.strategy import ResumeMode, ResumeProfile
from holytui.faults import Fault
from holytui.models import AnswerState, Attempt, DeltaKind, Problem, StreamKind, StreamMark, Usage
from holytui.wire.events import Accepted, Connected, End, Piece, Received, StreamNamed, UsageSeen
from holytui.wire.request import Reattach


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of an input: `now` on the engine's clock (monotonic), `wall` in Unix time; both in seconds."""

    now: float
    wall: float


class Timer(StrEnum):
    """The timers of a turn."""

    RETRY = "retry"
    PROBE = "probe"


# -- inputs (besides the events of the wire)


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the turn."""


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The delay before a retry is over."""


@dataclass(frozen=True, slots=True)
class ProbeDue:
    """The next probe of the endpoint is due."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Result of a probe; None: the endpoint is reachable."""

    fault: Fault | None


@dataclass(frozen=True, slots=True)
class KeyRefreshed:
    """The key source supplied another key."""


@dataclass(frozen=True, slots=True)
class KeyFailed:
    """No usable key, or another obstacle before the first request; title and hint for the user."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Stop the answer."""

    problem: Problem | None = None
    """Interrupt the answer for this reason, so that it can be resumed; None: the user stopped it."""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """The user asks to retry now."""


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The machine was suspended, so the network may have changed."""


@dataclass(frozen=True, slots=True)
class InternalFailure:
    """An unexpected exception ended the work on this turn."""

    error: str


Input = (
    Start
    | Connected
    | Accepted
    | StreamNamed
    | Received
    | Piece
    | UsageSeen
    | End
    | RetryDue
    | ProbeDue
    | ProbeResult
    | KeyRefreshed
    | KeyFailed
    | StopRequested
    | RetryRequested
    | ClockJumped
    | InternalFailure
)

# -- effects


@dataclass(frozen=True, slots=True)
class SaveAttempt:
    """Save the attempt's row; `begins`: insert it."""

    attempt: Attempt
    begins: bool = False


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """Send a request: the original one (`mode` None), or one for the rest after `partial`."""

    number: int
    mode: ResumeMode | None
    partial: str
    stream_id: str = field(default="", repr=False)
    """Name under which the server is to keep the stream; empty: not asked."""
    background: bool = False
    """Ask for an answer in the background."""
    reattach: Reattach | None = None
    """The stream to read on (mode REATTACH)."""


@dataclass(frozen=True, slots=True)
class SaveStream:
    """Store the name of a stream: before its request is sent, or as soon as the server has named it."""

    attempt_id: str
    stream_id: str = field(repr=False)
    kind: StreamKind = StreamKind.BYTES


@dataclass(frozen=True, slots=True)
class EndStream:
    """Forget a stream; `release`: also have the server end it, now or when it can be reached."""

    stream_id: str = field(repr=False)
    release: bool


@dataclass(frozen=True, slots=True)
class SwitchApi:
    """Send further requests of this answer to the Responses API."""


@dataclass(frozen=True, slots=True)
class RememberApi:
    """Store that this model at this endpoint is asked by the Responses API."""


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Cancel the current attempt at once."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Deliver `RetryDue` or `ProbeDue` after `seconds`."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class ClearTimers:
    """Cancel all timers."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Check that the endpoint is reachable; deliver `ProbeResult`."""


@dataclass(frozen=True, slots=True)
class RefreshKey:
    """Ask the key source for another key; deliver `KeyRefreshed` or `KeyFailed`."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Store how this model at this endpoint continues an answer."""

    profile: ResumeProfile


@dataclass(frozen=True, slots=True)
class Journal:
    """Journal raw text of an attempt before later effects show it."""

    attempt_id: str
    kind: DeltaKind
    text: str
    mark: StreamMark | None = None


@dataclass(frozen=True, slots=True)
class SaveVariant:
    """Copy the answer to a variant, save the attempt that replaces it, then emit `Replaced`."""

    attempt: Attempt
    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class SetState:
    """Store a state that is not final."""

    state: AnswerState


@dataclass(frozen=True, slots=True)
class SaveEnding:
    """Store the final state durably before its event is emitted."""

    state: AnswerState
    problem: Problem | None
    finish_reason: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Emit:
    """Publish an event."""

    event: TurnEvent


Effect = (
    SaveAttempt
    | OpenAttempt
    | SaveStream
    | EndStream
    | SwitchApi
    | RememberApi
    | CancelAttempt
    | SetTimer
    | ClearTimers
    | Probe
    | RefreshKey
    | Remember
    | Journal
    | SaveVariant
    | SetState
    | SaveEnding
    | Emit
)
