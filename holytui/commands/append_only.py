"""An answer on an output where nothing can be taken back: which text to write when the answer is replaced."""

from __future__ import annotations


class AppendOnlyAnswer:
    """Follows the text of one answer beside the text that was written of it. Pure: the caller writes.

    A continuation may cut the answer back and come to the same words again, or begin it anew. As long as the new
    text is a beginning of the written one, nothing is written.
    """

    def __init__(self) -> None:
        self.written = ""
        self._replaced: str | None = None
        """The answer as it is now, while it is a beginning of `written`."""
        self.started_again = False
        """The last text returned is a whole answer, unlike what was written before it. The caller resets it."""

    def add(self, text: str) -> str:
        """The text to write after `text` came."""
        if self._replaced is None:
            self.written += text
            return text
        self._replaced += text
        return self._meet(self._replaced)

    def replace(self, text: str) -> str:
        """The text to write after the answer became `text`."""
        self._replaced = text
        return self._meet(text)

    def end(self) -> str:
        """The text to write at the end: an answer that ended before it came to what is written is another one."""
        if self._replaced is None or self._replaced == self.written:
            return ""
        return self._start_again(self._replaced)

    def _meet(self, new: str) -> str:
        if new.startswith(self.written):
            rest = new[len(self.written) :]
            self.written, self._replaced = new, None
            return rest
        return "" if self.written.startswith(new) else self._start_again(new)

    def _start_again(self, new: str) -> str:
        self.written, self._replaced, self.started_again = new, None, True
        return new
