"""Reading the tree of the open conversation, and changing it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui.errors import StoreBusy, StoreFull
from holytui.models import Role
from holytui.store.tags import label_of
from holytui.ui.tree.diff import LinePair, compare
from holytui.ui.tree.layout import TreeRow, lay_out

if TYPE_CHECKING:
    from holytui.store.history import History
    from holytui.ui.ports import Navigation
    from holytui.ui.state import ChatState


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of a conversation, laid out."""

    rows: tuple[TreeRow, ...]
    labels: Mapping[str, str]
    """By message id."""


@dataclass(frozen=True, slots=True)
class _Pruned:
    conversation_id: str
    message_id: str
    leaf: str | None
    """The end of the branch that was shown before."""


class TreeCommands:
    """Its methods raise StoreError, and leave the transcript as stored."""

    def __init__(self, state: ChatState, *, navigation: Navigation) -> None:
        self._state = state
        self._navigation = navigation
        self._pruned: list[_Pruned] = []
        """Deleted branches since the start, the latest last."""

    async def read(self) -> Tree:
        """Read the tree of the open conversation."""
        shown = self._state.conversation
        return await asyncio.to_thread(_read, self._state.services.history, shown.id, shown.leaf)

    async def jump(self, row: TreeRow) -> None:
        """Show the branch of a message."""
        if row.shown:
            return
        history, shown = self._state.services.history, self._state.conversation
        leaf = await asyncio.to_thread(history.leaf_below, row.entry.id)
        await self._show(shown.id, leaf)

    async def compare(self, first: str, second: str) -> tuple[LinePair, ...]:
        """Compare the texts of two messages."""
        history = self._state.services.history
        one, other = await asyncio.to_thread(history.message, first), await asyncio.to_thread(history.message, second)
        return await asyncio.to_thread(compare, one.text if one else "", other.text if other else "")

    async def set_label(self, message_id: str, typed: str) -> None:
        """Label a message; an empty text removes the label."""
        await asyncio.to_thread(self._state.services.history.set_label, message_id, label_of(typed))
        await self._navigation.open(self._state.conversation.id)

    async def prune(self, message_id: str) -> None:
        """Delete a message with all below it; `undo` restores it."""
        history, shown = self._state.services.history, self._state.conversation
        leaf = await asyncio.to_thread(history.prune, message_id)
        self._pruned.append(_Pruned(shown.id, message_id, shown.leaf))
        await self._show(shown.id, leaf)

    async def undo(self) -> str:
        """Restore the branch of this conversation that was deleted last; return its first message, or empty."""
        history, shown = self._state.services.history, self._state.conversation
        last = next((each for each in reversed(self._pruned) if each.conversation_id == shown.id), None)
        if last is None:
            return ""
        self._pruned.remove(last)
        try:
            await asyncio.to_thread(history.restore_branch, last.message_id)
        except (StoreBusy, StoreFull):  # a later try may succeed
            self._pruned.append(last)
            raise
        await self._show(shown.id, last.leaf)
        return last.message_id

    async def _show(self, conversation_id: str, leaf: str | None) -> None:
        history = self._state.services.history
        await asyncio.to_thread(history.update_conversation, conversation_id, leaf_id=leaf)
        await self._navigation.open(conversation_id)


def _read(history: History, conversation_id: str, leaf: str | None) -> Tree:
    return Tree(lay_out(history.outline(conversation_id), leaf), history.labels(conversation_id))


def compared_with(rows: tuple[TreeRow, ...], at: TreeRow) -> TreeRow | None:
    """The variant that a message is compared with if none was chosen: the shown one, or else the one before it."""
    same = [row for row in rows if row.entry.parent_id == at.entry.parent_id and row.entry.role is at.entry.role]
    others = [row for row in same if row is not at]
    if at.entry.role not in (Role.USER, Role.ASSISTANT) or not others:
        return None
    shown = next((row for row in others if row.shown), None)
    before = [row for row in others if row.variant[0] < at.variant[0]]
    return shown or max(before or others, key=lambda row: row.variant[0])
