"""Full garbage collections between answers rather than during them.

With a long answer one takes some 30 ms, in which no key is handled, and a flood of text would cause one every other
second. Young objects are collected as usual.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Protocol

_INTERVAL = 10.0
"""Seconds between two looks."""
_DUE = 10
"""Collections of the middle generation after which Python would do a full one by default."""
_DURING_ANSWERS = 500
"""Of these, after how many there is one even during an answer, so that memory stays bounded."""


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
    """Let full collections be rare; `FullCollections` does them when nothing is received."""
    young, middle, _full = collector.get_threshold()
    collector.set_threshold(young, middle, _DURING_ANSWERS)


class FullCollections:
    """Collects all garbage, when that is due, while `is_receiving` is false."""

    def __init__(
        self,
        is_receiving: Callable[[], bool],
        *,
        collector: Collector = gc,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._is_receiving = is_receiving
        self._collector = collector
        self._sleep = sleep

    async def run(self) -> None:
        """Look every ten seconds, until cancelled."""
        while True:
            await self._sleep(_INTERVAL)
            if not self._is_receiving() and self._collector.get_count()[2] >= _DUE:
                self._collector.collect()
