"""Finds what moved up or down, so that the terminal can move it itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from holytui.terminal.diff.cells import Row

_FEWEST_ROWS = 3  # below that, writing them is no dearer than a scroll region


@dataclass(frozen=True, slots=True)
class Scroll:
    """Rows `top` to `bottom` (exclusive) move up by `lines`, or down when negative; columns `left` to `right`."""

    top: int
    bottom: int
    lines: int
    left: int
    right: int

    def apply(self, rows: Sequence[Row]) -> list[Row | None]:
        """What the terminal shows after it; None for rows of which nothing is known.

        Only for the whole width: within margins use `apply_within`.
        """
        moved: list[Row | None] = list(rows)
        height = self.bottom - self.top
        for y in range(self.top, self.bottom):
            source = y + self.lines
            moved[y] = rows[source] if self.top <= source < self.top + height else None
        return moved

    def apply_within(self, rows: Sequence[Row], style: int) -> list[Row | None]:
        """The same between the margins; what is new there is blank in `style`."""
        moved: list[Row | None] = list(rows)
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

    def splits_a_wide_character(self, rows: Sequence[Row]) -> bool:
        """Whether a margin would cut a character in two."""
        for row in rows[self.top : self.bottom]:
            if row.chars[self.left] == "" or (self.right < len(row) and row.chars[self.right] == ""):
                return True
        return False


def extent(old: Row, new: Row, start: int, end: int) -> tuple[int, int] | None:
    """First changed column from `start` up to `end`, and the one after the last; None when nothing changed."""
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


def _votes(old: Sequence[Row], new: Sequence[Row], ys: Sequence[int], left: int, right: int) -> int:
    """By how many lines most of the changed rows' parts moved; 0 when they did not."""
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
    return lines if count >= _FEWEST_ROWS else 0


def find_scroll(old: Sequence[Row], new: Sequence[Row], ys: Sequence[int]) -> Scroll | None:
    """The move that explains most of the changed rows `ys`, if one does.

    It is a proposal: whoever writes compares its cost, with the repair of what stands beside, with plain writing.
    """
    if len(ys) < _FEWEST_ROWS:
        return None
    extents = {y: found for y in ys if (found := extent(old[y], new[y], 0, len(new[y])))}
    lefts = sorted(left for left, _ in extents.values())
    rights = sorted(right for _, right in extents.values())
    # the middle of the changes: a status line or a scroll bar that changes too must not hide what moved
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
