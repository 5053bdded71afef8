"""Actions of the chat on the tree of the open conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.dialogs.dialogs import LineDialog
from holytui.ui.tree.commands import TreeCommands

if TYPE_CHECKING:
    from holytui.keymap import Keymap
    from holytui.models import Message
    from holytui.ui.ports import Dialogs, Navigation, Reporter
    from holytui.ui.state import ChatState
    from holytui.ui.tree.layout import TreeRow


class TreeActions:
    """Opens the tree, and labels messages of the transcript. They raise StoreError."""

    def __init__(
        self,
        state: ChatState,
        keymap: Callable[[], Keymap],
        reveal: Callable[[str], object],
        *,
        navigation: Navigation,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        """`reveal` selects a message of the transcript by its id."""
        self._state = state
        self._keymap = keymap
        self._reveal = reveal
        self._dialogs = dialogs
        self._reporter = reporter
        self._commands = TreeCommands(state, navigation=navigation)

    def open(self, selected: Message | None) -> None:
        """Show the tree, with the cursor at the selected message."""
        if not self._state.conversation.id:
            self._reporter.say(_("there is no conversation yet"), Level.WARNING)
            return
        commands = self._commands

        async def chosen(row: TreeRow | None) -> None:
            if row is not None:
                await commands.jump(row)
                self._reveal(row.entry.id)

        at = selected.id if selected is not None else self._state.conversation.leaf
        from holytui.ui.tree.page import TreePage

        self._dialogs.ask(TreePage(self._keymap(), commands, at), chosen)

    async def label(self, message: Message, words: str = "") -> None:
        """Label a message; without words a dialog asks for the label, where an empty one removes it."""
        if words:
            await self._set_label(message.id, words)
            return
        history = self._state.services.history
        labels = await asyncio.to_thread(history.labels, message.conversation_id)

        async def typed(label: str | None) -> None:
            if label is not None:
                await self._set_label(message.id, label)

        self._dialogs.ask(LineDialog(_("Label of the message"), labels.get(message.id, "")), typed)

    async def _set_label(self, message_id: str, label: str) -> None:
        await self._commands.set_label(message_id, label)
        self._reveal(message_id)
