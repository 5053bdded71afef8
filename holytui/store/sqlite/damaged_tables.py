"""Reads of tables in a file that may be damaged: they return every row that SQLite can still read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

_LAST = (1 << 63) - 1
_MAX_FAILURES = 500
"""Failing queries that are accepted outside the expected range: a damaged key can claim any range of rowids."""
_TAIL = 50_000
"""Rowids to try behind the last readable row, at most, if the number of rows is unknown."""
_SMALL_ROW = 32
"""Bytes of a small row: bounds the number of rows behind the last readable one."""
_MIN_ROW = 4
"""Bytes of the smallest row: bounds the rowids of a sound file, as SQLite reuses the last ones."""

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""Exceptions for damaged files; the sqlite3 module raises the second for a message with invalid UTF-8."""

Row = tuple[object, ...]


class HistoryConnection(sqlite3.Connection):
    """A connection that records incomplete reads."""

    skipped_rows = False
    """Some rows were unreadable, as the file is damaged."""
    skips_wal = False
    """The write-ahead log is not read, so that the newest entries may be missing."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite found the file to be corrupt."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def read_rows(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    where: str = "1",
    values: Sequence[object] = (),
    fallback_columns: str = "",
) -> list[Row]:
    """Return the rows that match `where`, in no order; of a damaged table, those that are readable.

    Sets `skipped_rows` on the connection then. `fallback_columns` are the columns to read of a row whose `columns`
    include a subquery on a damaged table.
    """
    try:
        return connection.execute(f"SELECT {columns} FROM {table} WHERE {where}", values).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    if isinstance(connection, HistoryConnection):
        connection.skipped_rows = True
    return [
        row for _number, row in walk_rows(connection, columns, table, where, values, fallback_columns, thorough=False)
    ]


def walk_rows(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    where: str = "1",
    values: Sequence[object] = (),
    fallback_columns: str = "",
    *,
    thorough: bool = True,
) -> Iterator[tuple[int, Row]]:
    """Yield every readable row with its rowid, without using indexes.

    Unless `thorough`, rows behind one with a wrong rowid may be skipped, which is much faster in a large file.
    """
    select = _select(columns, table, where)
    highest = _highest(connection, table)
    tail = min(_TAIL, max(1000, _size(connection) // _SMALL_ROW))
    top = highest if highest is not None else _last_readable(connection, table) + tail
    reading = _TableWalk(connection, select, values)
    yield from reading.between(1, top, _LAST)
    # a range ends without an error where a damaged page gives a number behind its end
    for number in range(1, top + 1) if thorough else ():
        if number not in reading.numbers and number not in reading.lost:
            yield from reading.between(number, number, 1)
    yield from reading.between(top + 1, _LAST, _MAX_FAILURES if highest is not None else 1)
    yield from reading.between(-_LAST - 1, 0, _MAX_FAILURES)
    for number in reading.lost:
        if fallback_columns:
            yield from _TableWalk(connection, _select(fallback_columns, table, where), values).between(
                number, number, 1
            )
        elif thorough:
            row = _parts(connection, columns.split(", "), table, number)
            if any(value is not None for value in row):
                yield number, row


def _select(columns: str, table: str, where: str = "1") -> str:
    return f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE ({where}) AND rowid"


def _parts(connection: sqlite3.Connection, columns: Sequence[str], table: str, number: int) -> Row:
    """The readable columns of an unreadable row; None for the others, `()` if there is no such row."""
    if not _values(connection, f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid = ?", (number,)):
        return ()
    found = (
        _values(connection, f"SELECT {each} FROM {table} NOT INDEXED WHERE rowid = ?", (number,)) for each in columns
    )
    return tuple(each[0] if each else None for each in found)


class _TableWalk:
    """One walk through a table."""

    def __init__(self, connection: sqlite3.Connection, select: str, values: Sequence[object]) -> None:
        self._connection = connection
        self._select = select
        self._values = values
        self.numbers: set[int] = set()
        self.lost: dict[int, None] = {}
        """Rowids of unreadable rows."""
        # a damaged page may also give the number of another row: what was read is known by all that it is
        self._seen: set[int] = set()

    def between(self, low: int, high: int, patience: int) -> Iterator[tuple[int, Row]]:
        """Read a range; if that fails, read its halves, down to single rows; at most `patience` times."""
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
    """The last rowid by the table and by each index, as either may be damaged; None if no source is plausible."""
    found: list[int] = []
    indexes = _values(connection, f"SELECT name FROM pragma_index_list('{table}') WHERE NOT partial")
    sources = ["NOT INDEXED", *(f'INDEXED BY "{_text(name)}"' for name in indexes)]
    limit = max(_TAIL, _size(connection) // _MIN_ROW)
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
