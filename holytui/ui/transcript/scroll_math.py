"""Pure arithmetic of scroll positions.

A position is the first visible line: an entry, and the number of its lines above the view. Only heights of entries near
the view are measured, so ten thousand messages open as fast as ten.
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
    """The position that keeps a growing end in view: when the end leaves the view, scroll `free` lines more than
    needed, and leave at most `free` lines free below it.
    """
    end = bottom(count, height, view)
    furthest = bottom(count, height, view - free)
    return furthest if anchor < end else min(anchor, furthest)


def slack(view: int, *, beside: bool = False, thinness: float = 1.0) -> int:
    """Maximum lines kept free below an end that grows.

    After a scroll most terminals must repaint widgets beside the log (`beside`: there are some), so few long scrolls
    are better on a thin link (`thinness` 1); on a fast link (0) the end is always the last line.
    """
    return round((view // 2 if beside else min(8, view // 4)) * thinness)


def moved(anchor: Anchor, lines: int, count: int, height: Heights, view: int) -> Anchor:
    """The position `lines` further down (negative: up), between the top and the bottom."""
    index, offset = anchor.index, anchor.offset + lines
    while offset < 0 and index > 0:
        index -= 1
        offset += height(index)
    while index < count and offset >= height(index):
        offset -= height(index)
        index += 1
    return min(Anchor(index, max(0, offset)), bottom(count, height, view))


def at(anchor: Anchor, line: int, count: int, height: Heights) -> tuple[int, int] | None:
    """Entry and its line that are `line` lines below the top of the view; None below the end."""
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
    """The position a page further, with two lines of overlap."""
    step = max(1, view - 2)
    return moved(anchor, step if down else -step, count, height, view)
