"""How much of the processor one answer may take.

No model writes megabytes a second. A server that does would keep every thread of this process waiting for Python's one
lock, so that a key typed meanwhile was shown seconds later. Reading more slowly makes the server wait, through TCP.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_SHARE = 0.1
"""Of one processor, that reading takes in the long run."""
_BURST = 0.1
"""Seconds of work that are free: a whole answer from a fast server, or what a proxy held back."""
_LONGEST = 0.2


class Pace:
    """Tells how long to pause. `work` is the time that this thread has worked, `clock` the time that went by."""

    def __init__(
        self, work: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._clock = clock
        self._worked = work()
        self._looked = clock()
        self._debt = 0.0

    def pause(self) -> float:
        """Seconds to wait before more is read; 0 but for a flood."""
        worked, now = self._work(), self._clock()
        self._debt = max(0.0, self._debt + worked - self._worked - (now - self._looked) * _SHARE)
        self._worked, self._looked = worked, now
        return min(_LONGEST, (self._debt - _BURST) / _SHARE) if self._debt > _BURST else 0.0
