"""What the list beside the messages holds, and what was taken out of it and can be brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from holytui.errors import StoreBusy, StoreFull
from holytui.i18n import _

if TYPE_CHECKING:
    from holytui.models import Conversation
    from holytui.store.history import Library
    from holytui.ui.screens.chat import ChatScreen


@dataclass(frozen=True, slots=True)
class Taken:
    """A conversation that was taken out of the list."""

    id: str
    deleted: bool
    """Else it was only put away."""


class ConversationList:
    """The list is read from the history each time, off the loop; other windows change it too."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._taken: list[Taken] = []
        """Since the start, the latest last."""
        self.archived = False
        """Those that were put away are shown, and not the others."""
        self._read = self._shown = 0
        """How often the list was read, and which of these readings is shown."""

    async def refresh(self) -> Sequence[Conversation]:
        """Show the list as it is on disk; returns all that were not put away."""
        screen = self._screen
        if screen.services is None:
            return ()
        self._read += 1
        number, conversations = self._read, screen.services.history.conversations
        found = await asyncio.to_thread(conversations)
        listed = await asyncio.to_thread(conversations, archived=True) if self.archived else found
        if number < self._shown:  # one that began later has overtaken it
            return found
        self._shown = number
        busy = screen.answers.conversations
        shown = [replace(one, streaming=True) if one.id in busy else one for one in listed]
        heading = _("Archive") if self.archived else ""
        screen.sidebar.show(shown, screen.conversation_id, datetime.now().astimezone().date(), heading)
        return found

    async def show_archived(self, *, wanted: bool) -> None:
        """Show what was put away, or the others again."""
        self.archived = wanted
        await self.refresh()

    async def archive(self, history: Library, conversation_id: str) -> None:
        """Put a conversation away."""
        await asyncio.to_thread(history.update_conversation, conversation_id, archived=True)
        self._taken.append(Taken(conversation_id, deleted=False))

    async def delete(self, history: Library, conversation_id: str) -> None:
        """Delete a conversation; it is kept for `undo`."""
        await asyncio.to_thread(history.delete_conversation, conversation_id)
        self._taken.append(Taken(conversation_id, deleted=True))

    async def undo(self, history: Library) -> bool:
        """Bring back what was taken out last; False if nothing was."""
        if not self._taken:
            return False
        last = self._taken.pop()
        try:
            if last.deleted:
                await asyncio.to_thread(history.restore_conversation, last.id)
            else:
                await self.bring_back(history, last.id)
        except (StoreBusy, StoreFull):  # later it may be possible
            self._taken.append(last)
            raise
        return True

    async def bring_back(self, history: Library, conversation_id: str) -> None:
        """Take a conversation that was put away into the list again."""
        await asyncio.to_thread(history.update_conversation, conversation_id, archived=False)
        self._taken = [one for one in self._taken if one.id != conversation_id]
