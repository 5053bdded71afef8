"""Navigation between conversations. Of several that are being read, the last requested one is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.composer.drafts import DraftController
from holytui.ui.ports import ConversationIndex, Reporter, StatusDisplay
from holytui.ui.state import ChatState, NewConversation

if TYPE_CHECKING:
    from holytui.ui.composer.prompt import Prompt
    from holytui.ui.transcript.loading import LoadedConversation
    from holytui.ui.transcript.log import MessageLog


class Navigator:
    """Changes the conversation that is shown; the draft stays with its conversation. Implements the port
    `Navigation`."""

    def __init__(
        self,
        state: ChatState,
        log: MessageLog,
        prompt: Prompt,
        drafts: DraftController,
        *,
        index: ConversationIndex,
        status: StatusDisplay,
        reporter: Reporter,
        welcome: Callable[[], None],
        sync: Callable[[], None],
    ) -> None:
        """`welcome` fills the transcript of an empty conversation; `sync` adds the text of answers being received."""
        self._state = state
        self._log = log
        self._prompt = prompt
        self._drafts = drafts
        self._index = index
        self._status = status
        self._reporter = reporter
        self._welcome = welcome
        self._sync = sync
        self.started = False
        """The first conversation is shown: from now on the prompt belongs to the open one."""
        self._requests = 0
        """Number of requests so far: a result of an earlier one is stale."""

    def new(self) -> None:
        """Show an empty conversation; its first question stores it."""
        self._requests += 1
        self._leave()
        self._state.show()
        self._state.new_conversation = NewConversation()
        self._drafts.enter_new(show=self.started)
        self._welcome()
        self._prompt.remember([])
        self._status.refresh()
        self._status.estimate_context()
        self._prompt.focus()

    async def open(self, conversation_id: str) -> None:
        """Show a conversation at its end, unless another one is asked for meanwhile. Raises StoreError."""
        # imported here, as the first paint does without
        from holytui.ui.transcript.loading import load_conversation

        if not self._state.is_open:
            return
        self._requests += 1
        request, history = self._requests, self._state.services.history
        loaded = await asyncio.to_thread(load_conversation, history, conversation_id)
        if request != self._requests:
            return
        if loaded is None:
            self._reporter.say(_("that conversation no longer exists"), Level.WARNING)
            return
        if loaded.conversation.unread:
            with suppress(StoreError):  # the mark is not essential
                await asyncio.to_thread(history.update_conversation, conversation_id, unread=False)
        if request == self._requests:
            self.show(loaded)
            shown = self._state.conversation
            self._state.conversation = replace(shown, leaf=loaded.leaf, acknowledged_leaf=loaded.leaf)
        maintenance = history.maintenance
        if maintenance is not None and maintenance.damage_warning:
            self._reporter.say(maintenance.damage_warning, Level.WARNING)
        await self._index.refresh()

    def show(self, loaded: LoadedConversation) -> None:
        """Show a loaded conversation."""
        state, conversation = self._state, loaded.conversation
        if conversation.id != state.conversation.id:
            self._leave()
            state.show(conversation.id)
        self._drafts.enter(conversation, show=self.started)
        state.model = conversation.model or state.model
        state.set_params(conversation.params)
        self._log.show(loaded.views)
        self._prompt.remember(loaded.questions)
        self._sync()
        self._status.refresh()
        self._status.estimate_context()

    def _leave(self) -> None:
        if self.started:
            self._drafts.leave()
