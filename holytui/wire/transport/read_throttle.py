"""How much of the processor one answer may take.

No model writes megabytes a second. A server that does would keep every thread of this process waiting for Python's one
lock, so that a key typed meanwhile was shown seconds later. Reading more slowly makes the server wait, through TCP.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_CPU_SHARE = 0.1
"""Of one processor, that reading takes in the long run."""
_FREE_SECONDS = 0.1
"""Seconds of work that are free: a whole answer from a fast server, or what a proxy held back."""
_MAX_MESSAGE = 0.2


class ReadThrottle:
    """Tells how long to pause. `work` is the time that this thread has worked, `clock` the time that went by."""

    def __init__(
        self, work: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._clock = clock
        self._worked = work()
        self._checked_at = clock()
        self._debt = 0.0

    def pause(self) -> float:
        """Seconds to wait before more is read; 0 but for a flood."""
        worked, now = self._work(), self._clock()
        self._debt = max(0.0, self._debt + worked - self._worked - (now - self._checked_at) * _CPU_SHARE)
        self._worked, self._checked_at = worked, now
        return min(_MAX_MESSAGE, (self._debt - _FREE_SECONDS) / _CPU_SHARE) if self._debt > _FREE_SECONDS else 0.0
