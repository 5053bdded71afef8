"""Where the log stands, as pure arithmetic that measures only what is in sight.

A position is the first visible line: which entry, and how many of its lines are above the top. Heights of entries out
of sight are never asked for, so ten thousand messages open as fast as ten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Heights = Callable[[int], int]
"""The number of lines (at least 1) of the entry at an index."""


@dataclass(frozen=True, slots=True, order=True)
class Anchor:
    """The top line of the view: `offset` lines of entry `index` are above it."""

    index: int = 0
    offset: int = 0


def bottom(count: int, height: Heights, view: int) -> Anchor:
    """The position at which the last line is at the bottom; the very top if all fits."""
    left = view
    for index in range(count - 1, -1, -1):
        left -= height(index)
        if left <= 0:
            return Anchor(index, -left)
    return Anchor()


def followed(anchor: Anchor, count: int, height: Heights, view: int, *, free: int = 0) -> Anchor:
    """The position from which the end stays in sight as it grows: when it runs out of the view, `free` lines more than
    needed at once, and no line more than these stays free below it.
    """
    end = bottom(count, height, view)
    furthest = bottom(count, height, view - free)
    return furthest if anchor < end else min(anchor, furthest)


def slack(view: int, *, beside: bool = False, thinness: float = 1.0) -> int:
    """How many lines are kept free below an end that grows, at most.

    What stands beside the log (`beside`: something does) has to be painted again after a scroll on most terminals, so
    a thin link (`thinness` 1) is better off with few and long ones; on one that is not (0) the end is always the last
    line.
    """
    return round((view // 2 if beside else min(8, view // 4)) * thinness)


def moved(anchor: Anchor, lines: int, count: int, height: Heights, view: int) -> Anchor:
    """The position `lines` further down (negative: up), held between the top and the bottom."""
    index, offset = anchor.index, anchor.offset + lines
    while offset < 0 and index > 0:
        index -= 1
        offset += height(index)
    while index < count and offset >= height(index):
        offset -= height(index)
        index += 1
    return min(Anchor(index, max(0, offset)), bottom(count, height, view))


def at(anchor: Anchor, line: int, count: int, height: Heights) -> tuple[int, int] | None:
    """The entry and the line of it that are `line` lines below the top of the view; None below the end."""
    index, offset = anchor.index, anchor.offset + line
    while index < count:
        here = height(index)
        if offset < here:
            return index, offset
        offset -= here
        index += 1
    return None


def showing(anchor: Anchor, target: int, count: int, height: Heights, view: int) -> Anchor:
    """The position nearest to `anchor` that shows entry `target`: whole if it fits, else from its first line."""
    if target < anchor.index or (target == anchor.index and anchor.offset > 0):
        return min(Anchor(target, 0), bottom(count, height, view))
    above = (
        sum(height(index) for index in range(anchor.index, target)) - anchor.offset
        if target - anchor.index < view
        else view
    )
    tall = height(target)
    if above + tall <= view:
        return anchor
    if tall >= view:
        return min(Anchor(target, 0), bottom(count, height, view))
    return bottom(target + 1, height, view)


def page(anchor: Anchor, down: bool, count: int, height: Heights, view: int) -> Anchor:
    """A page further, two lines of the old one kept in sight."""
    step = max(1, view - 2)
    return moved(anchor, step if down else -step, count, height, view)
