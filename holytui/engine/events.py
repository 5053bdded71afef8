"""Events of the engine. Each has its turn's id, so stale ones can be dropped.

Exactly one of `Finished`, `Stopped`, `Interrupted`, `Failed` is a turn's last event.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from holytui.engine.ending import Ending
from holytui.engine.spending import Spent
from holytui.faults import Fault
from holytui.models import Join, Problem, Usage


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """Base of all events of a turn."""

    turn_id: str


@dataclass(frozen=True, slots=True)
class Queued(TurnEvent):
    """The answer waits for an earlier one of its conversation."""


@dataclass(frozen=True, slots=True)
class ImagesLeftOut(TurnEvent):
    """Images that are not sent because the model does not accept them; precedes the first request."""

    images: int


@dataclass(frozen=True, slots=True)
class ParamsLeftOut(TurnEvent):
    """Parameters that the server refuses and that were not sent, by name, such as `effort=high`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitNear(TurnEvent):
    """80 % of a limit are spent; precedes the first request. Once a day or conversation."""

    spent: Spent


@dataclass(frozen=True, slots=True)
class CostUnknown(TurnEvent):
    """A limit may not count the answers of `model`, as it has no price. Once a model and limit."""

    model: str


@dataclass(frozen=True, slots=True)
class Connecting(TurnEvent):
    """A request is being sent to `host`."""

    attempt: int
    host: str


@dataclass(frozen=True, slots=True)
class Waiting(TurnEvent):
    """The server accepted the request; no token yet."""


@dataclass(frozen=True, slots=True)
class Delta(TurnEvent):
    """`text` was appended to the answer, and is journalled."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning(TurnEvent):
    """`text` was appended to the reasoning, and is journalled."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced(TurnEvent):
    """The answer's text is now `text`: a restart replaced an interrupted answer, which is kept as a variant."""

    text: str
    reasoning: str
    variant_id: str
    """The message with the older text; empty if only reasoning was replaced, which the journal keeps."""


@dataclass(frozen=True, slots=True)
class UsageKnown(TurnEvent):
    """The usage of all attempts so far, as the server reported it."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Retrying(TurnEvent):
    """Retry `number` of at most `limit` follows at `due` (the engine's clock, seconds)."""

    number: int
    limit: int
    due: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Offline(TurnEvent):
    """The endpoint is unreachable; this uses no retries. `since` is Unix time, `due` the engine's clock."""

    since: float
    due: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Online(TurnEvent):
    """The endpoint is reachable again after `away` seconds."""

    away: float


@dataclass(frozen=True, slots=True)
class Refreshing(TurnEvent):
    """The key was refused; its source is asked for another."""


@dataclass(frozen=True, slots=True)
class Resuming(TurnEvent):
    """The rest of an interrupted answer is requested; `mode` is a value of `ResumeMode`."""

    mode: str
    kept: int
    """Characters of the answer so far."""


@dataclass(frozen=True, slots=True)
class Joined(TurnEvent):
    """A continuation was joined at offset `at` of the answer's text."""

    at: int
    join: Join


@dataclass(frozen=True, slots=True)
class Quiet(TurnEvent):
    """Seconds without a byte, and without a token; both 0 when data flows again."""

    no_byte: float
    no_token: float


@dataclass(frozen=True, slots=True)
class Slow(TurnEvent):
    """Bytes per second of a slow link; None: no longer slow."""

    rate: float | None


@dataclass(frozen=True, slots=True)
class StoreTrouble(TurnEvent):
    """The journal could not be written; the text is kept in memory and the write is retried. None: resolved."""

    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Ended(TurnEvent):
    """Base of the last events."""

    usage: Usage | None
    attempts: int
    ending: Ending = field(default_factory=Ending, kw_only=True)
    """The content, and doubts about it."""


@dataclass(frozen=True, slots=True)
class Finished(Ended):
    """The server reported the end of the answer; `ending.doubts` are shown with it."""

    finish_reason: str


@dataclass(frozen=True, slots=True)
class Stopped(Ended):
    """The user stopped the answer; its text is kept."""


@dataclass(frozen=True, slots=True)
class Interrupted(Ended):
    """The answer was interrupted and not completed within the budget; it can be resumed."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Failed(Ended):
    """The answer failed; a retry of the same request would not help."""

    problem: Problem
