"""Placeholders for invisible characters in widgets that edit text, where each character needs a cell for the cursor.

The placeholders are lone surrogates, which sanitized text never contains (`holytui.text.sanitize`), so
`restored(held(t)) == t`.
"""

from __future__ import annotations

from rich.text import Text
from textual.document._document import Document, EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._wrapped_document import WrappedDocument
from textual.widgets import TextArea
from textual.widgets.text_area import Edit

from holytui.text import INVISIBLE, replace_invisible

_FIRST = 0xD800
_STAND_IN = {char: chr(_FIRST + number) for number, char in enumerate(INVISIBLE)}
_CHAR = {ord(stand_in): char for char, stand_in in _STAND_IN.items()}
_SIGN = {ord(stand_in): "\ufffd" for stand_in in _STAND_IN.values()}
_SIGN |= {ord(_STAND_IN["\u00ad"]): "-", ord(_STAND_IN["\u2028"]): "\u2424", ord(_STAND_IN["\u2029"]): "\u2424"}


def held(text: str) -> str:
    """`text` with placeholders."""
    return text if text.isprintable() else replace_invisible(text, _STAND_IN.__getitem__)


def restored(text: str) -> str:
    """`text` with the placeholders replaced by the characters."""
    return text if text.isprintable() else text.translate(_CHAR)


def signs(text: str) -> str:
    """`text` with the placeholders replaced by visible signs."""
    return text if text.isprintable() else text.translate(_SIGN)


class PlaceholderDocument(Document):
    """A document whose lines have placeholders; its text, ranges and edits do not."""

    def __init__(self, text: str) -> None:
        super().__init__(held(text))

    @property
    def text(self) -> str:
        """The text without placeholders."""
        return restored(super().text)

    def get_text_range(self, start: Location, end: Location) -> str:
        """The text without placeholders from `start` to `end`."""
        return restored(super().get_text_range(start, end))

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range by a text without placeholders."""
        return super().replace_range(start, end, held(text))


class ExactTextArea(TextArea):
    """A text area that keeps invisible characters and shows signs for them."""

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document("", language)
        self.document = PlaceholderDocument(text)
        self.wrapped_document = WrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()

    def get_line(self, line_index: int) -> Text:
        """A line with visible signs, for painting."""
        return Text(signs(self.document.get_line(line_index)), end="", no_wrap=True)

    @property
    def last_undo_batch(self) -> object:
        """The edits that the next undo takes back, or None; compared by identity only."""
        stack = self.history._undo_stack
        return stack[-1] if stack else None

    def merge_undo_since(self, batch: object) -> None:
        """Let one undo take back all edits after `batch` (None: all). If that is gone, they stay as they are."""
        stack = self.history._undo_stack
        if batch is not None and all(each is not batch for each in stack):
            return
        merged: list[Edit] = []
        while stack and stack[-1] is not batch:
            merged = stack.pop() + merged
        if merged:
            stack.append(merged)
