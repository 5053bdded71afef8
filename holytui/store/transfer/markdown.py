"""The shown branch of conversations as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO

from holytui.i18n import _
from holytui.images import text_with_images
from holytui.models import AnswerState, Message, Role
from holytui.store.values import Bundle
from holytui.text import sanitize


def write_markdown(bundles: Iterable[Bundle], out: TextIO) -> int:
    """Write conversations one after another; return their number."""
    count = 0
    for bundle in bundles:
        talk = bundle.conversation
        out.write(("\n---\n\n" if count else "") + f"# {sanitize(talk.title)}\n\n*{when(talk.created_at)}*\n")
        for message in shown_branch(bundle):
            text = sanitize(text_with_images(message)).rstrip("\n")
            out.write(f"\n## {speaker(message)}\n\n{text}\n")
            for note in notes(message):
                out.write(f"\n> {note}\n")
        count += 1
    return count


def shown_branch(bundle: Bundle) -> Sequence[Message]:
    """Return the messages from the root to the shown leaf (the newest leaf if none is shown)."""
    by_id = {message.id: message for message in bundle.messages}
    step = by_id.get(bundle.conversation.leaf_id or "")
    if step is None and by_id:
        step = max(by_id.values(), key=lambda message: (message.created_at, message.id))
    out: list[Message] = []
    while step is not None:
        out.append(step)
        step = by_id.pop(step.parent_id, None) if step.parent_id else None
    return out[::-1]


def speaker(message: Message) -> str:
    """The author of a message, for display."""
    match message.role:
        case Role.USER:
            return _("You")
        case Role.SYSTEM:
            return _("System")
        case Role.ASSISTANT:
            return sanitize(message.model) or _("Answer")


def notes(message: Message) -> list[str]:
    """Remarks on a message: why it is incomplete, and damage."""
    return [sanitize(note) for note in (ending(message), damage(message)) if note]


def damage(message: Message) -> str:
    """A sentence if a part of the message was damaged in the file; else empty."""
    return _("Part of this is damaged in the history file.") if message.repaired else ""


def ending(message: Message) -> str:
    """The reason why an answer is incomplete; empty if it is complete."""
    if message.problem is not None:
        return str(message.problem)
    match message.state:
        case AnswerState.COMPLETE:
            return ""
        case AnswerState.STOPPED:
            return _("Stopped.")
        case AnswerState.FAILED:
            return _("Failed.")
        case _interrupted:
            return _("Interrupted.")


def when(at: float, *, seconds: bool = False) -> str:
    """Format a Unix time in local time, to the minute or second."""
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):  # a time out of an imported file may be anything
        return "–"
