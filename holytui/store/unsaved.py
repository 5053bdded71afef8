"""Text that could not be written until the very end: put into a file of its own, taken in at the next start."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from holytui.store.files import reserve
from holytui.store.rows import storable
from holytui.store.writer import Delta, merged

_LABEL = "unsaved"


def put(path: Path, deltas: Sequence[Delta], now: float) -> Path:
    """Write the deltas beside the history at `path`, or else to the folder for temporary files. Raises OSError."""
    lines = "".join(json.dumps(row) + "\n" for row in merged(deltas))
    try:
        return _write(reserve(path, _LABEL, now), lines)
    except OSError:
        handle, name = tempfile.mkstemp(prefix=f"{path.name}.{_LABEL}-")
        os.close(handle)
        return _write(Path(name), lines)


def take_in(connection: sqlite3.Connection, path: Path) -> list[Path]:
    """Bring back what `put` left beside the history; returns the files, to be removed once that is committed."""
    done = []
    for place in sorted(path.parent.glob(f"{path.name}.{_LABEL}-*")):
        with suppress(OSError, ValueError, TypeError):
            rows = [json.loads(line) for line in place.read_text("utf-8").splitlines()]
            for attempt_id, kind, seq, text in rows:
                connection.execute(
                    "INSERT OR IGNORE INTO delta (attempt_id, kind, seq, text) VALUES (?, ?, ?, ?)",
                    (str(attempt_id), str(kind), int(seq), storable(str(text))),
                )
            done.append(place)
    return done


def _write(place: Path, lines: str) -> Path:
    with place.open("w", encoding="utf-8") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    return place
