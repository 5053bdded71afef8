"""From a path to a file that is ours, sound, up to date and in the right mode."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from holytui.store import files, index, schema, unsaved
from holytui.store.connect import (
    LOCAL_TIMEOUT,
    NETWORK_TIMEOUT,
    Connect,
    Mode,
    connect_to_look,
    damaged,
    set_mode,
    transaction,
    translated,
)
from holytui.store.filesystem import filesystem_of, is_network

_MAGIC = b"SQLite format 3\0"  # https://sqlite.org/fileformat.html section 1.3
_CHECKED_SIZE = 8 * 1024 * 1024
"""Bytes up to which a file is checked at every start; a larger one would take too long."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The writing connection and what was found out on the way."""

    connection: sqlite3.Connection
    mode: Mode
    backup: Path | None


def open_file(path: Path, connector: Connect, mountinfo: str, now: float, *, fts: bool) -> Opened:
    """Make, check, back up and migrate the file at `path`, whichever it needs.

    Raises StoreNewer, StoreFull, StoreBusy, StoreCorrupt, and StoreError for another program's file.
    """
    files.make_private(path)
    filesystem = filesystem_of(path.resolve(), mountinfo)
    with translated():
        inspect(path)
        connection = connector(path, NETWORK_TIMEOUT if is_network(filesystem) else LOCAL_TIMEOUT)
        try:
            return _prepare(connection, path, filesystem, now, fts=fts)
        except BaseException:
            connection.close()
            raise


def inspect(path: Path) -> None:
    """Look at the file before anything may change it: a writing connection would put a log into a damaged file.

    Raises StoreCorrupt, StoreNewer, StoreError, sqlite3.Error.
    """
    size = path.stat().st_size
    if size == 0:
        return
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise damaged()
    with closing(connect_to_look(path)) as connection:
        schema.version_of(connection)
        if size <= _CHECKED_SIZE and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise damaged()


def _prepare(connection: sqlite3.Connection, path: Path, filesystem: str, now: float, *, fts: bool) -> Opened:
    found = schema.version_of(connection)
    mode = set_mode(connection, filesystem)
    backup = files.back_up(connection, path, found, now) if 0 < found < schema.VERSION else None
    if found < schema.VERSION:
        schema.migrate(connection)
    with transaction(connection):
        index.make_ready(connection, fts=fts)
        taken = unsaved.take_in(connection, path)
    for place in taken:
        place.unlink(missing_ok=True)
    return Opened(connection, mode, backup)
