"""Opening a history file: checks, backup, migration and journal mode."""

from __future__ import annotations

import platform
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.store.sqlite import backups, hosts, import_session, lease, schema, search_index, spill
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
"""Bytes up to which a file is checked at every start.

A larger check takes too long; it is done only after a failed read.
"""
_ID_TABLES = ("conversation", "message", "attempt")
_REQUIRED_COLUMNS = {
    "conversation": ("id", "title", "created_at", "updated_at", "leaf_id", "model", "system", "params", "deleted_at"),
    "message": ("id", "conversation_id", "parent_id", "role", "text", "created_at", "reasoning", "model", "state"),
    "attempt": ("id", "message_id", "number", "started_at", "join", "keep", "cut"),
    "delta": ("attempt_id", "kind", "seq", "text"),
    "fact": ("key", "value"),
}
"""Columns of all versions; a damaged schema may have lost them."""
_INVALID_ROWS = (
    "message WHERE conversation_id NOT IN (SELECT id FROM conversation)"
    " OR parent_id NOT IN (SELECT id FROM message) OR typeof(parent_id) = 'blob'",
    "attempt WHERE message_id NOT IN (SELECT id FROM message)",
    *(f"{table} WHERE typeof(id) <> 'text'" for table in _ID_TABLES),
    "delta WHERE typeof(attempt_id) <> 'text' OR typeof(seq) <> 'integer' OR kind NOT IN ('content', 'reasoning')",
)
"""Rows that no query would find."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The writing connection, and findings of the start."""

    connection: sqlite3.Connection
    mode: JournalMode
    backup: Path | None
    needs_upkeep: bool = False
    """See `Upkeep`."""


def open_file(path: Path, connector: Connect, mountinfo: str, now: float, *, fts: bool) -> OpenedFile:
    """Create, check, back up and migrate the file at `path` as needed.

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
    """Open a file of the current version that cannot be written, without a check.

    Raises StoreNewer, StoreCorrupt, StoreError, also for an older version.
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
            _("Copy it to a writable folder, and name that folder in HOLYTUI_DATA_DIR."),
        )


def place_of(path: Path) -> str:
    """Identify the file: a copy of it, on this machine or another, is at another place. Raises OSError."""
    try:
        machine = (
            Path("/etc/machine-id").read_text("ascii").strip()
        )  # https://man7.org/linux/man-pages/man5/machine-id.5.html
    except (OSError, ValueError):
        machine = ""
    return f"{machine or platform.node()}:{path.stat().st_ino}"


def inspect(path: Path) -> None:
    """Check the file before a writing connection could replay a log into a damaged one.

    Raises StoreCorrupt, StoreNewer, StoreError, sqlite3.Error.
    """
    size = path.stat().st_size
    if size == 0:
        return
    if not is_history(path):
        raise damaged()
    with closing(connect_untouched(path)) as connection:
        schema.version_of(connection)
        if (size <= _CHECKED_SIZE or backups.is_suspect(path)) and not is_sound(connection):
            raise damaged()


def is_history(path: Path) -> bool:
    """Whether the file begins as a SQLite file does. Not for a file that this process has open: closing any of its
    descriptors would release SQLite's locks (https://sqlite.org/howtocorrupt.html, section 2.2). Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def is_sound(connection: sqlite3.Connection) -> bool:
    """Whether the structure is whole, indexes match their tables, and every row's relations exist.

    This is stricter than SQLite's quick check at little cost: damage that hides a row must be found here. Other columns
    may hold any value, which readers repair.
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
        hosts.identify(connection, place_of(path), platform.node())
        search_index.make_ready(connection, fts=fts)
        taken = spill.restore(connection, path)
        untidy = fts and not search_index.is_whole(connection)
        untidy = untidy or import_session.is_abandoned(connection, lease.this_owner(), now)
    for place in taken:
        place.unlink(missing_ok=True)
    backups.clear_suspicion(path)
    return OpenedFile(connection, mode, backup, untidy)
