"""Sources of API keys: environment variable, command, file, configuration."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Protocol

from holytui.credentials.command import Run, command_output, program_name
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret
from holytui.text import sanitize_line
from holytui.trust import shell_command

_MAX_BYTES = 65_536  # larger than any key, token or file of variables

Fstat = Callable[[int], os.stat_result]


@dataclass(frozen=True, slots=True)
class Key:
    """A key and, if its source reports it, the Unix time at which it expires."""

    secret: Secret
    expires_at: float | None = None


class KeySource(Protocol):
    """Source of an API key."""

    by_command: ClassVar[bool]
    """The key comes from a program or token server; then a 403 may mean that it has expired."""

    def fetch(self) -> Key:
        """Return the current key. May block for 10 s. Raises KeyUnavailable."""
        ...

    def describe(self) -> str:
        """Return a description of the source for the user, without the key."""
        ...

    def remedy(self) -> str:
        """Return the step that replaces a refused key."""
        ...


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """An environment variable, looked up first in an optional file of `NAME=value` lines."""

    name: str
    environ: Mapping[str, str]
    file: str = ""
    fstat: Fstat = os.fstat
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        text = _read_variable(Path(self.file), self.name, self.fstat) if self.file else None
        text = text or self.environ.get(self.name, "").strip()
        if not text:
            place = _("{name} is not set").format(name=self.name)
            if self.name in self.environ and not self.file:
                place = _("{name} is set, but empty").format(name=self.name)
            if self.file:
                place = _("{name} is set neither in {file} nor in the environment").format(
                    name=self.name, file=self.file
                )
            raise KeyUnavailable(place, self._hint())
        return Key(validate_key(text, self.describe()))

    def describe(self) -> str:
        if self.file:
            return _("variable {name} in {file}, else in the environment").format(name=self.name, file=self.file)
        return _("environment variable {name}").format(name=self.name)

    def remedy(self) -> str:
        if self.file:
            return _("Put a new key into {file} as {name}=…").format(file=self.file, name=self.name)
        return _("Set {name} to a new key and start holytui again").format(name=self.name)

    def _hint(self) -> str:
        if self.file:
            return _("Write {name}=… into {file}").format(name=self.name, file=self.file)
        return _("Set it in the shell (export {name}=…) and start holytui again").format(name=self.name)


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """`api_key` of the configuration."""

    text: str
    provider: str
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        return Key(validate_key(self.text, self.describe()))

    def describe(self) -> str:
        return _("api_key of [providers.{name}] in the configuration").format(name=self.provider)

    def remedy(self) -> str:
        return _("Put a new key there: {place}").format(place=self.describe())


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that holds only the key, owned by the user and closed to others."""

    path: Path
    fstat: Fstat = os.fstat
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        return Key(validate_key(read_private(self.path, self.fstat), self.describe()))

    def describe(self) -> str:
        return _("file {path}").format(path=self.path)

    def remedy(self) -> str:
        return _("Put a new key into {path}").format(path=self.path)


@dataclass(frozen=True, slots=True)
class CommandSource:
    """The output of a program: the key on the first line, or `{"api_key": …, "expires_at": …}`."""

    argv: tuple[str, ...]
    run: Run
    by_command: ClassVar[bool] = True

    def fetch(self) -> Key:
        output = command_output(self.argv, self.run)
        if not output.startswith("{"):
            return Key(validate_key(output.splitlines()[0], self.describe()))
        try:
            payload = json.loads(output)
            text, expires_at = payload["api_key"], payload.get("expires_at")
        except (ValueError, KeyError, RecursionError):
            payload = text = expires_at = None
        if not isinstance(text, str) or not text:
            raise KeyUnavailable(
                _("{command} printed no key").format(command=program_name(self.argv)),
                _('It should print only the key, or {"api_key": "…", "expires_at": "…"}'),
            )
        secret = validate_key(text, self.describe())
        return Key(secret, self._parse_time(expires_at))

    def describe(self) -> str:
        return _("command {command}").format(command=program_name(self.argv))

    def remedy(self) -> str:
        return _("Make {command} print a new key").format(command=program_name(self.argv))

    def _parse_time(self, expires_at: object) -> float | None:
        if expires_at is None:
            return None
        if isinstance(expires_at, int | float) and not isinstance(expires_at, bool) and abs(expires_at) < 1e12:
            return float(expires_at)
        try:
            moment = datetime.fromisoformat(str(expires_at))
        except ValueError:
            raise KeyUnavailable(
                _("{command} printed an expires_at that is not a time").format(command=program_name(self.argv)),
                _("It should be ISO 8601 (2026-01-31T12:00:00Z) or Unix seconds"),
            ) from None  # the text may contain the key
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def validate_key(text: str, source: str) -> Secret:
    """Return `text` as a key. Raises KeyUnavailable if it cannot be part of a header."""
    text = text.strip()
    if not text:
        raise KeyUnavailable(_("No key: {place} is empty").format(place=source))
    if text[0] in "\"'`“”‘’":
        raise KeyUnavailable(
            _("The key from {place} begins with a quotation mark").format(place=source),
            _("Remove the quotation marks around it"),
        )
    if not re.fullmatch(r"[!-~]+", text):
        raise KeyUnavailable(
            _("The key from {place} contains spaces or invalid characters").format(place=source),
            _("Copy it again: the whole key and nothing else"),
        )
    return Secret(text)


def read_private(path: Path, fstat: Fstat = os.fstat) -> str:
    """Return the text of a file. Raises KeyUnavailable, with the remedy, unless it is private to the user."""
    try:
        # O_NONBLOCK: opening a FIFO, which is refused below, must not block
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    try:
        _check_private(path, fstat(handle))
        return os.read(handle, _MAX_BYTES).decode("utf-8-sig").strip()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    except UnicodeDecodeError:
        raise KeyUnavailable(
            _("{path} is not a text file").format(path=path)
        ) from None  # the exception contains the bytes
    finally:
        os.close(handle)


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnavailable(_("{path} is not a file").format(path=path))
    if status.st_uid != os.getuid():
        title = _("{path} belongs to another user").format(path=path)
        raise KeyUnavailable(title, _("Run: {command}").format(command=shell_command(f"chown {os.getuid()}", path)))
    if stat.S_IMODE(status.st_mode) & 0o077:
        title = _("{path} holds a key and can be read or changed by others").format(path=path)
        raise KeyUnavailable(title, _("Run: {command}").format(command=shell_command("chmod 600", path)))


def _read_variable(file: Path, name: str, fstat: Fstat) -> str | None:
    """Return the last `NAME=value` in a private file, as shells and dotenv write it; None if there is none."""
    if not os.path.lexists(file):
        return None
    text = read_private(file, fstat)
    value_in_file = None
    for line in text.splitlines():
        match = re.fullmatch(rf"\s*(?:export\s+)?{re.escape(name)}\s*=\s*(.*)", line)
        if match:
            value = match[1].strip()
            quoted = re.match(r"""(["'])(.*?)\1""", value)
            value_in_file = quoted[2] if quoted else re.split(r"\s#", value)[0].strip()
    return value_in_file


def _unreadable(path: Path, exc: OSError) -> KeyUnavailable:
    reason = sanitize_line(exc.strerror or type(exc).__name__)
    return KeyUnavailable(
        _("{path} cannot be read: {reason}").format(path=path, reason=reason),
        _("Check the path in the configuration, and the permissions of the file"),
    )
