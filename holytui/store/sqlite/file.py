"""An open history file: its writer thread, its readers, and its maintenance."""

from __future__ import annotations

import atexit
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from holytui.errors import StoreCorrupt, StoreError, StoreFull
from holytui.i18n import _
from holytui.models import Problem
from holytui.store.history import Maintenance
from holytui.store.sqlite import backups, import_session, lease, salvage, search_index, spill
from holytui.store.sqlite.compact import compact
from holytui.store.sqlite.connect import Connect, connect, connect_read_only
from holytui.store.sqlite.filesystem import read_mountinfo
from holytui.store.sqlite.opening import open_file, open_read_only
from holytui.store.sqlite.readers import ReaderPool
from holytui.store.sqlite.snapshot import write_snapshot
from holytui.store.sqlite.upkeep import Upkeep
from holytui.store.sqlite.writer import PendingDelta, Timing, WriterThread
from holytui.store.values import BackupResult, CompactionResult

_Listener = Callable[[Problem | None], None]
_DEFAULT_TIMING = Timing()

_log = logging.getLogger(__name__)


class HistoryFile:
    """Access to the file at `path`; implements `store.history.Maintenance`."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        timing: Timing = _DEFAULT_TIMING,
        connector: Connect = connect,
        mountinfo: Callable[[], str] = read_mountinfo,
        fts: bool | None = None,
        on_write_problem: _Listener | None = None,
        read_only: bool = False,
        spills: bool = True,
    ) -> None:
        """Open the file; with `read_only` nothing in its folder is changed, and writes fail. `spills`: text that cannot
        be committed is written to a separate file.

        `on_write_problem` is called on the writer thread when writing fails, and with None when it works again. Raises
        StoreCorrupt for a damaged file, StoreNewer, StoreFull, StoreBusy, StoreError.
        """
        self.path = path
        self.on_write_problem = on_write_problem
        self._spills = spills
        self._clock = clock
        self._connector = connector
        self._fts = search_index.has_fts5() if fts is None else fts
        self._here = lease.this_owner()
        self._held: set[str] = set()
        if read_only:
            opened, connector = open_read_only(path), connect_read_only
        else:
            opened = open_file(path, connector, mountinfo(), clock(), fts=self._fts)
        self.mode = opened.mode
        self.warnings: Sequence[str] = (*backups.exposure_warnings(path.parent), *opened.mode.warnings)
        self.backup = opened.backup
        """The copy made before a migration; None if there was none."""
        self._writer = WriterThread(
            opened.connection, opened.mode, timing=timing, beat=self._beat, on_write_problem=self._report_problem
        )
        self._readers = ReaderPool(lambda: connector(path, opened.mode.timeout))
        self._upkeep = Upkeep(self._writer.call, (self._clear_abandoned, self._index)) if opened.needs_upkeep else None
        self._closed = False
        self._copy: Path | None = None
        self._copied_seq = -1
        """`seq` of the last delta in `_copy`."""
        # a program that ends by an exception still commits its last text
        atexit.register(self._close_at_exit)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        on_write_problem: _Listener | None = None,
        allow_read_only: bool = False,
    ) -> Self:
        """Open the history at `path`; create it if there is none. Raises StoreError.

        A damaged one is set aside, and its readable rows are copied to a new one; `warnings` says so.
        `allow_read_only`: an existing one that cannot be written is opened as well.
        """
        try:
            return cls._open(path, clock, on_write_problem)
        except StoreFull:
            if not (allow_read_only and path.exists()):
                raise
            return cls(path, clock=clock, read_only=True)

    @classmethod
    def _open(cls, path: Path, clock: Callable[[], float], on_write_problem: _Listener | None) -> Self:
        try:
            return cls(path, clock=clock, on_write_problem=on_write_problem)
        except StoreCorrupt:
            with backups.exclusive_lock(path.parent):
                with suppress(StoreCorrupt):  # another process may have done it meanwhile
                    return cls(path, clock=clock, on_write_problem=on_write_problem)
                warnings = salvage.replace_damaged(path, read_mountinfo(), clock())
                history = cls(path, clock=clock, on_write_problem=on_write_problem)
        history.warnings = (*warnings, *history.warnings)
        return history

    @property
    def maintenance(self) -> Maintenance:
        """This history itself."""
        return self

    @property
    def write_problem(self) -> Problem | None:
        """The reason why the journal cannot be written now; text stays in memory and the write is retried."""
        error = self._writer.problem
        return Problem(error.title, error.hint) if error else None

    @property
    def damage_warning(self) -> str:
        """A sentence for the user once a read has skipped damaged parts of the file; empty before."""
        if not (self._readers.found_damage or self._writer.found_damage):
            return ""
        return _("A part of the history cannot be read and is skipped. It is repaired at the next start.")

    def version(self) -> int:
        """Return a number that differs from the last one if anyone has written since. Cheap."""
        return self._readers.version()

    def others_version(self) -> int:
        """Return a number that changes when another open history, of any process, has written."""
        # sqlite counts on each connection what the others commit, and all that this history writes goes through one
        return self._writer.call(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]), bare=True)

    def compact(self) -> CompactionResult:
        """Rewrite the file without the free space that deleted conversations left. Raises StoreError."""
        return compact(self.path, self._connector, self.mode.timeout, fts=self._fts)

    def back_up(self, target: Path) -> BackupResult:
        """Copy everything that is committed to a new file, and read it back. Raises StoreError."""
        return write_snapshot(self.path, self._connector, self.mode.timeout, target)

    def flush(self, timeout: float | None = None) -> None:
        """Block until everything journalled so far is committed.

        Raises StoreError if it cannot be, or not within `timeout` seconds.
        """
        self._writer.call(lambda _db: None, after_journal=True, timeout=timeout)

    def save_pending(self) -> Path | None:
        """Write the text that is not committed to a separate file.

        A kill during a slow `close` then loses nothing. Returns None if everything is committed. Never waits for the
        history. Raises OSError.
        """
        left = self._writer.pending() if self._spills else ()
        if left and left[-1].seq > self._copied_seq:
            newer = spill.save(self.path, left, self._clock())
            self._remove_copy()
            self._copy, self._copied_seq = newer, left[-1].seq
        return self._copy if left else None

    def stop_waiting(self) -> None:
        """From now on, never wait for another program's lock: `close` saves unwritten text for the next start."""
        self._writer.stop_waiting()

    def close(self) -> None:
        """Flush and release the file. Raises StoreError if text had to be written to a separate file."""
        if self._closed:
            return
        self._closed = True
        if self._upkeep is not None:
            self._upkeep.close()
        atexit.unregister(self._close_at_exit)
        with suppress(StoreError):  # otherwise the leases are recognised as dead
            self._writer.call(lambda db: lease.release_all(db, self._here))
        left = self._writer.close()
        self._readers.close()
        if self._readers.found_damage or self._writer.found_damage:
            backups.mark_suspect(self.path)
        if left and self._spills:
            self._spill(left)
        self._remove_copy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _clear_abandoned(self, db: sqlite3.Connection) -> bool:
        return import_session.clear_abandoned(db, self._here, self._clock(), fts=self._fts)

    def _index(self, db: sqlite3.Connection) -> bool:
        return self._fts and search_index.build_step(db)

    def _beat(self, db: sqlite3.Connection) -> bool:
        return lease.renew(db, self._here, self._clock())

    def _report_problem(self, problem: Problem | None) -> None:
        if self.on_write_problem is not None:
            self.on_write_problem(problem)

    def _remove_copy(self) -> None:
        if self._copy is not None:
            with suppress(OSError):  # restoring it again adds nothing
                self._copy.unlink(missing_ok=True)
            self._copy = None

    def _spill(self, left: Sequence[PendingDelta]) -> None:
        try:
            place = spill.save(self.path, left, self._clock())
            self._remove_copy()
        except OSError as exc:
            raise StoreError(
                _("The last text could not be saved: {reason}").format(reason=exc.strerror),
                _("Neither the history nor another file could be written."),
            ) from exc
        raise spill.notice(self.path, place)

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except StoreError as error:
            _log.warning("closing the history: %s", error)
