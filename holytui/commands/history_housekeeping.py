"""`holytui history delete|restore|compact`: deleted conversations can be brought back until the file is compacted."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import datetime

from holytui.commands import exits
from holytui.commands.history_reading import line, need, unknown
from holytui.commands.output import say
from holytui.i18n import _, ngettext
from holytui.models import Conversation
from holytui.store.history import Library
from holytui.ui.format import size

_PREVIEW = 20


def before_date(text: str) -> float:
    """`2025-06-30`, or with a time, in local time; as Unix time. Raises ValueError, for argparse."""
    return datetime.fromisoformat(text).astimezone().timestamp()


def delete(history: Library, options: argparse.Namespace) -> int:
    """Delete conversations after showing which; 1 when the user said no, or could not be asked."""
    found = _chosen(history, options)
    if not found:
        print(_("Nothing is that old; nothing was deleted."))
        return exits.OK
    _preview(found)
    if not options.yes and not _agreed(len(found)):
        print(_("Nothing was deleted. --yes deletes without asking."), file=sys.stderr)
        return exits.FAILED
    for one in found:
        history.delete_conversation(one.id)
    words = ngettext("{count} conversation deleted.", "{count} conversations deleted.", len(found))
    print(words.format(count=len(found)))
    print(_("`holytui history restore ID` brings one back, until `holytui history compact`."))
    return exits.OK


def _chosen(history: Library, options: argparse.Namespace) -> list[Conversation]:
    if options.before is None:
        return list({one.id: one for one in (need(history, each) for each in options.ids)}.values())
    every = [*history.conversations(), *history.conversations(archived=True)]
    # an answer on its way is not old, whatever the clock said when it was asked for
    return [one for one in every if one.updated_at < options.before and not one.streaming]


def _preview(found: Sequence[Conversation]) -> None:
    for one in found[:_PREVIEW]:
        say(line(one))
    if len(found) > _PREVIEW:
        print(_("… and {count} more").format(count=len(found) - _PREVIEW))


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        return False
    question = ngettext("Delete this conversation? [y/N] ", "Delete these {count} conversations? [y/N] ", count)
    try:
        return input(question.format(count=count)).strip().lower() in ("y", "yes", _("yes"))
    except EOFError:
        return False


def restore(history: Library, options: argparse.Namespace) -> int:
    """Bring deleted conversations back."""
    deleted = history.deleted_conversations()
    for wanted in options.ids:
        found = [one for one in deleted if one.id == wanted] or [one for one in deleted if one.id.startswith(wanted)]
        if len(found) != 1:
            raise unknown(wanted)
        history.restore_conversation(found[0].id)
        say(line(found[0]))
    return exits.OK


def compact(history: Library, _options: argparse.Namespace) -> int:
    """Destroy what was deleted, and give its space back."""
    gone = history.purge_deleted(math.inf)
    done = history.compact()
    words = ngettext(
        "{count} deleted conversation is gone for good.", "{count} deleted conversations are gone for good.", gone
    )
    print(words.format(count=gone))
    print(_("The history takes {after}; it took {before}.").format(before=size(done.before), after=size(done.after)))
    if done.copies:
        print(_("Older copies beside it are left as they are, and may hold what was deleted here:"))
        for place in done.copies:
            print(f"  {place}  {size(place.stat().st_size)}")
    return exits.OK
