"""`holytui history delete|restore|compact`: deleted conversations can be brought back until the file is compacted."""

from __future__ import annotations

import argparse
import math
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from holytui import ids
from holytui.commands import exit_status
from holytui.commands.history.backup import restore_backup
from holytui.commands.history.reading import (
    conversation_ids,
    conversation_line,
    find_conversation,
    no_such_conversation,
)
from holytui.commands.output import confirm, print_line, print_to_stderr
from holytui.formatting import size
from holytui.i18n import _, ngettext
from holytui.models import Conversation
from holytui.store.history import History
from holytui.text import sanitize_line

_PREVIEW = 20


def before_date(text: str) -> float:
    """Parse `2025-06-30`, or with a time, in local time; return Unix time. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone().timestamp()


def delete(history: History, options: argparse.Namespace) -> int:
    """Delete conversations after showing them; return 1 if the user declined or could not be asked."""
    found = _chosen(history, options)
    if not found:
        print_line(_("No conversation is that old; nothing was deleted."))
        return exit_status.OK
    _preview(found, conversation_ids(history))
    if not options.yes and not _agreed(len(found)):
        print_to_stderr(_("Nothing was deleted. --yes deletes without asking."))
        return exit_status.FAILED
    for one in found:
        history.delete_conversation(one.id)
    words = ngettext("{count} conversation deleted.", "{count} conversations deleted.", len(found))
    print_line(words.format(count=len(found)))
    print_line(_("`holytui history restore ID` brings one back, until `holytui history compact`."))
    return exit_status.OK


def _chosen(history: History, options: argparse.Namespace) -> list[Conversation]:
    if options.before is None:
        return list({one.id: one for one in (find_conversation(history, given) for given in options.ids)}.values())
    every = [*history.conversations(), *history.conversations(archived=True)]
    # a conversation with an answer in progress is not old, whatever its date
    return [one for one in every if one.updated_at < options.before and not one.streaming]


def _preview(found: Sequence[Conversation], known: Collection[str]) -> None:
    for one in found[:_PREVIEW]:
        print_line(conversation_line(one, known))
    if len(found) > _PREVIEW:
        print_line(_("… and {count} more").format(count=len(found) - _PREVIEW))


def _agreed(count: int) -> bool:
    question = ngettext("Delete this conversation? [y/N] ", "Delete these {count} conversations? [y/N] ", count)
    return confirm(question.format(count=count), _("yes"))


def restore(history: History, options: argparse.Namespace) -> int:
    """Bring deleted conversations back, or those of a backup."""
    deleted = {one.id: one for one in history.deleted_conversations()}
    files = [Path(given) for given in options.ids if not ids.match(deleted, given) and Path(given).is_file()]
    for file in files:
        restore_backup(history, file)
    if files:
        return exit_status.OK
    for given in options.ids:
        # the last deleted one comes first
        found = ids.match(deleted, given) or ([next(iter(deleted))] if deleted and given == ids.LAST else [])
        if len(found) != 1:
            raise no_such_conversation(given)
        history.restore_conversation(found[0])
        print_line(conversation_line(deleted[found[0]], deleted))
    return exit_status.OK


def compact(history: History, _options: argparse.Namespace) -> int:
    """Erase deleted conversations for good, and shrink the file."""
    purged = history.purge_deleted(math.inf)
    done = history.maintenance.compact() if history.maintenance is not None else None
    words = ngettext(
        "{count} deleted conversation erased for good.", "{count} deleted conversations erased for good.", purged
    )
    print_line(words.format(count=purged))
    if done is None:
        return exit_status.OK
    print_line(
        _("The history takes {after} now; before, {before}.").format(before=size(done.before), after=size(done.after))
    )
    if done.copies:
        print_line(_("Older copies beside it are unchanged, and may hold the deleted conversations:"))
        for place in done.copies:
            print_line(f"  {sanitize_line(str(place))}  {size(place.stat().st_size)}")
    return exit_status.OK
