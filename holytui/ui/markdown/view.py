"""The lines of a document at one width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from holytui.i18n import _
from holytui.ui.markdown import mathematics
from holytui.ui.markdown.layout import Layout
from holytui.ui.markdown.plain import PlainText
from holytui.ui.markdown.runs import MUTED
from holytui.ui.markdown.wrap import Line, Prefix, Wrapper


class DocumentView(Sequence[Line]):
    """The Markdown lines, followed by a note and the plain-text lines if the document is too long for Markdown."""

    def __init__(self, width: int, text_width: int) -> None:
        self.width = width
        self.layout = Layout(width, text_width)
        self.plain: PlainText | None = None
        self.note: Sequence[Line] = ()
        self.source = ""
        self.missed = False
        """Whether formulas were laid out unconverted because their converter was not loaded yet."""
        self.requested: tuple[int, bool] | None = None
        """Source length and `closed` flag at the last request for lines."""

    def begin_plain(self, source: str, start: int, seams: Sequence[int]) -> None:
        """Show the source from `start` on as plain text."""
        self.source = source
        self.plain = PlainText(start, self.layout.text_width)
        self.plain.set_seams(seams)
        wrapper = Wrapper(self.layout.text_width, Prefix())
        wrapper.feed([(_("── very long text: no formatting from here on ──"), MUTED)])
        self.note = wrapper.preview(())

    def check_converter(self) -> None:
        """Invalidate the layout if formulas were laid out before their converter was loaded."""
        if self.missed and mathematics.settled():
            self.missed = False
            if mathematics.available():
                self.layout.invalidate()

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
