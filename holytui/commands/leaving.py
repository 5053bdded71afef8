"""The end of holytui while another program holds the history: it says what it waits for, and can be hurried."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from holytui.commands.output import complain
from holytui.i18n import _
from holytui.store.history import History, Maintenance

if TYPE_CHECKING:
    from holytui.bootstrap import Services

_QUIET = 1.0
"""Seconds of waiting without a word."""
_LONGEST = 15.0
"""Seconds after which nobody needs to press Ctrl+C."""


class Patience:
    """From `begin` to `end`, something writes for the last time and closes the history. If that takes long, what is not
    written is put into a file of its own; Ctrl+C, or some time, then ends the waiting, and nothing is lost by it.

    Both are called in the main thread; only the first `begin` counts.
    """

    def __init__(self, quiet: float = _QUIET, longest: float = _LONGEST) -> None:
        self._quiet = quiet
        self._longest = longest
        self._done = threading.Event()
        self._watcher: threading.Thread | None = None
        self._before: signal._HANDLER = None

    def begin(self, history: History) -> None:
        """From now on `history` is only to be closed."""
        maintenance = history.maintenance
        if self._watcher is not None or maintenance is None:
            return

        def hurry(_number: int, _frame: FrameType | None) -> None:
            maintenance.stop_waiting()

        self._before = signal.signal(signal.SIGINT, hurry)
        self._watcher = threading.Thread(target=self._watch, args=(maintenance,), name="holytui-leaving", daemon=True)
        self._watcher.start()

    def end(self) -> None:
        """It is closed, or failed to be."""
        if self._watcher is not None:
            self._done.set()
            self._watcher.join()
            signal.signal(signal.SIGINT, self._before)

    def _watch(self, maintenance: Maintenance) -> None:
        waited = 0.0
        while not self._done.wait(self._quiet):
            with suppress(OSError):  # there is no room for a copy; it is waited for all the same
                maintenance.save_pending()
            if not waited:
                words = _(
                    "waiting for the history, which another program holds; Ctrl+C leaves at once, nothing is lost"
                )
                complain(words)
            waited += self._quiet
            if waited >= self._longest:
                maintenance.stop_waiting()


@contextmanager
def patient(history: History, patience: Patience | None = None) -> Iterator[None]:
    """Around what closes `history`."""
    patience = patience or Patience()
    patience.begin(history)
    try:
        yield
    finally:
        patience.end()


@contextmanager
def closing(services: Services) -> Iterator[Services]:
    """The services, which are closed at the end, patiently."""
    try:
        yield services
    finally:
        with patient(services.history):
            services.close()
