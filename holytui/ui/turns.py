"""The answers on their way, as the screen knows them: which message each writes, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from holytui.engine import events as ev
from holytui.engine.events import TurnEvent
from holytui.models import AnswerState, Usage
from holytui.ui.connection import Connection, Level, connection
from holytui.ui.status import Rate

_CHARS_A_TOKEN = 4
"""For the rate on the way; the exact figure comes with the usage."""
_SAMPLE = 1.0
"""Seconds between two samples of the rate."""


@dataclass(slots=True)
class TurnView:
    """One answer on its way. `started` is on the clock that `apply` gets."""

    turn_id: str
    conversation_id: str
    answer_id: str
    started: float
    state: AnswerState = AnswerState.CONNECTING
    """`QUEUED` only once the engine said that it waits for the answer before it."""
    connection: Connection = field(default_factory=lambda: Connection(Level.BUSY, "…"))
    usage: Usage | None = None
    first_token_s: float | None = None
    rate: Rate = field(default_factory=Rate)
    _chars: int = 0
    _sampled: float = 0.0

    @property
    def waits(self) -> bool:
        """A countdown runs that Enter can cut short."""
        return self.state in (AnswerState.RETRYING, AnswerState.OFFLINE)

    def apply(self, event: TurnEvent, now: float) -> None:
        """Take in one event of this turn."""
        self.connection = connection(event, now, self.connection)
        self.state = _STATES.get(type(event), self.state)
        match event:
            case ev.Delta(text=text) | ev.Reasoning(text=text):
                self._count(len(text), now)
            case ev.UsageKnown(usage=usage):
                self.usage = usage
            case ev.Ended(usage=usage):
                self.usage = usage or self.usage
            case _:
                pass

    def _count(self, chars: int, now: float) -> None:
        if self.first_token_s is None:
            self.first_token_s = now - self.started
            self._sampled = now
        self._chars += chars
        if now - self._sampled >= _SAMPLE:
            self.rate = self.rate.with_sample(self._chars / _CHARS_A_TOKEN / (now - self._sampled))
            self._chars, self._sampled = 0, now


_STATES: dict[type[TurnEvent], AnswerState] = {
    ev.Queued: AnswerState.QUEUED,
    ev.Connecting: AnswerState.CONNECTING,
    ev.Waiting: AnswerState.WAITING,
    ev.Delta: AnswerState.STREAMING,
    ev.Reasoning: AnswerState.STREAMING,
    ev.Retrying: AnswerState.RETRYING,
    ev.Offline: AnswerState.OFFLINE,
    ev.Refreshing: AnswerState.REFRESHING,
    ev.Resuming: AnswerState.RESUMING,
    ev.Finished: AnswerState.COMPLETE,
    ev.Stopped: AnswerState.STOPPED,
    ev.Interrupted: AnswerState.INTERRUPTED,
    ev.Failed: AnswerState.FAILED,
}
