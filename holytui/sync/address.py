"""Addresses of the other side of a sync: `ssh://user@host:port/path`, or a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from holytui.errors import SyncError
from holytui.i18n import _
from holytui.text import nearest, sanitize_line


@dataclass(frozen=True, slots=True)
class SshAddress:
    """A history on a host that is reached by SSH."""

    host: str
    """Name or address, or an alias of the user's SSH configuration."""
    user: str = ""
    port: int | None = None
    path: str = ""
    """History file or data folder; empty for the user's own. `~/` is the home folder there."""

    @property
    def destination(self) -> str:
        """User and host as `ssh` expects them."""
        return f"{self.user}@{self.host}" if self.user else self.host


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder, such as one on a USB stick or of a program that replicates files."""

    path: Path


Address = SshAddress | FolderAddress


def resolve(text: str, targets: Mapping[str, str]) -> Address:
    """Return the address of a configured name, or parse an address; a folder is recognized by a `/`.

    Raises SyncError.
    """
    if text in targets:
        return parse(targets[text])
    if "/" in text or text in (".", ".."):
        return parse(text)
    close = nearest(text, list(targets))
    advice = _("Did you mean {name}?").format(name=close) if close else ""
    raise SyncError(
        _("No sync target is named {name}").format(name=sanitize_line(text)),
        advice or _("Name one under [sync.targets] in the configuration, or give ssh://HOST or a folder."),
    )


def parse(text: str) -> Address:
    """Parse an address. Raises SyncError."""
    if "://" not in text:
        return FolderAddress(Path(text).expanduser())
    try:
        parts = urlsplit(text)
        host, user, port = unquote(parts.hostname or ""), unquote(parts.username or ""), parts.port
    except ValueError as exc:
        raise _invalid(text) from exc
    path = unquote(parts.path)
    if parts.scheme != "ssh" or not host or parts.password or parts.query or parts.fragment:
        raise _invalid(text)
    # ssh would take these for an option, or refuse them
    if host.startswith("-") or user.startswith("-") or not all(each.isprintable() for each in (host, user, path)):
        raise _invalid(text)
    if any(char in host + user for char in " \t'\"`$\\;&<>|(){}"):
        raise _invalid(text)
    path = path[1:] if path.startswith("/~/") or path == "/~" else path
    return SshAddress(host, user, port, "" if path == "/" else path)


def _invalid(text: str) -> SyncError:
    return SyncError(
        _("{address} is no address to sync with").format(address=sanitize_line(text)),
        _("Use ssh://USER@HOST:PORT/PATH (all but HOST may be left out), or a folder."),
    )
