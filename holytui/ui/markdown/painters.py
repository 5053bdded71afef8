"""Rendering of leaves at a width. A painter follows its leaf as it grows and retains settled lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from rich.cells import chop_cells

from holytui.i18n import _
from holytui.text import visible
from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.extensions import without_emphasis
from holytui.ui.markdown.highlight import Highlighter
from holytui.ui.markdown.inline import Inline
from holytui.ui.markdown.plain import display_text
from holytui.ui.markdown.prefix import prefix_of, task_box
from holytui.ui.markdown.row import CODE_INDENT
from holytui.ui.markdown.runs import MUTED, Run
from holytui.ui.markdown.seams import MARK, locate, with_seams, with_seams_at
from holytui.ui.markdown.wrap import Line, Prefix, Wrapper, make_line, slice_runs

HEADINGS: Final = ("bold underline $text-primary", "bold $text-primary", "bold", "bold", "bold italic", "italic")
TEXT_KINDS: Final = frozenset({Kind.PARAGRAPH, Kind.HEADING, Kind.TERM, Kind.SUMMARY})
"""Leaves drawn by `TextPainter`, since a paragraph may turn into any of the others."""
CODE_LABEL: Final = "$text-secondary"
_AT_ONCE: Final = 2_048
"""Characters of code highlighted between two checks of the budget."""


class Painter(Protocol):
    """Draws one leaf at one width."""

    leaf: Leaf
    lines: list[Line]
    done: bool
    """Whether the last `paint` reached the end of the leaf; otherwise the next call continues."""

    def paint(self, seams: Sequence[int]) -> int:
        """Update `lines` by an amount of work independent of the length of the leaf.

        `seams` are offsets in the source to be marked. Returns how many leading lines kept their objects.
        """


class TextPainter:
    """Draws a paragraph, heading, term or summary."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.lines: list[Line] = []
        self.leaf = leaf
        self.done = False
        self._width = width
        self._style_key: tuple[Prefix, str] | None = None
        self._inline = Inline()
        self._wrapper = Wrapper(width, Prefix())
        self._version = -1
        self._fed_pieces = 0

    def paint(self, seams: Sequence[int]) -> int:
        leaf = self.leaf
        style = "" if leaf.kind is Kind.PARAGRAPH else "bold"
        if leaf.kind is Kind.HEADING:
            style = HEADINGS[leaf.level - 1]
        prefix = prefix_of(leaf).fitting(self._width)
        if self._style_key != (prefix, style):  # the paragraph became a heading, or its task box was recognised
            self._style_key = (prefix, style)
            self._inline = Inline(style)
            self._version = -1
        self._inline.update(self._text(seams))
        self.done = self._inline.done
        stable = min(len(self._wrapper.lines), len(self.lines))
        if self._version != self._inline.version:
            self._version, self._fed_pieces = self._inline.version, 0
            self._wrapper = Wrapper(self._width, prefix)
            stable = 0
        for runs in self._inline.settled[self._fed_pieces :]:
            self._wrapper.feed(runs)
        self._fed_pieces = len(self._inline.settled)
        self.lines[stable:] = self._wrapper.lines[stable:]
        self.lines += self._wrapper.preview(self._inline.tail)
        return stable

    def _text(self, seams: Sequence[int]) -> str:
        leaf = self.leaf
        text = "\n".join(with_seams(leaf, seams) if seams else leaf.lines)
        text = text[len(task_box(leaf)) :]
        if leaf.kind is Kind.SUMMARY:
            text = without_emphasis(text) or _("Details")
        return (text.replace("\t", " ") if "\t" in text else text).strip(" \n")


