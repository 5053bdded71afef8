"""Growing text, compact until it is read."""

from __future__ import annotations


class TextBuffer:
    """Append-only text.

    Pieces are joined in blocks of 1,024, as a Python string of four characters takes about sixty bytes. Blocks are
    UTF-8, as a single emoji makes a string take four bytes for each character.
    """

    _JOIN_AT = 1_024

    def __init__(self, text: str = "") -> None:
        self._whole = text
        """The text when it was last read."""
        self._blocks: list[bytes] = []
        self._last: list[str] = []
        self._length = len(text)

    def __len__(self) -> int:
        return self._length

    def add(self, text: str) -> None:
        """Append `text`."""
        self._last.append(text)
        self._length += len(text)
        if len(self._last) >= self._JOIN_AT:
            self._blocks.append(_utf8("".join(self._last)))
            self._last.clear()

    def text(self) -> str:
        """The whole text; the same object as long as none is added."""
        if self._blocks or self._last:
            self._blocks.append(_utf8("".join(self._last)))
            self._last.clear()
            added = b"".join(self._blocks).decode("utf-8", "surrogatepass")
            self._blocks.clear()
            self._whole = self._whole + added if self._whole else added
        return self._whole

    def share(self, text: str) -> None:
        """Keep `text` instead of an equal one, so that there is only one in memory."""
        if len(text) != self._length or not text.startswith(self._whole):
            return
        at = len(self._whole)
        for block in (*self._blocks, _utf8("".join(self._last))):
            part = block.decode("utf-8", "surrogatepass")
            if not text.startswith(part, at):
                return
            at += len(part)
        self._whole = text
        self._blocks.clear()
        self._last.clear()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
