"""The lines of a document at one width, brought up to date from the first leaf that may have changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.formula_painter import FormulaPainter
from holytui.ui.markdown.painters import TEXTS, CodePainter, EmptyPainter, Painter, RulePainter, TextPainter
from holytui.ui.markdown.prefix import gap_prefix
from holytui.ui.markdown.table_painter import TablePainter
from holytui.ui.markdown.wrap import Line, make_line, same

_WIDE = (Kind.FENCE, Kind.INDENTED, Kind.TABLE)


def painter_of(leaf: Leaf, width: int) -> Painter:
    """What draws the leaf."""
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
    """Keeps `lines`; those of settled leaves are made once."""

    def __init__(self, width: int, text_width: int = 0) -> None:
        self.width = width
        self.text_width = min(width, text_width) or width
        """Of all but code and tables."""
        self.version = -1
        """Of the document that `lines` show."""
        self.lines: list[Line] = []
        self.changed = 0
        """The first line that changed since this was last set; `len(lines)` if none did."""
        self._starts: list[int] = []
        """Where each settled leaf begins, the gap before it included."""
        self._end = 0
        """Where the settled leaves end."""
        self._painters: dict[int, tuple[int, Painter]] = {}
        """Of each leaf that is not settled, which are two while a line comes that ends one: the line that it begins on,
        and what draws it."""
        self._owners: list[int] = []
        self.complete = True
        """Nothing was left to be drawn when the time was over."""

    def update(
        self, leaves: Sequence[Leaf], settled: int, seams: Sequence[int], spent: Callable[[], bool] = lambda: False
    ) -> None:
        """Draw what came, until `spent`. The first `settled` leaves never change any more."""
        owned = self._assign(leaves, seams)
        at = self._end
        for index in range(len(self._starts), len(leaves)):
            start = at
            at = self._gap(leaves, index, at)
            at, whole = self._leaf(leaves[index], index, at, owned.get(index, ()), spent)
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

    def line_near(self, leaves: Sequence[Leaf], place: int, length: int) -> int:
        """The line that shows a place in the source of `length` characters, or one close to it: the lines of a leaf
        are taken to be equally long."""
        if not leaves:
            return 0
        index = max(0, bisect_right(leaves, place, key=_start) - 1)
        begins = [*self._starts, self._end, len(self.lines)]
        if index + 1 >= len(begins):  # not drawn yet
            return max(0, len(self.lines) - 1)
        begin, end = begins[index], begins[index + 1]
        first = leaves[index].start
        last = leaves[index + 1].start if index + 1 < len(leaves) else length
        part = (place - first) / max(1, last - first)
        return begin + max(0, min(end - begin - 1, int((end - begin) * part)))

    def _assign(self, leaves: Sequence[Leaf], seams: Sequence[int]) -> dict[int, list[int]]:
        """Which leaf each seam falls in; leaves that lost or got one are drawn anew."""
        owned: dict[int, list[int]] = {}
        if not seams and not self._owners:
            return owned
        owners = [max(0, bisect_right(leaves, seam, key=_start) - 1) for seam in seams] if leaves else []
        for seam, owner in zip(seams, owners, strict=False):
            owned.setdefault(owner, []).append(seam)
        moved = set(owners) ^ set(self._owners)
        if moved:
            self._forget(min(moved))
        self._owners = owners
        return owned

    def forget(self) -> None:
        """Draw everything anew at the next `update`; lines that look the same stay the same objects."""
        self.version = -1
        self._forget(0)

    def _forget(self, index: int) -> None:
        self._painters.clear()
        if index < len(self._starts):
            self._end = self._starts[index]
            del self._starts[index:]

    def _gap(self, leaves: Sequence[Leaf], index: int, at: int) -> int:
        leaf = leaves[index]
        if not leaf.gap or not index:
            return at
        self._put(at, make_line(gap_prefix(leaves[index - 1].containers, leaf.containers), ()))
        return at + 1

    def _leaf(
        self, leaf: Leaf, index: int, at: int, seams: Sequence[int], spent: Callable[[], bool]
    ) -> tuple[int, bool]:
        """Draw a leaf: the line below it, and whether all of it is drawn."""
        painter: Painter | None = None
        begun = False
        if index in self._painters:
            start, old = self._painters[index]
            if old.leaf is leaf or (isinstance(old, TextPainter) and leaf.kind in TEXTS):
                painter, begun = old, start == at
                painter.leaf = leaf
        if painter is None:
            painter = painter_of(leaf, self.width if leaf.kind in _WIDE else self.text_width)
        stable = painter.paint(seams)
        while not painter.done and not spent():
            stable = min(stable, painter.paint(seams))
        first = stable if begun else 0
        for offset, line in enumerate(painter.lines[first:], at + first):
            self._put(offset, line)
        self._painters[index] = (at, painter)
        return at + len(painter.lines), painter.done

    def _put(self, at: int, line: Line) -> None:
        if at < len(self.lines):
            if same(self.lines[at], line):
                return
            self.lines[at] = line
        else:
            self.lines.append(line)
        self.changed = min(self.changed, at)


def _start(leaf: Leaf) -> int:
    return leaf.start
