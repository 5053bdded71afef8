"""Limit on the CPU time that reading one answer takes.

A server that sends megabytes a second would make the other threads wait for the GIL, so that typed keys would appear
seconds late. Reading more slowly makes the server wait, through TCP.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_CPU_SHARE = 0.1
"""Long-term share of one CPU."""
_FREE_SECONDS = 0.1
"""CPU seconds without throttling: enough for a whole answer sent at once."""
_MAX_PAUSE = 0.2
"""Seconds: a stop is noticed after a pause at the latest."""


class ReadThrottle:
    """Compute pauses between reads. `work` is the CPU time of this thread, `clock` the elapsed time (seconds)."""

    def __init__(
        self, work: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._clock = clock
        self._worked = work()
        self._checked_at = clock()
        self._debt = 0.0

    def pause(self) -> float:
        """Return the seconds to wait before the next read; 0 unless the server floods."""
        worked, now = self._work(), self._clock()
        self._debt = max(0.0, self._debt + worked - self._worked - (now - self._checked_at) * _CPU_SHARE)
        self._worked, self._checked_at = worked, now
        return min(_MAX_PAUSE, (self._debt - _FREE_SECONDS) / _CPU_SHARE) if self._debt > _FREE_SECONDS else 0.0
