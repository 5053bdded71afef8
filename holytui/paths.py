"""Where holytui's files are; functions of the environment, none of which makes a file or folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

_APP = "holytui"
_OURS = "holytui-part"
_UNFINISHED = re.compile(rf"\..+\.{_OURS}-([0-9a-f]{{8}})-(\d+)\.[^.]+", re.DOTALL)
"""Names that `_private` gives: on which machine, by which process."""


def config_file() -> Path:
    """`HOLYTUI_CONFIG`, else `config.toml` in the user's configuration folder."""
    if named := os.environ.get("HOLYTUI_CONFIG"):
        return _expanded(named)
    return config_dir() / "config.toml"


def config_dir() -> Path:
    """The user's configuration folder (XDG on Linux)."""
    import platformdirs

    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def data_dir() -> Path:
    """`HOLYTUI_DATA_DIR`, else the user's data folder (XDG on Linux)."""
    if named := os.environ.get("HOLYTUI_DATA_DIR"):
        return _expanded(named)
    import platformdirs

    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def history_file() -> Path:
    """The history database."""
    return data_dir() / "history.db"


def state_dir() -> Path:
    """For what is to survive a reboot and has no place beside the history (XDG on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir(_APP, appauthor=False))


def runtime_dir() -> Path:
    """For files that need not survive a reboot, such as the last copied text."""
    import platformdirs

    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / _APP if base else Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def copied_file() -> Path:
    """The text that was copied last, for where no clipboard can be reached."""
    return runtime_dir() / "last-copy.txt"


def _expanded(named: str) -> Path:
    return Path(os.path.expanduser(named))  # noqa: PTH111 - unlike Path.expanduser, it leaves an unknown ~user as it is


def private_dir(path: Path) -> Path:
    """`path`, made with mode 0700 if it is not there yet, and so are the folders above it that are missing.

    Raises OSError when it cannot be made.
    """
    missing = [path]
    while missing[-1].parent != missing[-1] and not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for folder in reversed(missing):  # `parents=True` would give them the mode that the umask leaves
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Put `data` at `path` with mode 0600, whole or not at all (a new file beside it, then a rename).

    Raises OSError; the old file is then as it was.
    """
    with _private(path) as file:
        file.write(data)


@contextmanager
def private_text(path: Path) -> Iterator[TextIO]:
    """`write_private` for a text that is written in pieces, as UTF-8."""
    import io

    with _private(path) as file:
        text = io.TextIOWrapper(file, "utf-8")
        try:
            yield text
        finally:
            text.detach()


def _sweep(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left in `folder`."""
    with suppress(OSError):
        for place in folder.iterdir():
            found = _UNFINISHED.fullmatch(place.name)
            if found and found[1] == _machine() and not _runs(int(found[2])):
                with suppress(OSError):
                    if place.lstat().st_uid == os.getuid():
                        place.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _machine() -> str:
    """Numbers of processes mean something here only: the folder may be on the network, or another container's."""
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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.{_OURS}-{_machine()}-{os.getpid()}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
