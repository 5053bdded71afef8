"""Connections to the history file, and the translation of SQLite's errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from holytui.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from holytui.i18n import _
from holytui.store.sqlite.damaged_tables import HistoryConnection
from holytui.store.sqlite.filesystem import is_network, is_single_host
from holytui.store.sqlite.row_reader import read_any_text

Connect = Callable[[Path, float], sqlite3.Connection]
"""Opens an existing file; the second argument is the lock timeout in seconds."""

LOCAL_TIMEOUT = 5.0
NETWORK_TIMEOUT = 15.0
_POLL_MS = 20
"""Milliseconds of one `busy_timeout`, in which SQLite sleeps 1, 2, 5 and 12."""
_SYNCHRONOUS = {"NORMAL": 1, "FULL": 2}
_LOG_LIMIT = 16 * 1024 * 1024  # the write-ahead log is cut back to this size after a checkpoint


@dataclass(frozen=True, slots=True)
class JournalMode:
    """The journal settings that SQLite confirmed."""

    journal: str
    """`wal` or `delete`."""
    synchronous: str
    """`NORMAL` or `FULL`, for commits while an answer streams."""
    timeout: float
    """Lock timeout in seconds."""
    warnings: tuple[str, ...] = ()


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a connection without implicit transactions. Never creates the file. Raises sqlite3.Error."""
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    return sqlite3.connect(
        name, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False, factory=HistoryConnection
    )


def connect_untouched(path: Path) -> sqlite3.Connection:
    """Open a connection that changes neither the file nor its companions. Raises sqlite3.Error.

    Even a reading connection creates the companions of a file in WAL mode. Without a log no process has the file open,
    so that it may be opened as immutable.
    """
    with path.open("rb") as file:
        header = file.read(20)
    unlogged = header[18:19] == b"\2" and not path.with_name(path.name + "-wal").exists()
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro{'&immutable=1' if unlogged else ''}"
    return sqlite3.connect(name, uri=True, timeout=LOCAL_TIMEOUT, isolation_level=None)


def connect_read_only(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a file in a folder that cannot be written. Raises sqlite3.Error.

    If the log of a file in WAL mode is unreadable, the file is read without it and `skips_wal` is set.
    """
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    for how in ("", "&immutable=1"):
        connection = sqlite3.connect(
            *(name + how, timeout), uri=True, isolation_level=None, check_same_thread=False, factory=HistoryConnection
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as exc:
            connection.close()
            kind = exc.sqlite_errorcode & 0xFF
            if how or kind not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
                raise
        else:
            connection.skips_wal = bool(how)
            return connection
    raise AssertionError("the second way returns or raises")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a `StoreError` for any error of SQLite."""
    try:
        yield
    except sqlite3.Error as exc:
        raise _store_error(exc) from exc
    except UnicodeDecodeError as exc:  # the module fails at sqlite's own message when that quotes a damaged name
        raise damaged() from exc


def _store_error(exc: sqlite3.Error) -> StoreError:
    # extended codes carry the primary one in their low byte; misuse of the module has no code at all
    code = getattr(exc, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # the memory that processes share is a file, and takes space
        code = sqlite3.SQLITE_FULL
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return StoreBusy(
                _("Another program is holding the history file"),
                _("Nothing is lost; holytui keeps trying. Close other programs that use the file."),
            )
        case sqlite3.SQLITE_FULL:
            return StoreFull(_("The disk is full"), _("Free some space; new text is kept in memory until then."))
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreFull(
                _("The history file cannot be written"), _("Check the permissions of the file and of its folder.")
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged()
        case sqlite3.SQLITE_ERROR if "unsupported file format" in str(exc):  # a number in the header that there is not
            return damaged()
        case _:
            return StoreError(_("The history failed: {reason}").format(reason=exc), _("Nothing on disk was changed."))


def damaged() -> StoreCorrupt:
    """The error for a corrupt file."""
    return StoreCorrupt(
        _("The history file is damaged"), _("At the next start it is set aside, and everything readable is recovered.")
    )


@contextmanager
def transaction(connection: sqlite3.Connection, gives_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Run one IMMEDIATE transaction; roll back on an exception.

    A deferred transaction that reads before it writes fails at once if another process has written meanwhile. While
    `gives_up()`, a lock of another process is not waited for.
    """
    _begin(connection, gives_up)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # sqlite may have rolled back by itself (a full disk), and the first error is the one to tell
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


def _begin(connection: sqlite3.Connection, gives_up: Callable[[], bool]) -> None:
    """Begin IMMEDIATE, polling every few milliseconds until the connection's busy timeout.

    SQLite's own waiting soon sleeps 100 ms between two tries: beside a busy process, others get the lock meanwhile.
    """
    patience = int(connection.execute("PRAGMA busy_timeout").fetchone()[0])
    until = time.monotonic() + patience / 1000
    connection.execute(f"PRAGMA busy_timeout = {min(_POLL_MS, patience)}")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until or gives_up():
                    raise
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def set_mode(connection: sqlite3.Connection, filesystem: str) -> JournalMode:
    """Choose the journal for the file system under the file, and confirm it.

    WAL needs memory shared by all processes, which no network file system provides (https:

    sqlite.org/wal.html).
    """
    read_any_text(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if is_network(filesystem):
        _value(connection, "journal_mode = DELETE")
        warning = _("The history is on a network file system ({name}): it is written more slowly, but safely.")
        if is_single_host(filesystem):
            warning = _(
                "The history is on a file system ({name}) that two machines must not write at once:"
                " use it from one machine at a time."
            )
        warning_text = warning.format(name=filesystem)
        return JournalMode("delete", set_synchronous(connection, "FULL"), NETWORK_TIMEOUT, (warning_text,))
    if _write_ahead(connection):
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
        return JournalMode("wal", set_synchronous(connection, "NORMAL"), LOCAL_TIMEOUT)
    _value(connection, "journal_mode = DELETE")
    warning = _("The history's file system has no shared memory: it is written more slowly, but safely.")
    return JournalMode("delete", set_synchronous(connection, "FULL"), LOCAL_TIMEOUT, (warning,))


def _write_ahead(connection: sqlite3.Connection) -> bool:
    if _value(connection, "journal_mode") == "wal":
        return True
    try:
        if _value(connection, "journal_mode = WAL") != "wal":
            return False
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as exc:
        # shared memory is unavailable; a lock, a full disk and damage are raised as they are
        if exc.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_CANTOPEN):
            return False
        raise
    return True


def set_synchronous(connection: sqlite3.Connection, level: str) -> str:
    """Set the durability of commits and confirm it; outside of a transaction only."""
    connection.execute(f"PRAGMA synchronous = {level}")
    found = _value(connection, "synchronous")
    if found != _SYNCHRONOUS[level]:
        raise sqlite3.OperationalError(f"synchronous is {found}, not {level}")
    return level


def _value(connection: sqlite3.Connection, pragma: str) -> object:
    row = connection.execute(f"PRAGMA {pragma}").fetchone()
    return row[0] if row else None
