"""Text that grows by small pieces."""

from __future__ import annotations


class TextBuffer:
    """Append-only text.

    Pieces are joined in blocks of 1,024, as a Python string of four characters takes about sixty bytes.
    """

    _JOIN_AT = 1_024

    def __init__(self, text: str = "") -> None:
        self._blocks = [text] if text else []
        self._last: list[str] = []
        self.count = len(self._blocks)
        """Number of pieces added."""

    def add(self, text: str) -> None:
        """Append `text`."""
        self._last.append(text)
        self.count += 1
        if len(self._last) >= self._JOIN_AT:
            self._blocks.append("".join(self._last))
            self._last.clear()

    def text(self) -> str:
        """The whole text."""
        if self._last or len(self._blocks) > 1:
            self._blocks = ["".join((*self._blocks, *self._last))]
            self._last.clear()
        return self._blocks[0] if self._blocks else ""
