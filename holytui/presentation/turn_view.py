"""The state of an answer in progress, as the screen shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holytui.engine import events as ev
from holytui.i18n import _
from holytui.models import AnswerState, Problem, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.presentation.status import TokenRate

if TYPE_CHECKING:
    from holytui.engine.events import TurnEvent

_CHARS_PER_TOKEN = 4
"""For the rate while the answer arrives; the usage has the exact count."""
_SAMPLE = 1.0
"""Seconds between samples of the rate."""


@dataclass(slots=True)
class TurnView:
    """An answer in progress. `started` is a time of the clock that `apply` gets."""

    turn_id: str
    conversation_id: str
    answer_id: str
    started: float
    state: AnswerState = AnswerState.CONNECTING
    """`QUEUED` only after the engine reported that it waits for the answer before it."""
    connection: Connection = field(default_factory=lambda: Connection(Level.BUSY, "…"))
    usage: Usage | None = None
    requests: int = 0
    """Requests so far; `usage` is their sum."""
    first_token_s: float | None = None
    """Seconds from the first request, without the time in the queue."""
    rate: TokenRate = field(default_factory=TokenRate)
    """The rate while text arrives, without outages and waits between requests."""
    _link: Connection = field(default_factory=lambda: Connection(Level.BUSY, "…"))
    _trouble: Problem | None = None
    _requested: float | None = None
    _chars: int = 0
    _sampled: float | None = None
    """When the current sample began; None while no text arrives."""

    @property
    def waits(self) -> bool:
        """Whether a countdown runs that Enter can skip."""
        return self.state in (AnswerState.RETRYING, AnswerState.OFFLINE)

    def apply(self, event: TurnEvent, now: float) -> None:
        """Apply an event of this turn."""
        self.state = _STATES.get(type(event), self.state)
        match event:
            case ev.StoreTrouble(problem=problem):
                self._trouble = problem
            case _:
                self._link = connection(event, now, self._link)
        # text continues to arrive while it cannot be saved: its events must not hide the problem
        self.connection = _troubled(self._trouble) if self._trouble is not None else self._link
        match event:
            case ev.Delta(text=text) | ev.Reasoning(text=text):
                self._count(len(text), now)
            case ev.Connecting(attempt=attempt):
                self.requests = attempt
                self._requested = now if self._requested is None else self._requested
                self._sampled = None
            case ev.Quiet(no_byte=no_byte, no_token=no_token) if no_byte or no_token:
                self._sampled = None
            case ev.UsageKnown(usage=usage):
                self.usage = usage
            case ev.Ended(usage=usage):
                self.usage = usage or self.usage
            case _:
                pass

    def stopping(self) -> None:
        """Show at once that the answer is being stopped, as saving a long text takes a moment."""
        self._link = self.connection = Connection.plain(Level.BUSY, _("stopping…"))

    def _count(self, chars: int, now: float) -> None:
        if self.first_token_s is None:
            self.first_token_s = now - (self.started if self._requested is None else self._requested)
        if self._sampled is None:
            # the time of the first piece is not that of a token, as its start is unknown
            self._chars, self._sampled = 0, now
            return
        self._chars += chars
        if now - self._sampled >= _SAMPLE:
            self.rate = self.rate.with_sample(self._chars / _CHARS_PER_TOKEN / (now - self._sampled))
            self._chars, self._sampled = 0, now


def _troubled(problem: Problem) -> Connection:
    words = _("{trouble} · the text is kept in memory and saved as soon as possible")
    return Connection.plain(Level.ERROR, words.format(trouble=problem.title))


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
