"""A private folder in memory, for a history that must not reach a disk."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from holytui import paths
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.store.sqlite.filesystem import filesystem_of, read_mountinfo

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder with a random name is created in it
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_PREFIX = "holytui-chat"
_NAME = re.compile(rf"{_PREFIX}-([0-9a-f]{{8}})-(\d+)-\w+")


def make_memory_folder(environ: Mapping[str, str], mountinfo: str | None = None) -> TemporaryDirectory[str]:
    """Create a folder with mode 0700 on a file system in memory; deleted by its `cleanup`, or when the process ends.

    Folders of processes that were killed are deleted. Raises StoreError if there is no such file system.
    """
    mounts = read_mountinfo() if mountinfo is None else mountinfo
    prefix = f"{_PREFIX}-{paths.machine_id()}-{os.getpid()}-"
    for place in filter(None, (SHARED_MEMORY, _runtime(environ))):
        with suppress(OSError):
            if filesystem_of(place.resolve(strict=True), mounts) in _IN_MEMORY:
                _sweep(place)
                return TemporaryDirectory(prefix=prefix, dir=place)
    raise StoreError(
        _("There is no folder in memory, so the chat would be written to a disk"),
        _("--no-save needs /dev/shm, or XDG_RUNTIME_DIR on a tmpfs."),
    )


def _runtime(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("XDG_RUNTIME_DIR", "")
    return Path(named) if named.startswith("/") else None


def _sweep(place: Path) -> None:
    for folder in place.iterdir():
        found = _NAME.fullmatch(folder.name)
        if found and found[1] == paths.machine_id() and not paths.is_running(int(found[2])):
            with suppress(OSError):
                if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
                    shutil.rmtree(folder)
