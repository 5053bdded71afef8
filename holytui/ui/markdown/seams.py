"""Seams: offsets in the source at which a continued answer was joined, displayed as a thin sign."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.runs import MUTED, SEAM, SEAM_SPACE, Run
from holytui.ui.markdown.wrap import slice_runs

MARK: Final[Run] = (SEAM, MUTED)


def locate(leaf: Leaf, seam: int) -> tuple[int, int]:
    """Return the line of the leaf and the character in it for an offset in the source."""
    line = max(0, bisect_right(leaf.offsets, seam) - 1)
    return line, min(max(0, seam - leaf.offsets[line]), len(leaf.lines[line]))


def with_seams(leaf: Leaf, seams: Sequence[int]) -> list[str]:
    """Return the lines of a text leaf with a sign for each seam, at the next space, so that no markup is split."""
    lines = list(leaf.lines)
    if not lines:
        return lines
    for seam in reversed(seams):
        index, at = locate(leaf, seam)
        text = lines[index]
        if at and text[at - 1] != " ":
            space = text.find(" ", at)
            if space < 0 and leaf.kind is Kind.TABLE:
                space = text.rfind(" ")
            at = space + 1 if space >= 0 else len(text)
        if leaf.kind is not Kind.TABLE or 0 < at < len(text):
            lines[index] = text[:at] + SEAM_SPACE + text[at:]
    return lines


def with_seams_at(runs: list[Run], columns: Sequence[int]) -> list[Run]:
    """Return a line of code with a sign at each of `columns`."""
    out: list[Run] = []
    last = 0
    size = sum(len(text) for text, _ in runs)
    for column in columns:
        out += [*slice_runs(runs, last, column), MARK]
        last = column
    return out + slice_runs(runs, last, size)
