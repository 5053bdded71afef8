"""Compaction: nothing of deleted conversations is left in the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from holytui.store.sqlite.connect import Connect, translate_errors
from holytui.store.values import CompactionResult

_COMPANIONS = ("-wal", "-shm", "-journal")


def compact(path: Path, connector: Connect, timeout: float, *, fts: bool) -> CompactionResult:
    """Rewrite the file at `path` without free space; needs as much space again meanwhile.

    Raises StoreBusy while another process writes, StoreFull, StoreError; the file is then unchanged.
    """
    before = size(path)
    with translate_errors(), closing(connector(path, timeout)) as connection:
        if fts:
            # deleted words stay in the index until its parts are merged
            connection.execute("INSERT INTO search (search) VALUES ('optimize')")
        connection.execute("VACUUM")
        with suppress(sqlite3.OperationalError):  # another process still reads: its end cuts the log
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return CompactionResult(before, size(path), older_copies(path))


def size(path: Path) -> int:
    """Bytes on disk, including companion files."""
    total = 0
    for place in (path, *(path.with_name(path.name + end) for end in _COMPANIONS)):
        with suppress(FileNotFoundError):
            total += place.stat().st_size
    return total


def older_copies(path: Path) -> tuple[Path, ...]:
    """Other files of this history in its folder."""
    own = {path.name + end for end in _COMPANIONS}
    return tuple(sorted(place for place in path.parent.glob(f"{path.name}?*") if place.name not in own))
