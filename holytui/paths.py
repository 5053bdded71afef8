"""Paths of holytui's files, and private files and folders.

The functions that return paths create nothing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TYPE_CHECKING = False  # the import of typing would slow `--help` down
if TYPE_CHECKING:
    from typing import BinaryIO, TextIO

_APP = "holytui"
_LINUX = {"config": ".config", "data": ".local/share", "state": ".local/state", "cache": ".cache"}
"""Defaults of the XDG Base Directory Specification."""
_OURS = "holytui-part"
_UNFINISHED = rf"(?s:\..+\.{_OURS}-([0-9a-f]{{8}})-(\d+)\.[^.]+)"
"""Pattern of file names of `_private`; the groups are a hash of the machine and the process id."""


def config_file() -> Path:
    """Return `HOLYTUI_CONFIG`, else `config.toml` in the user's configuration folder."""
    if named := os.environ.get("HOLYTUI_CONFIG"):
        return _expanded(named)
    return config_dir() / "config.toml"


def config_dir() -> Path:
    """Return the user's configuration folder (XDG on Linux)."""
    return _user_dir("config")


def data_dir() -> Path:
    """Return `HOLYTUI_DATA_DIR`, else the user's data folder (XDG on Linux)."""
    if named := os.environ.get("HOLYTUI_DATA_DIR"):
        return _expanded(named)
    return _user_dir("data")


def history_file() -> Path:
    """Return the path of the history database."""
    return data_dir() / "history.db"


def log_file() -> Path:
    """Return the path of the log file."""
    return data_dir() / "holytui.log"


def state_dir() -> Path:
    """Return the folder for files that must survive a reboot but cannot be beside the history (XDG on Linux)."""
    return _user_dir("state")


def runtime_dir() -> Path:
    """Return the folder for files that need not survive a reboot, such as the last copied text."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / _APP if base else _user_dir("cache")


def copied_file() -> Path:
    """Return the file for the last copied text, used when no clipboard is available."""
    return runtime_dir() / "last-copy.txt"


def _user_dir(kind: str) -> Path:
    """Return the user's folder of this kind, as platformdirs does.

    The usual case on Linux is done here: the import of platformdirs takes longer than all else that `--help` does.
    """
    home = os.environ.get("HOME", "")
    if sys.platform == "linux" and home.startswith("/") and "ANDROID_DATA" not in os.environ:
        base = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
        return Path(base if base.startswith("/") else f"{home.rstrip('/')}/{_LINUX[kind]}") / _APP
    import platformdirs

    return Path(getattr(platformdirs, f"user_{kind}_dir")(_APP, appauthor=False))


def _expanded(named: str) -> Path:
    return Path(os.path.expanduser(named))  # noqa: PTH111 - unlike Path.expanduser, it leaves an unknown ~user as it is


def private_dir(path: Path) -> Path:
    """Create `path` and its missing parents with mode 0700, and return it. Raises OSError."""
    missing = [path]
    while missing[-1].parent != missing[-1] and not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for folder in reversed(missing):  # `parents=True` would create the parents with the umask's mode
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` to `path` atomically, with `mode`. Raises OSError and leaves an existing file unchanged."""
    with _private(path) as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)


def create_private(path: Path, text: str) -> None:
    """Write a new file that only its user can read. Raises FileExistsError, or OSError and leaves no part of it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
    except OSError:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def private_text(path: Path) -> Iterator[TextIO]:
    """Like `write_private`, for UTF-8 text written in pieces."""
    import io

    with _private(path) as file:
        text = io.TextIOWrapper(file, "utf-8")
        try:
            yield text
        finally:
            text.detach()


def _sweep(folder: Path) -> None:
    """Remove temporary files in `folder` of processes that were killed while writing."""
    with suppress(OSError):
        for place in folder.iterdir():
            found = re.fullmatch(_UNFINISHED, place.name)
            if found and found[1] == machine_id() and not is_running(int(found[2])):
                with suppress(OSError):
                    if place.lstat().st_uid == os.getuid():
                        place.unlink()


def is_running(pid: int) -> bool:
    """Return whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def machine_id() -> str:
    """Return a hash of host and PID namespace: the folder may be shared with other machines and containers."""
    import platform
    import zlib

    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{platform.node()} {space}'.encode()):08x}"


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    import tempfile

    _sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.{_OURS}-{machine_id()}-{os.getpid()}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
