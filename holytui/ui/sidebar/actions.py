"""Actions on conversations of the list."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holytui.i18n import _, ngettext
from holytui.presentation.notice import Level
from holytui.store.tags import parse_change
from holytui.text import nfc, one_line
from holytui.ui.dialogs.dialogs import LineDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        """Filter the list by title and tags."""
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
        count = await self._model.undo()
        if not count:
            self._reporter.say(_("nothing was deleted or archived since the start"))
            return
        await self._model.refresh()
        many = ngettext("{count} conversation restored", "{count} conversations restored", count)
        self._reporter.say(_("restored") if count == 1 else many.format(count=count))

    def marked(self, count: int) -> None:
        """Report the number of marked conversations."""
        words = ngettext(
            "{count} conversation marked · the next action acts on it",
            "{count} conversations marked · the next action acts on all of them",
            count,
        )
        self._reporter.say(words.format(count=count) if count else _("no conversation is marked"))

    async def pin(self, conversations: Sequence[Conversation]) -> None:
        """Pin conversations to the top; unpin them if all are pinned."""
        await self._model.change(_ids(conversations), pinned=not all(one.pinned for one in conversations))
        await self._model.refresh()

    async def toggle_local(self, conversations: Sequence[Conversation]) -> None:
        """Keep conversations on this machine; share them again if all are kept."""
        replica = self._state.services.history.replica
        if replica is None:
            self._reporter.say(_("this history is not shared with other machines"), Level.WARNING)
            return
        local = await asyncio.to_thread(replica.unshared)
        shared = all(one.id in local for one in conversations)
        for one in conversations:
            await asyncio.to_thread(replica.set_shared, one.id, shared=shared)
        await self._model.refresh()
        kept = _("⌂ stays on this machine · {press:sidebar.local} to share it again")
        self._reporter.say(_("shared with other machines at the next sync") if shared else kept)

    async def archive(self, conversations: Sequence[Conversation]) -> None:
        """Archive conversations; take them out of the archive if all are in it."""
        count = len(conversations)
        if all(one.archived for one in conversations):
            await self._model.unarchive(_ids(conversations))
            await self._model.refresh()
            self._reporter.say(_("back in the list"))
            return
        await self._model.archive(_ids(conversations))
        one = _("archived · {press:sidebar.undo} to undo, {key:sidebar.archived} for the archive")
        many = ngettext(
            "{count} conversation archived · {{press:sidebar.undo}} to undo",
            "{count} conversations archived · {{press:sidebar.undo}} to undo",
            count,
        )
        await self._removed(conversations, one if count == 1 else many.format(count=count))

    async def delete(self, conversations: Sequence[Conversation]) -> None:
        """Delete conversations; one `undo` restores all of them."""
        count = len(conversations)
        await self._model.delete(_ids(conversations))
        one = _("deleted · {press:sidebar.undo} to bring it back")
        many = ngettext(
            "{count} conversation deleted · {{press:sidebar.undo}} to bring it back",
            "{count} conversations deleted · {{press:sidebar.undo}} to bring them back",
            count,
        )
        await self._removed(conversations, one if count == 1 else many.format(count=count))

    async def _removed(self, conversations: Sequence[Conversation], words: str) -> None:
        if self._state.conversation.id in _ids(conversations):
            self._navigation.new()
            self._pane.sidebar.focus()
        await self._model.refresh()
        self._reporter.say(words)

    async def tag(self, conversations: Sequence[Conversation], words: str = "") -> None:
        """Change tags as in `+work -old`; without words a dialog asks for them."""
        if words:
            await self._change_tags(conversations, words)
            return

        async def typed(change: str | None) -> None:
            if change and change.strip():
                await self._change_tags(conversations, change)

        title = _("Tags: +work -old; work/ is a folder")
        present = " ".join(f"#{tag}" for tag in conversations[0].tags) if len(conversations) == 1 else ""
        if present:
            title = _("Tags (now {tags}): +work -old; work/ is a folder").format(tags=present)
        self._dialogs.ask(LineDialog(title), typed)

    async def _change_tags(self, conversations: Sequence[Conversation], words: str) -> None:
        try:
            change = parse_change(words)
        except ValueError as error:
            self._reporter.say(str(error), Level.WARNING)
            return
        await self._model.change_tags(_ids(conversations), change)
        await self._model.refresh()
        if len(conversations) == 1:
            tags = change.apply(conversations[0].tags)
            shown = " ".join(f"#{tag}" for tag in tags)
            self._reporter.say(_("tags: {tags}").format(tags=shown) if tags else _("no tags"))
        else:
            done = ngettext(
                "tags of {count} conversation changed", "tags of {count} conversations changed", len(conversations)
            )
            self._reporter.say(done.format(count=len(conversations)))

    async def rename(self, conversations: Sequence[Conversation], title: str = "") -> None:
        """Give a conversation a title; without one a dialog asks for it."""
        if len(conversations) > 1:
            self._reporter.say(_("only one conversation can be renamed at a time"), Level.WARNING)
            return
        (conversation,) = conversations
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


def _ids(conversations: Sequence[Conversation]) -> list[str]:
    return [one.id for one in conversations]
