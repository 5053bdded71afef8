"""The answers that this window receives: from the engine's events to the entries of the log."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.css.query import NoMatches

from holytui.engine import events as ev
from holytui.errors import StoreError
from holytui.models import AnswerState
from holytui.ui.lifecycle.notifications import AnswerEnded
from holytui.ui.markdown.inline import load
from holytui.ui.transcript.event_queue import Mailbox
from holytui.ui.transcript.loading import Opened, entry_of, open_conversation
from holytui.ui.turns import TurnView

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.engine.events import TurnEvent
    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.store.history import History
    from holytui.ui.chat.screen import ChatScreen

_NUMBERS_EVERY = 0.5
"""Seconds between two paintings of the figures in the status bar while text streams."""


class Answers:
    """Those on their way in any conversation. What an answer's text is, the engine knows; an event only says that
    it has changed, so nothing is shown twice or left out, whenever a conversation is opened."""

    def __init__(self, screen: ChatScreen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._turns: dict[str, TurnView] = {}
        self._ahead: dict[str, list[TurnEvent]] = {}
        """Events of turns that began so fast that they are not known here yet."""
        self._mailbox = Mailbox(self._deliver)
        self._painted = 0.0

    def listen(self, services: Services) -> None:
        """Receive what the engine tells, on the running loop."""
        self._mailbox.open()
        services.engine.listen(self._mailbox.put)

    def close(self) -> None:
        """Receive nothing any more."""
        self._mailbox.close()

    # -- which there are

    def __bool__(self) -> bool:
        return bool(self._turns)

    def knows(self, turn_id: str) -> bool:
        """Whether it is among them."""
        return turn_id in self._turns

    @property
    def messages(self) -> set[str]:
        """Their messages."""
        return {turn.answer_id for turn in self._turns.values()}

    @property
    def conversations(self) -> set[str]:
        """Those in which one is received."""
        return {turn.conversation_id for turn in self._turns.values()}

    def here(self) -> TurnView | None:
        """The one on its way in the open conversation."""
        shown = self._screen.conversation_id
        return next((turn for turn in self._turns.values() if turn.conversation_id == shown), None)

    def to_stop(self) -> TurnView | None:
        """The selected answer if it waits in line, else the last one here that does, else the one on its way here."""
        log = self._screen.log_view
        selected = log.selected if self._screen.focused is log else None
        if selected is not None:
            wanted = (selected.message.id, log.answer_to(selected.message.id))
            for turn in self._turns.values():
                if turn.answer_id in wanted and turn.state is AnswerState.QUEUED:
                    return turn
        shown = self._screen.conversation_id
        queued = [turn for turn in self._turns.values() if turn.state is AnswerState.QUEUED]
        return next((turn for turn in reversed(queued) if turn.conversation_id == shown), self.here())

    async def withdrawn(self, services: Services, turn: TurnView) -> None:
        """It was taken back: nothing of it is shown any more."""
        self._turns.pop(turn.turn_id, None)
        opened = await self._as_shown(services.history, turn.conversation_id)
        if opened is not None:
            self._screen.switching.show(opened)
        await self._screen.refresh_list()

    # -- their life

    async def begin(self, services: Services, started: StartedTurn) -> None:
        """Show a turn that the engine has just begun, if its conversation is open."""
        threading.Thread(target=load, name="holytui-load", daemon=True).start()
        turn = TurnView(started.turn_id, started.conversation_id, started.answer_id, self._clock())
        self._turns[turn.turn_id] = turn
        self._deliver(self._ahead.pop(turn.turn_id, ()))
        opened = await self._as_shown(services.history, turn.conversation_id)
        if opened is not None:
            self._screen.switching.show(opened)
            if turn.turn_id not in self._turns:  # it ended after it was read, before there was an entry to change
                await self._show_stored(services.history, turn)
        await self._screen.refresh_list()

    async def _as_shown(self, history: History, conversation_id: str) -> Opened | None:
        """The open conversation with the branch that this window shows when it is read; None if another one is open."""
        place = self._screen.place
        while place.id == conversation_id:
            leaf = place.leaf
            opened = await asyncio.to_thread(open_conversation, history, conversation_id, leaf)
            if place is self._screen.place and place.leaf == leaf:
                return opened
            place = self._screen.place  # a question was put meanwhile, or another branch is shown
        return None

    def sync_all(self) -> None:
        """Bring the log up to what the engine has."""
        for turn in self._turns.values():
            self._sync(turn)

    def painted(self) -> None:
        """The figures have just been painted."""
        self._painted = self._clock()

    def _deliver(self, batch: Sequence[TurnEvent]) -> None:
        now = self._clock()
        ended: TurnView | None = None
        for event in batch:
            turn = self._turns.get(event.turn_id)
            if turn is None:
                self._ahead.setdefault(event.turn_id, []).append(event)
                continue
            turn.apply(event, now)
            if isinstance(event, ev.Ended):
                del self._turns[turn.turn_id]
                ended = turn if turn.conversation_id == self._screen.conversation_id else ended
                self._screen.post_message(AnswerEnded(turn.conversation_id, turn.state, now - turn.started))
                self._screen.run_worker(self._settle(turn), group="settle", exit_on_error=False)
        touched = {event.turn_id for event in batch}
        calm = all(isinstance(event, ev.Delta | ev.Reasoning) for event in batch)
        try:
            for turn in self._turns.values():
                if turn.turn_id in touched:
                    self._sync(turn)
            if not calm or now - self._painted >= _NUMBERS_EVERY:
                self._screen.paint_status(ended, progress=True)
        except NoMatches:  # the screen is being taken down
            self._mailbox.close()

    def _sync(self, turn: TurnView) -> None:
        """Bring the log's entry up to what the engine has of the answer."""
        screen = self._screen
        if turn.conversation_id != screen.conversation_id or screen.services is None:
            return
        entry = screen.log_view.entry(turn.answer_id)
        texts = screen.services.engine.told(turn.answer_id)
        if entry is None or texts is None:
            return
        grew = entry.sync(*texts)
        if entry.message.state is not turn.state:
            entry.update(replace(entry.message, state=turn.state))
            grew = True
        if grew:
            screen.log_view.changed()

    async def _settle(self, turn: TurnView) -> None:
        """The answer as it was stored: its figures, its problem, its seams."""
        screen = self._screen
        if screen.services is None:
            return
        history = screen.services.history
        if turn.conversation_id != screen.conversation_id:
            with suppress(StoreError):  # it is only not marked
                await asyncio.to_thread(history.update_conversation, turn.conversation_id, unread=True)
        await self._show_stored(history, turn)
        if turn.conversation_id == screen.conversation_id:  # another one may have been opened since
            screen.paint_status(turn, progress=True)
            screen.bar.weigh()
        await screen.refresh_list()
        await self._name(screen.services, turn.conversation_id)

    async def _show_stored(self, history: History, turn: TurnView) -> None:
        message = await asyncio.to_thread(history.message, turn.answer_id)
        entry = self._screen.log_view.entry(turn.answer_id)
        if message is not None and entry is not None:
            fresh = await asyncio.to_thread(entry_of, history, message)
            entry.variant = fresh.variant
            entry.update(message)
            self._screen.log_view.changed()

    async def _name(self, services: Services, conversation_id: str) -> None:
        """Let the model name the conversation, if that is wanted."""
        from holytui.engine.titles import Titles

        titles = Titles(services.config, services.history, services.keyrings, services.client)
        if await asyncio.to_thread(titles.wanted, conversation_id):
            titles.make(conversation_id, partial(self._from_thread, self._named))

    def _from_thread(self, callback: Callable[[], None]) -> None:
        """Call it on the screen's loop soon, or never if the screen is gone."""
        if self._screen.is_running:
            self._screen.call_later(callback)  # posts a message, which any thread may do

    def _named(self) -> None:
        self._screen.run_worker(self._screen.refresh_list(), group="list", exit_on_error=False)
