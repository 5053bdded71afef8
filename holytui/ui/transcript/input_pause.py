"""A pause of long work after input, so that what the user does is handled and shown first.

A key passes through several callbacks of the event loop. Between each two of them a slice of layout could run.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSE = 0.1
"""Seconds without long work after input."""
_LONGEST = 0.2
"""Seconds for which long work waits at most, as keys may follow each other."""


class InputPause:
    """The pause of one kind of work."""

    def __init__(self, last_input: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        """`last_input` is the time of the last input on the clock."""
        self._last_input = last_input
        self._clock = clock
        self._worked = float("-inf")

    def rest(self) -> float:
        """Seconds for which the work should wait; 0: it begins now."""
        now = self._clock()
        rest = self._last_input() + _PAUSE - now
        if rest > 0 and now - self._worked < _LONGEST:
            return rest
        self._worked = now
        return 0.0
