"""Small conversations to test with."""

from __future__ import annotations

from dataclasses import dataclass

from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Join, Message, Role
from holytui.store.sqlite.history import SqliteHistory

CONTENT, REASONING = DeltaKind.CONTENT, DeltaKind.REASONING


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose answer is on its way in a first attempt."""

    conversation_id: str
    question: Message
    answer: Message
    attempt: Attempt


def attempt_for(message_id: str, number: int = 1, join: Join = Join.FIRST, keep: int = -1, cut: int = 0) -> Attempt:
    return Attempt(new_id(), message_id, number, 1000.0 + number, join=join, keep=keep, cut=cut)


def ask(history: SqliteHistory, text: str = "Why?", conversation_id: str | None = None) -> Asked:
    if conversation_id is None:
        conversation_id = history.create_conversation(title="A talk", model="guide/guide").id
    shown = history.branch(conversation_id)
    question = history.add_message(conversation_id, Role.USER, text, parent_id=shown[-1].id if shown else None)
    answer = history.add_message(
        conversation_id, Role.ASSISTANT, "", parent_id=question.id, model="guide/guide", state=AnswerState.QUEUED
    )
    attempt = attempt_for(answer.id)
    history.begin_attempt(attempt)
    return Asked(conversation_id, question, answer, attempt)
