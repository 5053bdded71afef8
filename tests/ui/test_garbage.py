from __future__ import annotations

import asyncio

import pytest

from holytui.ui.lifecycle.garbage import FullCollections, defer_full_collections


class Collected:
    """A collector that counts what it is asked."""

    def __init__(self) -> None:
        self.threshold = (700, 10, 10)
        self.count = (0, 0, 0)
        self.full = 0

    def get_threshold(self) -> tuple[int, int, int]:
        return self.threshold

    def set_threshold(self, young: int, middle: int, full: int) -> None:
        self.threshold = (young, middle, full)

    def get_count(self) -> tuple[int, int, int]:
        return self.count

    def collect(self) -> int:
        self.full += 1
        self.count = (0, 0, 0)
        return 0


async def test_garbage_is_collected_when_it_is_due_and_nobody_waits() -> None:
    collector = Collected()
    receiving, typed = [True], [0.0]
    looks = [
        ((0, 0, 40), True, 0.0),
        ((0, 0, 40), False, 71.0),
        ((0, 0, 40), False, 70.0),
        ((0, 0, 0), False, 0.0),
        ((700, 10, 9), False, 0.0),
        ((0, 0, 10), False, 0.0),
    ]
    seen = []

    async def sleep(_seconds: float) -> None:
        seen.append(collector.full)
        if not looks:
            raise asyncio.CancelledError
        collector.count, receiving[0], typed[0] = looks.pop(0)

    with pytest.raises(asyncio.CancelledError):
        await FullCollections(
            lambda: receiving[0], lambda: typed[0], collector=collector, sleep=sleep, clock=lambda: 100.0
        ).run()
    assert seen == [0, 0, 0, 1, 1, 1, 2]


def test_full_collections_are_rare_and_others_as_often_as_before() -> None:
    collector = Collected()
    defer_full_collections(collector)
    assert collector.threshold == (700, 10, 500)
