"""An open history file: its writing thread, its readers, its troubles, and how it is opened and let go of."""

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
from holytui.store.sqlite import backups, intake, lease, salvage, search_index, spill
from holytui.store.sqlite.compact import compact
from holytui.store.sqlite.connect import Connect, connect, connect_to_read
from holytui.store.sqlite.filesystem import read_mountinfo
from holytui.store.sqlite.opening import open_file, open_to_read
from holytui.store.sqlite.readers import Readers
from holytui.store.sqlite.upkeep import Upkeep
from holytui.store.sqlite.writer import Delta, Timing, Writer
from holytui.store.values import Compacted

_Listener = Callable[[Problem | None], None]
_DEFAULT_TIMING = Timing()

_log = logging.getLogger(__name__)


class HistoryFile:
    """What every kind of access to the file at `path` shares."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        timing: Timing = _DEFAULT_TIMING,
        connector: Connect = connect,
        mountinfo: Callable[[], str] = read_mountinfo,
        fts: bool | None = None,
        on_trouble: _Listener | None = None,
        read_only: bool = False,
    ) -> None:
        """`read_only`: nothing of the file or beside it is changed, and writing fails. `on_trouble` is called on the
        writer's thread when writing fails, and with None when it works again.

        Raises StoreCorrupt for a damaged file, StoreNewer, StoreFull, StoreBusy, StoreError.
        """
        self.path = path
        self.on_trouble = on_trouble
        self._clock = clock
        self._connector = connector
        self._fts = search_index.has_fts5() if fts is None else fts
        self._here = lease.this_owner()
        self._held: set[str] = set()
        if read_only:
            opened, connector = open_to_read(path), connect_to_read
        else:
            opened = open_file(path, connector, mountinfo(), clock(), fts=self._fts)
        self.mode = opened.mode
        self.warnings: Sequence[str] = (*backups.exposed(path.parent), *opened.mode.warnings)
        self.backup = opened.backup
        """The copy made before the file was brought to this version; None if it needed nothing."""
        self._writer = Writer(opened.connection, opened.mode, timing=timing, beat=self._beat, on_trouble=self._told)
        self._readers = Readers(lambda: connector(path, opened.mode.timeout))
        self._upkeep = Upkeep(self._writer.call, (self._clear_abandoned, self._index)) if opened.is_untidy else None
        self._closed = False
        self._copy: Path | None = None
        self._copied = -1
        """The number of the last delta in it."""
        # a program that ends by an exception still keeps the last quarter of a second
        atexit.register(self._close_at_exit)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        on_trouble: _Listener | None = None,
        to_read: bool = False,
    ) -> Self:
        """The history at `path`, made if there is none. Raises StoreError.

        A damaged one is set aside and read, as far as possible, into a new one; `warnings` then says so. `to_read`: one
        that is there but cannot be written will do.
        """
        try:
            return cls._open(path, clock, on_trouble)
        except StoreFull:
            if not (to_read and path.exists()):
                raise
            return cls(path, clock=clock, read_only=True)

    @classmethod
    def _open(cls, path: Path, clock: Callable[[], float], on_trouble: _Listener | None) -> Self:
        try:
            return cls(path, clock=clock, on_trouble=on_trouble)
        except StoreCorrupt:
            with backups.only_one(path.parent):
                with suppress(StoreCorrupt):  # another process may have done it meanwhile
                    return cls(path, clock=clock, on_trouble=on_trouble)
                told = salvage.replace_damaged(path, read_mountinfo(), clock())
                history = cls(path, clock=clock, on_trouble=on_trouble)
        history.warnings = (*told, *history.warnings)
        return history

    @property
    def trouble(self) -> Problem | None:
        """Why the journal cannot be written now; what came since is kept in memory, and the write tried again."""
        error = self._writer.trouble
        return Problem(error.title, error.hint) if error else None

    @property
    def damage(self) -> str:
        """What to tell when something could not be read, as the file is damaged there; empty if all was."""
        if not (self._readers.met_damage or self._writer.met_damage):
            return ""
        return _("A part of the history cannot be read and is skipped. It is repaired at the next start.")

    def version(self) -> int:
        """A number that changes whenever anyone wrote to the history since the last call. Cheap."""
        return self._readers.version()

    def others_version(self) -> int:
        """A number that changes whenever another open history (of any process) wrote; own writes do not change it."""
        # sqlite counts on each connection what the others commit, and all that this history writes goes through one
        return self._writer.call(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]), bare=True)

    def compact(self) -> Compacted:
        """Write the file anew without the gaps that deleted conversations left. Raises StoreError."""
        return compact(self.path, self._connector, self.mode.timeout, fts=self._fts)

    def flush(self, timeout: float | None = None) -> None:
        """Returns when everything journalled so far is committed. Raises StoreError if it cannot be, or not in time."""
        self._writer.call(lambda _db: None, after_journal=True, timeout=timeout)

    def keep_copy(self) -> Path | None:
        """Put what is not committed into a file of its own, so that a kill while this waits to be closed loses nothing;
        None if all is committed. Never waits for the history. Raises OSError."""
        left = self._writer.pending()
        if left and left[-1].seq > self._copied:
            newer = spill.put(self.path, left, self._clock())
            self._forget_copy()
            self._copy, self._copied = newer, left[-1].seq
        return self._copy if left else None

    def hurry(self) -> None:
        """From now on, wait for no other program's lock any more: what cannot be written at once is put aside by
        `close` for the next start."""
        self._writer.hurry()

    def close(self) -> None:
        """Flush and let go of the file. Raises StoreError when text had to be put into a file of its own."""
        if self._closed:
            return
        self._closed = True
        if self._upkeep is not None:
            self._upkeep.close()
        atexit.unregister(self._close_at_exit)
        with suppress(StoreError):  # without it, the leases are seen to be dead all the same
            self._writer.call(lambda db: lease.release_all(db, self._here))
        left = self._writer.close()
        self._readers.close()
        if self._readers.met_damage or self._writer.met_damage:
            backups.mark_suspect(self.path)
        if left:
            self._rescue(left)
        self._forget_copy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _clear_abandoned(self, db: sqlite3.Connection) -> bool:
        return intake.clear_abandoned(db, self._here, self._clock(), fts=self._fts)

    def _index(self, db: sqlite3.Connection) -> bool:
        return self._fts and search_index.build_step(db)

    def _beat(self, db: sqlite3.Connection) -> bool:
        return lease.beat(db, self._here, self._clock())

    def _told(self, problem: Problem | None) -> None:
        if self.on_trouble is not None:
            self.on_trouble(problem)

    def _forget_copy(self) -> None:
        if self._copy is not None:
            with suppress(OSError):  # it is taken in once more, which adds nothing
                self._copy.unlink(missing_ok=True)
            self._copy = None

    def _rescue(self, left: Sequence[Delta]) -> None:
        try:
            place = spill.put(self.path, left, self._clock())
            self._forget_copy()
        except OSError as exc:
            raise StoreError(
                _("The last text could not be saved: {reason}").format(reason=exc.strerror),
                _("Neither the history nor another file could be written."),
            ) from exc
        raise spill.promise(self.path, place)

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except StoreError as error:
            _log.warning("closing the history: %s", error)
