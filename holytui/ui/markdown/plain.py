"""Plain-text rendering of the rest of a text that is too long for Markdown.

Lines are wrapped on demand and cached briefly. Only the start and the row count of each piece are stored, so that the
memory used is small compared with the text.
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
"""Maximum characters of a piece, which is wrapped as a whole."""
_PIECE_LINES: Final = 128
"""Maximum lines of a piece, as a line costs as much as many characters."""
_CACHED: Final = 32
"""Maximum pieces with cached lines; more than fit on a screen."""
_TAB: Final = 4


class PlainText:
    """The lines of a text from an offset on, at one width. The starts of the pieces depend only on the text."""

    def __init__(self, start: int, width: int) -> None:
        self.width = width
        self._starts = array("Q", [start])
        """Start offset of each piece in the source; the last piece is open."""
        self._rows = array("Q", [0])
        """Number of rows above each piece."""
        self._open: tuple[int, Sequence[Line]] = (start, ())
        """End offset of the open piece, and its lines."""
        self._seams: Sequence[int] = ()
        self._cache: dict[int, Sequence[Line]] = {}

    @property
    def end(self) -> int:
        """The offset in the source up to which text is wrapped."""
        return self._open[0]

    @property
    def height(self) -> int:
        """The number of lines so far."""
        return self._rows[-1] + len(self._open[1])

    def set_seams(self, seams: Sequence[int]) -> None:
        """Set the seams, offsets in the source. Call it before the first `wrap_next`."""
        self._seams = seams

    def wrap_next(self, source: str) -> None:
        """Wrap the next piece of the source."""
        start = self._starts[-1]
        end = min(len(source), start + _PIECE)
        if lines_end := _end_of_lines(source, start, end):
            end = lines_end
        elif end - start == _PIECE:
            end = source.rfind("\n", start, end) + 1 or end
        else:
            self._open = (end, self._wrap(source, start, end))
            return
        self._starts.append(end)
        self._rows.append(self._rows[-1] + len(self._wrap(source, start, end)))
        self._open = (end, ())

    def line(self, source: str, y: int) -> Line:
        """Return line `y`. Raises `IndexError` below the last line."""
        if not 0 <= y < self.height:
            raise IndexError(y)
        piece = bisect_right(self._rows, y) - 1
        return self._lines(source, piece)[y - self._rows[piece]]

    def line_near(self, offset: int) -> int:
        """Return the line that shows an offset in the source, or one near it."""
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
            del texts[-1]  # a final newline ends the line before it
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


def _end_of_lines(source: str, start: int, end: int) -> int:
    """The end of the first `_PIECE_LINES` lines in a range of the source; 0 if it has fewer."""
    at = start
    for _ in range(_PIECE_LINES):
        at = source.find("\n", at, end) + 1
        if not at:
            return 0
    return at


def display_text(text: str) -> str:
    """Return a line with invisible characters replaced by signs and tabs expanded."""
    text = visible(text, breaks=False)
    return text.expandtabs(_TAB) if "\t" in text else text
