"""Markdown that is still coming, as lines of text for a screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

from textual.content import Content

from holytui.i18n import _
from holytui.ui.markdown import mathematics
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.inline import QUIET
from holytui.ui.markdown.layout import Layout
from holytui.ui.markdown.parser import BlockParser, Mark
from holytui.ui.markdown.plain import PlainText
from holytui.ui.markdown.wrap import Line, Prefix, Wrapper

_WIDTHS: Final = 2
"""Layouts that are kept: a scroll bar that comes and goes asks for two widths in turn."""
RICH: Final = 256 * 1024
"""Characters that are shown as Markdown (some 64,000 tokens); what follows is shown as plain text. It bounds what any
change of the width costs."""
_RICH_LINES: Final = 10_000
"""Likewise lines, each of which takes objects that the garbage collector has to look at."""
_RICH_LINE: Final = 32 * 1024
"""Likewise characters of one line, all of which is looked at whenever more of it comes."""
_SEARCHED: Final = 4_096
"""Characters before that in which a line end is looked for, to change over there."""
_AT_ONCE: Final = 4096
"""Characters that are laid out whatever time they take, so that only a long text takes several frames."""
_SLICE: Final = 512
"""Characters that are parsed and laid out between two looks at the time."""

Spent = Callable[[], bool]
"""Whether the time for a piece of work is over."""


def never() -> bool:
    """There is all the time."""
    return False


def within(seconds: float) -> Spent:
    """Time for work of `seconds` from now on."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fence or indented code."""

    number: int
    """Counted from 1 through the document: the key that copies it."""
    language: str
    text: str
    """As it was written, with its tabs, without a newline at its end."""


