"""The entries of a large JSON file, one at a time: a top-level array, JSON lines, or objects one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

_CHUNK = 1 << 16
# strings are matched whole, so that brackets in them do not count; a lone quote is one whose end is not read yet
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_WORD_END = re.compile(r"[,\n\]]")
_BETWEEN = " \t\r\n,"


class Broken(ValueError):
    """An entry is no JSON; the ones after it may be read all the same."""


def entries(stream: TextIO) -> Iterator[object | Broken]:
    """The entries of `stream`; a broken one is yielded as `Broken`. Never holds more than an entry and a chunk."""
    reader = _Reader(stream)
    first = reader.peek()
    if first == "[":
        reader.skip(1)
        yield from _values(reader)
    elif first == "{" and _first_line_is_whole(reader):
        yield from _lines(reader)
    elif first:
        yield from _values(reader)


class _Reader:
    """A window on the stream that grows when more is wanted."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.buffer = ""
        self._wanted = _CHUNK

    def more(self) -> bool:
        """Read on; each time twice as much for one entry, so that a long one is not searched again and again."""
        text = self._stream.read(self._wanted)
        self._wanted *= 2
        self.buffer += text
        return bool(text)

    def skip(self, count: int) -> None:
        self.buffer = self.buffer[count:]
        self._wanted = _CHUNK

    def peek(self) -> str:
        """The next character that is not between entries; `""` at the end."""
        while True:
            self.buffer = self.buffer.lstrip(_BETWEEN + "\ufeff")
            if self.buffer:
                return self.buffer[0]
            if not self.more():
                return ""


def _first_line_is_whole(reader: _Reader) -> bool:
    while "\n" not in reader.buffer and reader.more():
        pass
    return not isinstance(_parsed(reader.buffer.partition("\n")[0]), Broken)


def _lines(reader: _Reader) -> Iterator[object | Broken]:
    while reader.peek():
        while (end := reader.buffer.find("\n")) < 0 and reader.more():
            pass
        line = reader.buffer if end < 0 else reader.buffer[:end]
        reader.skip(len(line))
        yield _parsed(line)


def _values(reader: _Reader) -> Iterator[object | Broken]:
    while first := reader.peek():
        if first == "]":
            return
        end = _end_of_value(reader) if first in '{["' else _end_of_word(reader)
        yield _parsed(reader.buffer[:end])
        reader.skip(end)


def _end_of_value(reader: _Reader) -> int:
    """Where the brackets or quotes that open at the start are closed; the end of the file if they never are."""
    depth, at = 0, 0
    while True:
        match = _TOKEN.search(reader.buffer, at)
        if match is None or match.group() == '"':
            at = len(reader.buffer) if match is None else match.start()
            if not reader.more():
                return len(reader.buffer)
            continue
        at = match.end()
        if match.group() in ("{", "["):
            depth += 1
        elif match.group() in ("}", "]"):
            depth -= 1
        if depth <= 0:
            return at


def _end_of_word(reader: _Reader) -> int:
    at = 0
    while True:
        match = _WORD_END.search(reader.buffer, at)
        if match:
            return max(1, match.start())
        at = len(reader.buffer)
        if not reader.more():
            return len(reader.buffer)


def _parsed(text: str) -> object | Broken:
    try:
        value: object = json.loads(text)
    except RecursionError:
        return Broken("too deeply nested")
    except ValueError as exc:
        return Broken(str(exc))
    return value
