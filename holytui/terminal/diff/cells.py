"""Text as the cells of a terminal row, without control characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import split_graphemes

from holytui.text import WORD_GAP, replace_invisible

# Characters of one cell that never combine with others: nearly all text.
_PLAIN = re.compile("[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u1e00-\u1eff\u2010-\u2027\u2500-\u25fc\u2800-\u28ff]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FLAG = range(0x1F1E6, 0x1F200)


def clusters(text: str) -> list[tuple[str, int]]:
    """Return the grapheme clusters of `text`, each with its width in cells (0, 1 or 2) in Textual's layout.

    Two regional indicators are one flag.
    """
    result: list[tuple[str, int]] = []
    spans, _ = split_graphemes(text)
    for start, end, width in spans:
        cluster = text[start:end]
        if result and ord(cluster[0]) in _FLAG:
            before, before_width = result[-1]
            if len(before) == 1 and ord(before) in _FLAG:
                result[-1] = (before + cluster, before_width + width)
                continue
        result.append((cluster, width))
    return result


def is_risky(cluster: str, width: int) -> bool:
    """Return whether terminals differ about the width of `cluster`: emoji, joiner sequences, rare marks."""
    code = ord(cluster[0])
    if code >= 0x1F000 or (width == 2 and 0x1160 <= code < 0x2E80):
        return True
    return len(cluster) > 1 and not all("\u0300" <= char <= "\u036f" for char in cluster[1:])


def to_cells(text: str) -> tuple[list[str], bool]:
    """Return the cells of `text`, and whether one is risky. An empty cell follows a wide cluster."""
    if _PLAIN.fullmatch(text):
        return list(text), False
    cells: list[str] = []
    risky = False
    for cluster, width in clusters(text if text.isprintable() else _remove_invisible(text)):
        if width == 0:
            if not cells:
                continue  # a combining mark without a base
            at = -1 if cells[-1] else -2
            cells[at] += cluster
            risky = True
            continue
        cells.append(cluster)
        if width == 2:
            cells.append("")
        risky = risky or is_risky(cluster, width)
    return cells, risky


def _remove_invisible(text: str) -> str:
    """Remove invisible characters; `text.visible` has shown those of messages already, and here they have no width."""
    text = replace_invisible(_CONTROL.sub("", text), lambda char: "-" if char == "\u00ad" else "")
    return text.replace(WORD_GAP, "")


class CellRow:
    """A row: `chars[x]` is the cluster at column x, empty after a wide one; `styles[x]` the number of its style.

    Immutable by convention: the writer compares rows while the next frame is painted.
    """

    __slots__ = ("_tail", "chars", "risky", "styles")

    def __init__(self, chars: list[str], styles: list[int], *, risky: bool = False) -> None:
        self.chars = chars
        self.styles = styles
        self.risky = risky
        self._tail = -1

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, CellRow):
            return NotImplemented
        return self.chars == other.chars and self.styles == other.styles

    __hash__ = None  # type: ignore[assignment]  # compared by content, never a key

    def __len__(self) -> int:
        return len(self.chars)

    def tail(self, blanks: Sequence[int]) -> int:
        """Return the column where the trailing blanks of one background begin; the width if there are none."""
        if self._tail < 0:
            self._tail = self._find_tail(blanks)
        return self._tail

    def has_risky(self, start: int) -> bool:
        """Return whether a cluster from column `start` on is risky."""
        chars = [*self.chars, " "]
        return any(char and is_risky(char, 2 if chars[x + 1] == "" else 1) for x, char in _from(self.chars, start))

    def _find_tail(self, blanks: Sequence[int]) -> int:
        text = "".join(self.chars)
        count = len(text) - len(text.rstrip(" "))
        width = len(self.chars)
        if not count:
            return width
        last = blanks[self.styles[-1]]
        at = width
        for style in reversed(self.styles[width - count :]):
            if blanks[style] != last:
                break
            at -= 1
        return at

    def replaced(self, x: int, chars: Sequence[str], styles: Sequence[int], *, risky: bool) -> CellRow:
        """Return this row with other cells from column x on; half a wide character at an edge becomes a blank."""
        width = len(self.chars)
        end = min(width, x + len(chars))
        new_chars = self.chars[:x] + list(chars[: end - x]) + self.chars[end:]
        new_styles = self.styles[:x] + list(styles[: end - x]) + self.styles[end:]
        if x > 0 and self.chars[x] == "":
            new_chars[x - 1] = " "
        if end < width and new_chars[end] == "":
            new_chars[end] = " "
        if end - x < len(chars) and chars[end - x] == "":
            new_chars[end - 1] = " "
        return CellRow(new_chars, new_styles, risky=risky or self.risky)


def _from(chars: list[str], start: int) -> Iterator[tuple[int, str]]:
    return ((x, chars[x]) for x in range(start, len(chars)))


def blank_row(width: int, style: int = 0) -> CellRow:
    """Return a row of blanks."""
    return CellRow([" "] * width, [style] * width)
