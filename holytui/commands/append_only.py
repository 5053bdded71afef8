"""An answer on an append-only output: the text to write when the answer is replaced."""

from __future__ import annotations


class AppendOnlyAnswer:
    """Tracks the text of an answer and the part of it that was written. Pure: the caller writes.

    A continuation may shorten the answer and then repeat the same words, or start again. While the new text is a
    beginning of the written text, nothing is written.
    """

    def __init__(self) -> None:
        self._written = bytearray()
        """UTF-8, which a string with an emoji may take four times the memory of."""
        self._replaced: bytes | None = None
        """The current answer, while it is a beginning of the written text."""
        self.started_again = False
        """The last returned text begins another answer, unlike the text before it. The caller resets it."""

    def add(self, text: str) -> str:
        """Add `text` to the answer; return the text to write."""
        if self._replaced is None:
            self._written += _utf8(text)
            return text
        self._replaced += _utf8(text)
        return self._match(self._replaced)

    def replace(self, text: str) -> str:
        """Replace the answer by `text`; return the text to write."""
        self._replaced = _utf8(text)
        return self._match(self._replaced)

    def end(self) -> str:
        """Return the text to write at the end: all of an answer that ended shorter than the written text."""
        if self._replaced is None or self._replaced == self._written:
            return ""
        return self._start_again(self._replaced)

    def _match(self, new: bytes) -> str:
        if new.startswith(self._written):
            rest = new[len(self._written) :]
            self._written, self._replaced = bytearray(new), None
            return _text(rest)
        return "" if self._written.startswith(new) else self._start_again(new)

    def _start_again(self, new: bytes) -> str:
        self._written, self._replaced, self.started_again = bytearray(new), None, True
        return _text(new)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(utf8: bytes) -> str:
    return utf8.decode("utf-8", "surrogatepass")
