"""The values of a row as what they should be. A file may have been damaged, or written by others: sqlite keeps any kind
of value in any column, and text that is no UTF-8. What is wrong is repaired, and the name of its column is noted."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

from holytui.text import sanitize

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_HUGE = 1 << 62


class RepairedText(str):
    """A text with signs in place of bytes that were no UTF-8."""

    __slots__ = ()


def decode(raw: bytes) -> str:
    """A connection's `text_factory`: sqlite's own fails at text that is no UTF-8, and with it the whole query."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return RepairedText(raw.decode("utf-8", "replace"))


def read_any_text(connection: sqlite3.Connection) -> sqlite3.Connection:
    """`connection`, which from now on reads any text."""
    connection.text_factory = decode
    return connection


def as_text(value: object) -> str:
    """Whatever stands where a text should."""
    match value:
        case RepairedText():
            return sanitize(str(value))
        case str():
            return value
        case bytes():
            return sanitize(value.decode("utf-8", "replace"))
        case int() | float():
            return str(value)
        case _:
            return ""


class RowReader:
    """Takes the values of a row in the order of its columns."""

    __slots__ = ("_take", "bad")

    def __init__(self, row: Sequence[object]) -> None:
        self._take = iter(row).__next__
        self.bad: list[str] = []
        """Names of what was repaired."""

    def text(self, name: str) -> str:
        """A text of any length."""
        value = self._take()
        if type(value) is str:  # and no `RepairedText`
            return value
        self.bad.append(name)
        return as_text(value)

    def maybe_text(self, name: str) -> str | None:
        """A text or None."""
        value = self._take()
        if value is None or type(value) is str:
            return value
        self.bad.append(name)
        return as_text(value)

    def number(self, name: str) -> float:
        """A number, or 0: of a Unix time, the beginning of time."""
        found = self.maybe_number(name)
        if found is None:
            self.bad.append(name)
        return found or 0.0

    def maybe_number(self, name: str) -> float | None:
        """A number, or None."""
        value = self._take()
        if value is None or (isinstance(value, float | int) and math.isfinite(value)):
            return value
        self.bad.append(name)
        return None

    def integer(self, name: str, otherwise: int = 0) -> int:
        """A whole number."""
        found = self.maybe_integer(name)
        if found is None and name not in self.bad:
            self.bad.append(name)
        return otherwise if found is None else found

    def maybe_integer(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self._take()
        if value is None or (isinstance(value, int) and abs(value) < _HUGE):
            return value
        self.bad.append(name)
        return None

    def flag(self, name: str) -> bool:
        """Yes or no."""
        return bool(self.integer(name))

    def member(self, name: str, kind: type[E], otherwise: E) -> E:
        """A member of an enumeration."""
        value = self._take()
        try:
            return kind(str(value))
        except ValueError:
            self.bad.append(name)
            return otherwise

    def parsed(self, name: str, read: Callable[[str], T], otherwise: T) -> T:
        """What `read` makes of a text; NULL is `otherwise`."""
        value = self._take()
        if value is None:
            return otherwise
        if isinstance(value, str):
            with suppress(KeyError, TypeError, ValueError, AttributeError, RecursionError):
                return read(value)
        self.bad.append(name)
        return otherwise

    @property
    def repaired(self) -> tuple[str, ...]:
        """Names of what was repaired, each once."""
        return tuple(dict.fromkeys(self.bad)) if self.bad else ()
