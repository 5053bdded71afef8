"""Answers that other machines receive, in the open conversation, as far as they have been shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import AnswerState
from holytui.presentation.notice import Level
from holytui.text import sanitize_line
from holytui.ui.transcript.loading import is_system_entry
from holytui.ui.transcript.message_view import MessageView

if TYPE_CHECKING:
    from holytui.models import Message
    from holytui.store.postgres.replicator import RemoteAnswer
    from holytui.ui.ports import Reporter
    from holytui.ui.state import ChatState
    from holytui.ui.transcript.log import MessageLog


class RemoteAnswers:
    """Shows them below the branch that they belong to, until they end and are in the history."""

    def __init__(self, state: ChatState, log: MessageLog, *, reporter: Reporter) -> None:
        self._state = state
        self._log = log
        self._reporter = reporter
        self._shown: set[str] = set()

    @property
    def is_shown(self) -> bool:
        """Whether one is shown."""
        return any(self._log.view_of(id_) is not None for id_ in self._shown)

    def refresh(self) -> None:
        """Show what has arrived. On the event loop; never blocks."""
        sharing = self._state.services.sharing
        if sharing is None:
            return
        talk = self._state.conversation.id
        sharing.watch(talk)
        now = sharing.remote_answers
        for id_, remote in now.items():
            if talk and remote.answer.conversation_id == talk:
                self._show(id_, remote)
        self._mark_lost(now)

    def _show(self, id_: str, remote: RemoteAnswer) -> None:
        view = self._log.view_of(id_)
        if view is None:
            view = self._add(remote)
        elif view.message.state.final:
            return
        if view is not None and view.sync(remote.answer.text, remote.answer.reasoning):
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

    def _mark_lost(self, now: Mapping[str, RemoteAnswer]) -> None:
        """Mark answers of machines that are silent as interrupted, until their end arrives."""
        for id_ in sorted(self._shown - now.keys()):
            self._shown.discard(id_)
            view = self._log.view_of(id_)
            if view is not None and not view.message.state.final:
                view.update(_cut(view.message))
                self._log.changed()


def _cut(message: Message) -> Message:
    return replace(message, state=AnswerState.INTERRUPTED)
