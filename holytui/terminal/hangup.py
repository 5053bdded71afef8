"""Loss of the terminal: the driver is detached from it at once, then the app decides how to end.

After a hang-up a program that continues to draw fills its output queue and blocks, and one that continues to read gets
end-of-file for ever. So the driver is detached before the app is notified, once.
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
    """SIGTERM: the program is asked to end; the terminal still works."""
    GONE = "gone"
    """No signal (`nohup`), but the terminal can no longer be read or written."""


class Detachable(Protocol):
    """A driver that can be detached from its terminal."""

    on_lost: Callable[[], None] | None

    def detach(self, *, restore: bool) -> None:
        """Stop using the terminal; with `restore`, restore its modes first."""


class HangupWatch:
    """Detaches `driver` on SIGHUP, SIGTERM or loss of the terminal, then calls `on_hangup` once, on the event loop.

    Create it on the thread of the running loop. `close` removes the signal handlers.
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
        self._context = contextvars.copy_context()  # the reader's thread, which may report, lacks Textual's
        self._reported = False
        driver.on_lost = lambda: self._report(Cause.GONE)
        self._loop.add_signal_handler(signal.SIGHUP, self._report, Cause.HANGUP)
        self._loop.add_signal_handler(signal.SIGTERM, self._report, Cause.TERMINATE)

    def close(self) -> None:
        """Stop watching."""
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

    def _report(self, cause: Cause) -> None:
        if self._reported:
            return
        self._reported = True
        log.info("detached from the terminal: %s", cause)
        self._driver.detach(restore=cause is Cause.TERMINATE)
        self._context.copy().run(self._on_hangup, cause)
