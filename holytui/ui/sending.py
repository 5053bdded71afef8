"""Questions on their way from the prompt to the engine, in the order in which Enter was pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.worker import Worker

from holytui.errors import HolytuiError, NotAttached
from holytui.i18n import _
from holytui.ui.asking import Question, put
from holytui.ui.connection import Level
from holytui.ui.refusals import told

if TYPE_CHECKING:
    from holytui.engine.services import Services
    from holytui.engine.workers import StartedTurn
    from holytui.models import Image
    from holytui.ui.attachments import Chosen
    from holytui.ui.screens.chat import ChatScreen
    from holytui.ui.turns import TurnView


class Sending:
    """A question that cannot be put is given back to the prompt; none is lost, and none overtakes another."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._unsent: list[Question] = []
        """Those that are not on disk yet, in order."""
        self._open = False
        """The history is open and the first conversation is shown."""
        self._refused = ""
        """A question that names files that are not there; sent once more, it goes out as it is."""
        self._putting = asyncio.Lock()
        self._put_last: dict[str, Question] = {}
        """Of answers on their way: what was asked, as it was written."""

    def __bool__(self) -> bool:
        """Whether questions wait for the history."""
        return bool(self._unsent) and not self._open

    def question(self, text: str, files: Sequence[Chosen], images: Sequence[Image] = ()) -> Question:
        """What Enter means now: where it was pressed, and what held then."""
        screen = self._screen
        again, self._refused = text == self._refused, ""
        editing = screen.writing.end_editing()
        return Question(text, files, screen.place, screen.model, screen.settings, editing, again, images)

    def send(self, question: Question) -> None:
        """Put it, or keep it until that can be done."""
        services = self._screen.services
        self._unsent.append(question)
        if services is None or not self._open:
            self._screen.say(_("one moment, the history is being opened"), Level.BUSY)
        else:
            self._run(services, question)

    def keep(self, question: Question) -> None:
        """One from the command line, for when the history is open."""
        self._unsent.append(question)

    async def open(self, services: Services) -> None:
        """The first conversation is shown: what waited goes out, to that one."""
        self._open = True
        early = self._unsent = [replace(question, place=self._screen.place) for question in self._unsent]
        # begun all at once, so that none which is sent while these are put comes between them
        for worker in [self._run(services, question) for question in early]:
            await worker.wait()

    def unsent(self) -> Sequence[str]:
        """What is not on disk."""
        return [question.text for question in self._unsent]

    def _run(self, services: Services, question: Question) -> Worker[None]:
        return self._screen.run_worker(self._send(services, question), group="send")

    async def _send(self, services: Services, question: Question) -> None:
        screen = self._screen
        try:
            async with self._putting:
                started = await asyncio.to_thread(self._put, services, question)
        except HolytuiError as error:
            self._give_back(question)
            if isinstance(error, NotAttached):
                self._refused = question.text
            screen.say(error.told, Level.ERROR)
            return
        except Exception:  # a defect, which ends the screen: what is in the prompt then is kept as a draft
            self._give_back(question)
            raise
        if question.place is screen.place:
            screen.writing.named(question.place.id)
        screen.writing.keep()
        known = {turn: asked for turn, asked in self._put_last.items() if screen.answers.knows(turn)}
        self._put_last = {**known, started.turn_id: question}
        with told(screen):
            await screen.begin(services, started)

    def _put(self, services: Services, question: Question) -> StartedTurn:
        started = put(services, question)
        self._unsent.remove(question)  # here, as the screen may be gone before its loop hears of it
        return started

    async def take_back(self, services: Services, turn: TurnView) -> None:
        """The question that waits in line stands in the prompt again, or is stopped if it does not wait any more."""
        screen = self._screen
        with told(screen):
            async with self._putting:  # nothing may be put behind it meanwhile
                taken = await asyncio.to_thread(services.engine.withdraw, turn.turn_id)
                if taken is None:
                    services.engine.stop(turn.turn_id)
                    turn.stopping()
                    screen.paint_status(progress=True)
                    return
                if screen.place.leaf == turn.answer_id:
                    screen.place.leaf = taken.question.parent_id if taken.gone else None
            if taken.gone:
                question, asked = self._put_last.pop(turn.turn_id, None), taken.question
                if question is not None:
                    self._write(question)
                else:
                    screen.prompt.give_back(asked.text, images=asked.images)
            await screen.answers.withdrawn(services, turn)
            screen.say(_("taken back; it did not go out"))

    def _give_back(self, question: Question) -> None:
        self._unsent.remove(question)
        self._write(question)

    def _write(self, question: Question) -> None:
        """Into the prompt, with the files that were chosen for it."""
        screen = self._screen
        if question.editing is not None and question.place is screen.place:
            screen.writing.edit(question.editing)
            screen.prompt.put(question.text, {each.path: each.place for each in question.files}, question.images)
        else:
            screen.prompt.give_back(question.text, question.files, question.images)
