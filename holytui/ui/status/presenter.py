"""The presenter of the status line: from the state of the chat to a `Status`, and the estimate of the context."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from holytui.config.effort import describe
from holytui.i18n import _, ngettext
from holytui.models import AnswerState, Message, Role, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.status import Status
from holytui.providers import pricing
from holytui.ui.ports import Group, QuestionEditor, Tasks, Transcript
from holytui.ui.state import ChatState
from holytui.ui.status.link_label import LinkLabel

if TYPE_CHECKING:
    from holytui.config.schema import Model
    from holytui.presentation.turn_view import TurnView
    from holytui.store.history import History
    from holytui.terminal.frame_pacer import LinkFigures
    from holytui.ui.status.widget import StatusBar


_NOTICE = 4.0
"""Seconds for which the progress of an answer does not replace a notice."""
_FIGURES_EVERY = 0.5
"""Seconds between two updates of the figures while text streams."""


@dataclass(frozen=True, slots=True)
class ContextEstimate:
    """Tokens of a conversation."""

    version: int
    """The version of the open conversation that was measured."""
    used: int | None
    """After its last answer, as the server reported; None if it did not."""
    ahead: int | None
    """An estimate with the draft or the question just sent; None without either."""


class StatusPresenter:
    """Shows the state in the status line. Implements the ports `StatusDisplay` and `Reporter`."""

    def __init__(
        self,
        state: ChatState,
        widget: StatusBar,
        transcript: Transcript,
        editor: QuestionEditor,
        *,
        tasks: Tasks,
        link: Callable[[], LinkFigures | None],
        saving: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`link` reads the figures of the link to the terminal. `saving`: the user wants the chat to be saved."""
        self._state = state
        self._saving = saving
        self._widget = widget
        self._transcript = transcript
        self._editor = editor
        self._tasks = tasks
        self._link = link
        self._clock = clock
        self._notice: tuple[Connection, float] | None = None
        """The last notice, and until when progress does not replace it."""
        self._label = LinkLabel()
        self._estimate: ContextEstimate | None = None
        self._estimates = 0
        """Number of estimates so far: a result of an earlier one is stale."""
        self._refreshed = 0.0
        if not saving:
            widget.status = replace(widget.status, unsaved=True)

    # -- notices

    def say(self, text: str, level: Level = Level.CALM) -> None:
        """Show a notice in place of the connection, until the next state replaces it."""
        notice = Connection.plain(level, text)
        self._notice = (notice, self._clock() + _NOTICE)
        self._widget.status = replace(self._widget.status, connection=notice)

    def forget_notice(self) -> None:
        """Let progress replace the notice."""
        self._notice = None

    def _with_notice(self, now: Connection) -> Connection:
        if self._notice is None or self._clock() >= self._notice[1] or now.level in (Level.WARNING, Level.ERROR):
            return now
        return self._notice[0]

    # -- state

    def refresh(self, ended: TurnView | None = None, *, progress: bool = False) -> None:
        """Show the present state. `ended`: a turn of the open conversation that has just ended. With `progress` a
        recent notice stays."""
        self._refreshed = self._clock()
        self._widget.status = replace(self._status(ended, progress=progress), position=self._position())

    def refresh_figures(self) -> None:
        """Show the present figures of a turn, at most twice a second."""
        if self._clock() - self._refreshed >= _FIGURES_EVERY:
            self.refresh(progress=True)

    def refresh_sharing(self) -> None:
        """Show the state of the exchange with a shared history."""
        sharing = self._sharing()
        if sharing != self._widget.status.sharing:
            self._widget.status = replace(self._widget.status, sharing=sharing)

    def _sharing(self) -> str:
        if not self._state.is_open or (sharing := self._state.services.sharing) is None:
            return ""
        # imported here, so that it costs nothing where nothing is shared
        from holytui.presentation.sharing import describe_sharing

        return describe_sharing(sharing.status, datetime.now().astimezone().date())

    def refresh_position(self) -> None:
        """Show the position in the transcript."""
        position = self._position()
        if position != self._widget.status.position:
            self._widget.status = replace(self._widget.status, position=position)

    def _position(self) -> str:
        transcript = self._transcript
        if transcript.following:
            return ""
        words = ngettext("↓ {count} new line", "↓ {count} new lines", transcript.new_lines)
        return words.format(count=transcript.new_lines) if transcript.new_lines else _("↓ more below")

    def _status(self, ended: TurnView | None = None, *, progress: bool = False) -> Status:
        model = self._state.model
        turn = self._state.turn or ended
        level = self._state.effort
        status = Status(
            model=model,
            effort=describe(level) if level else "",
            unsaved=self._unsaved,
            sharing=self._sharing(),
            link=self._label.words(self._link()),
        )
        last = next((message for message in reversed(self._transcript.messages) if message.usage), None)
        usage, used, answered = None, None, model
        if last is not None:
            usage, used, answered = last.usage, _used(last.usage, last.attempts), last.model
        if turn is not None:
            rate = turn.rate if ended is None else self._widget.status.rate
            status = replace(status, connection=turn.connection, rate=rate, first_token_s=turn.first_token_s)
            if turn.usage is not None:
                answer = self._transcript.message(turn.answer_id)
                usage, used = turn.usage, _used(turn.usage, turn.requests)
                answered = answer.model if answer is not None else model
        if progress:
            status = replace(status, connection=self._with_notice(status.connection))
        return self._with_context(replace(status, usage=usage, cost=self._cost(usage, answered)), used)

    def _with_context(self, status: Status, used: int | None) -> Status:
        model, estimate = self.model, self._estimate
        if estimate is None or estimate.version != self._state.conversation.version:
            estimate = ContextEstimate(self._state.conversation.version, None, None)
        part = pricing.context_fraction
        return replace(
            status,
            context=part(used if used is not None else estimate.used, model),
            ahead=part(estimate.ahead, model),
        )

    @property
    def _unsaved(self) -> bool:
        return not self._saving or (self._state.is_open and self._state.services.is_temporary)

    def _cost(self, usage: Usage | None, answered: str) -> float | None:
        if not self._state.is_open:
            return None
        model = pricing.find_model(self._state.services.config, answered)
        return pricing.answer_cost(usage, model) if usage is not None else None

    @property
    def model(self) -> Model | None:
        """The configuration of the model of the next question, or None."""
        if not self._state.is_open:
            return None
        return pricing.find_model(self._state.services.config, self._state.model)

    # -- context

    def estimate_context(self) -> None:
        """Estimate in the background how much of the context is used, with and without the draft."""
        model = self.model
        if model is not None and model.context:
            self._estimates += 1
            self._tasks.start(self._estimate_context(self._estimates), Group.ESTIMATE)

    async def _estimate_context(self, number: int) -> None:
        state = self._state
        conversation, draft = state.conversation, self._editor.text
        messages = list(self._transcript.messages)
        if (edited := self._editor.editing) is not None:
            messages = list(takewhile(lambda message: message.id != edited.id, messages))
        sent = state.turn is not None
        used, ahead = await asyncio.to_thread(
            context_tokens, state.services.history, messages, draft, sees=state.model_sees()
        )
        if number != self._estimates:  # a newer estimate runs
            return
        self._estimate = ContextEstimate(conversation.version, used, ahead if sent or draft.strip() else None)
        if state.is_current(conversation):
            now = self._status()
            self._widget.status = replace(self._widget.status, context=now.context, ahead=now.ahead)


