"""Rows to models and back; nested values are JSON."""

from __future__ import annotations

import json
from functools import lru_cache
from math import isfinite
from typing import Any

from holytui.models import (
    RESERVED_PARAMS,
    AnswerState,
    Attempt,
    Conversation,
    Join,
    Message,
    Role,
)
from holytui.store.json_values import fault_from, json_object, problem_from, to_json, usage_from
from holytui.store.sqlite.row_reader import RowReader
from holytui.store.tags import normalized

CONVERSATION = (
    "id, title, created_at, updated_at, leaf_id, model, system, params, pinned, archived, draft, unread, tags"
)
_MESSAGE = (
    "id, conversation_id, parent_id, role, text, created_at, reasoning, model, state, finish_reason, problem, usage, "
    "{attempts}, first_token_s, duration_s, reasoning_s, seams, left_out, {begun_again}"
)
MESSAGE = _MESSAGE.format(
    attempts="(SELECT count(*) FROM attempt WHERE attempt.message_id = message.id)",
    # a restart that replaced text; one of reasoning alone keeps all text, and an adopted text was resumed by nothing
    begun_again="EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id"
    """ AND "join" = 'restart' AND keep = 0 AND resumed_by <> '')""",
)
MESSAGE_WITHOUT_TEXTS = MESSAGE.replace(" text,", " '',").replace(" reasoning,", " '',")
MESSAGE_ALONE = _MESSAGE.format(attempts=0, begun_again=0)
"""`MESSAGE` without subqueries on attempts, for a file where these are damaged."""
ATTEMPT = (
    'id, message_id, number, started_at, first_token_at, ended_at, "join", keep, cut, "end", resumed_by, '
    "bytes_received, status, finish_reason, fault, usage"
)
_UNDAMAGED_TYPES = {
    (str, str, float, float, leaf, str, str, str, int, int, str, int, str) for leaf in (str, type(None))
}
"""Types of the values of a conversation without damage."""

Row = tuple[Any, ...]


def storable(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def utf8(text: str) -> bytes:
    """`storable(text)` in UTF-8, for `CAST(? AS TEXT)`: a string that is bound keeps a copy in UTF-8 while it lives."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return storable(text).encode()


def conversation_from(row: Row, *, streaming: bool) -> Conversation:
    """Convert the columns `CONVERSATION`."""
    # a fast path: checking each value would take three times as long in a long list
    if row[7] == "{}" and tuple(map(type, row)) in _UNDAMAGED_TYPES and isfinite(row[2]) and isfinite(row[3]):
        id_, title, created_at, updated_at, leaf_id, model, system, _params_text, *rest = row
        pinned, archived, draft, unread, tags = rest
        known = _NO_TAGS if tags == "[]" else _tags_or_none(tags)
        if known is not None:
            return Conversation(
                *(id_, title, created_at, updated_at, leaf_id, model, system, {}),
                *(bool(pinned), bool(archived), draft, bool(unread), streaming, known),
            )
    v = RowReader(row)
    return Conversation(
        *(v.text("id"), v.text("title"), v.number("created_at"), v.number("updated_at"), v.maybe_text("leaf_id")),
        *(v.text("model"), v.text("system"), _params(v), v.flag("pinned"), v.flag("archived")),
        *(v.text("draft"), v.flag("unread"), streaming, _tags(v)),
        repaired=v.repaired,
    )


_NO_TAGS: tuple[str, ...] = ()


def _tags(v: RowReader) -> tuple[str, ...]:
    return v.parsed("tags", _parsed_tags, _NO_TAGS)


@lru_cache(maxsize=1024)  # many conversations have the same tags
def _tags_or_none(text: str) -> tuple[str, ...] | None:
    """The tags of a column; None if its value is damaged."""
    try:
        return _parsed_tags(text)
    except (ValueError, TypeError, RecursionError):
        return None


def _parsed_tags(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise TypeError("tags")
    return normalized(found)


def _params(v: RowReader) -> dict[str, object]:
    """Request parameters without the reserved ones."""
    nothing: dict[str, object] = {}
    found = v.parsed("params", json_object, nothing)
    kept = {name: value for name, value in found.items() if name not in RESERVED_PARAMS}
    if len(kept) < len(found):
        v.repaired_columns.append("params")
    return kept


def message_from(row: Row) -> Message:
    """Convert the columns `MESSAGE`; images are in another table."""
    v = RowReader(row)
    ids = v.text("id"), v.text("conversation_id"), v.maybe_text("parent_id")
    role = v.member("role", Role, Role.ASSISTANT if row[7] else Role.USER)
    # an answer with an unknown state may be interrupted and resumable
    ended = AnswerState.INTERRUPTED if role is Role.ASSISTANT else AnswerState.COMPLETE
    texts = v.text("text"), v.number("created_at"), v.text("reasoning"), v.text("model")
    state, finish_reason = v.member("state", AnswerState, ended), v.text("finish_reason")
    problem, usage = v.parsed("problem", problem_from, None), v.parsed("usage", usage_from, None)
    return Message(
        *(*ids, role, *texts, state, finish_reason, problem, usage, v.integer("attempts")),
        *(v.maybe_number("first_token_s"), v.maybe_number("duration_s"), v.maybe_number("reasoning_s")),
        v.parsed("seams", _seams, ()),
        left_out=v.integer("left_out"),
        begun_again=v.flag("begun_again"),
        repaired=v.repaired,
    )


def _seams(text: str) -> tuple[int, ...]:
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(each, int) and 0 <= each < 1 << 62 for each in found):
        raise TypeError("seams")
    return tuple(found)


def attempt_from(row: Row) -> Attempt:
    """Convert the columns `ATTEMPT`."""
    v = RowReader(row)
    ids = v.text("id"), v.text("message_id"), v.integer("number", 1)
    times = v.number("started_at"), v.maybe_number("first_token_at"), v.maybe_number("ended_at")
    joined = v.member("join", Join, Join.MARKED)
    keep, cut, end, resumed_by = v.integer("keep", -1), v.integer("cut"), v.integer("end", -1), v.text("resumed_by")
    received, status, finish_reason = v.integer("bytes_received"), v.maybe_integer("status"), v.text("finish_reason")
    fault, usage = v.parsed("fault", fault_from, None), v.parsed("usage", usage_from, None)
    return Attempt(
        *(*ids, *times, joined, keep, cut, end, resumed_by, received, status, finish_reason, fault, usage),
        repaired=v.repaired,
    )


def attempt_row(attempt: Attempt) -> Row:
    """Values for the columns `ATTEMPT`."""
    return (
        attempt.id,
        attempt.message_id,
        attempt.number,
        attempt.started_at,
        attempt.first_token_at,
        attempt.ended_at,
        attempt.join.value,
        attempt.keep,
        attempt.cut,
        attempt.end,
        attempt.resumed_by,
        attempt.bytes_received,
        attempt.status,
        storable(attempt.finish_reason),
        to_json(attempt.fault),
        to_json(attempt.usage),
    )
