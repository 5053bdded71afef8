"""`holytui history backup FILE`, and `holytui history restore FILE`, which adds what a backup has."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from holytui.bootstrap import open_history
from holytui.commands import exit_status
from holytui.commands.output import print_line, print_to_stderr
from holytui.errors import HolytuiError
from holytui.formatting import size, whole
from holytui.i18n import _
from holytui.models import Conversation
from holytui.store.history import History
from holytui.store.sqlite.opening import is_history
from holytui.text import sanitize_line


def back_up(history: History, options: argparse.Namespace) -> int:
    """Copy the history to a new file, which is read back."""
    if history.maintenance is None:
        raise HolytuiError(_("This kind of history is not a file that can be backed up"))
    done = history.maintenance.back_up(options.file)
    print_line(
        _("{conversations} conversations and {messages} messages in {file} ({size}), which was read back").format(
            conversations=whole(done.conversations),
            messages=whole(done.messages),
            file=options.file,
            size=size(done.bytes),
        )
    )
    print_line(_("`holytui history restore FILE` adds what is missing from it, and changes nothing else."))
    return exit_status.OK


def restore_backup(history: History, file: Path) -> int:
    """Add what a backup has and the history lacks, deleted conversations included; nothing that is stored changes."""
    conversations = messages = 0
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=_own_folder(history)) as folder:
        # opening may upgrade or repair the file, so that a copy is opened
        copy = Path(folder) / "history.db"
        try:
            shutil.copyfile(file, copy)
            if not is_history(copy):
                raise HolytuiError(_("{file} is not a history").format(file=sanitize_line(str(file))))
        except OSError as exc:
            raise HolytuiError(_("The backup cannot be read: {reason}").format(reason=exc.strerror or exc)) from exc
        backup = open_history(copy)
        try:
            care = backup.maintenance
            for warning in care.warnings if care is not None else ():
                print_to_stderr(warning)
            with history.import_session() as session:
                for conversation in _all(backup):
                    bundle = backup.bundle(conversation.id)
                    if bundle is not None:
                        added = session.add(bundle)
                        conversations, messages = conversations + added.conversations, messages + added.messages
        finally:
            backup.close()
    words = _("added from the backup: {conversations} conversations, {messages} messages")
    print_line(words.format(conversations=whole(conversations), messages=whole(messages)))
    return exit_status.OK


def _all(history: History) -> Iterator[Conversation]:
    for archived in (False, True):
        yield from history.conversations(archived=archived)


def _own_folder(history: History) -> Path | None:
    return history.maintenance.path.parent if history.maintenance is not None else None
