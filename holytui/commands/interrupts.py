"""Ctrl+C that cannot be lost: Python drops a KeyboardInterrupt that is raised in a finaliser or a weak reference's
callback, and the program would wait on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 2.0
"""Seconds after which it is raised again: longer than any orderly end takes."""


@contextmanager
def repeated_interrupts(again: float = _AGAIN) -> Iterator[None]:
    """From the first SIGINT on, KeyboardInterrupt is raised every `again` seconds until the block is left.

    For the main thread only.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.setitimer(signal.ITIMER_REAL, again, again)
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, interrupt)) for number in (signal.SIGINT, signal.SIGALRM)]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)
