"""The answers that this window receives: applies events of the engine to the transcript."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.engine import events as ev
from holytui.errors import StoreError
from holytui.presentation.notice import Level
from holytui.presentation.progress import notice
from holytui.presentation.turn_view import TurnView
from holytui.ui.markdown.inline import preload
from holytui.ui.messages import AnswerEnded
from holytui.ui.ports import ConversationIndex, Group, Reporter, StatusDisplay, Tasks
from holytui.ui.state import ChatState
from holytui.ui.transcript.event_queue import EventQueue
from holytui.ui.transcript.loading import LoadedConversation, load_conversation, view_of

if TYPE_CHECKING:
    from holytui.engine.ending import Ending
    from holytui.engine.events import TurnEvent
    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.engine.titles import TitleGenerator
    from holytui.models import Message
    from holytui.store.history import History
    from holytui.ui.transcript.log import MessageLog


class LiveAnswers:
    """Follows the turns of the state. Texts are read from the engine; an event only signals a change, so nothing is
    shown twice or left out, whenever a conversation is opened. Implements the port `Turns`."""

    def __init__(
        self,
        state: ChatState,
        log: MessageLog,
        *,
        show: Callable[[LoadedConversation], None],
        index: ConversationIndex,
        status: StatusDisplay,
        tasks: Tasks,
        reporter: Reporter,
        on_end: Callable[[AnswerEnded], object],
        pause: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`show` shows a loaded conversation; `on_end` is called for each answer that has ended. `pause`: seconds for
        which a long update should wait."""
        self._state = state
        self._log = log
        self._show = show
        self._index = index
        self._status = status
        self._tasks = tasks
        self._reporter = reporter
        self._on_end = on_end
        self._clock = clock
        self._early: dict[str, list[TurnEvent]] = {}
        """Events that arrived before `begin` was called for their turn."""
        self._events = EventQueue(self._deliver, pause=pause)

    def listen(self) -> None:
        """Receive the events of the engine on the running loop."""
        self._events.open()
        self._state.services.engine.listen(self._events.put)

    def close(self) -> None:
        """Receive nothing more."""
        self._events.close()

    # -- turns

    async def begin(self, started: StartedTurn) -> None:
        """Show a turn that the engine has begun, if its conversation is open."""
        threading.Thread(target=preload, name="holytui-load", daemon=True).start()
        turn = TurnView(started.turn_id, started.conversation_id, started.answer_id, self._clock())
        self._state.turns.add(turn)
        self._deliver(self._early.pop(turn.turn_id, ()))
        loaded = await self._load(turn.conversation_id)
        if loaded is not None:
            self._show(loaded)
            if turn.turn_id not in self._state.turns:  # it ended between loading and showing
                await self._show_stored(turn)
        await self._index.refresh()

    async def withdrawn(self, turn: TurnView) -> None:
        """Show the conversation without a question that was taken back."""
        self._state.turns.remove(turn.turn_id)
        loaded = await self._load(turn.conversation_id)
        if loaded is not None:
            self._show(loaded)
        await self._index.refresh()

    def to_stop(self) -> TurnView | None:
        """The turn that a stop applies to: the selected answer if it is queued, else the newest queued one of the open
        conversation, else the one being received."""
        selected = self._log.selected if self._log.has_focus else None
        here, turns = self._state.conversation.id, self._state.turns
        if selected is not None:
            among = (selected.message.id, self._log.answer_to(selected.message.id))
            if (turn := turns.last_queued(here, among)) is not None:
                return turn
        return turns.last_queued(here) or self._state.turn

    async def _load(self, conversation_id: str) -> LoadedConversation | None:
        """Load the shown branch of the open conversation; None if another conversation is open."""
        history = self._state.services.history
        while (asked := self._state.conversation).id == conversation_id:
            loaded = await asyncio.to_thread(load_conversation, history, conversation_id, asked.leaf)
            now = self._state.conversation
            if (now.version, now.leaf) == (asked.version, asked.leaf):
                return loaded
        return None

    def sync_all(self) -> None:
        """Update the transcript with the texts of the engine."""
        for turn in self._state.turns:
            self._sync(turn)

    # -- events

    def _deliver(self, batch: Sequence[TurnEvent]) -> None:
        now = self._clock()
        turns = self._state.turns
        ended: TurnView | None = None
        for event in batch:
            turn = turns.get(event.turn_id)
            if turn is None:
                self._early.setdefault(event.turn_id, []).append(event)
                continue
            turn.apply(event, now)
            if words := notice(event):
                self._reporter.say(words, Level.WARNING)
            if isinstance(event, ev.Ended):
                turns.remove(turn.turn_id)
                ended = turn if turn.conversation_id == self._state.conversation.id else ended
                self._on_end(AnswerEnded(turn.conversation_id, turn.state, now - turn.started))
                self._tasks.start(self._settle(turn, event.ending), Group.SETTLE)
        touched = {event.turn_id for event in batch}
        for turn in turns:
            if turn.turn_id in touched:
                self._sync(turn)
        if all(isinstance(event, ev.Delta | ev.Reasoning) for event in batch):
            self._status.refresh_figures()
        else:
            self._status.refresh(ended, progress=True)

    def _sync(self, turn: TurnView) -> None:
        """Update the message of a turn with the text of the engine."""
        if turn.conversation_id != self._state.conversation.id:
            return
        view = self._log.view_of(turn.answer_id)
        texts = self._state.services.engine.live_text(turn.answer_id)
        if view is None or texts is None:
            return
        grew = view.sync(*texts)
        if view.message.state is not turn.state:
            view.update(replace(view.message, state=turn.state))
            grew = True
        if grew:
            self._log.changed()

    async def _settle(self, turn: TurnView, ending: Ending) -> None:
        """Show the answer as it was stored: its figures, its problem, its seams."""
        state, history = self._state, self._state.services.history
        if turn.conversation_id != state.conversation.id:
            with suppress(StoreError):  # the mark is not essential
                await asyncio.to_thread(history.update_conversation, turn.conversation_id, unread=True)
        await self._show_stored(turn, ending)
        if turn.conversation_id == state.conversation.id:  # another conversation may be open by now
            self._status.refresh(turn, progress=True)
            self._status.estimate_context()
        await self._index.refresh()
        await self._request_title(turn.conversation_id)

    async def _show_stored(self, turn: TurnView, ending: Ending | None = None) -> None:
        history = self._state.services.history
        message = await asyncio.to_thread(_stored, history, turn.answer_id, ending)
        view = self._log.view_of(turn.answer_id)
        if message is not None and view is not None:
            fresh = await asyncio.to_thread(view_of, history, message, {})
            view.variant = fresh.variant
            view.update(message)
            self._log.changed()

    async def _request_title(self, conversation_id: str) -> None:
        """Let the model name the conversation, if that is configured."""
        from holytui.engine.titles import TitleGenerator

        services = self._state.services
        titles = TitleGenerator(services.config, services.history, services.keyrings, services.client)
        if await asyncio.to_thread(self._may_title, titles, conversation_id):
            titles.start(conversation_id, lambda: self._tasks.call_from_thread(self._titled))

    def _may_title(self, titles: TitleGenerator, conversation_id: str) -> bool:
        """Whether a title is wanted, and no limit of spending is reached."""
        spent = self._state.services.engine.spent
        return titles.is_due(conversation_id) and not any(each.reached for each in spent(conversation_id))

    def _titled(self) -> None:
        self._tasks.start(self._refresh_index(), Group.LIST)

    async def _refresh_index(self) -> None:
        await self._index.refresh()


def _stored(history: History, answer_id: str, ending: Ending | None) -> Message | None:
    """The answer as it was stored; its texts are those of its `ending` if it has any, so that there is no copy."""
    if ending is not None and (ending.text or ending.reasoning):
        message = history.message(answer_id, texts=False)
        if message is None or message.state is ending.state:
            return message and replace(message, text=ending.text, reasoning=ending.reasoning)
    return history.message(answer_id)
