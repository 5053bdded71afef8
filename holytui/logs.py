"""The log file: warnings and errors by default, each turn and request with `HOLYTUI_LOG=info`.

No key and no text of a conversation is written. The file is private, limited in size and created with its first line.
The level is that of the variable `HOLYTUI_LOG`, else `log_level` of the configuration.
"""

from __future__ import annotations

import logging
import os
import stat
import time
import traceback
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING

from holytui import paths
from holytui.errors import HolytuiError
from holytui.secret import scrub
from holytui.text import visible

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("off", "error", "warning", "info", "debug")
MAX_BYTES = 1_000_000
"""Size at which the file is renamed to `holytui.log.1`."""
BACKUPS = 2
VARIABLE = "HOLYTUI_LOG"
_OFF = logging.CRITICAL + 1
_ROOT = "holytui"


class PrivateRotatingHandler(logging.Handler):
    """Appends to a file with mode 0600 and rotates it. Several processes may write to one file. What cannot be written
    is dropped: the log never disturbs the program. Thread-safe, as any `logging.Handler`."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        super().__init__()
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._file: TextIOWrapper | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Append one record."""
        with suppress(OSError, ValueError):
            line = self.format(record)
            file = self._current()
            file.write(line + "\n")
            file.flush()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
        super().close()

    def _current(self) -> TextIOWrapper:
        """The open file, with room for a line. Another process may have renamed it meanwhile."""
        if self._file is not None and not self._is_current(self._file):
            self._file.close()
            self._file = None
        if self._file is None:
            self._file = self._open()
        if os.fstat(self._file.fileno()).st_size >= self._max_bytes:
            self._file.close()
            self._file = None
            self._rotate()
            self._file = self._open()
        return self._file

    def _is_current(self, file: TextIOWrapper) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.lstat())
        except OSError:
            return False

    def _open(self) -> TextIOWrapper:
        paths.private_dir(self._path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o600)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            os.close(descriptor)
            raise OSError("not a file of this user")
        if found.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab", buffering=0), "utf-8", "backslashreplace", write_through=True)

    def _rotate(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._backups + 1))]
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            with suppress(FileNotFoundError):
                newer.replace(older)


class _Formatter(logging.Formatter):
    """One line a record: time in UTC, level, process, logger, message. Keys are masked, control characters are shown
    as signs, and of an exception only the places in the code are written, as its message may quote a text."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ %(levelname)s [%(process)d] %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the exception's places after it."""
        record.exc_text = None
        return scrub(visible(super().format(record)))

    def formatException(self, ei: object) -> str:  # noqa: N802 - as logging calls it
        """File, line and function of each frame, and the type of the exception."""
        assert isinstance(ei, tuple)
        kind, error, places = ei
        lines = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(places)]
        return "\n".join([*lines, f"  {kind.__name__}: {error}" if _is_safe(error) else f"  {kind.__name__}"])


def _is_safe(error: object) -> bool:
    """Whether the message of an exception quotes no text of a conversation."""
    return isinstance(error, HolytuiError | OSError) or type(error).__module__ == "sqlite3"


def start() -> None:
    """Write the log of this process from now on, at the level of the environment or else warnings."""
    stop()
    logger = logging.getLogger(_ROOT)
    handler = PrivateRotatingHandler(paths.log_file())
    handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(_number(os.environ.get(VARIABLE, "")) or logging.WARNING)


def set_level(configured: str) -> None:
    """Use the level of the configuration, unless the environment names one."""
    if not _number(os.environ.get(VARIABLE, "")):
        logging.getLogger(_ROOT).setLevel(_number(configured) or logging.WARNING)


def level() -> str:
    """The name of the level in force."""
    number = logging.getLogger(_ROOT).getEffectiveLevel()
    return "off" if number == _OFF else logging.getLevelName(number).lower()


def stop() -> None:
    """Close the file and write nothing more."""
    logger = logging.getLogger(_ROOT)
    for handler in [each for each in logger.handlers if isinstance(each, PrivateRotatingHandler)]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.NOTSET)


def _number(name: str) -> int:
    """The level of `logging` with this name; 0 for an unknown one."""
    name = name.strip().lower()
    if name not in LEVELS:
        return 0
    return _OFF if name == "off" else logging.getLevelNamesMapping()[name.upper()]
