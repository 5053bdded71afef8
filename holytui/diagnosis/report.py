"""The text for a bug report: versions, all lines of a check, the configuration and the log, without secrets."""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from holytui import __version__, paths
from holytui.config.redact import MASK, is_auth_name, looks_like_key, register_secrets
from holytui.config.schema import Config
from holytui.config.write import dump
from holytui.diagnosis.entry import STATUSES, CheckEntry
from holytui.diagnosis.terminal_link import terminal_names
from holytui.engine.check.findings import CheckGroup
from holytui.secret import scrub
from holytui.text import visible

LOG_LINES = 50
_PACKAGES = ("textual", "httpx", "rich", "h11")
_URL_USER = re.compile(r"(?<=://)[^/\s@]+@")
_URL_QUERY = re.compile(r"(https?://[^\s?\"']*\?)[^\s\"']+")
_WORD = re.compile(r"[\w.+=~-]{16,}")
_SHORTEST = 6
_COMMON = frozenset({"localhost", "root", "user", "admin"})
"""Names that say nothing about a person and occur in ordinary words."""


class BugReport:
    """Makes reports for the environment and user of this process."""

    def __init__(self, config: Config, environ: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._environ = environ
        for provider in config.providers.values():
            register_secrets(provider)

    def text(self, entries: Sequence[CheckEntry], log: Path | None = None) -> str:
        """Return the report. `log` is the log file, of which the last lines are included."""
        parts = [
            "\n".join(self._versions()),
            "\n".join(self._lines(entries)),
            "Settings\n" + dump(self._config).rstrip("\n"),
        ]
        if log is not None and (lines := _last_lines(log, LOG_LINES)):
            parts.append("\n".join(["Log", *lines]))
        return self.redacted("\n\n".join(parts)) + "\n"

    def redacted(self, text: str) -> str:
        """Return `text` without secrets, the home folder, and the names of user and machine."""
        text = visible(text)
        home = self._environ.get("HOME", "").rstrip("/")
        if home:
            text = re.sub(rf"{re.escape(home)}(?!\w|[.-]\w)", "~", text)
        text = scrub(text)
        for value in self._secrets():
            text = text.replace(value, MASK)
        text = _URL_QUERY.sub(rf"\1{MASK}", _URL_USER.sub("", text))
        text = _WORD.sub(lambda found: MASK if looks_like_key(found[0]) else found[0], text)
        for name, instead in ((_user(self._environ), "USER"), (platform.node(), "HOST")):
            if len(name) > 1 and name.lower() not in _COMMON:
                text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", instead, text)
        return text

    def _secrets(self) -> list[str]:
        """Values of environment variables that are named like secrets, and passwords in their URLs."""
        found = {
            value
            for name, value in self._environ.items()
            if is_auth_name(name) and len(value) >= _SHORTEST and not value.startswith("/")
        }
        for value in self._environ.values():
            password = re.search(r"://[^/\s:@]*:([^/\s@]+)@", value)
            if password:
                found.add(password[1])
        return sorted(found, key=len, reverse=True)

    def _versions(self) -> Iterable[str]:
        yield f"holytui {__version__}"
        python = f"Python {platform.python_version()}"
        packages = []
        for name in _PACKAGES:
            with suppress(PackageNotFoundError):
                packages.append(f"{name} {version(name)}")
        yield ", ".join([python, *packages])
        yield f"{platform.system()} {platform.release()} {platform.machine()}"
        yield f"terminal {terminal_names(self._environ)}"
        locale = next((self._environ[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if self._environ.get(n)), "")
        yield f"locale {locale}"

    def _lines(self, entries: Sequence[CheckEntry]) -> Iterable[str]:
        group: CheckGroup | None = None
        for entry in entries:
            if entry.group is not group:
                group = entry.group
                yield f"{group.value}"
            found = entry.finding
            about = f" [{entry.model}]" if entry.model else ""
            yield f"  {STATUSES[found.status]:8}{found.topic.name.lower():14} {found.text}{about}"
            yield from (f"{'':25}{hint}" for hint in found.hints)


def log_in_use() -> Path | None:
    """Return the log file if there is one."""
    return paths.log_file() if paths.log_file().is_file() else None


def _user(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("USER", "") or getpass.getuser()
    except (OSError, KeyError):
        return ""


def _last_lines(file: Path, count: int) -> list[str]:
    with suppress(OSError), file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - (64 << 10)))
        return log.read().decode("utf-8", "replace").splitlines()[-count:]
    return []
