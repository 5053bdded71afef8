"""`holytui history`: what was said, listed, shown, found, moved, deleted. Each verb is a function of its own module."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from holytui.bootstrap import open_history
from holytui.commands import exits, history_files, history_housekeeping, history_reading
from holytui.commands.output import complain
from holytui.errors import HolytuiError
from holytui.store.history import History

_VERBS: dict[str, Callable[[History, argparse.Namespace], int]] = {
    "list": history_reading.show_list,
    "show": history_reading.show_one,
    "search": history_reading.search,
    "export": history_files.export_to,
    "import": history_files.import_from,
    "delete": history_housekeeping.delete,
    "restore": history_housekeeping.restore,
    "compact": history_housekeeping.compact,
}


_READING = frozenset({"list", "show", "search", "export"})


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns 0, or 1 when it could not be done, or not all of it."""
    try:
        history = open_history(read_only=options.what in _READING)
        try:
            maintenance = history.maintenance
            for warning in maintenance.warnings if maintenance is not None else ():
                complain(warning)
            status = _VERBS[options.what](history, options)
            if maintenance is not None and maintenance.damage_warning:
                complain(maintenance.damage_warning)
                return exits.FAILED
            return status
        finally:
            history.close()
    except HolytuiError as error:
        complain(error)
        return exits.FAILED
