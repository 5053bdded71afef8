"""A pool of reading connections, shared by all threads; each read sees one snapshot of the file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.store.sqlite.connect import translate_errors
from holytui.store.sqlite.damaged_tables import HistoryConnection, is_damage
from holytui.store.sqlite.row_reader import read_any_text


class ReaderPool:
    """Keeps as many connections as were ever in use at once."""

    def __init__(self, opener: Callable[[], sqlite3.Connection]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self.found_damage = False
        """A read failed or was incomplete, as the file is damaged."""
        self._closed = False
        self._watch_lock = threading.Lock()
        self._watch: sqlite3.Connection | None = None

    @contextmanager
    def view(self) -> Iterator[sqlite3.Connection]:
        """A connection within one read transaction. Raises StoreError."""
        with translate_errors():
            connection = self._acquire()
            try:
                connection.execute("BEGIN")
                yield connection
            except sqlite3.Error as error:
                self.found_damage = self.found_damage or is_damage(error)
                raise
            finally:
                if isinstance(connection, HistoryConnection) and connection.skipped_rows:
                    self.found_damage = True
                self._release(connection)

    def version(self) -> int:
        """Return a number that changes when anyone has written to the file."""
        with self._watch_lock, translate_errors():
            if self._closed:
                raise _closed()
            # the number is only comparable with earlier ones of the same connection
            if self._watch is None:
                self._watch = self._open()
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close idle connections; one in use is closed by its reader."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def _acquire(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = read_any_text(self._opener())
        try:
            connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _release(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):  # the reader's own error is the one to tell
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed and not connection.in_transaction:
                self._idle.append(connection)
                return
        connection.close()


def _closed() -> StoreError:
    return StoreError(_("The history is closed"), "")
