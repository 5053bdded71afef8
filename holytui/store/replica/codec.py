"""Batches as JSON values, without loss; `from_json` accepts nothing else.

Texts are kept exactly as the server sent them, unlike those of an imported file: both ends are one user's histories,
and what is displayed is made safe there.
"""

from __future__ import annotations

import hashlib
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from holytui.models import (
    RESERVED_PARAMS,
    AnswerState,
    Attempt,
    DeltaKind,
    Image,
    Join,
    Message,
    Role,
)
from holytui.store.json_values import fault_of, is_too_deep, problem_of, usage_of
from holytui.store.replica.clock import MAX_CLOCK, Stamp, Vector
from holytui.store.replica.records import (
    Batch,
    ConversationRecord,
    Deletion,
    Field,
    MessageRecord,
    TransferCursor,
    field_type,
)

JSON = dict[str, Any]

_MAX_ID = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_INTEGER = 1 << 62


# -- to JSON


def to_json(batch: Batch) -> JSON:
    """Convert a batch to JSON values."""
    return {
        "conversations": [_talk_json(talk) for talk in batch.conversations],
        "messages": [_message_json(record) for record in batch.messages],
        "images": {digest: b64encode(data).decode("ascii") for digest, data in batch.image_data.items()},
        "hosts": dict(batch.hosts),
        "cursor": None if batch.cursor is None else cursor_json(batch.cursor),
        "complete": batch.complete,
    }


def cursor_json(cursor: TransferCursor) -> JSON:
    """Convert a cursor to JSON values."""
    vectors = {name: dict(getattr(cursor, name)) for name in ("since", "bound", "claims")}
    return {**vectors, "at": _pair(cursor.at)}


def _talk_json(talk: ConversationRecord) -> JSON:
    return {
        "id": talk.id,
        "created_at": talk.created_at,
        "updated_at": talk.updated_at,
        "origin": talk.origin,
        "fields": {name: [field.value, *_pair(field.stamp)] for name, field in talk.fields.items()},
        "deletions": [
            {"at": each.at, "seen": dict(each.seen), "stamp": _pair(each.stamp), "replaces": _pairs(each.replaces)}
            for each in talk.deletions
        ],
    }


def _message_json(record: MessageRecord) -> JSON:
    message = asdict(record.message)
    for derived in ("attempts", "begun_again", "repaired"):
        del message[derived]
    return {
        **message,
        "stamp": _pair(record.stamp),
        "replaces": _pairs(record.replaces),
        "parent_stamp": record.parent_stamp and _pair(record.parent_stamp),
        "attempts": [_attempt_json(attempt, texts) for attempt, texts in record.attempts],
        "origin": record.origin,
        "counted": record.counted,
    }


def _attempt_json(attempt: Attempt, texts: Mapping[DeltaKind, str]) -> JSON:
    found = asdict(attempt)
    del found["message_id"], found["repaired"]
    return {**found, "raw": {kind.value: text for kind, text in texts.items()}}


def _pair(stamp: Stamp) -> tuple[int, str]:
    return stamp.clock, stamp.host


def _pairs(stamps: frozenset[Stamp]) -> list[tuple[int, str]]:
    return [_pair(stamp) for stamp in sorted(stamps)]


# -- from JSON


