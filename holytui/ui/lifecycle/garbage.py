"""Full garbage collections while nobody uses the screen.

With a long answer one takes 30 ms and more, in which no key is handled, and a flood of text would cause one every other
second. Young objects are collected as usual.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

_INTERVAL = 10.0
"""Seconds between two looks."""
_DUE = 10
"""Collections of the middle generation after which Python would do a full one by default."""
_AT_ANY_TIME = 500
"""Of these, after how many there is one at any time, so that memory stays bounded."""
_IDLE = 30.0
"""Seconds without input after which nobody waits for the screen."""


class Collector(Protocol):
    """What is used of the module `gc`."""

    def get_threshold(self) -> tuple[int, int, int]:
        """Thresholds of the three generations."""

    def set_threshold(self, young: int, middle: int, full: int, /) -> None:
        """Set them."""

    def get_count(self) -> tuple[int, int, int]:
        """Counters that are compared with the thresholds."""

    def collect(self) -> int:
        """Collect all generations."""


def defer_full_collections(collector: Collector = gc) -> None:
    """Let full collections be rare; `FullCollections` does them while nobody waits."""
    young, middle, _full = collector.get_threshold()
    collector.set_threshold(young, middle, _AT_ANY_TIME)


class FullCollections:
    """Collects all garbage, when that is due, while nothing is received and nothing is typed."""

    def __init__(
        self,
        is_receiving: Callable[[], bool],
        last_input: Callable[[], float],
        *,
        collector: Collector = gc,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`last_input` is the time of the last input on the clock."""
        self._is_receiving = is_receiving
        self._last_input = last_input
        self._collector = collector
        self._sleep = sleep
        self._clock = clock

    async def run(self) -> None:
        """Look every ten seconds, until cancelled."""
        while True:
            await self._sleep(_INTERVAL)
            idle = not self._is_receiving() and self._clock() - self._last_input() >= _IDLE
            if idle and self._collector.get_count()[2] >= _DUE:
                self._collector.collect()
