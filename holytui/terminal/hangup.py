"""What to do when the terminal goes away: leave it alone at once, and let the app decide how to end.

After a hang-up a program that goes on drawing fills its queue and stands still, and one that goes on reading reads
the end of its input for ever. So the driver is cut off first, and only then the app is told, once.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import signal
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

log = logging.getLogger(__name__)


class Cause(StrEnum):
    """How the terminal was lost."""

    HANGUP = "hangup"
    """SIGHUP: the connection or the window was closed."""
    TERMINATE = "terminate"
    """SIGTERM: someone wants the program to end; the terminal is still there."""
    GONE = "gone"
    """No signal came (`nohup`), but the terminal cannot be read or written any more."""


class Detachable(Protocol):
    """A driver that can be cut off from its terminal."""

    on_lost: Callable[[], None] | None

    def go_dead(self, *, restore: bool) -> None:
        """Never touch the terminal again; with `restore` give it back first."""


class HangupWatch:
    """Cuts `driver` off at SIGHUP, SIGTERM or the terminal's end, then calls `on_hangup` once, on the event loop.

    Made on the running loop's thread. `close` gives the signals back.
    """

    def __init__(
        self,
        driver: Detachable,
        on_hangup: Callable[[Cause], None],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._driver = driver
        self._on_hangup = on_hangup
        self._loop = loop or asyncio.get_running_loop()
        self._context = contextvars.copy_context()  # the reader's thread, which may tell, has none of Textual's
        self._told = False
        driver.on_lost = lambda: self._tell(Cause.GONE)
        self._loop.add_signal_handler(signal.SIGHUP, self._tell, Cause.HANGUP)
        self._loop.add_signal_handler(signal.SIGTERM, self._tell, Cause.TERMINATE)

    def close(self) -> None:
        """Watch no more."""
        self._driver.on_lost = None
        if not self._loop.is_closed():
            self._loop.remove_signal_handler(signal.SIGHUP)
            self._loop.remove_signal_handler(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, cause: Cause) -> None:
        if self._told:
            return
        self._told = True
        log.info("the terminal is left: %s", cause)
        self._driver.go_dead(restore=cause is Cause.TERMINATE)
        self._context.copy().run(self._on_hangup, cause)
