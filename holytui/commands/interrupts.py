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

    timer, on_alarm = signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM)
    armed = False

    def repeat(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal armed
        armed = True
        signal.signal(signal.SIGALRM, repeat)
        signal.setitimer(signal.ITIMER_REAL, again, again)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if armed:
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, on_alarm)
