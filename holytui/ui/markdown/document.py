"""A growing Markdown text and its lines at a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from holytui.ui.markdown import mathematics
from holytui.ui.markdown.block_builder import BlockBuilder, Checkpoint
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.budget import Spent, never
from holytui.ui.markdown.parser import BlockParser
from holytui.ui.markdown.view import DocumentView
from holytui.ui.markdown.wrap import Line

_MAX_VIEWS: Final = 2
"""Cached layouts; a scroll bar that appears and disappears alternates between two widths."""
MARKDOWN_LIMIT: Final = 256 * 1024
"""Characters shown as Markdown (about 64,000 tokens); the rest is plain text. Bounds the cost of a change of width."""
_LINES_LIMIT: Final = 10_000
"""Lines shown as Markdown; each adds objects for the garbage collector to traverse."""
_LINE_LIMIT: Final = 32 * 1024
"""Characters of one line shown as Markdown; an unfinished line is parsed again with each addition."""
_BREAK_SEARCH: Final = 4_096
"""Characters before `MARKDOWN_LIMIT` searched for a line end, where plain text preferably begins."""
_IMMEDIATE: Final = 4096
"""Characters laid out regardless of the budget, so that only a long text takes several frames."""
_SLICE: Final = 512
"""Characters parsed and laid out between two checks of the budget."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced or indented code block."""

    number: int
    """From 1 in document order; the command that copies the block takes it."""
    language: str
    text: str
    """The exact source, tabs included, without the final newline."""


