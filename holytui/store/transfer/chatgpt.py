"""ChatGPT's `conversations.json` (in the archive of its data export), with all branches.

The format is undocumented; this reads exports of 2023 to 2025. A node of `mapping` without text of the user or the
model (system settings, tool calls and their results) is omitted, and its children are attached to the next node above.
Thoughts become the reasoning of the following answer. Omitted parts that the user saw are counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from holytui.errors import TransferError
from holytui.i18n import _
from holytui.ids import new_id
from holytui.models import Conversation, Message, Role
from holytui.store.values import Bundle, OmittedPart
from holytui.text import nfc, one_line, sanitize, sanitize_line

Entry = Mapping[str, Any]
_TOOL_CONTENT = frozenset({"code", "execution_output", "computer_output", "tether_quote", "tether_browsing_display"})
_LATEST_TIME = 1e15
"""Unix times beyond this are invalid."""
_Thoughts = tuple[Any, ...]
"""Linked list of thoughts, `()` or (earlier, last), so that branches share their common part."""


def from_json(entry: Entry) -> Bundle:
    """Convert one conversation of the array. Raises TransferError."""
    mapping = entry.get("mapping")
    name = entry.get("conversation_id") or entry.get("id")
    if not isinstance(mapping, dict) or not isinstance(name, str):
        raise TransferError(_("It has no messages or no id"))
    try:
        return _bundle(entry, mapping, f"chatgpt:{name}")
    except RecursionError as exc:
        raise TransferError(_("It is too deeply nested")) from exc
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as exc:
        raise TransferError(_("A part of it is missing or wrong: {part}").format(part=sanitize_line(str(exc)))) from exc


def _bundle(entry: Entry, mapping: Mapping[str, Entry], origin: str) -> Bundle:
    created = _time(entry.get("create_time"), 0.0)
    conversation_id = new_id()
    messages: list[Message] = []
    origins: dict[str, str] = {}
    shown: dict[str, str | None] = {}  # by node: its message, or the nearest one above it
    omitted: Counter[OmittedPart] = Counter()
    used: dict[int, _Thoughts] = {}
    children = _children(mapping)
    stack: list[tuple[str, str | None, _Thoughts]] = [(node, None, ()) for node in children.get(None, [])[::-1]]
    while stack:
        node, parent_id, thoughts = stack.pop()
        message_entry = mapping[node].get("message") or {}
        text = _message_text(message_entry)
        omitted.update(_omitted_parts(message_entry, text))
        if text is None:
            if found := _thoughts(message_entry):
                thoughts = (thoughts, found)
                omitted[OmittedPart.THOUGHTS] += 1
        else:
            if message_entry["author"]["role"] == Role.ASSISTANT:
                omitted[OmittedPart.THOUGHTS] -= _newly_used(thoughts, used)
            message = _message(message_entry, text, conversation_id, parent_id, _joined(thoughts), created)
            messages.append(message)
            origins[message.id] = f"{origin}:{node}"
            parent_id, thoughts = message.id, ()
        shown[node] = parent_id
        stack += [(child, parent_id, thoughts) for child in children.get(node, [])[::-1]]
    title = one_line(nfc(str(entry.get("title") or ""))) or _("Imported conversation")
    conversation = Conversation(
        *(conversation_id, title, created, _time(entry.get("update_time"), created)),
        leaf_id=shown.get(str(entry.get("current_node"))),
        archived=entry.get("is_archived") is True,
    )
    return Bundle(conversation, messages, origin=origin, origins=origins, left_out=+omitted)


def _children(mapping: Mapping[str, Entry]) -> dict[str | None, list[str]]:
    """Children by parent, in the file's order; nodes without a known parent are children None."""
    out: dict[str | None, list[str]] = {}
    for node, value in mapping.items():
        parent = value.get("parent")
        out.setdefault(parent if parent in mapping else None, []).append(node)
    return out


def _message(
    message_entry: Entry, text: str, conversation_id: str, parent_id: str | None, thoughts: str, created: float
) -> Message:
    role = Role(message_entry["author"]["role"])
    model = (message_entry.get("metadata") or {}).get("model_slug")
    return Message(
        *(new_id(), conversation_id, parent_id, role, text, _time(message_entry.get("create_time"), created)),
        reasoning=thoughts.strip() if role is Role.ASSISTANT else "",
        model=sanitize_line(str(model)) if model and role is Role.ASSISTANT else "",
    )


def _message_text(message_entry: Entry) -> str | None:
    """Text of the user or the model; None for other nodes."""
    if (message_entry.get("author") or {}).get("role") not in (Role.USER, Role.ASSISTANT):
        return None
    hidden = (message_entry.get("metadata") or {}).get("is_visually_hidden_from_conversation")
    if hidden or message_entry.get("recipient", "all") != "all":
        return None
    content = message_entry.get("content") or {}
    if content.get("content_type") not in ("text", "multimodal_text"):
        return None
    text = "\n\n".join(filter(None, map(_part, content.get("parts") or [])))
    return sanitize(nfc(text)) if text.strip() else None


def _part(part: str | Entry) -> str:
    if isinstance(part, str):
        return part
    if "text" in part:  # a transcribed voice message
        return str(part["text"])
    kind = str(part.get("content_type", ""))
    return _("[image]") if "image" in kind else _("[attachment]")


def _omitted_parts(message_entry: Entry, text: str | None) -> Iterator[OmittedPart]:
    """Parts of a node that the user saw and that are not in `text`, except thoughts."""
    content, about = message_entry.get("content") or {}, message_entry.get("metadata") or {}
    role = (message_entry.get("author") or {}).get("role")
    if about.get("is_visually_hidden_from_conversation") or role not in (Role.USER, Role.ASSISTANT, "tool"):
        return
    parts = [part for part in content.get("parts") or [] if isinstance(part, Mapping) and "text" not in part]
    images = ["image" in str(part.get("content_type", "")) for part in parts]
    yield from (OmittedPart.IMAGES if image else OmittedPart.FILES for image in images)
    for attached in about.get("attachments") or []:
        if not str(attached.get("mime_type", "")).startswith("image/"):
            yield OmittedPart.FILES
    called = message_entry.get("recipient", "all") != "all" or content.get("content_type") in _TOOL_CONTENT
    if text is None and not parts and (role == "tool" or called):
        yield OmittedPart.TOOLS


def _newly_used(thoughts: _Thoughts, used: dict[int, _Thoughts]) -> int:
    """Count the thoughts that no earlier answer uses, and add them to `used`."""
    count = 0
    while thoughts and id(thoughts) not in used:  # what is before one that is used is used as well
        used[id(thoughts)] = thoughts
        thoughts, count = thoughts[0], count + 1
    return count


def _joined(thoughts: _Thoughts) -> str:
    pieces = []
    while thoughts:
        thoughts, piece = thoughts
        pieces.append(piece)
    return "".join(reversed(pieces))


def _thoughts(message_entry: Entry) -> str:
    content = message_entry.get("content") or {}
    if content.get("content_type") != "thoughts":
        return ""
    found = (str(each.get("content") or each.get("summary") or "") for each in content.get("thoughts") or [])
    return sanitize(nfc("\n\n".join(found))) + "\n\n"


def _time(value: object, otherwise: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return otherwise
    # an integer may have too many digits to be a float
    return float(value) if abs(value) < _LATEST_TIME and math.isfinite(value) else otherwise
