"""Entries of a large JSON file, one at a time: an array, JSON lines, or concatenated objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

_CHUNK = 1 << 16
LONGEST = 1 << 28
"""Characters of one entry; conversations with many images reach about a tenth of it."""
# strings are matched whole, so that brackets in them do not count; a lone quote is one whose end is not read yet.
# Nothing is ever matched in another way (`*+`), so that it need not be remembered how a long string was matched
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|[{\[]+|[}\]]+', re.DOTALL)
_WORD_END = re.compile(r"[,\n\]]")
_BETWEEN = re.compile("[ \t\r\n,\ufeff]*")


class BrokenEntry(ValueError):
    """An entry that is not JSON; later ones may be readable."""


def entries(stream: TextIO) -> Iterator[object | BrokenEntry]:
    """Yield the entries of `stream`; a broken one as `BrokenEntry`.

    At most one entry and one chunk are in memory. Raises EntryTooLong.
    """
    window = _Window(stream)
    first = window.peek()
    if first == "[":
        window.skip(1)
        yield from _values(window)
        if not window.peek():
            yield BrokenEntry("its list has no end")
    elif first == "{" and _first_line_is_whole(window):
        yield from _lines(window)
    elif first:
        yield from _values(window)


class EntryTooLong(Exception):
    """An entry is longer than `LONGEST`, so that its end cannot be found."""


class _Window:
    """A growing window on the stream; the current entry begins at `at`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.buffer = ""
        self.at = 0
        self._read_size = _CHUNK

    def more(self) -> bool:
        """Read on and drop the text before `at`. Raises EntryTooLong.

        Each read of one entry is twice as long as the one before, so that the search for its end stays linear.
        """
        if len(self.buffer) - self.at > LONGEST:
            raise EntryTooLong
        text = self._stream.read(self._read_size)
        self._read_size *= 2
        self.buffer = self.buffer[self.at :] + text
        self.at = 0
        return bool(text)

    def skip(self, count: int) -> None:
        self.at += count
        self._read_size = _CHUNK

    def peek(self) -> str:
        """Return the next character outside of separators; `""` at the end."""
        while True:
            between = _BETWEEN.match(self.buffer, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self.more():
                return ""


def _first_line_is_whole(window: _Window) -> bool:
    while "\n" not in window.buffer and window.more():
        pass
    return not isinstance(_parsed(window.buffer[window.at :].partition("\n")[0]), BrokenEntry)


def _lines(window: _Window) -> Iterator[object | BrokenEntry]:
    while window.peek():
        while (end := window.buffer.find("\n", window.at)) < 0 and window.more():
            pass
        line = window.buffer[window.at :] if end < 0 else window.buffer[window.at : end]
        window.skip(len(line))
        yield _parsed(line)


def _values(window: _Window) -> Iterator[object | BrokenEntry]:
    while first := window.peek():
        if first == "]":
            return
        length = _length_of_value(window) if first in '{["' else _length_of_word(window)
        value = _parsed(window.buffer[window.at : window.at + length])
        window.skip(length)
        yield value


def _length_of_value(window: _Window) -> int:
    """Length up to the closing bracket or quote, or to the end of the file."""
    depth, length = 0, 0
    while True:
        match = _TOKEN.search(window.buffer, window.at + length)
        if match is None or match.group() == '"':
            length = (len(window.buffer) if match is None else match.start()) - window.at
            if not window.more():
                return len(window.buffer) - window.at
            continue
        first = match.group()[0]
        opened = len(match.group()) if first in "{[" else 0
        closed = len(match.group()) if first in "}]" else 0
        if closed >= depth + opened:
            return match.start() - window.at + max(1, depth) if closed else match.end() - window.at
        depth += opened - closed
        length = match.end() - window.at


def _length_of_word(window: _Window) -> int:
    length = 0
    while True:
        match = _WORD_END.search(window.buffer, window.at + length)
        if match:
            return max(1, match.start() - window.at)
        length = len(window.buffer) - window.at
        if not window.more():
            return len(window.buffer) - window.at


def _parsed(text: str) -> object | BrokenEntry:
    try:
        value: object = json.loads(text)
    except RecursionError:
        return BrokenEntry("too deeply nested")
    except ValueError as exc:
        return BrokenEntry(str(exc))
    return value
