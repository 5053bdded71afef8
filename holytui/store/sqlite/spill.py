"""A separate file for text that could not be committed before the end; the next start restores it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from holytui import paths
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.store.sqlite.backups import reserve
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.writer import PendingDelta, merged

_LABEL = "unsaved"
_TEMP_FOLDERS = (Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - only a folder in them is used that is checked to be our own


def save(path: Path, deltas: Sequence[PendingDelta], now: float) -> Path:
    """Write the deltas beside the history at `path`, or else to another folder of this user. Raises OSError."""
    lines = "".join(json.dumps(row) + "\n" for row in merged(deltas))
    try:
        return _write(reserve(path, _LABEL, now), lines)
    except OSError as exc:
        failed = exc
    for folder in (*_folders(), _own(Path(tempfile.gettempdir()))):
        try:
            paths.private_dir(folder)
            if _is_ours(folder):
                return _write(reserve(folder / path.name, _label(path), now), lines)
        except OSError as exc:
            failed = exc
    raise failed


def notice(path: Path, place: Path) -> StoreError:
    """The error that names the file `place` to the user."""
    title = _("The last text could not be written to the history")
    if place.parent in (path.parent, *_folders()):
        return StoreError(title, _("It is kept in {place} and added at the next start.").format(place=place))
    hint = _("It is kept in {place}. Move that file to {folder}, and it is added at the next start.")
    return StoreError(title, hint.format(place=place, folder=path.parent))


def restore(connection: sqlite3.Connection, path: Path) -> list[Path]:
    """Insert saved text; return the files, to be removed after the commit."""
    done = []
    for place in _saved_files(path):
        with suppress(OSError, ValueError, TypeError, RecursionError):
            rows = [json.loads(line) for line in _read(place).splitlines()]
            for attempt_id, kind, seq, text in rows:
                _add(connection, str(attempt_id), str(kind), int(seq), str(text))
            done.append(place)
    return done


def _add(connection: sqlite3.Connection, attempt_id: str, kind: str, seq: int, text: str) -> None:
    # deltas are committed in order: with this `seq` or a later one, the text is stored already
    key = attempt_id, kind
    known = connection.execute("SELECT max(seq) FROM delta WHERE attempt_id = ? AND kind = ?", key).fetchone()[0]
    if known is None or known < seq:
        connection.execute(
            "INSERT INTO delta (attempt_id, kind, seq, text) VALUES (?, ?, ?, ?)", (*key, seq, storable(text))
        )


def _saved_files(path: Path) -> Iterator[Path]:
    yield from sorted(path.parent.glob(f"{path.name}.{_LABEL}-*"))
    for folder in dict.fromkeys((*_folders(), _own(Path(tempfile.gettempdir())))):
        with suppress(OSError):
            if _is_ours(folder):
                yield from sorted(folder.glob(f"{path.name}.{_label(path)}-*"))


def _label(path: Path) -> str:
    """Distinguishes the files of several histories in one folder."""
    return f"{_LABEL}-{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]}"


def _folders() -> tuple[Path, ...]:
    """Folders that every start searches, whatever its environment."""
    return (paths.state_dir(), *map(_own, _TEMP_FOLDERS))


def _own(folder: Path) -> Path:
    return folder / f"holytui-{os.getuid()}"


def _is_ours(folder: Path) -> bool:
    """Whether only this user can have created or changed the folder. Raises OSError."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _read(place: Path) -> str:
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), encoding="utf-8") as file:
        return file.read()


def _write(place: Path, lines: str) -> Path:
    try:
        with place.open("w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        place.unlink(missing_ok=True)  # a partial copy must not be restored before the whole one elsewhere
        raise
    return place
