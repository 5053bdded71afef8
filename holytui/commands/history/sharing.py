"""`holytui history hosts|share`: the machines of a history, and which conversations they share."""

from __future__ import annotations

import argparse

from holytui.commands import exit_status
from holytui.commands.history.reading import conversation_ids, conversation_line, find_conversation
from holytui.commands.output import print_json, print_line
from holytui.formatting import whole
from holytui.i18n import _, ngettext
from holytui.store.history import History
from holytui.store.replica.clock import wall_time
from holytui.store.transfer.markdown import when
from holytui.sync.protocol import replica_of
from holytui.text import sanitize_line


def show_hosts(history: History, options: argparse.Namespace) -> int:
    """List the known hosts, this one first: name, time of the last known change, number of changes."""
    replica = replica_of(history)
    counts = replica.change_counts()
    for host in replica.hosts():
        count = counts.get(host.id, 0)
        if options.json:
            last = wall_time(host.clock) if host.clock else None
            facts = {"id": host.id, "name": host.name, "is_self": host.is_self, "last_change_at": last}
            print_json({**facts, "changes": count})
            continue
        name = sanitize_line(host.name) or host.id
        last_change = when(wall_time(host.clock)) if host.clock else "–"
        words = ngettext("{number} change", "{number} changes", count).format(number=whole(count))
        parts = [host.id[:8], last_change, words, name, *([_("this machine")] if host.is_self else [])]
        print_line("  ".join(parts))
    return exit_status.OK


def share(history: History, options: argparse.Namespace) -> int:
    """Keep a conversation on this machine, or share it."""
    found = find_conversation(history, options.id)
    replica_of(history).set_shared(found.id, shared=options.shared)
    print_line(conversation_line(found, conversation_ids(history)))
    if options.shared:
        print_line(_("It is shared with other machines at the next sync."))
    else:
        print_line(_("It stays on this machine from now on. What other machines have of it already, they keep."))
    return exit_status.OK
