"""Rows of a file that may be damaged: all that sqlite can still read of a table, whatever lies between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

_LAST = (1 << 63) - 1
_BEYOND = 500
"""Queries that may fail where no row should be: a damaged key can make a page stand for any range of numbers."""
_TAIL = 50_000
"""Numbers to try behind the last readable row when nothing tells how many rows there are."""

Row = tuple[object, ...]


class HistoryConnection(sqlite3.Connection):
    """A connection that knows what it did not read."""

    passed_over = False
    """Rows that could not be read, as the file is damaged."""
    leaves_log_out = False
    """It reads the file without the log beside it, in which the newest entries may be."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether sqlite found the file itself to be broken."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def rows(
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
        connection.passed_over = True
    return [row for _number, row in walk(connection, columns, table, where, values, alone)]


def walk(
    connection: sqlite3.Connection,
    columns: str,
    table: str,
    where: str = "1",
    values: Sequence[object] = (),
    alone: str = "",
) -> Iterator[tuple[int, Row]]:
    """Every row that can be read by its number, with that number, each once; indexes are not trusted."""
    selects = [
        f"SELECT rowid, {each} FROM {table} NOT INDEXED WHERE ({where}) AND rowid" for each in (columns, alone) if each
    ]
    highest = _highest(connection, table)
    known = highest is not None
    top = highest if highest is not None else _last_readable(connection, table) + _TAIL
    for low, high, patience in ((1, top, _LAST), (top + 1, _LAST, _BEYOND if known else 1), (-_LAST - 1, 0, _BEYOND)):
        yield from _bisected(connection, selects, low, high, values, patience)


def _bisected(
    connection: sqlite3.Connection, selects: Sequence[str], low: int, high: int, values: Sequence[object], patience: int
) -> Iterator[tuple[int, Row]]:
    """Read a range; where that fails, read both halves of what is left of it, down to single rows, and these by the
    other one of `selects`."""
    waiting = [(low, high)]
    while waiting and patience > 0:
        first, last = waiting.pop()
        if first > last:
            continue
        # a range of one would look for a next row, and the module then drops the one that it has if that fails
        among, bounds = ("= ?", (first,)) if first == last else ("BETWEEN ? AND ? ORDER BY rowid", (first, last))
        try:
            for number, *row in connection.execute(f"{selects[0]} {among}", (*values, *bounds)):
                if first <= number <= last:  # a damaged page may give any number
                    first = number + 1
                    yield number, tuple(row)
        except sqlite3.DatabaseError:
            patience -= 1
            if bounds != (first,):  # more than one row was asked for
                middle = (first + last) // 2
                waiting += [(middle + 1, last), (first, middle)]
            elif selects[1:]:
                yield from _bisected(connection, selects[1:], first, last, values, 1)


def _highest(connection: sqlite3.Connection, table: str) -> int | None:
    """The number of the last row: by the table itself, and by each index, as either may be damaged; None if no source
    can be read, or none of them makes sense."""
    found: list[int] = []
    indexes = _values(connection, f"SELECT name FROM pragma_index_list('{table}') WHERE NOT partial")
    sources = ["NOT INDEXED", *(f'INDEXED BY "{_text(name)}"' for name in indexes)]
    limit = sum(_values(connection, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
    for source in sources:
        highest = _values(connection, f"SELECT max(rowid) FROM {table} {source}")
        # a row takes more than a byte, so that no sound file has greater numbers unless nearly all was deleted
        found += [number for number in highest if isinstance(number, int) and 0 < number <= max(limit, 1 << 20)]
    return max(found, default=None)


def _last_readable(connection: sqlite3.Connection, table: str) -> int:
    last = 0
    try:
        for (number,) in connection.execute(f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid > 0 ORDER BY rowid"):
            last = number
    except sqlite3.DatabaseError:
        pass
    return last


def _values(connection: sqlite3.Connection, select: str) -> list:  # type: ignore[type-arg]  # sqlite knows no types
    try:
        return [row[0] for row in connection.execute(select).fetchall()]
    except sqlite3.DatabaseError:
        return []


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
