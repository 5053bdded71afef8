"""`holytui history tag`."""

from __future__ import annotations

import argparse

from holytui.commands import exit_status
from holytui.commands.history.reading import conversation_ids, conversation_line, find_conversation
from holytui.commands.output import print_line, print_to_stderr
from holytui.i18n import _
from holytui.store.history import History
from holytui.store.tags import parse_change


def tag(history: History, options: argparse.Namespace) -> int:
    """Change the tags of a conversation as in `+work -old`, and print it; without changes only print it."""
    found = find_conversation(history, options.id)
    try:
        change = parse_change(" ".join(options.tags))
    except ValueError as error:
        print_to_stderr(error)
        print_to_stderr(_("Nothing was changed."))
        return exit_status.USAGE
    if change.add or change.remove:
        history.change_tags(found.id, change)
    print_line(conversation_line(find_conversation(history, found.id), conversation_ids(history)))
    return exit_status.OK
