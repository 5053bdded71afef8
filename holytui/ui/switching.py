"""From one conversation to another: of several that are being read, the one that was asked for last is shown."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.ui.asking import Place, Settings
from holytui.ui.connection import Level

if TYPE_CHECKING:
    from holytui.engine.services import Services
    from holytui.ui.opened import Opened
    from holytui.ui.screens.chat import ChatScreen


class Switching:
    """Changes what the chat shows, and takes what is written in the prompt along or leaves it behind."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.started = False
        """The first conversation is shown: from now on the prompt belongs to what is shown."""
        self._wish = 0
        """How often another conversation was asked for."""

    def new(self) -> None:
        """An empty conversation; it is on disk with its first question."""
        self._wish += 1
        screen = self._screen
        self._leave()
        screen.place = Place()
        screen.settings = Settings()
        screen.writing.enter_new(show=self.started)
        screen.welcome()
        screen.prompt.remember([])
        screen.paint_status()
        screen.bar.weigh()
        screen.prompt.focus()

    async def open(self, services: Services, conversation_id: str) -> None:
        """Show a conversation at its end, unless another one is asked for meanwhile. Raises StoreError."""
        # imported here, as the first paint does without
        from holytui.ui.opened import open_conversation

        self._wish += 1
        wish, screen, history = self._wish, self._screen, services.history
        opened = await asyncio.to_thread(open_conversation, history, conversation_id)
        if wish != self._wish:
            return
        if opened is None:
            screen.say(_("that conversation no longer exists"), Level.WARNING)
            return
        if opened.conversation.unread:
            with suppress(StoreError):  # that it can be read is what matters
                await asyncio.to_thread(history.update_conversation, conversation_id, unread=False)
        if wish == self._wish:
            self.show(opened)
            screen.place.leaf = screen.place.theirs = opened.leaf
        if history.damage:
            screen.say(history.damage, Level.WARNING)
        await screen.refresh_list()

    def show(self, opened: Opened) -> None:
        """Show what was read of a conversation."""
        screen = self._screen
        if opened.conversation.id != screen.conversation_id:
            self._leave()
            screen.place = Place(opened.conversation.id)
        screen.writing.enter(opened.conversation, show=self.started)
        screen.model = opened.conversation.model or screen.model
        screen.log_view.show(opened.entries)
        screen.prompt.remember(opened.questions)
        screen.answers.sync_all()
        screen.paint_status()
        screen.bar.weigh()

    def _leave(self) -> None:
        if self.started:
            self._screen.writing.leave()
