"""What goes into a turn and what comes out: inputs that happened, effects to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.engine.events import TurnEvent
from holytui.engine.resume.strategy import ResumeMode, ResumeProfile
from holytui.faults import Fault
from holytui.models import AnswerState, Attempt, DeltaKind, Problem, Usage
from holytui.wire.events import Accepted, Connected, End, Piece, Received, UsageSeen


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened: `now` on the engine's clock (monotonic), `wall` in Unix time; both in seconds."""

    now: float
    wall: float


class Timer(StrEnum):
    """The two waits of a turn."""

    RETRY = "retry"
    PROBE = "probe"


# -- inputs (besides the events of the wire)


@dataclass(frozen=True, slots=True)
class Start:
    """The turn begins."""


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The wait before a retry is over."""


@dataclass(frozen=True, slots=True)
class ProbeDue:
    """It is time to look for the endpoint again."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The endpoint was looked for; None: it is there."""

    fault: Fault | None


@dataclass(frozen=True, slots=True)
class KeyRefreshed:
    """The source gave another key."""


@dataclass(frozen=True, slots=True)
class KeyFailed:
    """The source gave no key, or the refused one again (or something else is missing to begin with); in words."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The user stops the answer."""

    problem: Problem | None = None
    """If given, it was not the user: the answer is cut off for this reason, and can go on."""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """The user wants it tried now."""


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The machine was asleep: the network may be another one now."""


@dataclass(frozen=True, slots=True)
class InternalFailure:
    """A defect of holytui ended the work on this turn."""

    error: str


Input = (
    Start
    | Connected
    | Accepted
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
    """Bring the attempt's row up to date; `begins`: it is a new one."""

    attempt: Attempt
    begins: bool = False


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """Send a request: the plain one, or `how` asking for the rest after `partial`."""

    number: int
    mode: ResumeMode | None
    partial: str


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Give up the attempt that is under way, now."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Give `RetryDue` or `ProbeDue` in `seconds`."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class ClearTimers:
    """No timer is wanted any more."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Look whether the endpoint can be reached, and give `ProbeResult`."""


@dataclass(frozen=True, slots=True)
class RefreshKey:
    """Ask the key's source for another key, and give `KeyRefreshed` or `KeyFailed`."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep how this model at this endpoint goes on."""

    profile: ResumeProfile


@dataclass(frozen=True, slots=True)
class Journal:
    """Raw text of an attempt, to be written before anything that follows is shown."""

    attempt_id: str
    kind: DeltaKind
    text: str


@dataclass(frozen=True, slots=True)
class SaveVariant:
    """Keep the answer as it is as a variant, then save the attempt that takes its place and tell `Replaced`."""

    attempt: Attempt
    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class SetState:
    """The answer is in another state that is not final."""

    state: AnswerState


@dataclass(frozen=True, slots=True)
class SaveEnding:
    """The answer has ended: to be made durable before its last event is told."""

    state: AnswerState
    problem: Problem | None
    finish_reason: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the listeners."""

    event: TurnEvent


Effect = (
    SaveAttempt
    | OpenAttempt
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
