"""holytui's own JSON format of a conversation, without loss in either direction."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from holytui.errors import TransferError
from holytui.faults import Fault
from holytui.i18n import _
from holytui.images import MEDIA_TYPES, image_of, plain_name
from holytui.models import (
    RESERVED_PARAMS,
    AnswerState,
    Attempt,
    Conversation,
    DeltaKind,
    Image,
    Join,
    Message,
    Problem,
    Role,
    Usage,
)
from holytui.store import tags
from holytui.store.json_values import fault_from, is_too_deep, problem_from, usage_from
from holytui.store.values import Bundle
from holytui.text import one_line, sanitize, sanitize_line

FORMAT = "holytui"
VERSION = 2
"""Version 2 added images; a conversation without images is written as version 1, which every holytui reads."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def to_json(bundle: Bundle) -> dict[str, Any]:
    """Convert a conversation to JSON values for `from_json`."""
    conversation = _dict(bundle.conversation)
    del conversation["streaming"]
    if not bundle.conversation.tags:
        del conversation["tags"]
    attempts: dict[str, list[dict[str, Any]]] = {}
    for attempt, texts in bundle.attempts:
        one = _dict(attempt)
        owner = one.pop("message_id")
        attempts.setdefault(owner, []).append({**one, "raw": {kind.value: text for kind, text in texts.items()}})
    messages = []
    for message in bundle.messages:
        one = _dict(message)
        del one["conversation_id"], one["begun_again"]  # the attempts tell it
        one["images"] = [_image_json(image, bundle.image_data.get(image.digest)) for image in message.images]
        if label := bundle.labels.get(message.id):
            one["label"] = label
        messages.append({**one, "attempts": attempts.get(message.id, [])})
    version = VERSION if any(message.images for message in bundle.messages) else 1
    return {"format": FORMAT, "version": version, **conversation, "messages": messages}


def _dict(value: Conversation | Message | Attempt) -> dict[str, Any]:
    """The fields of a value; `repaired` only if something was."""
    found = asdict(value)
    if not value.repaired:
        del found["repaired"]
    return found


def _image_json(image: Image, data: bytes | None) -> dict[str, Any]:
    return {**asdict(image), "data": None if data is None else b64encode(data).decode("ascii")}


def from_json(entry: Mapping[str, Any]) -> Bundle:
    """Convert the values of `to_json` to a bundle. Raises TransferError."""
    if entry.get("format") != FORMAT:
        raise TransferError(_("It is not a conversation in a known format"))
    if entry.get("version") not in (1, VERSION):
        raise TransferError(_("It was written by a newer holytui"))
    try:
        return _bundle(entry)
    except RecursionError as exc:
        raise TransferError(_("It is too deeply nested")) from exc
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise TransferError(_("A part of it is missing or wrong: {part}").format(part=sanitize_line(str(exc)))) from exc


def _bundle(entry: Mapping[str, Any]) -> Bundle:
    params, notes = _params(entry)
    conversation = Conversation(
        id=_id(entry, "id"),
        title=one_line(_text(entry, "title")),
        created_at=_number(entry, "created_at"),
        updated_at=_number(entry, "updated_at"),
        leaf_id=_optional_id(entry, "leaf_id"),
        model=sanitize_line(_text(entry, "model")),
        system=sanitize(_text(entry, "system")),
        params=params,
        pinned=_checked(entry, "pinned", bool),
        archived=_checked(entry, "archived", bool),
        draft=_draft(sanitize(_text(entry, "draft"))),
        unread=_checked(entry, "unread", bool),
        tags=_tags(entry),
    )
    found = _checked(entry, "messages", list)
    data: dict[str, bytes] = {}
    messages = [_message(each, conversation.id, data) for each in found]
    attempts = [
        _attempt(attempt, message.id)
        for each, message in zip(found, messages, strict=True)
        for attempt in _checked(each, "attempts", list)
    ]
    _require_unique([message.id for message in messages] + [attempt.id for attempt, _texts in attempts])
    labels = {message.id: label for each, message in zip(found, messages, strict=True) if (label := _label(each))}
    return Bundle(conversation, messages, attempts, image_data=data, labels=labels, notes=notes)


def _tags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags; a conversation without any, or of an older version, has none."""
    found = _checked(entry, "tags", list) if "tags" in entry else []
    if not all(isinstance(tag, str) for tag in found):
        raise TypeError("tags")
    return tags.normalized(found)


def _label(entry: Mapping[str, Any]) -> str:
    return tags.label_of(_text(entry, "label")) if "label" in entry else ""


def _require_unique(ids: Sequence[str]) -> None:
    repeated = next((found for found, count in Counter(ids).items() if count > 1), None)
    if repeated is not None:
        raise TransferError(_("Two parts of it have the same id: {id}").format(id=repeated))


def _params(entry: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Parameters without the reserved ones, and a note about those."""
    found = _checked(entry, "params", dict)
    if is_too_deep(found):
        raise RecursionError
    own = [name for name in RESERVED_PARAMS if name in found]
    if not own:
        return found, ()
    note = _("parameters not imported, as holytui sets them itself: {names}").format(names=", ".join(own))
    return {name: value for name, value in found.items() if name not in own}, (note,)


