"""`holytui history`: dispatch of its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from holytui import paths
from holytui.bootstrap import open_history
from holytui.commands import exit_status
from holytui.commands.history import backup, deletion, reading, sharing, sync, tagging, transfer
from holytui.commands.output import print_to_stderr
from holytui.errors import HolytuiError
from holytui.store.history import History

_SUBCOMMANDS: dict[str, Callable[[History, argparse.Namespace], int]] = {
    "list": reading.show_list,
    "show": reading.show_one,
    "search": reading.search,
    "export": transfer.export_to,
    "import": transfer.import_from,
    "tag": tagging.tag,
    "delete": deletion.delete,
    "restore": deletion.restore,
    "compact": deletion.compact,
    "backup": backup.back_up,
    "sync": sync.run,
    "hosts": sharing.show_hosts,
    "share": sharing.share,
}


_READ_ONLY = frozenset({"list", "show", "search", "export", "hosts"})


def _path(options: argparse.Namespace) -> Path | None:
    """The history that the other host of a sync has named; None: the user's."""
    if options.what != "sync" or not options.serve or not options.target:
        return None
    path = Path(options.target).expanduser()
    return path if path.suffix == ".db" or path.is_file() else path / paths.history_file().name


def run(options: argparse.Namespace) -> int:
    """Run the subcommand; return 0, or 1 on a complete or partial failure."""
    try:
        history = open_history(_path(options), read_only=options.what in _READ_ONLY)
        try:
            maintenance = history.maintenance
            for warning in maintenance.warnings if maintenance is not None else ():
                print_to_stderr(warning)
            status = _SUBCOMMANDS[options.what](history, options)
            if maintenance is not None and maintenance.damage_warning:
                print_to_stderr(maintenance.damage_warning)
                return exit_status.FAILED
            return status
        finally:
            history.close()
    except HolytuiError as error:
        print_to_stderr(error)
        return exit_status.FAILED
