"""Incremental layout of a document at one width, starting at the first leaf that may have changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.formula_painter import FormulaPainter
from holytui.ui.markdown.painters import TEXT_KINDS, CodePainter, EmptyPainter, Painter, RulePainter, TextPainter
from holytui.ui.markdown.prefix import gap_prefix
from holytui.ui.markdown.table_painter import TablePainter
from holytui.ui.markdown.wrap import Line, looks_same, make_line

_FULL_WIDTH = (Kind.FENCE, Kind.INDENTED, Kind.TABLE)


def make_painter(leaf: Leaf, width: int) -> Painter:
    """Create the painter for a leaf."""
    match leaf.kind:
        case Kind.PARAGRAPH | Kind.HEADING | Kind.TERM | Kind.SUMMARY:
            return TextPainter(leaf, width)
        case Kind.FENCE | Kind.INDENTED:
            return CodePainter(leaf, width)
        case Kind.TABLE:
            return TablePainter(leaf, width)
        case Kind.FORMULA:
            return FormulaPainter(leaf, width)
        case Kind.RULE:
            return RulePainter(leaf, width)
        case Kind.EMPTY:
            return EmptyPainter(leaf, width)


class Layout:
    """Maintains `lines`; the lines of settled leaves are drawn once."""

    def __init__(self, width: int, text_width: int = 0) -> None:
        self.width = width
        self.text_width = min(width, text_width) or width
        """Width of all leaves except code and tables."""
        self.version = -1
        """Version of the document that `lines` shows."""
        self.lines: list[Line] = []
        self.changed = 0
        """First line changed since the attribute was last set; `len(lines)` if none."""
        self._starts: list[int] = []
        """First line of each settled leaf, including the gap before it."""
        self._end = 0
        """Line after the settled leaves."""
        self._painters: dict[int, tuple[int, Painter]] = {}
        """First line and painter of each unsettled leaf; there are two while an unfinished line may end the first."""
        self._seam_leaves: list[int] = []
        self.complete = True
        """Whether everything was drawn before the budget was used up."""

    def update(
        self, leaves: Sequence[Leaf], settled: int, seams: Sequence[int], spent: Callable[[], bool] = lambda: False
    ) -> None:
        """Draw additions until `spent`. The first `settled` leaves are final."""
        seams_of = self._assign_seams(leaves, seams)
        at = self._end
        for index in range(len(self._starts), len(leaves)):
            start = at
            at = self._draw_gap(leaves, index, at)
            at, whole = self._draw_leaf(leaves[index], index, at, seams_of.get(index, ()), spent)
            self.complete = whole and (index + 1 == len(leaves) or not spent())
            if whole and index < settled:
                self._starts.append(start)
                self._end = at
                self._painters.pop(index, None)
            if not self.complete:
                break
        else:
            self.complete = True
        for index in [index for index in self._painters if index >= len(leaves)]:
            del self._painters[index]
        if at < len(self.lines):
            del self.lines[at:]
            self.changed = min(self.changed, at)

    def line_near(self, leaves: Sequence[Leaf], offset: int, length: int) -> int:
        """Return the line that shows an offset in the source of `length` characters, or one near it.

        Assumes that the lines of a leaf are equally long.
        """
        if not leaves:
            return 0
        index = max(0, bisect_right(leaves, offset, key=_start_of) - 1)
        begins = [*self._starts, self._end, len(self.lines)]
        if index + 1 >= len(begins):  # not drawn yet
            return max(0, len(self.lines) - 1)
        begin, end = begins[index], begins[index + 1]
        first = leaves[index].start
        last = leaves[index + 1].start if index + 1 < len(leaves) else length
        part = (offset - first) / max(1, last - first)
        return begin + max(0, min(end - begin - 1, int((end - begin) * part)))

    def _assign_seams(self, leaves: Sequence[Leaf], seams: Sequence[int]) -> dict[int, list[int]]:
        """Map leaves to the seams in them; invalidates leaves whose seams changed."""
        seams_of: dict[int, list[int]] = {}
        if not seams and not self._seam_leaves:
            return seams_of
        seam_leaves = [max(0, bisect_right(leaves, seam, key=_start_of) - 1) for seam in seams] if leaves else []
        for seam, index in zip(seams, seam_leaves, strict=False):
            seams_of.setdefault(index, []).append(seam)
        moved = set(seam_leaves) ^ set(self._seam_leaves)
        if moved:
            self._invalidate_from(min(moved))
        self._seam_leaves = seam_leaves
        return seams_of

    def invalidate(self) -> None:
        """Redraw everything at the next `update`; lines that look the same keep their objects."""
        self.version = -1
        self._invalidate_from(0)

    def _invalidate_from(self, index: int) -> None:
        self._painters.clear()
        if index < len(self._starts):
            self._end = self._starts[index]
            del self._starts[index:]

    def _draw_gap(self, leaves: Sequence[Leaf], index: int, at: int) -> int:
        leaf = leaves[index]
        if not leaf.gap or not index:
            return at
        self._set_line(at, make_line(gap_prefix(leaves[index - 1].containers, leaf.containers), ()))
        return at + 1

    def _draw_leaf(
        self, leaf: Leaf, index: int, at: int, seams: Sequence[int], spent: Callable[[], bool]
    ) -> tuple[int, bool]:
        """Draw a leaf; returns the line after it, and whether it is complete."""
        painter: Painter | None = None
        begun = False
        if index in self._painters:
            start, old = self._painters[index]
            if old.leaf is leaf or (isinstance(old, TextPainter) and leaf.kind in TEXT_KINDS):
                painter, begun = old, start == at
                painter.leaf = leaf
        if painter is None:
            painter = make_painter(leaf, self.width if leaf.kind in _FULL_WIDTH else self.text_width)
        stable = painter.paint(seams)
        while not painter.done and not spent():
            stable = min(stable, painter.paint(seams))
        first = stable if begun else 0
        for offset, line in enumerate(painter.lines[first:], at + first):
            self._set_line(offset, line)
        self._painters[index] = (at, painter)
        return at + len(painter.lines), painter.done

    def _set_line(self, at: int, line: Line) -> None:
        if at < len(self.lines):
            if looks_same(self.lines[at], line):
                return
            self.lines[at] = line
        else:
            self.lines.append(line)
        self.changed = min(self.changed, at)


def _start_of(leaf: Leaf) -> int:
    return leaf.start
