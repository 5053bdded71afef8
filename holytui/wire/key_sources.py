"""Where API keys come from: an environment variable, a command, a file, the configuration itself."""

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

from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret
from holytui.text import sanitize_line
from holytui.trust import shell
from holytui.wire.key_command import Run, command_name, command_output

_LARGEST = 65_536  # no key, token or list of variables is longer

Fstat = Callable[[int], os.stat_result]


@dataclass(frozen=True, slots=True)
class Key:
    """A key and, where its source tells, the Unix time at which it ends."""

    secret: Secret
    expires_at: float | None = None


class KeySource(Protocol):
    """One place that a key comes from."""

    by_command: ClassVar[bool]
    """A program gives it, so a server may say 403 where it means that the key has expired."""

    def fetch(self) -> Key:
        """The key as of now. Raises KeyUnavailable."""
        ...

    def where(self) -> str:
        """Where it comes from, in words, without it."""
        ...

    def fix(self) -> str:
        """What to do when the key from here is refused."""
        ...


@dataclass(frozen=True, slots=True)
class FromEnv:
    """An environment variable, looked up first in a file of `NAME=value` lines if there is one."""

    name: str
    environ: Mapping[str, str]
    file: str = ""
    fstat: Fstat = os.fstat
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        text = _variable(Path(self.file), self.name, self.fstat) if self.file else None
        text = text or self.environ.get(self.name, "").strip()
        if not text:
            place = _("{name} is not set").format(name=self.name)
            if self.file:
                place = _("{name} is set neither in {file} nor in the environment").format(
                    name=self.name, file=self.file
                )
            raise KeyUnavailable(place, self._how())
        return Key(checked(text, self.where()))

    def where(self) -> str:
        if self.file:
            return _("variable {name} in {file}, else in the environment").format(name=self.name, file=self.file)
        return _("environment variable {name}").format(name=self.name)

    def fix(self) -> str:
        if self.file:
            return _("Put a new key into {file} as {name}=…").format(file=self.file, name=self.name)
        return _("Set {name} to a new key and start holytui again").format(name=self.name)

    def _how(self) -> str:
        if self.file:
            return _("Write {name}=… into {file}").format(name=self.name, file=self.file)
        return _("Set it in the shell (export {name}=…) and start holytui again").format(name=self.name)


@dataclass(frozen=True, slots=True)
class FromConfig:
    """`api_key` of the configuration."""

    text: str
    provider: str
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        return Key(checked(self.text, self.where()))

    def where(self) -> str:
        return _("api_key of [providers.{name}] in the configuration").format(name=self.provider)

    def fix(self) -> str:
        return _("Put a new key there: {place}").format(place=self.where())


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file that holds nothing but the key; the user's own and closed to others."""

    path: Path
    fstat: Fstat = os.fstat
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        return Key(checked(read_private(self.path, self.fstat), self.where()))

    def where(self) -> str:
        return _("file {path}").format(path=self.path)

    def fix(self) -> str:
        return _("Put a new key into {path}").format(path=self.path)


@dataclass(frozen=True, slots=True)
class FromCommand:
    """What a program prints: the key on its first line, or `{"api_key": …, "expires_at": …}`."""

    argv: tuple[str, ...]
    run: Run
    by_command: ClassVar[bool] = True

    def fetch(self) -> Key:
        output = command_output(self.argv, self.run)
        if not output.startswith("{"):
            return Key(checked(output.splitlines()[0], self.where()))
        try:
            told = json.loads(output)
            text, until = told["api_key"], told.get("expires_at")
        except (ValueError, KeyError, RecursionError):
            told = text = until = None
        if not isinstance(text, str) or not text:
            raise KeyUnavailable(
                _("{command} printed no key").format(command=command_name(self.argv)),
                _('It should print the key alone, or {"api_key": "…", "expires_at": "…"}'),
            )
        secret = checked(text, self.where())
        return Key(secret, self._time(until))

    def where(self) -> str:
        return _("command {command}").format(command=command_name(self.argv))

    def fix(self) -> str:
        return _("Let {command} give a new key").format(command=command_name(self.argv))

    def _time(self, until: object) -> float | None:
        if until is None:
            return None
        if isinstance(until, int | float) and not isinstance(until, bool) and abs(until) < 1e12:
            return float(until)
        try:
            moment = datetime.fromisoformat(str(until))
        except ValueError:
            raise KeyUnavailable(
                _("{command} printed an expires_at that is not a time").format(command=command_name(self.argv)),
                _("It should be ISO 8601 (2026-01-31T12:00:00Z) or Unix seconds"),
            ) from None  # the text may be anything, so also the key
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def checked(text: str, where: str) -> Secret:
    """`text` as a key. Raises KeyUnavailable if it could not stand in a header."""
    text = text.strip()
    if not text:
        raise KeyUnavailable(_("No key: {place} is empty").format(place=where))
    if not re.fullmatch(r"[!-~]+", text):
        raise KeyUnavailable(
            _("The key from {place} has spaces or characters in it that no key has").format(place=where),
            _("Copy it again, the key alone and complete"),
        )
    return Secret(text)


def read_private(path: Path, fstat: Fstat = os.fstat) -> str:
    """The text of a file that is the user's own and closed to others. Raises KeyUnavailable with what to do."""
    try:
        # O_NONBLOCK: a pipe in place of the file must not hold us up before it is refused
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    try:
        _check_private(path, fstat(handle))
        return os.read(handle, _LARGEST).decode("utf-8-sig").strip()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    except UnicodeDecodeError:
        raise KeyUnavailable(_("{path} is not a text file").format(path=path)) from None  # it shows the bytes
    finally:
        os.close(handle)


def _check_private(path: Path, about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise KeyUnavailable(_("{path} is not a file").format(path=path))
    if about.st_uid != os.getuid():
        title = _("{path} belongs to another user").format(path=path)
        raise KeyUnavailable(title, _("Run: {command}").format(command=shell(f"chown {os.getuid()}", path)))
    if stat.S_IMODE(about.st_mode) & 0o077:
        title = _("{path} holds a key and can be read or changed by others").format(path=path)
        raise KeyUnavailable(title, _("Run: {command}").format(command=shell("chmod 600", path)))


def _variable(file: Path, name: str, fstat: Fstat) -> str | None:
    """The last `NAME=value` of a private file as shells and dotenv write it; None if there is none."""
    if not os.path.lexists(file):
        return None
    text = read_private(file, fstat)
    found = None
    for line in text.splitlines():
        match = re.fullmatch(rf"\s*(?:export\s+)?{re.escape(name)}\s*=\s*(.*)", line)
        if match:
            value = match[1].strip()
            quoted = re.match(r"""(["'])(.*?)\1""", value)
            found = quoted[2] if quoted else re.split(r"\s#", value)[0].strip()
    return found


def _unreadable(path: Path, exc: OSError) -> KeyUnavailable:
    reason = sanitize_line(exc.strerror or type(exc).__name__)
    return KeyUnavailable(_("{path} cannot be read: {reason}").format(path=path, reason=reason))
