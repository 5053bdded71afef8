"""The answers on their way, as the screen knows them: which message each writes, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holytui.engine import events as ev
from holytui.i18n import _
from holytui.models import AnswerState, Problem, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.presentation.status import Rate

if TYPE_CHECKING:
    from holytui.engine.events import TurnEvent

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
    requests: int = 0
    """Of the answer, so far; the figures in `usage` are their sum."""
    first_token_s: float | None = None
    """From the first request on: a question that waited in line did not wait for the server."""
    rate: Rate = field(default_factory=Rate)
    """Over the time in which text came: an outage, and the wait for another request, do not count."""
    _link: Connection = field(default_factory=lambda: Connection(Level.BUSY, "…"))
    _trouble: Problem | None = None
    _requested: float | None = None
    _chars: int = 0
    _sampled: float | None = None
    """When the sample under way began; None while no text comes."""

    @property
    def waits(self) -> bool:
        """A countdown runs that Enter can cut short."""
        return self.state in (AnswerState.RETRYING, AnswerState.OFFLINE)

    def apply(self, event: TurnEvent, now: float) -> None:
        """Take in one event of this turn."""
        self.state = _STATES.get(type(event), self.state)
        match event:
            case ev.StoreTrouble(problem=problem):
                self._trouble = problem
            case _:
                self._link = connection(event, now, self._link)
        # text that cannot be written goes on coming: its events must not hide that
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
        """It was asked to stop: said at once, as a long text takes a moment to be on disk."""
        self._link = self.connection = Connection.plain(Level.BUSY, _("stopping…"))

    def _count(self, chars: int, now: float) -> None:
        if self.first_token_s is None:
            self.first_token_s = now - (self.started if self._requested is None else self._requested)
        if self._sampled is None:
            # what comes first was on its way for longer than can be told: its time is not that of a token
            self._chars, self._sampled = 0, now
            return
        self._chars += chars
        if now - self._sampled >= _SAMPLE:
            self.rate = self.rate.with_sample(self._chars / _CHARS_A_TOKEN / (now - self._sampled))
            self._chars, self._sampled = 0, now


def _troubled(problem: Problem) -> Connection:
    words = _("{trouble} · the text is kept in memory and written as soon as that works")
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
