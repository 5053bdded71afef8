"""`holytui history`: dispatch of its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from holytui.bootstrap import open_history
from holytui.commands import exit_status
from holytui.commands.history import deletion, reading, tagging, transfer
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
}


_READ_ONLY = frozenset({"list", "show", "search", "export"})


def run(options: argparse.Namespace) -> int:
    """Run the subcommand; return 0, or 1 on a complete or partial failure."""
    try:
        history = open_history(read_only=options.what in _READ_ONLY)
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
