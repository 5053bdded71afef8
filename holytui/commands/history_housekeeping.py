"""`holytui history delete|restore|compact`: deleted conversations can be brought back until the file is compacted."""

from __future__ import annotations

import argparse
import math
from collections.abc import Collection, Sequence
from datetime import datetime

from holytui import ids
from holytui.commands import exits
from holytui.commands.history_reading import ids_of, line, need, unknown
from holytui.commands.output import agreed, complain, say
from holytui.formatting import size
from holytui.i18n import _, ngettext
from holytui.models import Conversation
from holytui.store.history import History
from holytui.text import sanitize_line

_PREVIEW = 20


def before_date(text: str) -> float:
    """`2025-06-30`, or with a time, in local time; as Unix time. Raises ValueError, for argparse."""
    return datetime.fromisoformat(text).astimezone().timestamp()


def delete(history: History, options: argparse.Namespace) -> int:
    """Delete conversations after showing which; 1 when the user said no, or could not be asked."""
    found = _chosen(history, options)
    if not found:
        say(_("Nothing is that old; nothing was deleted."))
        return exits.OK
    _preview(found, ids_of(history))
    if not options.yes and not _agreed(len(found)):
        complain(_("Nothing was deleted. --yes deletes without asking."))
        return exits.FAILED
    for one in found:
        history.delete_conversation(one.id)
    words = ngettext("{count} conversation deleted.", "{count} conversations deleted.", len(found))
    say(words.format(count=len(found)))
    say(_("`holytui history restore ID` brings one back, until `holytui history compact`."))
    return exits.OK


def _chosen(history: History, options: argparse.Namespace) -> list[Conversation]:
    if options.before is None:
        return list({one.id: one for one in (need(history, each) for each in options.ids)}.values())
    every = [*history.conversations(), *history.conversations(archived=True)]
    # an answer on its way is not old, whatever the clock said when it was asked for
    return [one for one in every if one.updated_at < options.before and not one.streaming]


def _preview(found: Sequence[Conversation], known: Collection[str]) -> None:
    for one in found[:_PREVIEW]:
        say(line(one, known))
    if len(found) > _PREVIEW:
        say(_("… and {count} more").format(count=len(found) - _PREVIEW))


def _agreed(count: int) -> bool:
    question = ngettext("Delete this conversation? [y/N] ", "Delete these {count} conversations? [y/N] ", count)
    return agreed(question.format(count=count), _("yes"))


def restore(history: History, options: argparse.Namespace) -> int:
    """Bring deleted conversations back."""
    deleted = {one.id: one for one in history.deleted_conversations()}
    for wanted in options.ids:
        # the one that was deleted last comes first
        found = ids.matching(deleted, wanted) or ([next(iter(deleted))] if deleted and wanted == ids.LAST else [])
        if len(found) != 1:
            raise unknown(wanted)
        history.restore_conversation(found[0])
        say(line(deleted[found[0]], deleted))
    return exits.OK


def compact(history: History, _options: argparse.Namespace) -> int:
    """Destroy what was deleted, and give its space back."""
    gone = history.purge_deleted(math.inf)
    done = history.maintenance.compact() if history.maintenance is not None else None
    words = ngettext(
        "{count} deleted conversation is gone for good.", "{count} deleted conversations are gone for good.", gone
    )
    say(words.format(count=gone))
    if done is None:
        return exits.OK
    say(_("The history takes {after}; it took {before}.").format(before=size(done.before), after=size(done.after)))
    if done.copies:
        say(_("Older copies beside it are left as they are, and may hold what was deleted here:"))
        for place in done.copies:
            say(f"  {sanitize_line(str(place))}  {size(place.stat().st_size)}")
    return exits.OK