class MarkdownDocument:
    """A text that grows at its end, and its lines at any width.

    The result depends only on the text, not on how it was split into pieces. `source` and the code blocks are exact;
    displayed text is made safe by `holytui.text.visible`. An addition costs work for itself and for the last lines of
    the open block: a finished line is parsed, highlighted and laid out once per width.

    `budget` starts the time budget of one request. By default everything is laid out on request; with a limited
    budget `lines` may lack the end of the text while `behind` is true, and `advance` lays out more.
    """

    text_width = 0
    """Maximum cells of a line, except of code and tables; 0: unlimited."""

    def __init__(self, source: str = "", budget: Callable[[], Spent] = lambda: never) -> None:
        self._budget = budget
        self._seams: tuple[int, ...] = ()
        self._reset("")
        if source:
            self.append(source)

    def _reset(self, source: str) -> None:
        self._source = source
        self._parsed = 0
        """Characters of the source passed to the parser."""
        self._markdown_end: int | None = None
        """Offset at which plain text begins; None while all of the source is Markdown."""
        self._blocks = BlockBuilder()
        self._blocks.commit()
        self._parser = BlockParser(self._blocks)
        self._line = ""
        """The last line, not yet ended by a newline."""
        self._line_offset = 0
        self._line_count = 0
        self._version = 0
        """Incremented with each change of the leaves."""
        self._checkpoint: Checkpoint | None = None
        self._closed = False
        self._views: list[DocumentView] = []
        """Most recently used first."""

    @property
    def source(self) -> str:
        """The exact text."""
        return self._source

    def append(self, text: str) -> None:
        """Append text."""
        if text:
            self.grow(self._source + text)

    def grow(self, source: str) -> None:
        """Replace the text by `source`, which must begin with the current text. Parsing is left to `lines`."""
        self._source = source
        self._closed = False
        for view in self._views:
            view.source = source  # keeps no older text in memory

    def update(self, source: str) -> None:
        """Replace the text; only the addition is parsed if `source` begins with the current text."""
        if source.startswith(self._source):
            if len(source) > len(self._source):
                self.grow(source)
            return
        widths = [view.width for view in self._views]
        self._reset(source)
        self._views = [DocumentView(width, self.text_width) for width in widths]

    def close(self) -> None:
        """Mark the text as complete: an unfinished last line counts as ended. `append` reopens the document."""
        self._closed = True
        if self._parsed == len(self._source) and self._markdown_end is None:
            self._drop_partial_line()
            self._parse_partial_line()

    def set_seams(self, offsets: Iterable[int]) -> None:
        """Replace the seams: offsets in the source, in characters, that a thin sign marks."""
        seams = tuple(sorted(set(offsets)))
        if seams != self._seams:
            self._seams = seams
            self._views.clear()

    @property
    def seams(self) -> tuple[int, ...]:
        return self._seams

    @property
    def code_blocks(self) -> Sequence[CodeBlock]:
        """The code blocks of the text so far, in document order."""
        while self._parse_slice():
            pass
        leaves: Sequence[Leaf] = self._blocks.leaves
        if self._markdown_end is not None and leaves and leaves[-1].is_code and not leaves[-1].closed:
            leaves = _leaves_until(self._source, leaves[-1].number)  # the block ends in the plain text
        return tuple(
            CodeBlock(leaf.number, (leaf.info.split(maxsplit=1) or [""])[0], leaf.code)
            for leaf in leaves
            if leaf.is_code
        )

    # -- lines

    def lines(self, width: int) -> Sequence[Line]:
        """Return the lines at `width` cells. The sequence is live: the next `append` may change it."""
        return self._current_view(width).lines

    def render(self, width: int) -> Sequence[Content]:
        """Return the content of each line at `width` cells; unchanged lines keep their objects."""
        return [line.content for line in self.lines(width)]

    def line(self, width: int, y: int) -> Line:
        """Return line `y` at `width` cells. Raises `IndexError` below the last line."""
        return self._current_view(width).lines[y]

    def height(self, width: int) -> int:
        """Return the number of lines at `width` cells."""
        return len(self._current_view(width).lines)

    def line_near(self, width: int, offset: int) -> int:
        """Return the line at `width` that shows an offset in the source, or one near it. Lays out the whole text."""
        self.advance(width, never)
        view = self._current_view(width)
        if view.plain is not None and self._markdown_end is not None and offset >= self._markdown_end:
            return len(view.layout.lines) + len(view.note) + view.plain.line_near(offset)
        end = len(self._source) if self._markdown_end is None else self._markdown_end
        return view.layout.line_near(self._blocks.leaves, offset, end)

    def take_changed(self, width: int) -> int:
        """Return the first line changed at `width` since the last call; the number of lines if none changed."""
        layout = self._current_view(width).layout
        changed, layout.changed = layout.changed, len(layout.lines)
        return changed

    # -- work

    def behind(self, width: int) -> bool:
        """Return whether the lines at `width` lack text, or formulas wait for their converter."""
        view = self._current_view(width)
        return view.missed or self._is_incomplete(view)

    def advance(self, width: int, spent: Spent) -> None:
        """Lay out more of the text at `width`, until `spent`."""
        view = self._view_at(width)
        view.requested = (len(self._source), self._closed)
        view.check_converter()
        if spent is not never:
            # only a long text may take several frames, even on a slow machine
            share, free = spent, self._progress(view) + _IMMEDIATE

            def spent() -> bool:
                return self._progress(view) >= free and share()

        self._lay_out(view, spent)
        while spent is never and self._parse_slice():
            pass  # parse everything before the next layout
        while self._is_incomplete(view) and not spent():
            if not self._parse_slice() and view.layout.complete and view.plain is not None:
                view.plain.wrap_next(self._source)
            self._lay_out(view, spent)
        if spent is never and view.missed:
            mathematics.wait()
            view.check_converter()
            self._lay_out(view, spent)

    def _progress(self, view: DocumentView) -> int:
        """Return the offset up to which text is parsed, or laid out as plain text."""
        return view.plain.end if view.plain is not None else self._parsed

    def _is_incomplete(self, view: DocumentView) -> bool:
        if self._parsed < (len(self._source) if self._markdown_end is None else self._markdown_end):
            return True
        if not view.layout.complete or view.layout.version != self._version:
            return True
        return view.plain is not None and view.plain.end < len(self._source)

    def _parse_slice(self) -> bool:
        """Parse another slice; returns False if none is left, or only plain text."""
        if self._markdown_end is not None or self._parsed == len(self._source):
            return False
        end = min(len(self._source), self._parsed + _SLICE, MARKDOWN_LIMIT)
        if end > MARKDOWN_LIMIT - _BREAK_SEARCH:
            line_end = self._source.find("\n", max(self._parsed, MARKDOWN_LIMIT - _BREAK_SEARCH), end)
            if line_end >= 0 or end == MARKDOWN_LIMIT:
                end = self._markdown_end = line_end + 1 or end
        self._drop_partial_line()
        *lines, last = (self._line + self._source[self._parsed : end]).split("\n")
        for line in lines:
            if len(line) > _LINE_LIMIT:
                last = line
                break
            self._parser.line(line, self._line_offset)
            self._line_offset += len(line) + 1
            self._line_count += 1
            if self._line_count == _LINES_LIMIT:
                last, end = "", self._line_offset
                self._markdown_end = end
                break
        if len(last) > _LINE_LIMIT:
            last, end = last[:_LINE_LIMIT], self._line_offset + _LINE_LIMIT
            self._markdown_end = end
        self._blocks.commit()
        self._line, self._parsed = last, end
        self._parse_partial_line()
        return True

    def _drop_partial_line(self) -> None:
        if self._checkpoint is not None:
            self._blocks.restore(self._checkpoint)
            self._checkpoint = None

    def _parse_partial_line(self) -> None:
        """Parse the unfinished last line; `_drop_partial_line` reverts it."""
        if self._line:
            self._checkpoint = self._blocks.checkpoint()
            partial = not (self._closed and self._parsed == len(self._source)) and self._markdown_end is None
            self._parser.line(self._line, self._line_offset, partial)
        self._version += 1

    # -- views

    def _current_view(self, width: int) -> DocumentView:
        """Return the view at `width`, with added text laid out as far as the budget allows."""
        view = self._view_at(width)
        requested = (len(self._source), self._closed)
        if view.requested != requested or view.layout.version != self._version:
            self.advance(width, self._budget())
        return view

    def _view_at(self, width: int) -> DocumentView:
        width = max(1, width)
        for index, view in enumerate(self._views):
            if view.width == width:
                if index:
                    self._views.insert(0, self._views.pop(index))
                return view
        self._views = [DocumentView(width, self.text_width), *self._views[: _MAX_VIEWS - 1]]
        return self._views[0]

    def _lay_out(self, view: DocumentView, spent: Spent) -> None:
        if view.layout.version != self._version or not view.layout.complete:
            view.layout.version = self._version
            before = mathematics.misses()
            view.layout.update(self._blocks.leaves, self._blocks.settled, self._seams, spent)
            view.missed = view.missed or mathematics.misses() != before
        if self._markdown_end is not None and view.plain is None:
            view.begin_plain(self._source, self._markdown_end, self._seams)
        view.source = self._source


def _leaves_until(source: str, number: int) -> Sequence[Leaf]:
    """Parse the source, beyond the limits, to the end of a code block. Runs only on a key press in a very long text."""
    blocks = BlockBuilder()
    parser = BlockParser(blocks)
    offset = 0
    for line in _split_lines(source):
        parser.line(line, offset)
        offset += len(line) + 1
        last = blocks.leaves[-1] if blocks.leaves else None
        if blocks.code_blocks > number or (last is not None and last.number == number and last.closed):
            break
    return [leaf for leaf in blocks.leaves if leaf.number <= number]


def _split_lines(source: str) -> Iterator[str]:
    start = 0
    while start < len(source):
        end = source.find("\n", start)
        end = len(source) if end < 0 else end
        yield source[start:end]
        start = end + 1
