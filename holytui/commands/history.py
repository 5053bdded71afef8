"""`holytui history`: what was said."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime

from holytui.engine.services import open_history
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import Attempt, Message, Role
from holytui.store.history import History


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns 0, or 1 if there is no such conversation."""
    history = open_history()
    try:
        match options.what:
            case "list":
                _list(history, options)
                return 0
            case _:
                return _show(history, options)
    finally:
        history.close()


def _list(history: History, options: argparse.Namespace) -> None:
    found = history.conversations(archived=options.archived)
    for one in found[: options.limit] if options.limit > 0 else found:
        if options.json:
            facts = {"id": one.id, "title": one.title, "updated_at": one.updated_at, "model": one.model}
            print(json.dumps(facts, ensure_ascii=False))
        else:
            print(f"{one.id}  {_moment(one.updated_at)}  {one.title}")


def _show(history: History, options: argparse.Namespace) -> int:
    conversation = history.conversation(options.id)
    if conversation is None:
        raise HolytuiError(_("No conversation {id}").format(id=options.id), _("See: holytui history list"))
    print(f"# {conversation.title}\n")
    for message in history.branch(conversation.id):
        _print_message(message)
        if options.attempts and message.role is Role.ASSISTANT:
            for attempt in history.attempts(message.id):
                print(describe(attempt), file=sys.stdout)
            print()
    return 0


def _print_message(message: Message) -> None:
    who = _("You") if message.role is Role.USER else message.model or message.role.value
    state = "" if message.role is not Role.ASSISTANT else f" · {message.state.value}"
    print(f"## {who} · {_moment(message.created_at)}{state}\n\n{message.text}\n")
    if message.problem is not None:
        print(f"> {message.problem.title} {message.problem.hint}\n")


def describe(attempt: Attempt) -> str:
    """One request in a line: its number, how it was resumed, what came, and how it ended."""
    parts = [f"- {attempt.number}. {_moment(attempt.started_at, seconds=True)}"]
    if attempt.resumed_by:
        parts.append(f"{attempt.resumed_by} ({attempt.join.value})")
    if attempt.status is not None:
        parts.append(f"HTTP {attempt.status}")
    if attempt.first_token_at is not None:
        parts.append(_("first token {s} s").format(s=round(attempt.first_token_at - attempt.started_at, 2)))
    if attempt.ended_at is not None:
        parts.append(_("ended {s} s").format(s=round(attempt.ended_at - attempt.started_at, 2)))
    parts.append(f"{attempt.bytes_received} B")
    if attempt.fault is not None:
        parts.append(f"{attempt.fault.kind.value} {attempt.fault.message}".strip())
    elif attempt.finish_reason:
        parts.append(attempt.finish_reason)
    return " · ".join(parts)


def _moment(when: float, *, seconds: bool = False) -> str:
    return datetime.fromtimestamp(when).astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
