"""Line and offset of each key in a TOML text, which `tomllib` does not report.

The text must have been accepted by `tomllib`: this scanner follows the syntax of TOML 1.0 without validating it.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from holytui.config.problems import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # up to two quotes may precede the closing three
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


class EntryKind(Enum):
    """Kind of entry."""

    HEADER = auto()
    """`[table]`"""
    ELEMENT = auto()
    """`[[table]]`: the path ends with its index in the array."""
    PAIR = auto()
    """`key = value` on its own line."""
    INNER = auto()
    """A pair of an inline table, or an element of an array, within the value of a pair."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Location of one key, header or array element. Offsets count characters; lines count from 1."""

    kind: EntryKind
    path: KeyPath
    line: int
    start: int
    """Offset of its key, header or element."""
    value: int
    """Offset of its value; for a header, its end."""
    end: int
    """Offset after its value or header."""
    table: KeyPath
    """Table of the header above it."""


class KeyLocations:
    """Locations of all keys in a text."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._line_numbers: dict[KeyPath, int] = {}
        for entry in self.entries:
            for length in range(1, len(entry.path) + 1):
                self._line_numbers.setdefault(entry.path[:length], entry.line)
        for entry in self.entries:
            # a table first mentioned in `[a.b]` has its own line if `[a]` follows
            if entry.kind is EntryKind.HEADER:
                self._line_numbers[entry.path] = entry.line

    def exact_line(self, path: KeyPath) -> int | None:
        """Return the line of `path` itself; None if the text does not have it."""
        return self._line_numbers.get(path)

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of `path`, or of the nearest enclosing table; None if there is neither."""
        while path:
            if path in self._line_numbers:
                return self._line_numbers[path]
            path = path[:-1]
        return None


def scan(text: str) -> KeyLocations:
    """Locate all keys of `text`. Raises ValueError for some invalid TOML; other errors are not detected."""
    return KeyLocations(_Scanner(text).run())


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._entries: list[Entry] = []
        self._lengths: dict[KeyPath, int] = {}
        self._to_table: KeyPath = ()

    def run(self) -> list[Entry]:
        self._skip(_BLANK)
        while self._position < len(self._text):
            if self._text[self._position] == "[":
                self._header()
            else:
                self._pair(self._to_table, EntryKind.PAIR)
            self._skip(_BLANK)
        return self._entries

    def _header(self) -> None:
        start = self._position
        element = self._text.startswith("[[", start)
        self._position += 2 if element else 1
        names = self._key()
        self._expect("]]" if element else "]")
        path = self._resolve(names[:-1]) if element else self._resolve(names)
        if element:
            path = (*path, names[-1])
            length = self._lengths.get(path, 0)
            self._lengths[path] = length + 1
            path = (*path, length)
        self._to_table = path
        self._add(EntryKind.ELEMENT if element else EntryKind.HEADER, path, start, self._position, self._position)

    def _resolve(self, names: list[str]) -> KeyPath:
        """Return the path of a header; an array of tables refers to its last element."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, base: KeyPath, kind: EntryKind) -> None:
        start = self._position
        path = (*base, *self._key())
        self._expect("=")
        self._skip(_SPACE)
        self._entry(kind, path, start)

    def _entry(self, kind: EntryKind, path: KeyPath, start: int) -> None:
        value = self._position
        place = len(self._entries)
        self._value(path)
        self._add(kind, path, start, value, self._position, place)

    def _add(self, kind: EntryKind, path: KeyPath, start: int, value: int, end: int, place: int | None = None) -> None:
        line = bisect_left(self._newlines, start) + 1
        entry = Entry(kind, path, line, start, value, end, self._to_table)
        self._entries.insert(len(self._entries) if place is None else place, entry)

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            if self._text[self._position : self._position + 1] in ('"', "'"):
                names.append(str(tomllib.loads("k = " + self._take(_STRING))["k"]))
            else:
                names.append(self._take(_BARE_KEY))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._position):
                return names
            self._position += 1

    def _value(self, path: KeyPath) -> None:
        match self._text[self._position : self._position + 1]:
            case '"' | "'":
                self._take(_STRING)
            case "[":
                self._array(path)
            case "{":
                self._inline(path)
            case _:
                scalar = self._take(_SCALAR)
                self._position -= len(scalar) - len(scalar.rstrip())

    def _array(self, path: KeyPath) -> None:
        self._expect("[")
        place = 0
        self._skip(_BLANK)
        while not self._text.startswith("]", self._position):
            self._entry(EntryKind.INNER, (*path, place), self._position)
            place += 1
            self._skip(_BLANK)
            if not self._text.startswith(",", self._position):
                break
            self._position += 1
            self._skip(_BLANK)
        self._expect("]")

    def _inline(self, path: KeyPath) -> None:
        self._expect("{")
        self._skip(_BLANK)
        while not self._text.startswith("}", self._position):
            self._pair(path, EntryKind.INNER)
            self._skip(_BLANK)
            if not self._text.startswith(",", self._position):
                break
            self._position += 1
            self._skip(_BLANK)
        self._expect("}")

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._position)
        if match is not None:
            self._position = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._position)
        if match is None:
            raise ValueError(f"no TOML at offset {self._position}")
        self._position = match.end()
        return match.group()

    def _expect(self, sign: str) -> None:
        if not self._text.startswith(sign, self._position):
            raise ValueError(f"no {sign!r} at offset {self._position}")
        self._position += len(sign)
