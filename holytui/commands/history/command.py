"""`holytui history`: what was said, listed, shown, found, moved, deleted. Each verb is a function of its own module."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from holytui.bootstrap import open_history
from holytui.commands import exit_status
from holytui.commands.history import deletion, reading, transfer
from holytui.commands.output import print_to_stderr
from holytui.errors import HolytuiError
from holytui.store.history import Library

_VERBS: dict[str, Callable[[Library, argparse.Namespace], int]] = {
    "list": reading.show_list,
    "show": reading.show_one,
    "search": reading.search,
    "export": transfer.export_to,
    "import": transfer.import_from,
    "delete": deletion.delete,
    "restore": deletion.restore,
    "compact": deletion.compact,
}


_READING = frozenset({"list", "show", "search", "export"})


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns 0, or 1 when it could not be done, or not all of it."""
    try:
        history = open_history(to_read=options.what in _READING)
        try:
            for warning in history.warnings:
                print_to_stderr(warning)
            status = _VERBS[options.what](history, options)
            if history.damage:
                print_to_stderr(history.damage)
            return exit_status.FAILED if history.damage else status
        finally:
            history.close()
    except HolytuiError as error:
        print_to_stderr(error)
        return exit_status.FAILED
