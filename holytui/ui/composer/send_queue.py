"""Questions on their way from the prompt to the engine, in the order in which Enter was pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.errors import HolytuiError, NotAttached
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.composer.submit import Question, submit
from holytui.ui.ports import Group, Reporter, StatusDisplay, Tasks, Turns
from holytui.ui.reporting import report_errors
from holytui.ui.state import ChatState, OpenConversation

if TYPE_CHECKING:
    from holytui.attachments.files import Chosen
    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.models import Image
    from holytui.presentation.turn_view import TurnView
    from holytui.ui.composer.drafts import DraftController
    from holytui.ui.composer.prompt import Prompt


class SendQueue:
    """A question that cannot be stored returns to the prompt; none is lost, and none overtakes another."""

    def __init__(
        self,
        state: ChatState,
        prompt: Prompt,
        drafts: DraftController,
        turns: Turns,
        *,
        status: StatusDisplay,
        reporter: Reporter,
        tasks: Tasks,
    ) -> None:
        self._state = state
        self._prompt = prompt
        self._drafts = drafts
        self._turns = turns
        self._status = status
        self._reporter = reporter
        self._tasks = tasks
        self._unsent: list[Question] = []
        """Questions that are not stored yet, in order."""
        self._open = False
        """The history is open and the first conversation is shown."""
        self._refused = ""
        """Text of a question that was refused for missing files; sent once more, it is accepted."""
        self._submitting = asyncio.Lock()
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._destinations: dict[int, OpenConversation] = {}
        """By version: conversations that are no longer shown, for which questions still wait."""
        self._submitted: dict[str, Question] = {}
        """By turn: the question as it was written."""

    @property
    def is_waiting(self) -> bool:
        """Whether questions wait for the history to be opened."""
        return bool(self._unsent) and not self._open

    async def idle(self) -> None:
        """Wait until no question is being stored."""
        await self._idle.wait()

    def question(self, text: str, files: Sequence[Chosen], images: Sequence[Image] = ()) -> Question:
        """The question that Enter sends now, with the state at this moment."""
        state = self._state
        again, self._refused = text == self._refused, ""
        editing = self._drafts.end_editing()
        return Question(text, files, state.conversation, state.model, state.new_conversation, editing, again, images)

    def send(self, question: Question) -> None:
        """Store the question, or keep it until the history is open."""
        self._unsent.append(question)
        if self._open:
            self._start(question)
        else:
            self._reporter.say(_("one moment, the history is being opened"), Level.BUSY)

    def keep(self, question: Question) -> None:
        """Keep a question of the command line until the history is open."""
        self._unsent.append(question)

    async def open(self) -> None:
        """The first conversation is shown: send to it the questions that waited."""
        self._open = True
        self._unsent = [replace(question, conversation=self._state.conversation) for question in self._unsent]
        # started all at once, so that a question that is sent meanwhile does not come between them
        for question in tuple(self._unsent):
            self._start(question)
        await self.idle()

    def unsent(self) -> Sequence[str]:
        """Texts that are not stored yet."""
        return [question.text for question in self._unsent]

    def _start(self, question: Question) -> None:
        self._running += 1
        self._idle.clear()
        self._tasks.start(self._send(question), Group.SEND)

    async def _send(self, question: Question) -> None:
        try:
            await self._submit(question)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _submit(self, question: Question) -> None:
        try:
            async with self._submitting:
                question = self._redirected(question)
                started = await asyncio.to_thread(self._store, question)
                self._arrived(question, started)
        except HolytuiError as error:
            self._give_back(question)
            if isinstance(error, NotAttached):
                self._refused = question.text
            self._reporter.say(error.full_text, Level.ERROR)
            return
        except Exception:  # a defect, which ends the app; the prompt is then stored as a draft
            self._give_back(question)
            raise
        self._drafts.keep()
        known = {turn: asked for turn, asked in self._submitted.items() if turn in self._state.turns}
        self._submitted = {**known, started.turn_id: question}
        with report_errors(self._reporter):
            await self._turns.begin(started)

    def _redirected(self, question: Question) -> Question:
        """The question with its conversation as it is now: questions before it may have created it."""
        if self._state.is_current(question.conversation):
            now = self._state.conversation
        else:
            now = self._destinations.get(question.conversation.version, question.conversation)
        redirected = replace(question, conversation=now)
        self._unsent = [redirected if each is question else each for each in self._unsent]
        return redirected

    def _store(self, question: Question) -> StartedTurn:
        started = submit(self._state.services, question)
        self._unsent.remove(question)  # in this thread, as the loop may end before it resumes
        return started

    def _arrived(self, question: Question, started: StartedTurn) -> None:
        """The question is stored: those behind it follow its answer."""
        arrived = replace(question.conversation, id=started.conversation_id, leaf=started.answer_id)
        if self._state.is_current(arrived):
            shown = self._state.conversation
            self._state.conversation = replace(shown, id=arrived.id, leaf=arrived.leaf)
            self._drafts.named(arrived.id)
        waiting = {each.conversation.version for each in self._unsent}
        known = {**self._destinations, arrived.version: arrived}
        self._destinations = {version: known[version] for version in waiting & known.keys()}

    async def take_back(self, turn: TurnView) -> None:
        """Return the question of a queued turn to the prompt, or stop the turn if it is not queued any more."""
        state = self._state
        with report_errors(self._reporter):
            engine = state.services.engine
            async with self._submitting:  # no question may be stored after it meanwhile
                taken = await asyncio.to_thread(engine.withdraw, turn.turn_id)
                if taken is None:
                    engine.stop(turn.turn_id)
                    turn.stopping()
                    self._status.refresh(progress=True)
                    return
                if state.conversation.leaf == turn.answer_id:
                    state.set_leaf(taken.question.parent_id if taken.removed else None)
            if taken.removed:
                question, asked = self._submitted.pop(turn.turn_id, None), taken.question
                if question is not None:
                    self._write(question)
                else:
                    self._prompt.restore_unsent(asked.text, images=asked.images)
            await self._turns.withdrawn(turn)
            self._reporter.say(_("taken back; it was not sent"))

    def _give_back(self, question: Question) -> None:
        self._unsent.remove(question)
        self._write(question)

    def _write(self, question: Question) -> None:
        """Restore a question to the prompt, with its files."""
        if question.editing is not None and self._state.is_current(question.conversation):
            self._drafts.edit(question.editing)
            self._prompt.set_text(question.text, {each.path: each.place for each in question.files}, question.images)
        else:
            self._prompt.restore_unsent(question.text, question.files, question.images)
