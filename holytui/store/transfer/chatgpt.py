"""ChatGPT's `conversations.json` (in the archive that its data export sends), with all branches of each tree.

The form is not documented; this reads what exports of 2023 to 2025 hold. A node of `mapping` without words of the
user or the model (system settings, calls of tools and what they returned) is left out, and what hangs below it is
hung onto the next node above; thoughts become the reasoning of the answer that follows them. What is left out of what
the user saw is counted.
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
_OF_TOOLS = frozenset({"code", "execution_output", "computer_output", "tether_quote", "tether_browsing_display"})
_Thoughts = tuple[Any, ...]
"""Empty, or the thoughts before and the last one: branches share what they have in common, however long it is."""


def from_json(entry: Entry) -> Bundle:
    """One conversation of the array. Raises TransferError saying what is wrong with it."""
    mapping = entry.get("mapping")
    name = entry.get("conversation_id") or entry.get("id")
    if not isinstance(mapping, dict) or not isinstance(name, str):
        raise TransferError(_("It has no messages or no id"))
    try:
        return _bundle(entry, mapping, f"chatgpt:{name}")
    except RecursionError as exc:
        raise TransferError(_("It is too deeply nested")) from exc
    except (TypeError, ValueError, AttributeError, KeyError) as exc:
        raise TransferError(_("A part of it is missing or wrong: {part}").format(part=sanitize_line(str(exc)))) from exc


def _bundle(entry: Entry, mapping: Mapping[str, Entry], origin: str) -> Bundle:
    created = _time(entry.get("create_time"), 0.0)
    talk_id = new_id()
    messages: list[Message] = []
    origins: dict[str, str] = {}
    shown: dict[str, str | None] = {}  # by node: its message, or the nearest one above it
    lost: Counter[OmittedPart] = Counter()
    used: dict[int, _Thoughts] = {}
    below = _below(mapping)
    stack: list[tuple[str, str | None, _Thoughts]] = [(node, None, ()) for node in below.get(None, [])[::-1]]
    while stack:
        node, above, thoughts = stack.pop()
        said = mapping[node].get("message") or {}
        words = _words(said)
        lost.update(_left_out(said, words))
        if words is None:
            if found := _thoughts(said):
                thoughts = (thoughts, found)
                lost[OmittedPart.THOUGHTS] += 1
        else:
            if said["author"]["role"] == Role.ASSISTANT:
                lost[OmittedPart.THOUGHTS] -= _newly_used(thoughts, used)
            message = _message(said, words, talk_id, above, _joined(thoughts), created)
            messages.append(message)
            origins[message.id] = f"{origin}:{node}"
            above, thoughts = message.id, ()
        shown[node] = above
        stack += [(child, above, thoughts) for child in below.get(node, [])[::-1]]
    title = one_line(nfc(str(entry.get("title") or ""))) or _("Imported conversation")
    talk = Conversation(
        *(talk_id, title, created, _time(entry.get("update_time"), created)),
        leaf_id=shown.get(str(entry.get("current_node"))),
        archived=entry.get("is_archived") is True,
    )
    return Bundle(talk, messages, origin=origin, origins=origins, left_out=+lost)


def _below(mapping: Mapping[str, Entry]) -> dict[str | None, list[str]]:
    """Children by parent, in the file's order; nodes whose parent is not there hang below None."""
    out: dict[str | None, list[str]] = {}
    for node, value in mapping.items():
        parent = value.get("parent")
        out.setdefault(parent if parent in mapping else None, []).append(node)
    return out


def _message(said: Entry, words: str, talk_id: str, above: str | None, thoughts: str, created: float) -> Message:
    role = Role(said["author"]["role"])
    model = (said.get("metadata") or {}).get("model_slug")
    return Message(
        *(new_id(), talk_id, above, role, words, _time(said.get("create_time"), created)),
        reasoning=thoughts.strip() if role is Role.ASSISTANT else "",
        model=sanitize_line(str(model)) if model and role is Role.ASSISTANT else "",
    )


def _words(said: Entry) -> str | None:
    """What the user or the model said to the other; None for everything else."""
    if (said.get("author") or {}).get("role") not in (Role.USER, Role.ASSISTANT):
        return None
    hidden = (said.get("metadata") or {}).get("is_visually_hidden_from_conversation")
    if hidden or said.get("recipient", "all") != "all":
        return None
    content = said.get("content") or {}
    if content.get("content_type") not in ("text", "multimodal_text"):
        return None
    words = "\n\n".join(filter(None, map(_part, content.get("parts") or [])))
    return sanitize(nfc(words)) if words.strip() else None


def _part(part: str | Entry) -> str:
    if isinstance(part, str):
        return part
    if "text" in part:  # what was said aloud
        return str(part["text"])
    kind = str(part.get("content_type", ""))
    return _("[image]") if "image" in kind else _("[attachment]")


def _left_out(said: Entry, words: str | None) -> Iterator[OmittedPart]:
    """What of a node the user saw, and is not in its `words`. Thoughts are counted elsewhere."""
    content, about = said.get("content") or {}, said.get("metadata") or {}
    role = (said.get("author") or {}).get("role")
    if about.get("is_visually_hidden_from_conversation") or role not in (Role.USER, Role.ASSISTANT, "tool"):
        return
    parts = [part for part in content.get("parts") or [] if isinstance(part, Mapping) and "text" not in part]
    images = ["image" in str(part.get("content_type", "")) for part in parts]
    yield from (OmittedPart.IMAGES if image else OmittedPart.FILES for image in images)
    for attached in about.get("attachments") or []:
        if not str(attached.get("mime_type", "")).startswith("image/"):
            yield OmittedPart.FILES
    called = said.get("recipient", "all") != "all" or content.get("content_type") in _OF_TOOLS
    if words is None and not parts and (role == "tool" or called):
        yield OmittedPart.TOOLS


def _newly_used(thoughts: _Thoughts, used: dict[int, _Thoughts]) -> int:
    """How many of the thoughts belong to no answer before this one; those are noted in `used`."""
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


def _thoughts(said: Entry) -> str:
    content = said.get("content") or {}
    if content.get("content_type") != "thoughts":
        return ""
    found = (str(each.get("content") or each.get("summary") or "") for each in content.get("thoughts") or [])
    return sanitize(nfc("\n\n".join(found))) + "\n\n"


def _time(value: object, otherwise: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return otherwise
