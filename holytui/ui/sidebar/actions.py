"""Actions on conversations of the list."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import nfc, one_line
from holytui.ui.dialogs.dialogs import LineDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from holytui.models import Conversation
    from holytui.ui.ports import Dialogs, Navigation, Reporter
    from holytui.ui.sidebar.model import ConversationList
    from holytui.ui.sidebar.pane import ListPane
    from holytui.ui.state import ChatState


class SidebarActions:
    """Each action changes the history and then shows the list as stored. They raise StoreError."""

    def __init__(
        self,
        state: ChatState,
        model: ConversationList,
        pane: ListPane,
        show_pane: Callable[[], None],
        *,
        navigation: Navigation,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        """`show_pane` makes the list visible."""
        self._state = state
        self._model = model
        self._pane = pane
        self._show_pane = show_pane
        self._navigation = navigation
        self._dialogs = dialogs
        self._reporter = reporter

    def filter(self) -> None:
        """Filter the list by title."""
        self._show_pane()
        self._pane.begin_filter()

    async def toggle_archived(self) -> None:
        """Switch between the archive and the other conversations."""
        self._show_pane()
        wanted = not self._model.archived
        await self._model.show_archived(wanted=wanted)
        self._pane.sidebar.focus()
        archive = _(
            "the archive · {press:sidebar.archive} to take one out, {key:sidebar.archived} for the other conversations"
        )
        self._reporter.say(archive if wanted else _("all conversations outside the archive"))

    async def undo(self) -> None:
        """Undo the last deletion or archiving."""
        if not await self._model.undo():
            self._reporter.say(_("nothing was deleted or archived since the start"))
            return
        await self._model.refresh()
        self._reporter.say(_("restored"))

    async def pin(self, conversation: Conversation) -> None:
        """Pin a conversation to the top, or unpin it."""
        history = self._state.services.history
        await asyncio.to_thread(history.update_conversation, conversation.id, pinned=not conversation.pinned)
        await self._model.refresh()

    async def toggle_local(self, conversation: Conversation) -> None:
        """Keep a conversation on this machine, or share it again."""
        replica = self._state.services.history.replica
        if replica is None:
            self._reporter.say(_("this history is not shared with other machines"), Level.WARNING)
            return
        local = conversation.id in await asyncio.to_thread(replica.unshared)
        await asyncio.to_thread(replica.set_shared, conversation.id, shared=local)
        await self._model.refresh()
        kept = _("⌂ stays on this machine · {press:sidebar.local} to share it again")
        self._reporter.say(_("shared with other machines at the next sync") if local else kept)

    async def archive(self, conversation: Conversation) -> None:
        """Archive a conversation, or take it out of the archive."""
        if conversation.archived:
            await self._model.unarchive(conversation.id)
            await self._model.refresh()
            self._reporter.say(_("back in the list"))
            return
        await self._model.archive(conversation.id)
        await self._removed(
            conversation.id, _("archived · {press:sidebar.undo} to undo, {key:sidebar.archived} for the archive")
        )

    async def delete(self, conversation: Conversation) -> None:
        """Delete a conversation; `undo` restores it."""
        await self._model.delete(conversation.id)
        await self._removed(conversation.id, _("deleted · {press:sidebar.undo} to bring it back"))

    async def _removed(self, conversation_id: str, words: str) -> None:
        if self._state.conversation.id == conversation_id:
            self._navigation.new()
            self._pane.sidebar.focus()
        await self._model.refresh()
        self._reporter.say(words)

    async def rename(self, conversation: Conversation, title: str = "") -> None:
        """Give a conversation a title; without one a dialog asks for it."""
        if title:
            await self._set_title(conversation.id, title)
            return

        async def named(typed: str | None) -> None:
            await self._set_title(conversation.id, typed or "")

        self._dialogs.ask(LineDialog(_("Title of the conversation"), conversation.title), named)

    async def _set_title(self, conversation_id: str, typed: str) -> None:
        title = one_line(nfc(typed))
        if title:
            await asyncio.to_thread(self._state.services.history.update_conversation, conversation_id, title=title)
            await self._model.refresh()