def context_tokens(
    history: History, messages: Sequence[Message], draft: str, *, sees: bool = False
) -> tuple[int | None, int]:
    """Tokens after the last answer, if the server reported them, and an estimate with the `draft`.

    Reads the history when that answer took several requests, as its own figures are their sum.
    """
    # imported here, so that the first paint does not wait for the engine
    from holytui.engine.context import estimate_context

    answers = [message for message in messages if message.role is Role.ASSISTANT and message.state.final]
    reported: dict[str, Usage] = {}
    for message in reversed(answers):
        if (usage := _reported(history, message)) is not None:
            reported[message.id] = usage
            break
    last = reported.get(answers[-1].id) if answers else None
    asked = Message("", "", None, Role.USER, draft, 0.0)
    return last.context_tokens if last is not None else None, estimate_context(
        [*messages, asked], reported, vision=sees
    )


def _reported(history: History, message: Message) -> Usage | None:
    """Usage that the server reported for the request of this answer; None for a failed one, which is not sent."""
    usage = message.usage if message.state is not AnswerState.FAILED else None
    if usage is not None and message.attempts > 1:
        usage = next((attempt.usage for attempt in history.attempts(message.id)[-1:]), None)
    return usage if usage is not None and not usage.estimated else None


def _used(usage: Usage | None, requests: int) -> int | None:
    """Tokens after an answer; None for a sum over several requests, which is not the size of the context."""
    return usage.context_tokens if usage is not None and requests <= 1 else None
