"""What the bottom line says: from the parts of the screen to a `Status`, and the weight of what will be sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from holytui.models import AnswerState, Message, Role, Usage
from holytui.presentation.notice import Connection, Level
from holytui.providers import pricing
from holytui.ui.status import terminal_link
from holytui.ui.status.line import Status

if TYPE_CHECKING:
    from holytui.config.schema import Model
    from holytui.store.history import History
    from holytui.ui.chat.screen import ChatScreen
    from holytui.ui.composer.submit import Place
    from holytui.ui.turns import TurnView


_NOTICE = 4.0
"""Seconds for which a notice is not painted over by the progress of an answer."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Tokens of the open conversation."""

    place: Place
    used: int | None
    """After its last answer, as the server told; None if it did not."""
    ahead: int | None
    """With what is being written or was just sent: an estimate. None: there is nothing of the kind."""


class Bar:
    """Knows what the status bar is to show. It paints nothing by itself but what `weigh` finds out."""

    def __init__(self, screen: ChatScreen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._notice: tuple[Connection, float] | None = None
        """What was said, and until when it is kept."""
        self._link = terminal_link.Quality()
        self._weight: Weight | None = None
        self._weighed = 0

    def notice(self, text: str, level: Level) -> Connection:
        """What is said stands in the place of the connection for a while, unless that has something bad to tell."""
        said = Connection.plain(level, text)
        self._notice = (said, self._clock() + _NOTICE)
        return said

    def forget_notice(self) -> None:
        """The user has gone on to something else."""
        self._notice = None

    def _said(self, now: Connection) -> Connection:
        if self._notice is None or self._clock() >= self._notice[1] or now.level in (Level.WARNING, Level.ERROR):
            return now
        return self._notice[0]

    def status(self, ended: TurnView | None = None, *, progress: bool = False) -> Status:
        """As things are now, but for where the log stands; `ended` is a turn that has just ended here. With `progress`
        it is only an answer that goes on, and what was said a moment ago is kept."""
        screen = self._screen
        turn = (screen.answers.here() if screen.services is not None else None) or ended
        status = Status(model=screen.model, link=self._link.words(terminal_link.figures(screen.app)))
        last = next((entry.message for entry in reversed(screen.log_view.entries) if entry.message.usage), None)
        usage, used, answered = None, None, screen.model
        if last is not None:
            usage, used, answered = last.usage, _used(last.usage, last.attempts), last.model
        if turn is not None:
            rate = turn.rate if ended is None else screen.status_bar.status.rate
            status = replace(status, connection=turn.connection, rate=rate, first_token_s=turn.first_token_s)
            if turn.usage is not None:
                entry = screen.log_view.entry(turn.answer_id)
                usage, used = turn.usage, _used(turn.usage, turn.requests)
                answered = entry.message.model if entry is not None else screen.model
        if progress:
            status = replace(status, connection=self._said(status.connection))
        return self._with_room(replace(status, usage=usage, cost=self._cost(usage, answered)), used)

    def _with_room(self, status: Status, used: int | None) -> Status:
        model, weight = self.model, self._weight
        if weight is None or weight.place is not self._screen.place:
            weight = Weight(self._screen.place, None, None)
        part = pricing.context_part
        return replace(
            status,
            context=part(used if used is not None else weight.used, model),
            ahead=part(weight.ahead, model),
        )

    def _cost(self, usage: Usage | None, answered: str) -> float | None:
        services = self._screen.services
        model = pricing.model_of(services.config, answered) if services is not None else None
        return pricing.cost(usage, model.price) if usage and model is not None and model.price is not None else None

    @property
    def model(self) -> Model | None:
        """What is configured of the model that will answer next."""
        services = self._screen.services
        return pricing.model_of(services.config, self._screen.model) if services is not None else None

    def weigh(self) -> None:
        """Find out, off the loop, how much of the context is taken, and would be with what is written."""
        model = self.model
        if model is not None and model.context:
            self._weighed += 1
            self._screen.run_worker(self._weigh(self._weighed), group="weigh", exit_on_error=False)

    async def _weigh(self, number: int) -> None:
        screen = self._screen
        if screen.services is None:
            return
        place, written = screen.place, screen.prompt.whole
        messages = [entry.message for entry in screen.log_view.entries]
        if (edited := screen.writing.editing) is not None:
            messages = list(takewhile(lambda message: message.id != edited.id, messages))
        sent = screen.answers.here() is not None
        used, ahead = await asyncio.to_thread(
            weights, screen.services.history, messages, written, sees=screen.model_sees()
        )
        if number != self._weighed:  # somebody has typed on, and that is being weighed
            return
        self._weight = Weight(place, used, ahead if sent or written.strip() else None)
        if place is screen.place:
            now = self.status()
            screen.status_bar.status = replace(screen.status_bar.status, context=now.context, ahead=now.ahead)


def weights(
    history: History, messages: Sequence[Message], written: str, *, sees: bool = False
) -> tuple[int | None, int]:
    """Tokens after the last answer, if the server told, and with all that follows it and is `written`.

    Reads the history when that answer took several requests: its own figures are their sum.
    """
    # imported here, as the first paint does not wait for the engine
    from holytui.engine.context import tokens_in

    answers = [message for message in messages if message.role is Role.ASSISTANT and message.state.final]
    told: dict[str, Usage] = {}
    for message in reversed(answers):
        if (usage := _told(history, message)) is not None:
            told[message.id] = usage
            break
    last = told.get(answers[-1].id) if answers else None
    asked = Message("", "", None, Role.USER, written, 0.0)
    return last.kept if last is not None else None, tokens_in([*messages, asked], told, sees=sees)


def _told(history: History, message: Message) -> Usage | None:
    """What the server told of the request whose answer this is; nothing of one that failed, as it is not sent."""
    usage = message.usage if message.state is not AnswerState.FAILED else None
    if usage is not None and message.attempts > 1:
        usage = next((attempt.usage for attempt in history.attempts(message.id)[-1:]), None)
    return usage if usage is not None and not usage.estimated else None


def _used(usage: Usage | None, requests: int) -> int | None:
    """Tokens after an answer; None for a sum over several requests, which says nothing of the context."""
    return usage.kept if usage is not None and requests <= 1 else None
