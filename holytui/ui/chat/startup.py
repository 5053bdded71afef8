"""The start: the conversation that is shown first, and answers that were interrupted when holytui last ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.presentation.notice import Level
from holytui.ui.composer import draft_store
from holytui.ui.lifecycle import bookmark, outbox

if TYPE_CHECKING:
    from holytui.models import Message
    from holytui.ui.composer.drafts import DraftController
    from holytui.ui.ports import ConversationIndex, Navigation, Reporter, Turns
    from holytui.ui.state import ChatState


class Startup:
    """Shows the first conversation, and resumes answers as `ui.resume_on_start` says."""

    def __init__(
        self,
        state: ChatState,
        drafts: DraftController,
        *,
        navigation: Navigation,
        index: ConversationIndex,
        turns: Turns,
        reporter: Reporter,
    ) -> None:
        self._state = state
        self._drafts = drafts
        self._navigation = navigation
        self._index = index
        self._turns = turns
        self._reporter = reporter

    async def show_first(self, wanted: str, *, asked: bool) -> None:
        """Show the conversation `wanted`, else the one that a hang-up left, else one with an interrupted answer, else
        an empty one; then handle interrupted answers. `asked`: a question waits, which an empty conversation gets.
        An error is reported, and questions can be asked all the same."""
        try:
            await self._show_first(wanted, asked=asked)
        except HolytuiError as error:
            if not self._state.conversation.id:
                self._navigation.new()
            self._reporter.say(error.full_text, Level.ERROR)

    async def _show_first(self, wanted: str, *, asked: bool) -> None:
        history = self._state.services.history
        mark = await asyncio.to_thread(bookmark.take, history)
        conversation = wanted or ("" if asked else mark.conversation_id)
        interrupted = [*mark.interrupted, *await asyncio.to_thread(history.unfinished)]
        self._drafts.fresh = await asyncio.to_thread(draft_store.load, history, "")
        await self._index.refresh()
        if conversation:
            await self._navigation.open(conversation)
        elif interrupted and not asked:
            await self._navigation.open(interrupted[-1].conversation_id)
        elif not self._state.conversation.id:
            self._navigation.new()
            self._drafts.first()
        await self._handle_interrupted(interrupted)

    async def _handle_interrupted(self, interrupted: Sequence[Message]) -> None:
        """Resume interrupted answers, offer to, or leave them, as configured. Send questions that were never sent."""
        state, services = self._state, self._state.services
        state.resumable_ids = tuple(message.id for message in interrupted)
        if services.config.ui.resume_on_start == "never":
            for message in interrupted:
                await asyncio.to_thread(services.history.streams.release_interrupted, message.id)
        services.engine.release_streams()
        if not interrupted or services.config.ui.resume_on_start == "never":
            return
        if services.config.ui.resume_on_start == "always":
            await self.resume_all()
            return
        unsent = [
            message
            for message in interrupted
            if await asyncio.to_thread(outbox.never_went_out, services.history, message)
        ]
        if unsent:
            state.resumable_ids = tuple(message.id for message in unsent)
            await self.resume_all()
        rest = [message for message in interrupted if message not in unsent]
        state.resumable_ids = tuple(message.id for message in rest)
        if rest:
            self._reporter.say(describe_interrupted(rest), Level.WARNING)

    async def resume_all(self) -> None:
        """Resume every answer that was interrupted when holytui last ended, the oldest first."""
        state = self._state
        wanted, state.resumable_ids = state.resumable_ids, ()
        for message_id in wanted:
            try:
                started = await asyncio.to_thread(state.services.engine.resume, message_id)
            except HolytuiError as error:
                self._reporter.say(error.full_text, Level.ERROR)
            else:
                await self._turns.begin(started)
        if not wanted:
            self._reporter.say(_("no answer was interrupted when holytui last ended"))


def describe_interrupted(interrupted: Sequence[Message]) -> str:
    """How many answers were interrupted and questions never answered, and the key that resumes them."""
    waiting = [message for message in interrupted if not message.text and not message.reasoning]
    parts = []
    if len(waiting) < len(interrupted):
        count = len(interrupted) - len(waiting)
        parts.append(
            ngettext("{count} answer was interrupted", "{count} answers were interrupted", count).format(count=count)
        )
    if waiting:
        count = len(waiting)
        parts.append(ngettext("{count} question waits", "{count} questions wait", count).format(count=count))
    return " · ".join([*parts, _("{press:chat.resume_all} to get the rest")])
