"""An answer on an append-only output: the text to write when the answer is replaced."""

from __future__ import annotations


class AppendOnlyAnswer:
    """Tracks the text of an answer and the part of it that was written. Pure: the caller writes.

    A continuation may shorten the answer and then repeat the same words, or start again. While the new text is a
    beginning of the written text, nothing is written.
    """

    def __init__(self) -> None:
        self.written = ""
        self._replaced: str | None = None
        """The current answer, while it is a beginning of `written`."""
        self.started_again = False
        """The last returned text begins another answer, unlike the text before it. The caller resets it."""

    def add(self, text: str) -> str:
        """Add `text` to the answer; return the text to write."""
        if self._replaced is None:
            self.written += text
            return text
        self._replaced += text
        return self._match(self._replaced)

    def replace(self, text: str) -> str:
        """Replace the answer by `text`; return the text to write."""
        self._replaced = text
        return self._match(text)

    def end(self) -> str:
        """Return the text to write at the end: all of an answer that ended shorter than the written text."""
        if self._replaced is None or self._replaced == self.written:
            return ""
        return self._start_again(self._replaced)

    def _match(self, new: str) -> str:
        if new.startswith(self.written):
            rest = new[len(self.written) :]
            self.written, self._replaced = new, None
            return rest
        return "" if self.written.startswith(new) else self._start_again(new)

    def _start_again(self, new: str) -> str:
        self.written, self._replaced, self.started_again = new, None, True
        return new
