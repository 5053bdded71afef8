"""The entries of a large JSON file, one at a time: a top-level array, JSON lines, or objects one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

_CHUNK = 1 << 16
LONGEST = 1 << 28
"""Characters of one entry; conversations with many images come near a tenth of it."""
# strings are matched whole, so that brackets in them do not count; a lone quote is one whose end is not read yet.
# Nothing is ever matched in another way (`*+`), so that it need not be remembered how a long string was matched
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|[{\[]+|[}\]]+', re.DOTALL)
_WORD_END = re.compile(r"[,\n\]]")
_BETWEEN = re.compile("[ \t\r\n,\ufeff]*")


class BrokenEntry(ValueError):
    """An entry is no JSON; the ones after it may be read all the same."""


def entries(stream: TextIO) -> Iterator[object | BrokenEntry]:
    """The entries of `stream`; a broken one is yielded as `BrokenEntry`. Never holds more than an entry and a chunk.

    Raises EntryTooLong.
    """
    reader = _Reader(stream)
    first = reader.peek()
    if first == "[":
        reader.skip(1)
        yield from _values(reader)
        if not reader.peek():
            yield BrokenEntry("its list has no end")
    elif first == "{" and _first_line_is_whole(reader):
        yield from _lines(reader)
    elif first:
        yield from _values(reader)


class EntryTooLong(Exception):
    """One entry is longer than `LONGEST`: what comes after it cannot be told from it."""


class _Reader:
    """A window on the stream that grows when more is wanted; entries begin at `at`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.buffer = ""
        self.at = 0
        self._wanted = _CHUNK

    def more(self) -> bool:
        """Read on; each time twice as much for one entry, so that a long one is not searched again and again. What is
        before `at` is dropped. Raises EntryTooLong."""
        if len(self.buffer) - self.at > LONGEST:
            raise EntryTooLong
        text = self._stream.read(self._wanted)
        self._wanted *= 2
        self.buffer = self.buffer[self.at :] + text
        self.at = 0
        return bool(text)

    def skip(self, count: int) -> None:
        self.at += count
        self._wanted = _CHUNK

    def peek(self) -> str:
        """The next character that is not between entries; `""` at the end."""
        while True:
            between = _BETWEEN.match(self.buffer, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self.more():
                return ""


def _first_line_is_whole(reader: _Reader) -> bool:
    while "\n" not in reader.buffer and reader.more():
        pass
    return not isinstance(_parsed(reader.buffer[reader.at :].partition("\n")[0]), BrokenEntry)


def _lines(reader: _Reader) -> Iterator[object | BrokenEntry]:
    while reader.peek():
        while (end := reader.buffer.find("\n", reader.at)) < 0 and reader.more():
            pass
        line = reader.buffer[reader.at :] if end < 0 else reader.buffer[reader.at : end]
        reader.skip(len(line))
        yield _parsed(line)


def _values(reader: _Reader) -> Iterator[object | BrokenEntry]:
    while first := reader.peek():
        if first == "]":
            return
        length = _length_of_value(reader) if first in '{["' else _length_of_word(reader)
        value = _parsed(reader.buffer[reader.at : reader.at + length])
        reader.skip(length)
        yield value


def _length_of_value(reader: _Reader) -> int:
    """Up to where the brackets or quotes that open at the start are closed; the end of the file if they never are."""
    depth, length = 0, 0
    while True:
        match = _TOKEN.search(reader.buffer, reader.at + length)
        if match is None or match.group() == '"':
            length = (len(reader.buffer) if match is None else match.start()) - reader.at
            if not reader.more():
                return len(reader.buffer) - reader.at
            continue
        first = match.group()[0]
        opened = len(match.group()) if first in "{[" else 0
        closed = len(match.group()) if first in "}]" else 0
        if closed >= depth + opened:
            return match.start() - reader.at + max(1, depth) if closed else match.end() - reader.at
        depth += opened - closed
        length = match.end() - reader.at


def _length_of_word(reader: _Reader) -> int:
    length = 0
    while True:
        match = _WORD_END.search(reader.buffer, reader.at + length)
        if match:
            return max(1, match.start() - reader.at)
        length = len(reader.buffer) - reader.at
        if not reader.more():
            return len(reader.buffer) - reader.at


def _parsed(text: str) -> object | BrokenEntry:
    try:
        value: object = json.loads(text)
    except RecursionError:
        return BrokenEntry("too deeply nested")
    except ValueError as exc:
        return BrokenEntry(str(exc))
    return value
