"""Incremental wrapping of runs at a width: an addition wraps a text again only from its last line on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, chop_cells
from textual.content import Content, Span

from holytui.ui.markdown.row import Source
from holytui.ui.markdown.runs import Run

_WIDE: Final = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
)
_OPENING: Final = "「『（《【〈〔［｛"
_CLOSING: Final = "、。，．：；！？」』）》】〉〕］｝ー…"
_UNIT: Final = re.compile(f" +|[{_OPENING}]*[{_WIDE}][{_CLOSING}]*|[^ {_WIDE}]+")
"""Unbreakable unit: a word, spaces, or a wide character with adjacent punctuation."""
_MIN_TEXT: Final = 8
"""Minimum cells for text; a wider prefix is truncated."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One displayed line. An unchanged line keeps its object."""

    content: Content
    indent: int
    """Number of leading characters that are prefix: bars, list markers, spaces."""
    joint: str | None
    """Text removed by the soft wrap between the line before and this one; None at the start of a line of the text."""
    source: Source | None = None
    """Source position of a line of code."""

    @property
    def text(self) -> str:
        return self.content.plain


def looks_same(one: Line, other: Line) -> bool:
    """Return whether two lines are equal in display and copying."""
    return one is other or (
        one.joint == other.joint
        and one.indent == other.indent
        and one.source == other.source
        and one.content.is_same(other.content)
    )


@dataclass(frozen=True, slots=True)
class Prefix:
    """Runs before the first line of a block, and before its other lines."""

    first: tuple[Run, ...] = ()
    rest: tuple[Run, ...] = ()

    def fitting(self, width: int) -> Prefix:
        """Return the prefix, truncated to leave some cells for text."""
        room = max(0, width - _MIN_TEXT)
        if max(cell_width(self.first), cell_width(self.rest)) <= room:
            return self
        return Prefix(_truncated(self.first, room), _truncated(self.rest, room))

    @property
    def width(self) -> int:
        return max(cell_width(self.first), cell_width(self.rest))


def cell_width(runs: Iterable[Run]) -> int:
    """Return the displayed width of runs."""
    return sum(cell_len(text) for text, _ in runs)


def _truncated(runs: Sequence[Run], room: int) -> tuple[Run, ...]:
    out: list[Run] = []
    for text, style in runs:
        part = chop_cells(text, room)[0] if room > 0 and text else ""
        room -= cell_len(part)
        out.append((part, style))
    return tuple(out)


def make_line(
    prefix: Sequence[Run], runs: Iterable[Run], joint: str | None = None, source: Source | None = None
) -> Line:
    """Build a line from `prefix` and `runs`."""
    texts: list[str] = []
    spans: list[Span] = []
    at = 0
    for text, style in (*prefix, *runs):
        texts.append(text)
        end = at + len(text)
        if style and text:
            if spans and spans[-1].end == at and spans[-1].style == style:
                spans[-1] = Span(spans[-1].start, end, style)
            else:
                spans.append(Span(at, end, style))
        at = end
    return Line(Content("".join(texts), spans), sum(len(text) for text, _ in prefix), joint, source)


def line_breaks(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the line breaks of `text`, a single line: the end of a line and the start of the next, after the spaces."""
    start = column = 0
    for match in _UNIT.finditer(text):
        at, unit = match.start(), match.group()
        size = len(unit) if unit.isascii() else cell_len(unit)
        if unit[0] == " " or column + size <= width:
            column += size
            continue
        if at > start:
            yield start + len(text[start:at].rstrip(" ")), at
            start, column = at, 0
        if size <= width:
            column = size
            continue
        pieces = chop_cells(unit, max(1, width))
        for piece in pieces[:-1]:
            start += len(piece)
            yield start, start
        column = cell_len(pieces[-1])


def slice_runs(runs: Iterable[Run], start: int, end: int) -> list[Run]:
    """Return the runs of the characters from `start` to `end`."""
    out: list[Run] = []
    at = 0
    for text, style in runs:
        low, high = max(start - at, 0), min(end - at, len(text))
        if low < high:
            out.append((text[low:high], style))
        at += len(text)
        if at >= end:
            break
    return out


def fold(runs: list[Run], width: int) -> list[list[Run]]:
    """Wrap one line of runs; an empty line yields one line."""
    text = "".join(text for text, _ in runs)
    out: list[list[Run]] = []
    start = 0
    for end, after in line_breaks(text, width):
        out.append(slice_runs(runs, start, end))
        start = after
    return [*out, _stripped(slice_runs(runs, start, len(text)))]


def _stripped(runs: list[Run]) -> list[Run]:
    """Strip trailing spaces, which may be wider than the screen."""
    if not runs or not runs[-1][0].endswith(" "):
        return runs
    text = "".join(text for text, _ in runs)
    return slice_runs(runs, 0, len(text.rstrip(" ")))


class Wrapper:
    """Wraps runs incrementally; `lines` contains the final lines."""

    def __init__(self, width: int, prefix: Prefix) -> None:
        self.lines: list[Line] = []
        self._prefix = prefix
        self._width = max(1, width - prefix.width)
        self._pending: list[Run] = []
        """Runs of the last line, which may still grow."""
        self._joint: str | None = None
        self._begun = False

    def feed(self, runs: Iterable[Run]) -> None:
        """Append runs."""
        for text, style in runs:
            first, *others = text.split("\n")
            if first:
                self._pending.append((first, style))
            for other in others:
                self._flush()
                if other:
                    self._pending.append((other, style))
        self._wrap()

    def preview(self, runs: Iterable[Run]) -> list[Line]:
        """Return the lines after `lines` if the text ended with `runs`."""
        copy = Wrapper(self._width, self._prefix)
        copy._width = self._width
        copy._pending, copy._joint, copy._begun = list(self._pending), self._joint, self._begun
        copy.feed(runs)
        copy._flush()
        return copy.lines

    def _flush(self) -> None:
        self._wrap()
        self._emit(_stripped(self._pending))
        self._pending, self._joint = [], None

    def _wrap(self) -> None:
        text = "".join(text for text, _ in self._pending)
        if len(text) <= self._width and text.isascii():
            return
        start = 0
        for end, after in line_breaks(text, self._width):
            self._emit(slice_runs(self._pending, start, end))
            self._joint = text[end:after]
            start = after
        if start:
            self._pending = slice_runs(self._pending, start, len(text))

    def _emit(self, runs: list[Run]) -> None:
        prefix = self._prefix.rest if self._begun else self._prefix.first
        self._begun = True
        self.lines.append(make_line(prefix, runs, self._joint))