def _message(entry: Mapping[str, Any], conversation_id: str, data: dict[str, bytes]) -> Message:
    """Read a message; the bytes of its images are added to `data`."""
    return Message(
        id=_id(entry, "id"),
        conversation_id=conversation_id,
        parent_id=_optional_id(entry, "parent_id"),
        role=Role(entry["role"]),
        text=sanitize(_text(entry, "text")),
        created_at=_number(entry, "created_at"),
        reasoning=sanitize(_text(entry, "reasoning")),
        model=sanitize_line(_text(entry, "model")),
        state=AnswerState(entry["state"]),
        finish_reason=sanitize_line(_text(entry, "finish_reason")),
        problem=_problem(entry),
        usage=_usage(entry),
        first_token_s=_optional_number(entry, "first_token_s"),
        duration_s=_optional_number(entry, "duration_s"),
        reasoning_s=_optional_number(entry, "reasoning_s"),
        seams=tuple(_integer(each) for each in _checked(entry, "seams", list)),
        images=_images(entry, data),
        left_out=_integer(entry.get("left_out", 0)),
    )


def _images(entry: Mapping[str, Any], data: dict[str, bytes]) -> tuple[Image, ...]:
    found = entry.get("images", [])
    if not isinstance(found, list) or (found and entry["role"] != Role.USER):
        raise TypeError("images")
    return tuple(_image(each, data) for each in found)


def _image(entry: Mapping[str, Any], data: dict[str, bytes]) -> Image:
    """Read an image; its properties come from its bytes, or from the file if these are lost."""
    name, digest = plain_name(_text(entry, "name")), _text(entry, "digest")
    if entry["data"] is None:
        if entry["media_type"] not in MEDIA_TYPES or not _DIGEST.fullmatch(digest):
            raise ValueError(f"images: {name}")
        size, width, height = (_integer(entry[key]) for key in ("size", "width", "height"))
        return Image(name, entry["media_type"], size, width, height, digest)
    try:
        found = b64decode(_text(entry, "data"), validate=True)
    except ValueError as exc:
        raise ValueError(f"images: {name}") from exc
    image = image_of(name, found)
    if image is None or image.digest != digest:
        raise ValueError(f"images: {name}")
    data[digest] = found
    return image


def _attempt(entry: Mapping[str, Any], message_id: str) -> tuple[Attempt, dict[DeltaKind, str]]:
    attempt = Attempt(
        id=_id(entry, "id"),
        message_id=message_id,
        number=_integer(entry["number"]),
        started_at=_number(entry, "started_at"),
        first_token_at=_optional_number(entry, "first_token_at"),
        ended_at=_optional_number(entry, "ended_at"),
        join=Join(entry["join"]),
        keep=_integer(entry["keep"]),
        cut=_integer(entry["cut"]),
        end=_integer(entry.get("end", -1)),  # exports of older versions have none
        resumed_by=sanitize_line(_text(entry, "resumed_by")),
        bytes_received=_integer(entry["bytes_received"]),
        status=None if entry["status"] is None else _integer(entry["status"]),
        finish_reason=sanitize_line(_text(entry, "finish_reason")),
        fault=_fault(fault_from(_as_json_text(entry, "fault"))),
        usage=_usage(entry),
    )
    raw = _checked(entry, "raw", dict)
    return attempt, {kind: sanitize(_text(raw, kind.value)) for kind in DeltaKind}


def _draft(kept: str) -> str:
    """A draft without attached files, as they belong to another user or machine."""
    try:
        found = json.loads(kept) if kept.startswith("{") else None
    except (ValueError, RecursionError):
        return kept
    if not isinstance(found, dict) or "files" not in found:
        return kept
    return json.dumps({name: value for name, value in found.items() if name != "files"}, ensure_ascii=False)


def _checked(entry: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    value = entry[key]
    if not isinstance(value, kind):
        raise TypeError(key)
    return value


def _text(entry: Mapping[str, Any], key: str) -> str:
    return str(_checked(entry, key, str))


def _id(entry: Mapping[str, Any], key: str) -> str:
    name = _text(entry, key)
    if not name or not name.isprintable() or len(name) > 200:
        raise ValueError(key)
    return name


def _optional_id(entry: Mapping[str, Any], key: str) -> str | None:
    return None if entry[key] is None else _id(entry, key)


def _number(entry: Mapping[str, Any], key: str) -> float:
    value = entry[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(key)
    return float(value)


def _optional_number(entry: Mapping[str, Any], key: str) -> float | None:
    return None if entry[key] is None else _number(entry, key)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 62:
        raise TypeError("number")
    return value


def _problem(entry: Mapping[str, Any]) -> Problem | None:
    found = problem_from(_as_json_text(entry, "problem"))
    if found is None:
        return None
    fields = asdict(found)
    return Problem(sanitize_line(_text(fields, "title")), sanitize(_text(fields, "hint")), _fault(found.fault))


def _fault(found: Fault | None) -> Fault | None:
    if found is None:
        return None
    fields = asdict(found)
    if not isinstance(fields["should_retry"], bool | None):
        raise TypeError("should_retry")
    return replace(
        found,
        message=sanitize(_text(fields, "message")),
        status=None if fields["status"] is None else _integer(fields["status"]),
        code=sanitize_line(_text(fields, "code")),
        retry_after=_optional_number(fields, "retry_after"),
        param=sanitize_line(_text(fields, "param")),
    )


def _usage(entry: Mapping[str, Any]) -> Usage | None:
    found = usage_from(_as_json_text(entry, "usage"))
    if found is not None:
        counts = found.input, found.output, found.cached, found.reasoning, found.cache_written
        if min(map(_integer, counts)) < 0:
            raise ValueError("usage")
    return found and replace(found, at_least=bool(found.at_least), estimated=bool(found.estimated))


def _as_json_text(entry: Mapping[str, Any], key: str) -> str | None:
    """The value as JSON text, for the parsers of `store.json_values`."""
    return None if entry[key] is None else json.dumps(entry[key])
