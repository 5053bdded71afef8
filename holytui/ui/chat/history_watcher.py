"""Polls the history for changes made by other windows, and shows them.

A poll without changes is cheap and writes nothing to the terminal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import Conversation, Message, Role
from holytui.presentation.notice import Level
from holytui.ui.chat.remote_answers import RemoteAnswers
from holytui.ui.chat.startup import describe_interrupted
from holytui.ui.transcript.loading import is_system_entry, view_of

if TYPE_CHECKING:
    from holytui.store.history import History
    from holytui.ui.ports import ConversationIndex, Reporter, StatusDisplay
    from holytui.ui.state import ChatState
    from holytui.ui.transcript.log import MessageLog
    from holytui.ui.transcript.message_view import MessageView

log = logging.getLogger(__name__)

LIST_INTERVAL = 1.5
"""Seconds between two polls of the list."""
TEXT_INTERVAL = 0.25
"""Seconds between two polls of an answer that another window receives."""


@dataclass(frozen=True, slots=True)
class BranchChange:
    """A change to the open conversation by another window: messages below the shown ones, or a new branch."""

    leaf_id: str | None
    added: Sequence[MessageView] = ()
    sibling: MessageView | None = None
    """A shown message that has a new sibling, with its position among its variants."""


class HistoryWatcher:
    """Polls while `run` runs."""

    def __init__(
        self,
        state: ChatState,
        log: MessageLog,
        *,
        index: ConversationIndex,
        status: StatusDisplay,
        reporter: Reporter,
    ) -> None:
        self._state = state
        self._log = log
        self._index = index
        self._status = status
        self._reporter = reporter
        self._remote = RemoteAnswers(state, log, status=status, reporter=reporter)
        self._was_offline = False
        self._version = 0
        self._list_due = 0.0
        self._listed_version = 0
        self._elsewhere: set[str] = set()
        """Conversations in which another window receives an answer."""
        self._reported: set[str] = set()
        """Answers of other windows that were reported to the user."""

    async def run(self) -> None:
        """Poll until cancelled. An error of the history is logged, and polling continues."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TEXT_INTERVAL if self._foreign_answers() or self._remote.in_progress else LIST_INTERVAL)
            try:
                await self._poll(loop.time())
            except StoreError as error:
                log.info("looking for changes: %s", error.title)

    async def _poll(self, now: float) -> None:
        version = await asyncio.to_thread(self._state.services.history.others_version)
        if (sharing := self._state.services.sharing) is not None:
            version += sharing.merged
            await self._remote.refresh(sharing)
            self._report_sharing(sharing.status.reason)
        changed, self._version = version != self._version, version
        if changed:
            for view in self._foreign_answers():
                await self._follow(view)
        if now < self._list_due:
            return
        self._list_due = now + LIST_INTERVAL - TEXT_INTERVAL / 2
        changed, self._listed_version = version != self._listed_version, version
        if changed:
            await self._refresh()
        if self._elsewhere or self._foreign_answers():
            await self._find_interrupted()

    def _report_sharing(self, reason: str) -> None:
        self._status.refresh_sharing()
        if reason and not self._was_offline:
            self._reporter.say(reason, Level.WARNING)
        elif self._was_offline and not reason:
            self._status.refresh()
        self._was_offline = bool(reason)

    # -- answers of others

    def _foreign_answers(self) -> list[MessageView]:
        """Shown answers that another window receives."""
        own = self._state.turns.message_ids
        return [
            view
            for view in self._log.views
            if not view.message.state.final and view.message.role is Role.ASSISTANT and view.message.id not in own
        ]

    async def _follow(self, view: MessageView) -> None:
        message = await asyncio.to_thread(self._state.services.history.message, view.message.id)
        if message is None or view.message.id in self._state.turns.message_ids:
            return
        self._show(view, message)
        if message.state.final:
            if message.id in self._reported:
                self._status.refresh()
        elif message.id not in self._reported:
            self._reported.add(message.id)
            self._reporter.say(_("another holytui is receiving this answer; its text appears here too"), Level.BUSY)

    def _show(self, view: MessageView, message: Message) -> None:
        grew = view.sync(message.text, message.reasoning)
        if view.message.state is not message.state or message.state.final:
            view.update(message)
            grew = True
        if grew:
            self._log.changed()

    async def _find_interrupted(self) -> None:
        """Mark answers whose process has died as interrupted, and offer to resume them."""
        cut = await asyncio.to_thread(self._state.services.history.unfinished)
        for message in cut:
            view = self._log.view_of(message.id)
            if view is not None:
                self._show(view, message)
        if not cut:
            return
        self._state.resumable_ids += tuple(message.id for message in cut)
        self._reporter.say(_("another holytui has ended: {what}").format(what=describe_interrupted(cut)), Level.WARNING)
        await self._refresh()

    # -- conversations

    async def _refresh(self) -> None:
        found = await self._index.refresh()
        self._elsewhere = {one.id for one in found if one.streaming} - self._state.turns.conversation_ids
        shown = self._state.conversation
        if not shown.id:
            return
        conversation = next((one for one in found if one.id == shown.id), None)
        if conversation is not None and conversation.unread:
            await asyncio.to_thread(self._state.services.history.update_conversation, shown.id, unread=False)
        if conversation is None or conversation.leaf_id in (None, shown.leaf, shown.acknowledged_leaf):
            return
        ids = [view.message.id for view in self._log.views if not is_system_entry(view.message)]
        change = await asyncio.to_thread(branch_change, self._state.services.history, conversation, ids)
        if self._state.is_current(shown) and change is not None:
            self._state.conversation = replace(self._state.conversation, acknowledged_leaf=conversation.leaf_id)
            self._apply(change)

    def _apply(self, change: BranchChange) -> None:
        log = self._log
        shown = {view.message.id for view in log.views}
        for view in change.added:
            if view.message.id not in shown:
                log.add(view)
        if change.added:
            self._state.set_leaf(change.leaf_id)
            return
        fresh = change.sibling
        known = log.view_of(fresh.message.id) if fresh is not None else None
        if fresh is None or known is None or known.variant == fresh.variant:
            return
        known.variant = fresh.variant
        known.update(known.message)
        log.changed()
        self._reporter.say(
            _("another window continued here on its own branch · {press:message.variant} to see the other variant")
        )


def branch_change(history: History, conversation: Conversation, shown: Sequence[str]) -> BranchChange | None:
    """How the branch of another window differs from the messages `shown`; None if it does not visibly.

    Blocks on the disk. Raises StoreError.
    """
    branch = history.branch(conversation.id, conversation.leaf_id)
    ids = [message.id for message in branch]
    common = 0
    while common < min(len(ids), len(shown)) and ids[common] == shown[common]:
        common += 1
    if common == len(ids):
        return None
    labels = history.labels(conversation.id)
    if common == len(shown):
        return BranchChange(conversation.leaf_id, [view_of(history, message, labels) for message in branch[common:]])
    ours = history.message(shown[common])
    return BranchChange(conversation.leaf_id, sibling=view_of(history, ours, labels)) if ours is not None else None
