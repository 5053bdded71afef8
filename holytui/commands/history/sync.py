"""`holytui history sync`: the exchange with another host or a folder."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holytui.commands import exit_status
from holytui.commands.output import StatusLine, print_json, print_to_stderr
from holytui.config.load import read_config
from holytui.errors import HolytuiError, SyncError
from holytui.i18n import _
from holytui.presentation.sync import describe_progress, describe_report
from holytui.store.history import History
from holytui.sync.address import Address, resolve
from holytui.sync.channel import Channel
from holytui.sync.exchange import Progress
from holytui.sync.protocol import serve
from holytui.sync.run import Options, progress_json
from holytui.sync.run import run as sync_once
from holytui.text import sanitize_line

_REDRAW = 0.1
"""Seconds between updates of the progress."""
_LOOK = 1.0
"""Seconds between two looks for a change of the local history."""


def run(history: History, options: argparse.Namespace) -> int:
    """Sync with the targets once, or again and again; or answer the other side of a sync."""
    if options.serve:
        serve(history, Channel(sys.stdin.buffer, sys.stdout.buffer))
        return exit_status.OK
    config = read_config(options.config)[0].sync
    try:
        names = [options.target] if options.target else list(config.targets)
        targets = [_Target(name, resolve(name, config.targets)) for name in names]
    except SyncError as error:
        print_to_stderr(error)
        return exit_status.USAGE
    if not targets:
        print_to_stderr(_("Name a target: ssh://HOST, a folder, or one of [sync.targets] in the configuration."))
        return exit_status.USAGE
    how = Options(config.command, verify=options.verify, interactive=sys.stdin.isatty() and sys.stderr.isatty())
    round_ = _Round(history, targets, how, as_json=options.json, with_progress=options.progress)
    if options.watch is None:
        return exit_status.OK if round_.run() else exit_status.FAILED
    watch(history, round_.run, options.watch)
    return exit_status.OK


@dataclass(frozen=True, slots=True)
class _Target:
    name: str
    address: Address


class _Round:
    """A sync with each of the targets."""

    def __init__(
        self, history: History, targets: Sequence[_Target], options: Options, *, as_json: bool, with_progress: bool
    ) -> None:
        self._history = history
        self._targets = targets
        self._options = options
        self._as_json = as_json
        self._with_progress = with_progress

    def run(self) -> bool:
        """Sync with all targets; return whether all succeeded. Problems are reported."""
        failed = [target for target in self._targets if not self._sync(target)]
        return not failed

    def _sync(self, target: _Target) -> bool:
        name = sanitize_line(target.name)
        line = _ProgressLine(StatusLine(sys.stderr), name, as_json=self._with_progress)

        def on_stderr(text: str) -> None:
            line.clear()
            print_to_stderr(f"{name}: {text}")

        try:
            report = sync_once(self._history, target.address, self._options, listener=line.show, on_stderr=on_stderr)
        except HolytuiError as error:
            line.clear()
            if self._as_json:
                print_json({"target": target.name, "error": str(error)})
            print_to_stderr(error)
            return False
        line.clear()
        if self._as_json:
            print_json({"target": target.name, **report.to_json()})
        else:
            print_to_stderr(f"{name}: {describe_report(report)}")
        for file in report.waiting:
            print_to_stderr(
                _("{name}: {file} is incomplete or damaged; it is read once it is whole.").format(
                    name=name, file=sanitize_line(file)
                )
            )
        return True


def watch(
    history: History,
    sync: Callable[[], object],
    interval: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Sync now, after each local change, and at least every `interval` seconds, until an exception ends it."""
    while True:
        sync()
        version, due = history.version(), clock() + interval
        while clock() < due and history.version() == version:
            sleep(min(_LOOK, interval))


class _ProgressLine:
    """The progress of a sync on one line of the terminal, or for a program as lines of JSON."""

    def __init__(self, line: StatusLine, name: str, *, as_json: bool) -> None:
        self._as_json = as_json
        self._line = line
        self._name = name
        self._due = 0.0

    def show(self, progress: Progress) -> None:
        """Update the line, unless that was done just now."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _REDRAW
            if self._as_json:
                print_json({"target": self._name, "progress": progress_json(progress)})
            self._line.show(f"{self._name}: {describe_progress(progress)}")

    def clear(self) -> None:
        """Remove the line."""
        self._line.clear()