def from_json(value: object) -> Batch:
    """Convert the values of `to_json` to a batch. Raises ValueError that names the part that is missing or wrong."""
    try:
        entry = _object(value, "batch")
        return Batch(
            tuple(_talk(each) for each in _list(entry, "conversations")),
            tuple(_message(each) for each in _list(entry, "messages")),
            dict(_image_data(digest, data) for digest, data in _object(entry["images"], "images").items()),
            {_name(id_): _text(name, "hosts") for id_, name in _object(entry["hosts"], "hosts").items()},
            None if entry["cursor"] is None else _cursor(entry["cursor"]),
            _flag(entry, "complete"),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def cursor_from_json(value: object) -> TransferCursor:
    """Convert the values of `cursor_json`. Raises ValueError."""
    try:
        return _cursor(value)
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def vector_from_json(value: object) -> Vector:
    """Check a vector. Raises ValueError."""
    try:
        return {_name(host): _clock(clock) for host, clock in _object(value, "vector").items()}
    except TypeError as error:
        raise ValueError(str(error)) from error


def _cursor(value: object) -> TransferCursor:
    entry = _object(value, "cursor")
    since, bound, claims = (vector_from_json(entry[name]) for name in ("since", "bound", "claims"))
    clock, host = entry["at"]
    return TransferCursor(since, bound, Stamp(_clock(clock), _text(host, "at")), claims)


def _talk(value: object) -> ConversationRecord:
    entry = _object(value, "conversations")
    return ConversationRecord(
        *(_name(entry["id"]), _number(entry["created_at"]), _number(entry["updated_at"])),
        {name: _field(name, each) for name, each in _object(entry["fields"], "fields").items() if field_type(name)},
        tuple(_deletion(each) for each in _list(entry, "deletions")),
        _maybe_text(entry, "origin"),
    )


def _field(name: str, value: Any) -> Field:
    content, clock, host = value
    expected = field_type(name)
    if expected is None or not (isinstance(content, expected) or (name == "leaf_id" and content is None)):
        raise TypeError(name)
    if isinstance(content, dict):
        if is_too_deep(content) or not all(isinstance(key, str) for key in content):
            raise TypeError(name)
        content = {key: each for key, each in content.items() if key not in RESERVED_PARAMS}
    return Field(content, _stamp((clock, host)))


def _deletion(value: object) -> Deletion:
    entry = _object(value, "deletions")
    at = None if entry["at"] is None else _number(entry["at"])
    return Deletion(_stamp(entry["stamp"]), at, vector_from_json(entry["seen"]), _stamps(entry))


def _message(value: object) -> MessageRecord:
    entry = _object(value, "messages")
    message = Message(
        id=_name(entry["id"]),
        conversation_id=_name(entry["conversation_id"]),
        parent_id=None if entry["parent_id"] is None else _name(entry["parent_id"]),
        role=Role(entry["role"]),
        text=_text(entry["text"], "text"),
        created_at=_number(entry["created_at"]),
        reasoning=_text(entry["reasoning"], "reasoning"),
        model=_text(entry["model"], "model"),
        state=AnswerState(entry["state"]),
        finish_reason=_text(entry["finish_reason"], "finish_reason"),
        problem=problem_of(entry["problem"]),
        usage=usage_of(entry["usage"]),
        first_token_s=_maybe_number(entry, "first_token_s"),
        duration_s=_maybe_number(entry, "duration_s"),
        reasoning_s=_maybe_number(entry, "reasoning_s"),
        seams=tuple(_integer(each) for each in _list(entry, "seams")),
        images=tuple(_image(each) for each in _list(entry, "images")),
        left_out=_integer(entry["left_out"]),
    )
    if not message.state.final:
        raise ValueError("state")
    attempts = tuple(_attempt(each, message.id) for each in _list(entry, "attempts"))
    above = None if entry["parent_stamp"] is None else _stamp(entry["parent_stamp"])
    counted = None if entry["counted"] is None else _flag(entry, "counted")
    return MessageRecord(
        message, _stamp(entry["stamp"]), _stamps(entry), above, attempts, _maybe_text(entry, "origin"), counted
    )


def _attempt(value: object, message_id: str) -> tuple[Attempt, Mapping[DeltaKind, str]]:
    entry = dict(_object(value, "attempts"))
    raw = _object(entry.pop("raw"), "raw")
    attempt = Attempt(
        id=_name(entry["id"]),
        message_id=message_id,
        number=_integer(entry["number"]),
        started_at=_number(entry["started_at"]),
        first_token_at=_maybe_number(entry, "first_token_at"),
        ended_at=_maybe_number(entry, "ended_at"),
        join=Join(entry["join"]),
        keep=_integer(entry["keep"]),
        cut=_integer(entry["cut"]),
        end=_integer(entry["end"]),
        resumed_by=_text(entry["resumed_by"], "resumed_by"),
        bytes_received=_integer(entry["bytes_received"]),
        status=None if entry["status"] is None else _integer(entry["status"]),
        finish_reason=_text(entry["finish_reason"], "finish_reason"),
        fault=fault_of(entry["fault"]),
        usage=usage_of(entry["usage"]),
    )
    return attempt, {DeltaKind(kind): _text(text, "raw") for kind, text in raw.items()}


def _image(value: object) -> Image:
    entry = _object(value, "images")
    texts = _text(entry["name"], "name"), _text(entry["media_type"], "media_type")
    size, width, height = (_integer(entry[name]) for name in ("size", "width", "height"))
    return Image(*texts, size, width, height, _digest(entry["digest"]))


# -- checked values


def _object(value: object, name: str) -> JSON:
    if not isinstance(value, dict):
        raise TypeError(name)
    return value


def _list(entry: JSON, name: str) -> list[Any]:
    found = entry[name]
    if not isinstance(found, list):
        raise TypeError(name)
    return found


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _maybe_text(entry: JSON, name: str) -> str | None:
    return None if entry[name] is None else _text(entry[name], name)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > _MAX_ID or not value.isprintable():
        raise TypeError("id")
    return value


def _flag(entry: JSON, name: str) -> bool:
    found = entry[name]
    if not isinstance(found, bool):
        raise TypeError(name)
    return found


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _MAX_INTEGER:
        raise TypeError("number")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError("number")
    return float(value)


def _maybe_number(entry: JSON, name: str) -> float | None:
    return None if entry[name] is None else _number(entry[name])


def _clock(value: object) -> int:
    clock = _integer(value)
    if not 0 <= clock < MAX_CLOCK:
        raise ValueError("clock")
    return clock


def _stamp(value: Any) -> Stamp:
    clock, host = value
    if not _clock(clock):
        raise ValueError("stamp")
    return Stamp(clock, _name(host))


def _stamps(entry: JSON) -> frozenset[Stamp]:
    return frozenset(_stamp(pair) for pair in _list(entry, "replaces"))


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise TypeError("digest")
    return value


def _image_data(digest: str, value: object) -> tuple[str, bytes]:
    data = b64decode(_text(value, "images"), validate=True)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError("images")
    return digest, data
