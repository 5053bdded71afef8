"""Records as rows of the table `record`, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from holytui.errors import SharingFailed
from holytui.i18n import _
from holytui.models import AnswerState, Message
from holytui.store.matches import excerpt, folded
from holytui.store.replica.clock import Stamp
from holytui.store.replica.codec import from_json, to_json
from holytui.store.replica.merge import covers, merged_conversations
from holytui.store.replica.records import Batch, ConversationRecord, MessageRecord
from holytui.store.values import SearchHit

Row = tuple[Any, ...]


def message_row(record: MessageRecord, pushed_by: str, seq: int) -> Row:
    """Return the values of `database.INSERT_RECORD` for a version of a message."""
    message = record.message
    key = ("m", message.id, record.stamp.host, record.stamp.clock, message.conversation_id)
    return (*key, pushed_by, seq, message.created_at, _json(Batch(messages=(record,)), "messages"), _text(message.text))


def conversation_row(talk: ConversationRecord, pushed_by: str, seq: int) -> Row:
    """Return the values of `database.INSERT_RECORD` for a conversation as one host knows it."""
    key = ("c", talk.id, pushed_by, 0, talk.id)
    return (*key, pushed_by, seq, talk.created_at, conversation_payload(talk), "")


def conversation_payload(talk: ConversationRecord) -> str:
    """Return a conversation as JSON."""
    return _json(Batch(conversations=(talk,)), "conversations")


def _json(batch: Batch, kind: str) -> str:
    # only ASCII: a text of the database can hold no NUL and no single surrogate, and JSON can
    return json.dumps(to_json(batch)[kind][0], separators=(",", ":"), sort_keys=True)


def _text(text: str) -> str:
    return folded(text).replace("\0", "").encode("utf-8", "replace").decode()


def messages(payloads: Sequence[str]) -> tuple[MessageRecord, ...]:
    """Read versions of messages. Raises SharingFailed."""
    return _batch([], payloads).messages


def conversations(payloads: Sequence[str]) -> tuple[ConversationRecord, ...]:
    """Read conversations, and merge what several hosts know of one. Raises SharingFailed."""
    found: dict[str, ConversationRecord] = {}
    for talk in _batch(payloads, []).conversations:
        found[talk.id] = merged_conversations(found[talk.id], talk) if talk.id in found else talk
    return tuple(found.values())


def _batch(conversations: Sequence[str], messages: Sequence[str]) -> Batch:
    try:
        return from_json(
            {
                "conversations": [json.loads(each) for each in conversations],
                "messages": [json.loads(each) for each in messages],
                "images": {},
                "hosts": {},
                "cursor": None,
                "complete": False,
            }
        )
    except (ValueError, RecursionError) as error:
        raise SharingFailed(
            _("The shared history has a record that cannot be read"),
            _("Another machine may have a newer holytui: update this one."),
        ) from error


def hits(
    records: Iterable[MessageRecord], talks: Mapping[str, ConversationRecord], words: Sequence[str]
) -> Sequence[SearchHit]:
    """Return the matches of a search, without messages that were deleted."""
    out = []
    for record in records:
        message, talk = record.message, talks.get(record.message.conversation_id)
        if talk is None or covers(talk.deletions, record.stamp):
            continue
        title = str(talk.fields["title"].value) if "title" in talk.fields else ""
        snippet, ranges = excerpt(message.text, folded(message.text), words)
        out.append(SearchHit(talk.id, message.id, title, snippet, ranges, message.role, message.created_at))
    return out


_LIVE = Stamp(1, "live")
"""The codec has only records of final messages: an answer in progress is one with this stamp."""


def live_payload(question: Message, answer: Message) -> str:
    """Return a question and an answer in progress, without its text, as JSON."""
    empty = replace(answer, text="", reasoning="", state=AnswerState.COMPLETE)
    batch = to_json(Batch(messages=(MessageRecord(question, _LIVE), MessageRecord(empty, _LIVE))))
    return json.dumps(batch["messages"], separators=(",", ":"))


def live_messages(payload: str) -> tuple[Message, Message]:
    """Read what `live_payload` returned. Raises SharingFailed."""
    question, answer = _batch([], [json.dumps(each) for each in json.loads(payload)]).messages
    return question.message, replace(answer.message, state=AnswerState.STREAMING)
