"""What the engine tells whoever shows an answer. Each event carries its turn's id; stale ones can be dropped.

Exactly one of `Finished`, `Stopped`, `Interrupted`, `Failed` is a turn's last event.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from holytui.engine.ending import Ending
from holytui.faults import Fault
from holytui.models import Join, Problem, Usage


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """Base of all events of one answer's life."""

    turn_id: str


@dataclass(frozen=True, slots=True)
class Queued(TurnEvent):
    """The answer waits for its turn (another answer of this conversation is still on its way)."""


@dataclass(frozen=True, slots=True)
class ImagesLeftOut(TurnEvent):
    """So many images of the conversation are not sent, as the model sees none; before the first request of a turn."""

    images: int


@dataclass(frozen=True, slots=True)
class Connecting(TurnEvent):
    """A request is on its way to `host`."""

    attempt: int
    host: str


@dataclass(frozen=True, slots=True)
class Waiting(TurnEvent):
    """The server has accepted the request; no token yet."""


@dataclass(frozen=True, slots=True)
class Delta(TurnEvent):
    """`text` is added to the end of the answer; it is in the journal already."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning(TurnEvent):
    """`text` is added to the end of the reasoning; it is in the journal already."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced(TurnEvent):
    """The answer's text is now `text` (a restart took the place of a cut answer, kept as a variant)."""

    text: str
    reasoning: str
    variant_id: str
    """The message that keeps the older text; empty when nothing but reasoning was replaced (the journal has it)."""


@dataclass(frozen=True, slots=True)
class UsageKnown(TurnEvent):
    """The server told the usage so far (of all attempts)."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Retrying(TurnEvent):
    """Attempt `number` of at most `limit` follows at `due` (the clock of the engine, seconds)."""

    number: int
    limit: int
    due: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Offline(TurnEvent):
    """The endpoint cannot be reached; no budget is used. `since` is Unix time, `due` the engine's clock."""

    since: float
    due: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Online(TurnEvent):
    """The endpoint is back after `away` seconds."""

    away: float


@dataclass(frozen=True, slots=True)
class Refreshing(TurnEvent):
    """The key was refused; its source is asked again."""


@dataclass(frozen=True, slots=True)
class Resuming(TurnEvent):
    """A cut answer is asked to go on, by `how`: `prefill`, `instruct` or `restart`."""

    mode: str
    kept: int
    """Characters kept so far."""


@dataclass(frozen=True, slots=True)
class Joined(TurnEvent):
    """A continuation was joined at offset `at` of the answer's text."""

    at: int
    join: Join


@dataclass(frozen=True, slots=True)
class Quiet(TurnEvent):
    """Nothing came for a while: seconds without any byte, and without a token; both 0 when it flows again."""

    no_byte: float
    no_token: float


@dataclass(frozen=True, slots=True)
class Slow(TurnEvent):
    """The link has been slow for a while (bytes a second), or is no longer (None)."""

    rate: float | None


@dataclass(frozen=True, slots=True)
class StoreTrouble(TurnEvent):
    """The journal could not be written; the text is kept in memory and the write is tried again. None: it is well."""

    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Ended(TurnEvent):
    """Base of the four last events."""

    usage: Usage | None
    attempts: int
    ending: Ending = field(default_factory=Ending, kw_only=True)
    """What came, and what is doubtful about it."""


@dataclass(frozen=True, slots=True)
class Finished(Ended):
    """The answer is complete, as far as the server told; `ending.doubts` are to be told with it."""

    finish_reason: str


@dataclass(frozen=True, slots=True)
class Stopped(Ended):
    """The user stopped it; what had come is kept."""


@dataclass(frozen=True, slots=True)
class Interrupted(Ended):
    """Cut off and not brought home within the budget; it can go on."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Failed(Ended):
    """Final: trying again as it is would not help."""

    problem: Problem
