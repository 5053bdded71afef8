"""The rest of a text that is too long for Markdown, as plain lines: wrapped when they are looked at, and forgotten.

Only where each piece begins and how many rows it takes is kept, so the cost in memory is small beside the text.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, chop_cells

from holytui.text import visible
from holytui.ui.markdown.seams import with_seams_at
from holytui.ui.markdown.wrap import Line, make_line, slice_runs

_PIECE: Final = 4_096
"""Characters that are wrapped together."""
_CACHED: Final = 32
"""Pieces whose lines are kept: more than a screen shows."""
_TAB: Final = 4


class PlainText:
    """The lines of a text from an offset on, at one width. Where the pieces begin depends on the text alone."""

    def __init__(self, start: int, width: int) -> None:
        self.width = width
        self._starts = array("Q", [start])
        """Where each piece begins in the source; the last one is still open."""
        self._rows = array("Q", [0])
        """The rows above each piece."""
        self._open: tuple[int, Sequence[Line]] = (start, ())
        """The end of the open piece, and its lines."""
        self._seams: Sequence[int] = ()
        self._cache: dict[int, Sequence[Line]] = {}

    @property
    def end(self) -> int:
        """How far into the source the lines reach."""
        return self._open[0]

    @property
    def height(self) -> int:
        """How many lines there are so far."""
        return self._rows[-1] + len(self._open[1])

    def set_seams(self, seams: Sequence[int]) -> None:
        """Mark these places in the source; to be called before the first `wrap_next`."""
        self._seams = seams

    def wrap_next(self, source: str) -> None:
        """Wrap one more piece of the source."""
        start = self._starts[-1]
        end = min(len(source), start + _PIECE)
        if end - start == _PIECE:
            end = source.rfind("\n", start, end) + 1 or end
            self._starts.append(end)
            self._rows.append(self._rows[-1] + len(self._wrap(source, start, end)))
            self._open = (end, ())
        else:
            self._open = (end, self._wrap(source, start, end))

    def line(self, source: str, y: int) -> Line:
        """Line `y`. Raises `IndexError` below the last one."""
        if not 0 <= y < self.height:
            raise IndexError(y)
        piece = bisect_right(self._rows, y) - 1
        return self._lines(source, piece)[y - self._rows[piece]]

    def line_near(self, offset: int) -> int:
        """The line that shows a offset in the source, or one close to it."""
        piece = max(0, bisect_right(self._starts, offset) - 1)
        last = piece + 1 == len(self._starts)
        end, below = (self.end, self.height) if last else (self._starts[piece + 1], self._rows[piece + 1])
        part = (offset - self._starts[piece]) / max(1, end - self._starts[piece])
        above = self._rows[piece]
        return max(0, min(below - 1, above + int((below - above) * part)))

    def _lines(self, source: str, piece: int) -> Sequence[Line]:
        if piece + 1 == len(self._starts):
            return self._open[1]
        lines = self._cache.get(piece)
        if lines is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            lines = self._cache[piece] = self._wrap(source, self._starts[piece], self._starts[piece + 1])
        return lines

    def _wrap(self, source: str, start: int, end: int) -> list[Line]:
        seams = [seam - start for seam in self._seams if start <= seam < end]
        out: list[Line] = []
        at = 0
        texts = source[start:end].split("\n")
        if not texts[-1]:
            del texts[-1]  # the line end belongs to the line before it
        for text in texts:
            own = [seam - at for seam in seams if at <= seam <= at + len(text)]
            at += len(text) + 1
            self._fold(text, own, out)
        return out

    def _fold(self, text: str, seams: Sequence[int], out: list[Line]) -> None:
        shown = display_text(text)
        runs = with_seams_at([(shown, "")], [len(display_text(text[:seam])) for seam in seams])
        shown = "".join(part for part, _style in runs)
        plain = shown.isascii()
        if len(shown) <= self.width and (plain or cell_len(shown) <= self.width):
            pieces = [shown]
        elif plain:
            pieces = [shown[at : at + self.width] for at in range(0, len(shown), self.width)]
        else:
            pieces = chop_cells(shown, self.width)
        at = 0
        for number, piece in enumerate(pieces):
            part = slice_runs(runs, at, at + len(piece)) if seams else [(piece, "")]
            out.append(make_line((), part, "" if number else None))
            at += len(piece)


def display_text(text: str) -> str:
    """A line with signs for what cannot be seen, and tabs as spaces."""
    text = visible(text, breaks=False)
    return text.expandtabs(_TAB) if "\t" in text else text
