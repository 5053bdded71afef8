"""The conversations of the list, and those that were removed from it and can be restored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from holytui.errors import StoreBusy, StoreFull
from holytui.i18n import _
from holytui.ui.state import ChatState

if TYPE_CHECKING:
    from holytui.models import Conversation
    from holytui.ui.sidebar.list_widget import Sidebar


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """A conversation that was removed from the list."""

    id: str
    deleted: bool
    """False: it was archived."""


class ConversationList:
    """Reads the list from the history each time, off the loop, as other windows change it too. Its methods raise
    StoreError. Implements the port `ConversationIndex`."""

    def __init__(self, state: ChatState, sidebar: Sidebar) -> None:
        self._state = state
        self._sidebar = sidebar
        self._removed: list[UndoEntry] = []
        """Since the start, the latest last."""
        self.archived = False
        """The archive is shown instead of the other conversations."""
        self._reads = self._shown = 0
        """Number of reads so far, and the read that is shown."""

    async def refresh(self) -> Sequence[Conversation]:
        """Show the list as stored; returns the conversations that are not archived."""
        if not self._state.is_open:
            return ()
        self._reads += 1
        number, conversations = self._reads, self._state.services.history.conversations
        found = await asyncio.to_thread(conversations)
        listed = await asyncio.to_thread(conversations, archived=True) if self.archived else found
        if number < self._shown:  # a read that began later has overtaken this one
            return found
        self._shown = number
        busy = self._state.turns.conversation_ids
        shown = [replace(one, streaming=True) if one.id in busy else one for one in listed]
        heading = _("Archive") if self.archived else ""
        replica = self._state.services.history.replica
        local = await asyncio.to_thread(replica.unshared) if replica is not None else frozenset()
        if number < self._shown:
            return found
        today = datetime.now().astimezone().date()
        self._sidebar.show(shown, self._state.conversation.id, today, heading, local)
        return found

    async def show_archived(self, *, wanted: bool) -> None:
        """Show the archive, or the other conversations."""
        self.archived = wanted
        await self.refresh()

    async def archive(self, conversation_id: str) -> None:
        """Archive a conversation."""
        await asyncio.to_thread(self._state.services.history.update_conversation, conversation_id, archived=True)
        self._removed.append(UndoEntry(conversation_id, deleted=False))

    async def unarchive(self, conversation_id: str) -> None:
        """Take a conversation out of the archive."""
        await asyncio.to_thread(self._state.services.history.update_conversation, conversation_id, archived=False)
        self._removed = [one for one in self._removed if one.id != conversation_id]

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation; it is kept for `undo`."""
        await asyncio.to_thread(self._state.services.history.delete_conversation, conversation_id)
        self._state.services.engine.release_streams()
        self._removed.append(UndoEntry(conversation_id, deleted=True))

    async def undo(self) -> bool:
        """Restore the conversation that was removed last; False if none was."""
        if not self._removed:
            return False
        last = self._removed.pop()
        try:
            if last.deleted:
                await asyncio.to_thread(self._state.services.history.restore_conversation, last.id)
            else:
                await self.unarchive(last.id)
        except (StoreBusy, StoreFull):  # a later try may succeed
            self._removed.append(last)
            raise
        return True
