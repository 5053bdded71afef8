"""Rows of a file that may be damaged: all that sqlite can still read of a table, whatever lies between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

_LAST = (1 << 63) - 1
_BEYOND = 500
"""Queries that may fail where no row should be: a damaged key can make a page stand for any range of numbers."""
_TAIL = 50_000
"""Numbers to try behind the last readable row, at most, when nothing tells how many rows there are."""
_USUAL = 32
"""Bytes of a row, of which there are hardly any smaller ones: so many more rows can there be."""
_LEAST = 4
"""Bytes of a row at the very least: no sound file has numbers above its size by this, as the last ones are given again.
"""

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What is raised where a file is damaged; the second by the module, at a message of sqlite that quotes a damaged name.
"""

Row = tuple[object, ...]


class HistoryConnection(sqlite3.Connection):
    """A connection that knows what it did not read."""

    skipped_rows = False
    """Rows that could not be read, as the file is damaged."""
    skips_wal = False
    """It reads the file without the log beside it, in which the newest entries may be."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether sqlite found the file itself to be broken."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def read_rows(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    where: str = "1",
    values: Sequence[object] = (),
    alone: str = "",
) -> list[Row]:
    """The rows that match `where`, in no order. Of a damaged table those that can be read; the connection is then
    marked as having passed over others. `alone` are the columns to read instead, of a row whose `columns` look into a
    table that is damaged."""
    try:
        return connection.execute(f"SELECT {columns} FROM {table} WHERE {where}", values).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    if isinstance(connection, HistoryConnection):
        connection.skipped_rows = True
    return [row for _number, row in walk_rows(connection, columns, table, where, values, alone, thorough=False)]


def walk_rows(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    where: str = "1",
    values: Sequence[object] = (),
    alone: str = "",
    *,
    thorough: bool = True,
) -> Iterator[tuple[int, Row]]:
    """Every row that can be read by its number, with that number; indexes are not trusted. If not `thorough`, some of
    those behind a row with a wrong number may be passed over, and it takes far less time in a large file."""
    select = _select(columns, table, where)
    highest = _highest(connection, table)
    tail = min(_TAIL, max(1000, _size(connection) // _USUAL))
    top = highest if highest is not None else _last_readable(connection, table) + tail
    reading = _Reading(connection, select, values)
    yield from reading.between(1, top, _LAST)
    # a range ends without an error where a damaged page gives a number behind its end
    for number in range(1, top + 1) if thorough else ():
        if number not in reading.numbers and number not in reading.lost:
            yield from reading.between(number, number, 1)
    yield from reading.between(top + 1, _LAST, _BEYOND if highest is not None else 1)
    yield from reading.between(-_LAST - 1, 0, _BEYOND)
    for number in reading.lost:
        if alone:
            yield from _Reading(connection, _select(alone, table, where), values).between(number, number, 1)
        elif thorough:
            row = _parts(connection, columns.split(", "), table, number)
            if any(value is not None for value in row):
                yield number, row


def _select(columns: str, table: str, where: str = "1") -> str:
    return f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE ({where}) AND rowid"


def _parts(connection: sqlite3.Connection, columns: Sequence[str], table: str, number: int) -> Row:
    """The columns of one row that can be read though the whole row cannot; None for the others; nothing for a row that
    cannot even be found, as most of those that are asked for."""
    if not _values(connection, f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid = ?", (number,)):
        return ()
    found = (
        _values(connection, f"SELECT {each} FROM {table} NOT INDEXED WHERE rowid = ?", (number,)) for each in columns
    )
    return tuple(each[0] if each else None for each in found)


class _Reading:
    """One walk through a table."""

    def __init__(self, connection: sqlite3.Connection, select: str, values: Sequence[object]) -> None:
        self._connection = connection
        self._select = select
        self._values = values
        self.numbers: set[int] = set()
        self.lost: dict[int, None] = {}
        """Numbers of rows that cannot be read as a whole."""
        # a damaged page may also give the number of another row: what was read is known by all that it is
        self._seen: set[int] = set()

    def between(self, low: int, high: int, patience: int) -> Iterator[tuple[int, Row]]:
        """Read a range; where that fails, read both halves of it, down to single rows; at most `patience` times."""
        waiting = [(low, high)]
        while waiting and patience > 0:
            first, last = waiting.pop()
            try:
                yield from self._new(first, last)
            except UNREADABLE:
                patience -= 1
                if first < last:
                    middle = (first + last) // 2
                    waiting += [(middle + 1, last), (first, middle)]
                else:
                    self.lost[first] = None

    def _new(self, first: int, last: int) -> Iterator[tuple[int, Row]]:
        # a range of one would look for a next row, and the module then drops the one that it has if that fails
        among, bounds = ("= ?", (first,)) if first == last else ("BETWEEN ? AND ? ORDER BY rowid", (first, last))
        for number, *found in self._connection.execute(f"{self._select} {among}", (*self._values, *bounds)):
            row = tuple(found)
            key = hash((number, row))
            self.numbers.add(number)
            if key not in self._seen:
                self._seen.add(key)
                yield number, row


def _highest(connection: sqlite3.Connection, table: str) -> int | None:
    """The number of the last row: by the table itself, and by each index, as either may be damaged; None if no source
    can be read, or none of them makes sense."""
    found: list[int] = []
    indexes = _values(connection, f"SELECT name FROM pragma_index_list('{table}') WHERE NOT partial")
    sources = ["NOT INDEXED", *(f'INDEXED BY "{_text(name)}"' for name in indexes)]
    limit = max(_TAIL, _size(connection) // _LEAST)
    for source in sources:
        highest = _values(connection, f"SELECT max(rowid) FROM {table} {source}")
        found += [number for number in highest if isinstance(number, int) and 0 < number <= limit]
    return max(found, default=None)


def _size(connection: sqlite3.Connection) -> int:
    return sum(_values(connection, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))


def _last_readable(connection: sqlite3.Connection, table: str) -> int:
    last = 0
    try:
        for (number,) in connection.execute(f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid > 0 ORDER BY rowid"):
            last = number
    except UNREADABLE:
        pass
    return last


def _values(connection: sqlite3.Connection, select: str, values: Sequence[object] = ()) -> list[Any]:
    try:
        return [row[0] for row in connection.execute(select, values).fetchall()]
    except UNREADABLE:
        return []


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
