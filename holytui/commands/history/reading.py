"""`holytui history list|show|search`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Sequence

from holytui import ids
from holytui.bootstrap import search_shared
from holytui.commands import exit_status
from holytui.commands.output import print_highlighted, print_json, print_line, print_to_stderr
from holytui.config.load import read_config
from holytui.engine import ending
from holytui.errors import HolytuiError
from holytui.formatting import decimal
from holytui.i18n import _
from holytui.images import left_out_note, text_with_images
from holytui.models import REATTACHED, Attempt, Conversation, DeltaKind, Message, Role
from holytui.presentation.labels import cause, state
from holytui.store import tags
from holytui.store.assembly import seam_contexts
from holytui.store.history import History
from holytui.store.transfer.markdown import damage, when
from holytui.store.values import SearchHit
from holytui.text import sanitize_line


def show_list(history: History, options: argparse.Namespace) -> int:
    """List the conversations, newest first."""
    found = history.deleted_conversations() if options.deleted else history.conversations(archived=options.archived)
    known = [one.id for one in found] if options.deleted else conversation_ids(history)
    if options.tag is not None:
        found = [one for one in found if tags.matches(one.tags, options.tag)]
    for one in found[: options.limit] if options.limit > 0 else found:
        if options.json:
            facts: dict[str, object] = {
                "id": one.id,
                "title": one.title,
                "updated_at": one.updated_at,
                "model": one.model,
            }
            facts["tags"] = list(one.tags)
            print_json(facts)
        else:
            print_line(conversation_line(one, known))
    return exit_status.OK


def conversation_ids(history: History) -> list[str]:
    """Return the ids of all conversations that are not deleted."""
    return [one.id for archived in (False, True) for one in history.conversations(archived=archived)]


def conversation_line(conversation: Conversation, known: Collection[str]) -> str:
    """Format a conversation: an id that is unambiguous among `known`, last change, title, tags."""
    short = _unbroken(ids.short_id(conversation.id, known))
    tagged = "".join(f"  #{sanitize_line(tag)}" for tag in conversation.tags)
    return f"{short}  {when(conversation.updated_at)}  {_unbroken(conversation.title)}{tagged}"


def _unbroken(text: str) -> str:
    """Replace line feeds, which imported titles and names may contain."""
    return text.replace("\n", " ")


def find_conversation(history: History, conversation_id: str) -> Conversation:
    """Return the conversation with an id, or with a unique beginning or end. Raises HolytuiError."""
    found = history.conversation(conversation_id)
    if found is None:
        raise no_such_conversation(conversation_id)
    return found


def no_such_conversation(conversation_id: str) -> HolytuiError:
    """Return the error for an unknown or ambiguous id."""
    return HolytuiError(
        _("No conversation {id}").format(id=sanitize_line(conversation_id)), _("See: holytui history list")
    )


# -- show


def show_one(history: History, options: argparse.Namespace) -> int:
    """Print the current branch of a conversation as Markdown."""
    conversation = find_conversation(history, options.id)
    print_line(f"# {_unbroken(conversation.title)}\n")
    for message in history.branch(conversation.id):
        _print_message(message, _host_name(history, message.id))
        if options.attempts and message.role is Role.ASSISTANT:
            _print_attempts(history, message)
    return exit_status.OK


def _host_name(history: History, message_id: str) -> str:
    """Return the name of the other machine that a message comes from; empty for this one."""
    origin = history.replica.origin(message_id) if history.replica is not None else None
    return (origin.name or origin.id) if origin is not None else ""


def _print_message(message: Message, host: str) -> None:
    who = _("You") if message.role is Role.USER else _unbroken(message.model) or message.role.value
    how = "" if message.role is not Role.ASSISTANT else f" · {state(message.state)}"
    how += f" · {left_out_note(message.left_out)}" if message.left_out else ""
    how += " · " + _("from {host}").format(host=_unbroken(host)) if host else ""
    print_line(f"## {who} · {when(message.created_at)}{how}\n\n{text_with_images(message)}\n")
    if message.problem is not None:
        print_line(f"> {message.problem}\n")
    if message.repaired:
        print_line(f"> {damage(message)}\n")
    if message.role is Role.ASSISTANT:
        for doubt in ending.describe_doubts(ending.Ending.of(message)):
            print_line(f"> {doubt}\n")


def _print_attempts(history: History, message: Message) -> None:
    """Every request of an answer; then both sides, as they came, of where one was joined on a best guess, or where
    the answer began again."""
    attempts = history.attempts(message.id)
    for attempt in attempts:
        print_line(_unbroken(describe(attempt)))
    print_line()
    if not (message.seams or message.begun_again):
        return  # the raw texts may be long
    raw = ((attempt, history.raw_text(attempt.id, DeltaKind.CONTENT)) for attempt in attempts)
    for joint in seam_contexts(raw):
        number = joint.attempt.number
        _print_side(_("Before request {number}:").format(number=number), joint.before)
        _print_side(_("After request {number}:").format(number=number), joint.after)


def _print_side(head: str, text: str) -> None:
    print_line(f"{head}\n\n" + "".join(f"> {line}\n" for line in text.split("\n")))


def describe(attempt: Attempt) -> str:
    """Describe a request in a line: number, way of resuming, data received, end."""
    parts = [f"- {attempt.number}. {when(attempt.started_at, seconds=True)}"]
    if attempt.resumed_by == REATTACHED:
        parts.append(_("reattached, exact"))
    elif attempt.resumed_by:
        parts.append(f"{attempt.resumed_by} ({attempt.join.value})")
    if attempt.status is not None:
        parts.append(f"HTTP {attempt.status}")
    if attempt.first_token_at is not None:
        parts.append(_("first token {s} s").format(s=decimal(attempt.first_token_at - attempt.started_at, 2)))
    if attempt.ended_at is not None:
        parts.append(_("ended {s} s").format(s=decimal(attempt.ended_at - attempt.started_at, 2)))
    parts.append(f"{attempt.bytes_received} B")
    if attempt.fault is not None:
        parts += filter(None, (cause(attempt.fault), attempt.fault.message))
    elif attempt.finish_reason:
        parts.append(attempt.finish_reason)
    return " · ".join(parts)


# -- search


def search(history: History, options: argparse.Namespace) -> int:
    """Print the messages with all words, of this history or the shared one; return 1 if there are none, as `grep`."""
    within = find_conversation(history, options.conversation).id if options.conversation else None
    words = " ".join(options.words)
    if options.everywhere:
        hits = [
            hit
            for hit in search_shared(read_config(options.config)[0].history, words, options.limit)
            if within in (None, hit.conversation_id)
        ]
    else:
        hits = list(history.search(words, options.limit, within))
    if options.json:
        for hit in hits:
            print_json(_facts(hit))
    else:
        _print_hits(hits, conversation_ids(history), bold=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    if not hits:
        print_to_stderr(_("nothing found"))
    return exit_status.OK if hits else exit_status.FAILED


def _facts(hit: SearchHit) -> dict[str, object]:
    return {
        "conversation_id": hit.conversation_id,
        "message_id": hit.message_id,
        "title": hit.title,
        "role": hit.role.value if hit.role else None,
        "created_at": hit.created_at,
        "snippet": hit.snippet,
        "ranges": hit.ranges,
    }


def _print_hits(hits: Sequence[SearchHit], known: Collection[str], *, bold: bool) -> None:
    last = ""
    for hit in hits:
        if hit.conversation_id != last:
            print_line(
                f"{_unbroken(ids.short_id(hit.conversation_id, known))}  {when(hit.created_at)}  {_unbroken(hit.title)}"
            )
            last = hit.conversation_id
        if hit.message_id is not None:
            who = _("You") if hit.role is Role.USER else _("Answer")
            print_highlighted(f"    {who}: ", hit.parts, bold=bold)
