"""From a path to a file that is ours, sound, up to date and in the right mode."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.store.sqlite import backups, import_session, lease, schema, search_index, spill
from holytui.store.sqlite.connect import (
    LOCAL_TIMEOUT,
    NETWORK_TIMEOUT,
    Connect,
    JournalMode,
    connect_read_only,
    connect_untouched,
    damaged,
    set_mode,
    transaction,
    translate_errors,
)
from holytui.store.sqlite.damaged_tables import HistoryConnection
from holytui.store.sqlite.filesystem import filesystem_of, is_network
from holytui.store.sqlite.row_reader import read_any_text

_MAGIC = b"SQLite format 3\0"  # https://sqlite.org/fileformat.html section 1.3
_CHECKED_SIZE = 8 * 1024 * 1024
"""Bytes up to which a file is checked at every start; a larger one would take too long, and is checked only after
something in it could not be read."""
_ID_TABLES = ("conversation", "message", "attempt")
_REQUIRED_COLUMNS = {
    "conversation": ("id", "title", "created_at", "updated_at", "leaf_id", "model", "system", "params", "deleted_at"),
    "message": ("id", "conversation_id", "parent_id", "role", "text", "created_at", "reasoning", "model", "state"),
    "attempt": ("id", "message_id", "number", "started_at", "join", "keep", "cut"),
    "delta": ("attempt_id", "kind", "seq", "text"),
    "fact": ("key", "value"),
}
"""Of the tables that every version has; a damaged schema may have them under other names."""
_INVALID_ROWS = (
    "message WHERE conversation_id NOT IN (SELECT id FROM conversation)"
    " OR parent_id NOT IN (SELECT id FROM message) OR typeof(parent_id) = 'blob'",
    "attempt WHERE message_id NOT IN (SELECT id FROM message)",
    *(f"{table} WHERE typeof(id) <> 'text'" for table in _ID_TABLES),
    "delta WHERE typeof(attempt_id) <> 'text' OR typeof(seq) <> 'integer' OR kind NOT IN ('content', 'reasoning')",
)
"""Rows that nobody would find again."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The writing connection and what was found out on the way."""

    connection: sqlite3.Connection
    mode: JournalMode
    backup: Path | None
    needs_upkeep: bool = False
    """There is upkeep to be done: see `Upkeep`."""


def open_file(path: Path, connector: Connect, mountinfo: str, now: float, *, fts: bool) -> OpenedFile:
    """Make, check, back up and migrate the file at `path`, whichever it needs.

    Raises StoreNewer, StoreFull, StoreBusy, StoreCorrupt, and StoreError for another program's file.
    """
    backups.make_private(path)
    filesystem = filesystem_of(path.resolve(), mountinfo)
    with translate_errors():
        inspect(path)
        connection = connector(path, NETWORK_TIMEOUT if is_network(filesystem) else LOCAL_TIMEOUT)
        try:
            return _prepare(connection, path, filesystem, now, fts=fts)
        except BaseException:
            connection.close()
            raise


def open_read_only(path: Path) -> OpenedFile:
    """Open a file that cannot be written, as it is: without a check, and only in this version's form.

    Raises StoreNewer, StoreCorrupt, StoreError, also for an older one.
    """
    with translate_errors():
        connection = connect_read_only(path, LOCAL_TIMEOUT)
        try:
            read_any_text(connection)
            _refuse_older(connection)
        except BaseException:
            connection.close()
            raise
    left_out = isinstance(connection, HistoryConnection) and connection.skips_wal
    log = path.with_name(f"{path.name}-wal")
    left_out = left_out and log.exists() and log.stat().st_size > 0
    warning = _("The history can only be read, and only without its log: the newest entries may be missing.")
    return OpenedFile(connection, JournalMode("", "", LOCAL_TIMEOUT, (warning,) if left_out else ()), None)


def _refuse_older(connection: sqlite3.Connection) -> None:
    if schema.version_of(connection) < schema.VERSION:
        raise StoreError(
            _("The history was written by an older holytui and cannot be upgraded"),
            _("Copy it to a folder that can be written, and choose that with HOLYTUI_DATA_DIR."),
        )


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
    with closing(connect_untouched(path)) as connection:
        schema.version_of(connection)
        if (size <= _CHECKED_SIZE or backups.is_suspect(path)) and not _is_sound(connection):
            raise damaged()


def _is_sound(connection: sqlite3.Connection) -> bool:
    """The structure is whole, indexes say what their tables say, and every row finds those that it belongs to.

    That is more than sqlite's quick check and takes little more time: damage that hides a row has to be found here.
    What stands in the other columns may still be anything; readers see to that.
    """
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        return False
    connection.text_factory = bytes
    if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        return True
    for table, columns in _REQUIRED_COLUMNS.items():
        found = {bytes(row[1]).decode("utf-8", "replace") for row in connection.execute(f"PRAGMA table_info({table})")}
        if not found.issuperset(columns):
            return False
    if any(connection.execute(f"SELECT 1 FROM {wrong} LIMIT 1").fetchone() for wrong in _INVALID_ROWS):
        return False
    names = (row[0] for table in _ID_TABLES for row in connection.execute(f"SELECT id FROM {table}"))
    return all(_is_text(name) for name in names)


def _is_text(raw: object) -> bool:
    try:
        return isinstance(raw, bytes) and bool(raw.decode())
    except UnicodeDecodeError:
        return False


def _prepare(connection: sqlite3.Connection, path: Path, filesystem: str, now: float, *, fts: bool) -> OpenedFile:
    found = schema.version_of(connection)
    mode = set_mode(connection, filesystem)
    backup = backups.back_up(connection, path, found, now) if 0 < found < schema.VERSION else None
    if found < schema.VERSION:
        schema.migrate(connection)
    with transaction(connection):
        search_index.make_ready(connection, fts=fts)
        taken = spill.restore(connection, path)
        untidy = fts and not search_index.is_whole(connection)
        untidy = untidy or import_session.is_abandoned(connection, lease.this_owner(), now)
    for place in taken:
        place.unlink(missing_ok=True)
    backups.clear_suspicion(path)
    return OpenedFile(connection, mode, backup, untidy)
