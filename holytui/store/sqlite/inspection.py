"""Facts about a history file for a check. Nothing is changed, created or repaired."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from holytui.errors import StoreCorrupt, StoreError
from holytui.store.sqlite import lease, schema
from holytui.store.sqlite.connect import LOCAL_TIMEOUT, connect_untouched, translate_errors
from holytui.store.sqlite.filesystem import filesystem_of, is_network, read_mountinfo
from holytui.store.sqlite.opening import is_history, is_sound
from holytui.store.values import HistoryFacts, Integrity

_COMPANIONS = ("-wal", "-shm", "-journal")
_STEPS = 20_000
"""Instructions of SQLite's virtual machine between two looks at the clock."""


def inspect_file(
    path: Path,
    *,
    in_use: bool = False,
    limit: float = 20.0,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
    mountinfo: Callable[[], str] = read_mountinfo,
) -> HistoryFacts:
    """Return facts about the file at `path`. The integrity check ends after `limit` seconds. Never raises.

    `in_use`: this process has the file open, so that it is opened only by SQLite (see `is_history`).
    """
    folder = next((each for each in (path.parent, *path.parent.parents) if each.is_dir()), path.parent)
    filesystem = filesystem_of(folder.resolve(), mountinfo())
    facts = HistoryFacts(
        path,
        filesystem=filesystem,
        network=is_network(filesystem),
        folder_writable=os.access(folder, os.W_OK | os.X_OK),
        others=_other_files(path),
    )
    with suppress(OSError):
        facts = replace(facts, free=shutil.disk_usage(folder).free)
    try:
        status = path.stat()
    except FileNotFoundError:
        return facts
    except OSError as exc:
        return replace(facts, problem=exc.strerror or type(exc).__name__)
    size = status.st_size + sum(_size(path.with_name(path.name + end)) for end in ("-wal", "-journal"))
    mode, writable = status.st_mode & 0o777, os.access(path, os.W_OK)
    facts = replace(facts, exists=True, size=size, mode=mode, writable=writable, processes=_users_of(path))
    if not size:
        return replace(facts, integrity=Integrity.SOUND, conversations=0)
    try:
        return _read(path, facts, clock() + limit, clock, wall(), in_use=in_use)
    except StoreError as error:
        damaged = isinstance(error, StoreCorrupt)
        return replace(facts, problem=error.title, integrity=Integrity.DAMAGED if damaged else Integrity.UNKNOWN)
    except OSError as exc:
        return replace(facts, problem=exc.strerror or type(exc).__name__)


def _read(
    path: Path, facts: HistoryFacts, end: float, clock: Callable[[], float], now: float, *, in_use: bool
) -> HistoryFacts:
    if not in_use and not is_history(path):
        return replace(facts, integrity=Integrity.DAMAGED)
    with translate_errors(), closing(_connect_beside(path) if in_use else connect_untouched(path)) as connection:
        version = schema.version_of(connection)
        connection.set_progress_handler(lambda: clock() > end, _STEPS)
        try:
            sound = is_sound(connection)
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_INTERRUPT:
                raise
            return replace(facts, integrity=Integrity.NOT_FINISHED)
        connection.set_progress_handler(None, 0)
        if not sound:
            return replace(facts, integrity=Integrity.DAMAGED)
        facts = replace(facts, integrity=Integrity.SOUND)
        if version < schema.VERSION:
            return facts
        here = lease.this_owner()
        alive = {each.owner.pid for each in lease.leases(connection) if lease.is_alive(each, here, now)}
        return replace(
            facts,
            conversations=_count(connection, "conversation WHERE deleted_at IS NULL"),
            messages=_count(connection, "message"),
            drafts=_count(connection, "conversation WHERE draft <> '' AND deleted_at IS NULL"),
            processes=tuple(sorted({*facts.processes, *alive} - {here.pid})),
        )


def _connect_beside(path: Path) -> sqlite3.Connection:
    """Open a reading connection to a file that this process has open."""
    name = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    return sqlite3.connect(name, uri=True, timeout=LOCAL_TIMEOUT, isolation_level=None)


def _count(connection: sqlite3.Connection, rows: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _users_of(path: Path) -> tuple[int, ...]:
    """Ids of the other processes of this user that have the file open (Linux)."""
    found = set()
    real = str(path.resolve())
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # another user's process, or one that has just ended
            if any(str(each.readlink()) == real for each in (folder / "fd").iterdir()):
                found.add(int(folder.name))
    return tuple(sorted(found - {os.getpid()}))


def _other_files(path: Path) -> tuple[str, ...]:
    """Names of backups, damaged files set aside, and unsaved texts beside the file."""
    with suppress(OSError):
        return tuple(sorted(e.name for e in path.parent.glob(f"{path.name}.*") if not e.name.endswith(_COMPANIONS)))
    return ()
