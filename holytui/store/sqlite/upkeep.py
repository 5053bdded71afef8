"""Background work after opening a history, in small steps."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from holytui.errors import StoreError

Step = Callable[[sqlite3.Connection], bool]
"""Does a part of the work in its own transaction; returns whether there is more."""

_REST = 0.02

_log = logging.getLogger(__name__)


class Upkeep:
    """A thread that rests after each step for as long as the step took, so that a writer waits for one step at most."""

    def __init__(self, call: Callable[[Step], bool], steps: Sequence[Step]) -> None:
        self._call = call
        self._steps = steps
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="holytui-upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the current step; the next start continues."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for step in self._steps:
                self._take(step)
        except StoreError as error:  # the next start tries again
            _log.warning("upkeep of the history: %s", error.title)

    def _take(self, step: Step) -> None:
        going = True
        while going and not self._stop.is_set():
            began = time.monotonic()
            going = self._call(step)
            self._stop.wait(max(_REST, time.monotonic() - began) if going else 0.0)
