"""Detection of scrolled regions, which the terminal can scroll itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from holytui.terminal.diff.cells import CellRow

_MIN_ROWS = 3  # fewer are as short to write as a scroll region


@dataclass(frozen=True, slots=True)
class Scroll:
    """Rows `top` to `bottom` (exclusive) move up by `lines`, or down when negative; columns `left` to `right`."""

    top: int
    bottom: int
    lines: int
    left: int
    right: int

    def apply(self, rows: Sequence[CellRow]) -> list[CellRow | None]:
        """Return the rows after the scroll; None for rows of unknown content.

        Only for the whole width; within margins use `apply_within`.
        """
        moved: list[CellRow | None] = list(rows)
        height = self.bottom - self.top
        for y in range(self.top, self.bottom):
            source = y + self.lines
            moved[y] = rows[source] if self.top <= source < self.top + height else None
        return moved

    def apply_within(self, rows: Sequence[CellRow], style: int) -> list[CellRow | None]:
        """Return the rows after a scroll between margins; new cells are blank in `style`."""
        moved: list[CellRow | None] = list(rows)
        wide = self.right - self.left
        for y in range(self.top, self.bottom):
            source = y + self.lines
            here = rows[y]
            if self.top <= source < self.bottom:
                there = rows[source]
                part = there.chars[self.left : self.right], there.styles[self.left : self.right]
                risky = there.risky
            else:
                part = [" "] * wide, [style] * wide
                risky = False
            moved[y] = here.replaced(self.left, *part, risky=risky)
        return moved

    def splits_a_wide_character(self, rows: Sequence[CellRow]) -> bool:
        """Return whether a margin would split a wide character."""
        for row in rows[self.top : self.bottom]:
            if row.chars[self.left] == "" or (self.right < len(row) and row.chars[self.right] == ""):
                return True
        return False


def extent(old: CellRow, new: CellRow, start: int, end: int) -> tuple[int, int] | None:
    """Return the first changed column in `start` to `end`, and the one after the last; None without a change."""
    old_chars, old_styles, chars, styles = old.chars, old.styles, new.chars, new.styles
    first = start
    while first < end and chars[first] == old_chars[first] and styles[first] == old_styles[first]:
        first += 1
    if first == end:
        return None
    last = end - 1
    while chars[last] == old_chars[last] and styles[last] == old_styles[last]:
        last -= 1
    return first, last + 1


def _votes(old: Sequence[CellRow], new: Sequence[CellRow], ys: Sequence[int], left: int, right: int) -> int:
    """Return the lines by which most parts of the changed rows moved; 0 if they did not."""
    places: dict[str, list[int]] = {}
    for y, row in enumerate(old):
        text = "".join(row.chars[left:right])
        if text.strip(" "):
            places.setdefault(text, []).append(y)
    votes: Counter[int] = Counter()
    for y in ys:
        for source in places.get("".join(new[y].chars[left:right]), ()):
            if source != y:
                votes[source - y] += 1
    if not votes:
        return 0
    lines, count = max(votes.items(), key=lambda item: (item[1], -abs(item[0])))
    return lines if count >= _MIN_ROWS else 0


def find_scroll(old: Sequence[CellRow], new: Sequence[CellRow], ys: Sequence[int]) -> Scroll | None:
    """Return the scroll that explains most of the changed rows `ys`, if there is one.

    It is a candidate: the caller compares its cost, including repairs beside the region, with plain output.
    """
    if len(ys) < _MIN_ROWS:
        return None
    extents = {y: changed for y in ys if (changed := extent(old[y], new[y], 0, len(new[y])))}
    lefts = sorted(left for left, _ in extents.values())
    rights = sorted(right for _, right in extents.values())
    # the medians: a status line or scroll bar that changes as well must not hide the region
    left, right = lefts[len(lefts) // 2], rights[len(rights) // 2]
    if right - left < 2:
        return None
    lines = _votes(old, new, ys, left, right)
    if not lines:
        return None
    same = [
        y
        for y in range(max(0, -lines), min(len(new), len(new) - lines))
        if new[y].chars[left:right] == old[y + lines].chars[left:right]
    ]
    moved = [y for y in same if y in extents]
    top, bottom = min(moved), max(moved) + 1
    if lines > 0:
        bottom = min(len(new), bottom + lines)
    else:
        top = max(0, top + lines)
    inside = [extents[y] for y in range(top, bottom) if y in extents]
    return Scroll(top, bottom, lines, min(a for a, _ in inside), max(b for _, b in inside))
