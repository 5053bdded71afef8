"""Answers that other machines receive, in the open conversation, as far as they have been shared."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import AnswerState
from holytui.presentation.notice import Level
from holytui.store.sharing import SharingState
from holytui.text import sanitize_line
from holytui.ui.transcript.loading import is_system_entry
from holytui.ui.transcript.message_view import MessageView

if TYPE_CHECKING:
    from holytui.store.postgres.replicator import Replicator
    from holytui.store.sharing import RemoteAnswer
    from holytui.ui.ports import Reporter, StatusDisplay
    from holytui.ui.state import ChatState
    from holytui.ui.transcript.log import MessageLog


class RemoteAnswers:
    """Shows them below the branch that they belong to, until they end and are in the history."""

    def __init__(self, state: ChatState, log: MessageLog, *, status: StatusDisplay, reporter: Reporter) -> None:
        self._state = state
        self._status = status
        self._log = log
        self._reporter = reporter
        self._shown: set[str] = set()

    @property
    def in_progress(self) -> bool:
        """Whether one is shown that may get more text."""
        views = (self._log.view_of(id_) for id_ in self._shown)
        return any(view is not None and not view.message.state.final for view in views)

    async def refresh(self, sharing: Replicator) -> None:
        """Show what has arrived, and what has ended."""
        talk = self._state.conversation.id
        sharing.watch(talk)
        now = sharing.remote_answers
        for id_, remote in now.items():
            if talk and remote.answer.conversation_id == talk:
                self._show(id_, remote)
        for id_ in sorted(self._shown - now.keys()):
            await self._end(id_, lost=sharing.status.state is SharingState.CURRENT)

    def _show(self, id_: str, remote: RemoteAnswer) -> None:
        view = self._log.view_of(id_) or self._add(remote)
        if view is None or id_ not in self._shown:
            return
        grew = view.sync(remote.answer.text, remote.answer.reasoning)
        if view.message.state.final:  # its machine was taken for dead
            view.update(remote.answer)
            grew = True
        if grew:
            self._log.changed()

    def _add(self, remote: RemoteAnswer) -> MessageView | None:
        """Add the question and the answer, if they continue what is shown."""
        shown = [view.message.id for view in self._log.views if not is_system_entry(view.message)]
        last = shown[-1] if shown else None
        question = remote.question
        if last not in (question.id, question.parent_id):
            return None
        if last != question.id:
            self._log.add(MessageView(question, (1, 1)))
        view = MessageView(remote.answer, (1, 1))
        self._log.add(view)
        self._shown.add(remote.answer.id)
        host = sanitize_line(remote.host) or "?"
        self._reporter.say(
            _("{host} is receiving this answer; its text appears here too").format(host=host), Level.BUSY
        )
        return view

    async def _end(self, id_: str, *, lost: bool) -> None:
        """Show the end of an answer once it is in the history; if its machine is `lost`, an interruption until then."""
        shown = self._state.conversation
        message = await asyncio.to_thread(self._state.services.history.message, id_)
        view = self._log.view_of(id_)
        if view is None or not self._state.is_current(shown):
            self._shown.discard(id_)
            return
        if message is not None and message.state.final:
            self._shown.discard(id_)
            view.sync(message.text, message.reasoning)
            view.update(message)
            if self._log.views[-1] is view:
                self._state.set_leaf(id_)
            self._status.refresh()
        elif lost and not view.message.state.final:
            view.update(replace(view.message, state=AnswerState.INTERRUPTED))
        else:
            return
        self._log.changed()
