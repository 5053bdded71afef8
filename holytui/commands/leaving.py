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
from holytui.store.history import Library

if TYPE_CHECKING:
    from holytui.engine.services import Services

_QUIET = 1.0
"""Seconds of waiting without a word."""
_LONGEST = 15.0
"""Seconds after which nobody needs to press Ctrl+C."""


@contextmanager
def patient(history: Library, quiet: float = _QUIET, longest: float = _LONGEST) -> Iterator[None]:
    """Around what writes for the last time and closes `history`. If that takes long, what is not written is first put
    into a file of its own; Ctrl+C, or some patience, then ends the waiting without losing anything. In the main thread.
    """
    done = threading.Event()

    def hurry(_number: int, _frame: FrameType | None) -> None:
        history.hurry()

    def watch() -> None:
        waited = 0.0
        while not done.wait(quiet):
            with suppress(OSError):  # there is no room for a copy; it is waited for all the same
                history.keep_copy()
            if not waited:
                words = _(
                    "waiting for the history, which another program holds; Ctrl+C leaves at once, nothing is lost"
                )
                complain(words)
            waited += quiet
            if waited >= longest:
                history.hurry()

    before = signal.signal(signal.SIGINT, hurry)
    watcher = threading.Thread(target=watch, name="holytui-leaving", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        signal.signal(signal.SIGINT, before)


@contextmanager
def closing(services: Services) -> Iterator[Services]:
    """The services, which are closed at the end, patiently."""
    try:
        yield services
    finally:
        with patient(services.history):
            services.close()
