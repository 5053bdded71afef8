"""Typed access to the values of a row.

A file may be damaged or written by another program: SQLite stores any type in any column, and text that is not UTF-8.
Invalid values are repaired, and the names of their columns are recorded.
"""

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
    """Text in which invalid UTF-8 was replaced."""

    __slots__ = ()


def decode(raw: bytes) -> str:
    """Decode without errors: a `text_factory`, as the default one fails the whole query."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return RepairedText(raw.decode("utf-8", "replace"))


def read_any_text(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Make `connection` accept invalid UTF-8."""
    connection.text_factory = decode
    return connection


def as_text(value: object) -> str:
    """Convert a value of any type to text."""
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

    __slots__ = ("_take", "repaired_columns")

    def __init__(self, row: Sequence[object]) -> None:
        self._take = iter(row).__next__
        self.repaired_columns: list[str] = []
        """Names of repaired columns, in order of repair."""

    def text(self, name: str) -> str:
        """Take a text."""
        value = self._take()
        if type(value) is str:  # and no `RepairedText`
            return value
        self.repaired_columns.append(name)
        return as_text(value)

    def maybe_text(self, name: str) -> str | None:
        """Take a text or None."""
        value = self._take()
        if value is None or type(value) is str:
            return value
        self.repaired_columns.append(name)
        return as_text(value)

    def number(self, name: str) -> float:
        """Take a number; 0 if it is missing."""
        found = self.maybe_number(name)
        if found is None:
            self.repaired_columns.append(name)
        return found or 0.0

    def maybe_number(self, name: str) -> float | None:
        """Take a number or None."""
        value = self._take()
        if value is None or (isinstance(value, float | int) and math.isfinite(value)):
            return value
        self.repaired_columns.append(name)
        return None

    def integer(self, name: str, default: int = 0) -> int:
        """Take an integer."""
        found = self.maybe_integer(name)
        if found is None and name not in self.repaired_columns:
            self.repaired_columns.append(name)
        return default if found is None else found

    def maybe_integer(self, name: str) -> int | None:
        """Take an integer or None."""
        value = self._take()
        if value is None or (isinstance(value, int) and abs(value) < _HUGE):
            return value
        self.repaired_columns.append(name)
        return None

    def flag(self, name: str) -> bool:
        """Take a truth value."""
        return bool(self.integer(name))

    def member(self, name: str, kind: type[E], default: E) -> E:
        """Take a member of an enumeration."""
        value = self._take()
        try:
            return kind(str(value))
        except ValueError:
            self.repaired_columns.append(name)
            return default

    def parsed(self, name: str, read: Callable[[str], T], default: T) -> T:
        """Take a text and parse it; NULL gives `default`."""
        value = self._take()
        if value is None:
            return default
        if isinstance(value, str):
            with suppress(KeyError, TypeError, ValueError, AttributeError, RecursionError):
                return read(value)
        self.repaired_columns.append(name)
        return default

    @property
    def repaired(self) -> tuple[str, ...]:
        """Names of the repaired columns, without duplicates."""
        return tuple(dict.fromkeys(self.repaired_columns)) if self.repaired_columns else ()