class MarkdownDocument:
    """Text that only grows, and its lines at a width.

    What it shows in the end depends on the text alone, not on the pieces it came in. `source` and the code blocks are
    the text as it came; what is painted of it went through `holytui.text.visible`. A piece costs the work for itself
    and for the open block's last lines: a line that came to its end is parsed, coloured and laid out once a width.

    `budget` begins a piece of work and tells when its time is over. With the default all is laid out as soon as it
    is asked for; with another one `lines` may lack the end of the text as long as `behind` says so, and `advance`
    brings it.
    """

    text_width = 0
    """Cells that lines of text have at most, but for code and tables; 0: as many as there are."""

    def __init__(self, source: str = "", budget: Callable[[], Spent] = lambda: never) -> None:
        self._budget = budget
        self._seams: tuple[int, ...] = ()
        self._reset("")
        if source:
            self.append(source)

    def _reset(self, source: str) -> None:
        self._source = source
        self._taken = 0
        """Characters that the parser has."""
        self._rich_end: int | None = None
        """Where the plain text begins, once there is one."""
        self._parser = BlockParser()
        self._parser.commit()
        self._line = ""
        """The last line, which has no newline yet."""
        self._line_offset = 0
        self._line_count = 0
        self._version = 0
        """Grows with each change of the leaves."""
        self._mark: Mark | None = None
        self._closed = False
        self._views: list[_View] = []
        """The last used first."""

    @property
    def source(self) -> str:
        """All text as it came."""
        return self._source

    def append(self, text: str) -> None:
        """Add text at the end."""
        if text:
            self.grow(self._source + text)

    def grow(self, source: str) -> None:
        """The text is `source` now, which begins with what is there. It is only kept; `lines` and `advance` take it."""
        self._source = source
        self._closed = False

    def update(self, source: str) -> None:
        """Show `source`; if it begins with what is there, only the rest of it is work."""
        if source.startswith(self._source):
            if len(source) > len(self._source):
                self.grow(source)
            return
        widths = [view.width for view in self._views]
        self._reset(source)
        self._views = [_View(width, self.text_width) for width in widths]

    def close(self) -> None:
        """Nothing more comes: the last line is what it is, also without a newline. `append` opens it again."""
        self._closed = True
        if self._taken == len(self._source) and self._rich_end is None:
            self._take_back()
            self._try_line()

    def set_seams(self, offsets: Iterable[int]) -> None:
        """Mark places in the source (offsets in characters) with a thin sign; replaces those set before."""
        seams = tuple(sorted(set(offsets)))
        if seams != self._seams:
            self._seams = seams
            self._views.clear()

    @property
    def seams(self) -> tuple[int, ...]:
        return self._seams

    @property
    def code_blocks(self) -> Sequence[CodeBlock]:
        """The code blocks so far, in order."""
        while self._take():
            pass
        leaves: Sequence[Leaf] = self._parser.leaves
        if self._rich_end is not None and leaves and leaves[-1].is_code and not leaves[-1].closed:
            leaves = _parsed_until(self._source, leaves[-1].number)  # its end is in the plain text
        return tuple(
            CodeBlock(leaf.number, (leaf.info.split(maxsplit=1) or [""])[0], leaf.code)
            for leaf in leaves
            if leaf.is_code
        )

    # -- lines

    def lines(self, width: int) -> Sequence[Line]:
        """The lines at `width` cells. The sequence is the live one: the next `append` may change it."""
        return self._view(width).lines

    def render(self, width: int) -> Sequence[Content]:
        """The content of each line at `width` cells; a line that did not change is the same object as before."""
        return [line.content for line in self.lines(width)]

    def line(self, width: int, y: int) -> Line:
        """Line `y` at `width` cells. Raises `IndexError` below the last one."""
        return self._view(width).lines[y]

    def height(self, width: int) -> int:
        """How many lines there are at `width` cells."""
        return len(self._view(width).lines)

    def line_near(self, width: int, place: int) -> int:
        """The line at `width` that shows a place in the source, or one close to it. Lays out all that waits."""
        self.advance(width, never)
        view = self._view(width)
        if view.plain is not None and self._rich_end is not None and place >= self._rich_end:
            return len(view.layout.lines) + len(view.note) + view.plain.line_near(place)
        end = len(self._source) if self._rich_end is None else self._rich_end
        return view.layout.line_near(self._parser.leaves, place, end)

    def take_changed(self, width: int) -> int:
        """The first line that changed at `width` since this was last asked; the number of lines if none did."""
        layout = self._view(width).layout
        changed, layout.changed = layout.changed, len(layout.lines)
        return changed

    # -- work

    def behind(self, width: int) -> bool:
        """Whether text waits that the lines at `width` do not show yet, or formulas wait for their converter."""
        view = self._view(width)
        return view.missed or self._waits(view)

    def advance(self, width: int, spent: Spent) -> None:
        """Bring the lines at `width` closer to the end of the text, until `spent`."""
        view = self._find(width)
        view.asked = (len(self._source), self._closed)
        view.take_converter()
        if spent is not never:
            # what is usual is laid out at once: only a long text may take several frames, on any machine
            share, free = spent, self._reached(view) + _AT_ONCE

            def spent() -> bool:
                return self._reached(view) >= free and share()

        self._lay_out(view, spent)
        while spent is never and self._take():
            pass  # there is no need to lay out each slice
        while self._waits(view) and not spent():
            if not self._take() and view.layout.complete and view.plain is not None:
                view.plain.take(self._source)
            self._lay_out(view, spent)
        if spent is never and view.missed:
            mathematics.wait()
            view.take_converter()
            self._lay_out(view, spent)

    def _reached(self, view: _View) -> int:
        """Characters that are parsed, or laid out as plain text."""
        return view.plain.end if view.plain is not None else self._taken

    def _waits(self, view: _View) -> bool:
        if self._taken < (len(self._source) if self._rich_end is None else self._rich_end):
            return True
        if not view.layout.complete or view.layout.version != self._version:
            return True
        return view.plain is not None and view.plain.end < len(self._source)

    def _take(self) -> bool:
        """Parse one slice more; False: there is none, or only plain text."""
        if self._rich_end is not None or self._taken == len(self._source):
            return False
        end = min(len(self._source), self._taken + _SLICE, RICH)
        if end > RICH - _SEARCHED:
            change = self._source.find("\n", max(self._taken, RICH - _SEARCHED), end)
            if change >= 0 or end == RICH:
                end = self._rich_end = change + 1 or end
        self._take_back()
        *lines, last = (self._line + self._source[self._taken : end]).split("\n")
        for line in lines:
            if len(line) > _RICH_LINE:
                last = line
                break
            self._parser.line(line, self._line_offset)
            self._line_offset += len(line) + 1
            self._line_count += 1
            if self._line_count == _RICH_LINES:
                last, end = "", self._line_offset
                self._rich_end = end
                break
        if len(last) > _RICH_LINE:
            last, end = last[:_RICH_LINE], self._line_offset + _RICH_LINE
            self._rich_end = end
        self._parser.commit()
        self._line, self._taken = last, end
        self._try_line()
        return True

    def _take_back(self) -> None:
        if self._mark is not None:
            self._parser.restore(self._mark)
            self._mark = None

    def _try_line(self) -> None:
        """Take the last line as far as it has come."""
        if self._line:
            self._mark = self._parser.mark()
            partial = not (self._closed and self._taken == len(self._source)) and self._rich_end is None
            self._parser.line(self._line, self._line_offset, partial)
        self._version += 1

    # -- views

    def _view(self, width: int) -> _View:
        """The lines at a width; what came since they were last asked for is added as far as the budget goes."""
        view = self._find(width)
        asked = (len(self._source), self._closed)
        if view.asked != asked or view.layout.version != self._version:
            self.advance(width, self._budget())
        return view

    def _find(self, width: int) -> _View:
        width = max(1, width)
        for index, view in enumerate(self._views):
            if view.width == width:
                if index:
                    self._views.insert(0, self._views.pop(index))
                return view
        self._views = [_View(width, self.text_width), *self._views[: _WIDTHS - 1]]
        return self._views[0]

    def _lay_out(self, view: _View, spent: Spent) -> None:
        if view.layout.version != self._version or not view.layout.complete:
            view.layout.version = self._version
            before = mathematics.misses()
            view.layout.update(self._parser.leaves, self._parser.settled, self._seams, spent)
            view.missed = view.missed or mathematics.misses() != before
        if self._rich_end is not None and view.plain is None:
            view.begin_plain(self._source, self._rich_end, self._seams)
        view.source = self._source


