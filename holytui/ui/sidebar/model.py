"""The conversations of the list, and those that were removed from it and can be restored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from holytui.errors import StoreBusy, StoreFull
from holytui.i18n import _
from holytui.ui.state import ChatState

if TYPE_CHECKING:
    from holytui.models import Conversation
    from holytui.store.tags import TagChange
    from holytui.ui.sidebar.list_widget import Sidebar


_COLLAPSED = "list.collapsed"
"""Key of the fact with the collapsed folders."""


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """Conversations that were removed from the list together."""

    ids: tuple[str, ...]
    deleted: bool
    """False: they were archived."""


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
        if not self._reads:
            self._reads += 1
            await self._recall_collapsed()
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
        self._sidebar.mark_local(local)
        self._sidebar.show(shown, self._state.conversation.id, today, heading)
        return found

    async def show_archived(self, *, wanted: bool) -> None:
        """Show the archive, or the other conversations."""
        self.archived = wanted
        await self.refresh()

    async def change(self, ids: Sequence[str], **fields: object) -> None:
        """Set fields of conversations."""
        update = self._state.services.history.update_conversation
        await self._each(ids, lambda id_: update(id_, **fields))

    async def change_tags(self, ids: Sequence[str], change: TagChange) -> None:
        """Add and remove tags of conversations."""
        change_tags = self._state.services.history.change_tags
        await self._each(ids, lambda id_: change_tags(id_, change))

    async def _each(self, ids: Sequence[str], act: Callable[[str], object], done: list[str] | None = None) -> None:
        """Act on each conversation off the loop. Those that are finished are added to `done`, also before an error."""

        def run() -> None:
            for id_ in ids:
                act(id_)
                if done is not None:
                    done.append(id_)

        await asyncio.to_thread(run)

    async def archive(self, ids: Sequence[str]) -> None:
        """Archive conversations; `undo` takes all of them out again."""
        update = self._state.services.history.update_conversation
        await self._remove(ids, lambda id_: update(id_, archived=True), deleted=False)

    async def _remove(self, ids: Sequence[str], act: Callable[[str], object], *, deleted: bool) -> None:
        done: list[str] = []
        try:
            await self._each(ids, act, done)
        finally:
            if done:
                self._removed.append(UndoEntry(tuple(done), deleted=deleted))

    async def unarchive(self, ids: Sequence[str]) -> None:
        """Take conversations out of the archive."""
        await self.change(ids, archived=False)
        left = (replace(one, ids=tuple(id_ for id_ in one.ids if id_ not in ids)) for one in self._removed)
        self._removed = [one for one in left if one.ids]

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete conversations; they are kept for `undo`."""
        await self._remove(ids, self._state.services.history.delete_conversation, deleted=True)
        self._state.services.engine.release_streams()

    async def undo(self) -> int:
        """Restore the conversations that were removed last; return their number, 0 if none were."""
        if not self._removed:
            return 0
        last = self._removed.pop()
        try:
            await self._restore(last)
        except (StoreBusy, StoreFull):  # a later try may succeed
            self._removed.append(last)
            raise
        return len(last.ids)

    async def _restore(self, entry: UndoEntry) -> None:
        if entry.deleted:
            await self._each(entry.ids, self._state.services.history.restore_conversation)
        else:
            await self.change(entry.ids, archived=False)

    # -- folders

    async def keep_collapsed(self, names: Collection[str]) -> None:
        """Store the collapsed folders for the next start."""
        text = json.dumps(sorted(names), ensure_ascii=False)
        await asyncio.to_thread(self._state.services.history.remember, _COLLAPSED, text)

    async def _recall_collapsed(self) -> None:
        text = await asyncio.to_thread(self._state.services.history.recall, _COLLAPSED)
        with suppress(ValueError):
            found = json.loads(text or "[]")
            if isinstance(found, list):
                self._sidebar.collapse(frozenset(name for name in found if isinstance(name, str)))
