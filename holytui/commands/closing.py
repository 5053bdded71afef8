"""Closing the history while another program has it locked: reported, and ended early by Ctrl+C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from holytui.commands.output import print_to_stderr
from holytui.i18n import _
from holytui.store.history import History, Maintenance

if TYPE_CHECKING:
    from holytui.bootstrap import Services

_SILENT = 1.0
"""Seconds of waiting before it is reported."""
_LONGEST = 15.0
"""Seconds after which the wait ends without Ctrl+C."""


class PatientClose:
    """Limits the time between `begin` and `end`, in which the history is written for the last time and closed.

    Unwritten text is copied to a separate file, so nothing is lost when Ctrl+C or the time limit ends the wait. Both
    methods are called in the main thread; only the first `begin` counts.
    """

    def __init__(self, quiet: float = _SILENT, longest: float = _LONGEST) -> None:
        self._quiet = quiet
        self._longest = longest
        self._done = threading.Event()
        self._watcher: threading.Thread | None = None
        self._before: signal._HANDLER = None

    def begin(self, history: History) -> None:
        """Begin to close `history`."""
        maintenance = history.maintenance
        if self._watcher is not None or maintenance is None:
            return

        def hurry(_number: int, _frame: FrameType | None) -> None:
            maintenance.stop_waiting()

        self._before = signal.signal(signal.SIGINT, hurry)
        self._watcher = threading.Thread(target=self._watch, args=(maintenance,), name="holytui-closing", daemon=True)
        self._watcher.start()

    def end(self) -> None:
        """Record that the history is closed, or failed to close."""
        if self._watcher is not None:
            self._done.set()
            self._watcher.join()
            signal.signal(signal.SIGINT, self._before)

    def _watch(self, maintenance: Maintenance) -> None:
        waited = 0.0
        while not self._done.wait(self._quiet):
            with suppress(OSError):  # no room for a copy; the wait goes on
                maintenance.save_pending()
            if not waited:
                words = _(
                    "waiting for another program to release the history; Ctrl+C quits at once, and nothing is lost"
                )
                print_to_stderr(words)
            waited += self._quiet
            if waited >= self._longest:
                maintenance.stop_waiting()


@contextmanager
def close_patiently(history: History, patience: PatientClose | None = None) -> Iterator[None]:
    """Limit the time of the block, which closes `history`."""
    patience = patience or PatientClose()
    patience.begin(history)
    try:
        yield
    finally:
        patience.end()


@contextmanager
def closing_services(services: Services) -> Iterator[Services]:
    """Provide `services`, and close them at the end with `close_patiently`."""
    try:
        yield services
    finally:
        with close_patiently(services.history):
            services.close()
