"""A consistent copy of a history file that is in use, verified by reading it back."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from holytui.errors import StoreCorrupt, StoreError, StoreFull
from holytui.i18n import _
from holytui.store.sqlite.connect import Connect, connect_untouched, translate_errors
from holytui.store.sqlite.opening import is_sound
from holytui.store.values import BackupResult

_PRIVATE = 0o600
_STANDALONE = "PRAGMA journal_mode = DELETE"


def write_snapshot(path: Path, connector: Connect, timeout: float, target: Path) -> BackupResult:
    """Copy the file at `path` as it is at this moment to the new file `target`, which appears only once it is whole.

    Others may write meanwhile. Raises StoreFull, StoreBusy, StoreCorrupt, and StoreError if `target` exists.
    """
    if os.path.lexists(target):
        raise _exists(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _PRIVATE))
        try:
            with translate_errors():
                _copy(path, connector, timeout, part)
                result = _verified(part)
            _sync(part)
            _publish(part, target)
        finally:
            for name in (part.name, f"{part.name}-journal"):
                part.with_name(name).unlink(missing_ok=True)
        _sync(target.parent)
    except OSError as exc:
        raise StoreFull(
            _("The backup could not be written: {reason}").format(reason=exc.strerror or exc),
            _("Free some space, or choose another place."),
        ) from exc
    return result


def _copy(path: Path, connector: Connect, timeout: float, part: Path) -> None:
    with closing(connector(path, timeout)) as source, closing(sqlite3.connect(part, isolation_level=None)) as copy:
        source.backup(copy)  # in one step, so that it is one state of the file
        copy.execute(_STANDALONE)


def _verified(part: Path) -> BackupResult:
    with closing(connect_untouched(part)) as copy:
        if not is_sound(copy):
            raise StoreCorrupt(_("The history is damaged, so that no backup was written"), _("See: holytui check"))
        (conversations,) = copy.execute("SELECT count(*) FROM conversation WHERE deleted_at IS NULL").fetchone()
        (messages,) = copy.execute("SELECT count(*) FROM message").fetchone()
    return BackupResult(conversations, messages, part.stat().st_size)


def _publish(part: Path, target: Path) -> None:
    """Give the file its name, never that of an existing one."""
    try:
        os.link(part, target)
    except FileExistsError as exc:
        raise _exists(target) from exc
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise _exists(target) from None
        part.rename(target)


def _exists(target: Path) -> StoreError:
    return StoreError(_("{file} exists already and was not changed").format(file=target), _("Choose another name."))


def _sync(place: Path) -> None:
    with suppress(OSError):  # some file systems cannot sync folders
        handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