class _View(Sequence[Line]):
    """The lines at one width: those of the Markdown, then those of the plain text, with a note between them."""

    def __init__(self, width: int, text_width: int) -> None:
        self.width = width
        self.layout = Layout(width, text_width)
        self.plain: PlainText | None = None
        self.note: Sequence[Line] = ()
        self.source = ""
        self.missed = False
        """Formulas were laid out as they were written, as their converter was not there yet."""
        self.asked: tuple[int, bool] | None = None
        """For how much text, and whether it was the whole, lines were asked for."""

    def begin_plain(self, source: str, start: int, seams: Sequence[int]) -> None:
        """The Markdown ends here."""
        self.source = source
        self.plain = PlainText(start, self.layout.text_width)
        self.plain.set_seams(seams)
        wrapper = Wrapper(self.layout.text_width, Prefix())
        wrapper.feed([(_("── very long text: no formatting from here on ──"), QUIET)])
        self.note = wrapper.preview(())

    def take_converter(self) -> None:
        """Have the formulas laid out anew, if they were before their converter was there."""
        if self.missed and mathematics.settled():
            self.missed = False
            if mathematics.available():
                self.layout.forget()

    @property
    def lines(self) -> Sequence[Line]:
        return self if self.plain is not None and self.plain.height else self.layout.lines

    def __len__(self) -> int:
        below = len(self.note) + self.plain.height if self.plain is not None and self.plain.height else 0
        return len(self.layout.lines) + below

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[y] for y in range(*index.indices(len(self)))]
        y = index if index >= 0 else index + len(self)
        for part in (self.layout.lines, self.note):
            if y < len(part):
                return part[y]
            y -= len(part)
        if self.plain is None:
            raise IndexError(index)
        return self.plain.line(self.source, y)


def _parsed_until(source: str, number: int) -> Sequence[Leaf]:
    """The leaves of the whole source up to the end of a code block. For a key press in a very long text."""
    parser = BlockParser()
    offset = 0
    for line in _lines_of(source):
        parser.line(line, offset)
        offset += len(line) + 1
        last = parser.leaves[-1] if parser.leaves else None
        if parser.code_blocks > number or (last is not None and last.number == number and last.closed):
            break
    return [leaf for leaf in parser.leaves if leaf.number <= number]


def _lines_of(source: str) -> Iterator[str]:
    start = 0
    while start < len(source):
        end = source.find("\n", start)
        end = len(source) if end < 0 else end
        yield source[start:end]
        start = end + 1
