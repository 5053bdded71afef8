"""The history file: permissions, backups, and setting damaged files aside. No data is overwritten or removed."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from holytui import trust
from holytui.errors import StoreError, StoreFull
from holytui.i18n import _
from holytui.paths import private_dir

_PRIVATE = 0o600
_COMPANIONS = ("-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """Create an empty file with mode 0600 in a private folder; make an existing one private.

    SQLite gives its companion files the mode of the database. Raises StoreFull.
    """
    try:
        private_dir(path.parent)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _PRIVATE))
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                with suppress(PermissionError):  # another user's file, shared on purpose
                    path.chmod(_PRIVATE)
    except OSError as exc:
        raise StoreFull(
            _("The history cannot be kept in {folder}: {reason}").format(folder=path.parent, reason=exc.strerror),
            _("Free some space, check the permissions, or choose another folder with HOLYTUI_DATA_DIR."),
        ) from exc


def exposure_warnings(folder: Path) -> tuple[str, ...]:
    """Return a warning if other users can replace files in `folder`."""
    try:
        about = folder.stat()
    except OSError:
        return ()
    if trust.is_owned_by_other(about):
        title = _("The history's folder belongs to another user, who can change or remove it; run: {command}")
        return (title.format(command=trust.shell_command(f"chown {os.getuid()}", folder)),)
    if trust.is_writable_by_others(about):
        title = _("Others can change or remove the history in its folder; run: {command}")
        return (title.format(command=trust.shell_command("chmod 700", folder)),)
    return ()


def reserve(path: Path, label: str, now: float) -> Path:
    """Create an empty private file beside `path`, named by `label` and the time. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    name, number = f"{path.name}.{label}-{stamp}", 1
    while True:
        place = path.with_name(name if number == 1 else f"{name}-{number}")
        number += 1
        if any(place.with_name(place.name + end).exists() for end in _COMPANIONS):
            continue
        with suppress(FileExistsError):
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _PRIVATE))
            return place


def back_up(connection: sqlite3.Connection, path: Path, version: int, now: float) -> Path:
    """Copy the whole file before its migration. Raises StoreFull, sqlite3.Error."""
    try:
        place = reserve(path, f"v{version}", now)
    except OSError as exc:
        raise StoreFull(
            _("The history could not be backed up: {reason}").format(reason=exc.strerror),
            _("The history was not changed. Free some space and start again."),
        ) from exc
    copy = sqlite3.connect(place)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    return place


def swap_in(path: Path, fresh: Path, now: float) -> Path:
    """Replace the damaged file at `path` by `fresh`; return the new path of the damaged file.

    There is always a file at `path`, as another process would else create one. Raises StoreError.
    """
    try:
        place = reserve(path, "damaged", now)
        # the companions first: a log left beside a new file would be taken for its own
        for end in _COMPANIONS:
            with suppress(FileNotFoundError):
                os.replace(path.with_name(path.name + end), place.with_name(place.name + end))
        place.unlink()
        try:
            os.link(path, place)
        except OSError:  # a file system without hard links
            os.replace(path, place)
        os.replace(fresh, path)
    except OSError as exc:
        raise StoreError(
            _("The history is damaged and could not be set aside: {reason}").format(reason=exc.strerror),
            _("No data was removed. Choose another folder with HOLYTUI_DATA_DIR."),
        ) from exc
    return place


def mark_suspect(path: Path) -> None:
    """Have the file checked at the next start, whatever its size, after a failed read."""
    with suppress(OSError):
        os.close(os.open(_suspicion(path), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, _PRIVATE))


def is_suspect(path: Path) -> bool:
    """Whether the file is marked for a check."""
    return _suspicion(path).exists()


def clear_suspicion(path: Path) -> None:
    """Remove the mark."""
    with suppress(OSError):
        _suspicion(path).unlink(missing_ok=True)


def _suspicion(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Hold an advisory lock on `folder` while files are set aside; best effort."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):  # some network file systems have no such locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
