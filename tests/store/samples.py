"""Small conversations to test with."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass, replace
from typing import Any

from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, DeltaKind, Join, Message, Problem, Role, Usage
from holytui.store.history import History
from holytui.store.transfer import chatgpt
from holytui.store.transfer.native import to_json
from holytui.store.transfer.transfer import Format, export
from holytui.store.values import Bundle, UsageTotal
from tests import pictures
from tests.pictures import image

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


def ask(history: History, text: str = "Why?", conversation_id: str | None = None) -> Asked:
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


def exported_text(history: History, form: Format, *ids: str) -> str:
    out = io.StringIO()
    assert export(history, ids, form, out) == len(ids)
    return out.getvalue()


def add_rich_conversation(history: History) -> str:
    """A conversation with an edited question, a resumed answer and a failed one."""
    asked = ask(history, "Tiếng Việt?")
    history.journal(asked.attempt.id, CONTENT, "Một ha")
    history.journal(asked.attempt.id, REASONING, "hm")
    second = attempt_for(asked.answer.id, 2, Join.OVERLAP, cut=2)
    history.begin_attempt(second)
    history.journal(second.id, CONTENT, "hai ba")
    now = history.message(asked.answer.id)
    assert now is not None
    history.finish(replace(now, state=AnswerState.COMPLETE, usage=Usage(3, 4), seams=(6,)))
    edited = history.add_message(asked.conversation_id, Role.USER, "<b>English?</b>", parent_id=None)
    failed = history.add_message(
        asked.conversation_id, Role.ASSISTANT, "", parent_id=edited.id, model="a/b", state=AnswerState.QUEUED
    )
    history.finish(replace(failed, text="No", state=AnswerState.FAILED, problem=Problem("Refused", "Ask else")))
    history.update_conversation(asked.conversation_id, title="Một cuộc", params={"temperature": 0.5}, pinned=True)
    return asked.conversation_id


def to_json_of(history: History, talk: str) -> dict[str, Any]:
    bundle = history.bundle(talk)
    assert bundle is not None
    return to_json(bundle)


def add_stored_conversation(history: History) -> str:
    """A conversation that was there before the import."""
    asked = ask(history)
    history.journal(asked.attempt.id, CONTENT, "An answer")
    history.finish(replace(asked.answer, text="An answer", state=AnswerState.COMPLETE))
    return asked.conversation_id


def with_new_message(history: History, talk: str) -> dict[str, Any]:
    """The conversation as a file, with a message more."""
    bundle = history.bundle(talk)
    assert bundle is not None
    more = replace(bundle.messages[-1], id="more", parent_id=bundle.messages[-1].id, role=Role.USER, text="new words")
    return to_json(replace(bundle, messages=[*bundle.messages, more]))


def three_entries(history: History, talk: str, *after: str) -> str:
    """JSON lines: a new conversation, an older one that has with_new_message, another new one, and `after`."""
    entries = [chatgpt_entry("first"), with_new_message(history, talk), chatgpt_entry("second")]
    return "\n".join([*map(json.dumps, entries), *after])


def exported_bundle(name: str) -> Bundle:
    return chatgpt.from_json(chatgpt_entry(name))


MESSAGES = 12
"""Of one exported conversation."""


def chatgpt_entry(name: str) -> dict[str, Any]:
    """A conversation as ChatGPT exports it."""
    nodes: dict[str, Any] = {}
    for number in range(MESSAGES):
        content = {"content_type": "text", "parts": [f"{name} message {number} " * 10]}
        role = "user" if number % 2 == 0 else "assistant"
        parent = f"n{number - 1}" if number else None
        nodes[f"n{number}"] = {"parent": parent, "message": {"author": {"role": role}, "content": content}}
    return {"id": name, "title": f"imported {name}", "create_time": 1.0, "update_time": 2.0, "mapping": nodes}


ALL_TIME = (0.0, math.inf)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def finish(history: History, asked: Asked, usage: Usage | None, **more: object) -> Message:
    found = history.message(asked.answer.id)
    assert found is not None
    figures: dict[str, object] = {"state": AnswerState.COMPLETE, "usage": usage, "duration_s": 2.0, **more}
    ended = replace(found, **figures)  # type: ignore[arg-type]  # each test knows its fields
    history.finish(ended)
    return ended


def total_usage(history: History, conversation_id: str | None = None) -> UsageTotal:
    (found,) = history.usage_totals(ALL_TIME, conversation_id)
    return found


def exported_answer(other: History) -> tuple[str, str]:
    """Finish an answer in `other`; return the conversation's id, and its export as JSON lines."""
    asked = ask(other)
    finish(other, asked, Usage(7, 8))
    return asked.conversation_id, exported_text(other, Format.JSONL, asked.conversation_id)


def ask_with_images(history: History, *files: bytes, talk: str = "", text: str = "what is @a.png?") -> Message:
    """A question with these images, in a conversation of its own unless one is given."""
    talk = talk or history.create_conversation(title="A talk").id
    images = [image(data, f"{number}.png") for number, data in enumerate(files)]
    data = {one.digest: file for one, file in zip(images, files, strict=True)}
    return history.add_message(talk, Role.USER, text, parent_id=None, images=images, image_data=data)


ONE, TWO = pictures.png(640, 480), pictures.gif(9, 7)


def add_question(history: History, text: str, title: str = "t") -> str:
    made = history.create_conversation(title=title)
    return history.add_message(made.id, Role.USER, text, parent_id=None).id