class CodePainter:
    """Draws a code block: a line with its number and info string, then the code."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.leaf = leaf
        self._prefix = prefix_of(leaf).fitting(width)
        self._width = max(1, width - self._prefix.width - len(CODE_INDENT))
        words = leaf.info.split(maxsplit=1)
        self._highlighter = Highlighter(words[0] if words else "")
        self._streamed: list[list[Run]] = []
        """The committed lines with incremental highlighting."""
        self._exact: list[list[Run]] | None = None
        self._exact_count = -1
        """Number of lines for which `_exact` was computed."""
        self._scanned = self._nonblank = 0
        """Indented code: the number of scanned lines, and the number up to the last nonblank one."""
        self.done = False
        self._drawn: list[list[Run]] = []
        self._starts: list[int] = []
        """Index in `lines` of each drawn line of code."""
        self._final_count = 0
        """Number of drawn lines that are committed and incrementally highlighted."""
        label = f"{leaf.number} {visible(leaf.info, breaks=False)}".rstrip()
        wrapper = Wrapper(width, self._prefix)
        wrapper.feed([(label, CODE_LABEL)])
        self.lines: list[Line] = wrapper.preview(())

    def paint(self, seams: Sequence[int]) -> int:
        leaf = self.leaf
        count = self._count()
        exact = self._exact_runs(count) if leaf.closed else None
        if exact is not None:
            self.done = True
            stable = self._draw(0, exact, seams)
            self._final_count = 0
            return stable
        self._stream(count if leaf.closed else min(leaf.committed, count))
        open_lines = leaf.lines[len(self._streamed) : count] if self.done else ()
        tail = [self._highlighter.preview(display_text(text)) for text in open_lines]
        final = self._final_count
        self._final_count = len(self._streamed)
        return self._draw(final, self._streamed[final:] + tail, seams)

    def _count(self) -> int:
        """Return the number of displayed lines; indented code excludes trailing blank lines."""
        lines = self.leaf.lines
        if self.leaf.kind is not Kind.INDENTED:
            return len(lines)
        settled = len(lines) if self.leaf.closed else self.leaf.committed
        for index in range(self._scanned, settled):
            if lines[index].strip(" "):
                self._nonblank = index + 1
        self._scanned = max(self._scanned, settled)
        count = len(lines)
        while count > self._scanned and not lines[count - 1].strip(" "):
            count -= 1
        return count if count > self._scanned else self._nonblank

    def _stream(self, count: int) -> None:
        """Highlight committed lines incrementally up to `count`, a bounded number per call."""
        left = _AT_ONCE
        while len(self._streamed) < count and left > 0:
            text = self.leaf.lines[len(self._streamed)]
            self._streamed.append(self._highlighter.line(display_text(text)))
            left -= len(text) + 16
        self.done = len(self._streamed) >= count

    def _exact_runs(self, count: int) -> list[list[Run]] | None:
        """Return the exact highlighting of a closed block; None if it is too long."""
        if self._exact_count != count:
            self._exact_count = count
            self._exact = self._highlighter.whole([display_text(text) for text in self.leaf.lines[:count]])
        return self._exact

    def _draw(self, first: int, target: list[list[Run]], seams: Sequence[int]) -> int:
        """Draw the lines of code from `first` on, except lines with unchanged colours."""
        shown = self._drawn
        places = [locate(self.leaf, seam) for seam in seams] if seams and self.leaf.lines else []
        stable = len(self.lines)
        for index, runs in enumerate(target, first):
            if index < len(shown) and (shown[index] is runs or shown[index] == runs):
                shown[index] = runs
                continue
            start = self._starts[index] if index < len(shown) else len(self.lines)
            stable = min(stable, start)
            if index < len(shown) and "".join(t for t, _ in shown[index]) != "".join(t for t, _ in runs):
                self._truncate(index)  # a changed text may wrap to a different number of lines
            end = self._end(index)
            columns = [len(display_text(self.leaf.lines[line][:at])) for line, at in places if line == index]
            self.lines[start:end] = self._line(
                with_seams_at(runs, columns) if columns else runs, self.leaf.lines[index]
            )
            if index < len(shown):
                shown[index] = runs
            else:
                shown.append(runs)
                self._starts.append(start)
        count = first + len(target)
        if count < len(shown):
            stable = min(stable, self._starts[count])
            self._truncate(count)
        return stable

    def _end(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else len(self.lines)

    def _truncate(self, index: int) -> None:
        del self.lines[self._starts[index] :], self._starts[index:], self._drawn[index:]

    def _line(self, runs: list[Run], source: str) -> list[Line]:
        if not runs:
            return [make_line(self._prefix.rest, (), source=(source, 0))]
        prefix = (*self._prefix.rest, (CODE_INDENT, ""))
        text = "".join(text for text, _ in runs)
        if text.isascii() and len(text) <= self._width:
            return [make_line(prefix, runs, source=(source, 0))]
        lines: list[Line] = []
        at = column = 0
        for piece in chop_cells(text, self._width):
            part = slice_runs(runs, at, at + len(piece))
            lines.append(make_line(prefix, part, "" if at else None, (source, column)))
            at += len(piece)
            column += len(piece) - part.count(MARK)
        return lines


class RulePainter:
    """Draws a thematic break."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.leaf = leaf
        self.done = True
        prefix = prefix_of(leaf).fitting(width)
        self.lines = [make_line(prefix.first, [("─" * max(1, width - prefix.width), MUTED)])]

    def paint(self, seams: Sequence[int]) -> int:
        del seams
        return 1


class EmptyPainter:
    """Draws a list item without content."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.leaf = leaf
        self.done = True
        *before, (marker, style) = prefix_of(leaf).fitting(width).first
        self.lines = [make_line((*before, (marker.rstrip(" "), style)), ())]

    def paint(self, seams: Sequence[int]) -> int:
        del seams
        return 1
