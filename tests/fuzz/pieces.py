"""The same input in pieces, and counts of what an input costs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Text = TypeVar("Text", str, bytes)
CONTROLS = frozenset(map(chr, (*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000))))
"""What a terminal obeys or no encoding has; tabs and newlines are neither."""


def pieces(data: Text, salt: int) -> Sequence[Text]:
    """`data`, cut where `salt` says: 0 is after each byte or character, otherwise the places are random."""
    if salt == 0:
        return [data[at : at + 1] for at in range(len(data))]
    random, at, found = Random(salt), 0, []
    while at < len(data):
        size = random.choice((1, 2, 3, 7, 20, 100, 1000))
        found.append(data[at : at + size])
        at += size
    return found


def calls(work: Callable[[], object]) -> int:
    """How many Python functions `work` calls."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
