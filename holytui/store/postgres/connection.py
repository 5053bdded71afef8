"""Connecting to the database, with TLS verified unless the user says otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holytui.errors import SharingFailed
from holytui.i18n import _
from holytui.secret import scrub
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from psycopg import Connection

VERIFY_FULL = "verify-full"
_CONNECT_SECONDS = 10
_UNACKNOWLEDGED_MS = 20_000
"""Milliseconds without an acknowledgement of sent data after which the connection counts as lost."""


def connect(share: str, tls: str = "", password: Callable[[], str] | None = None) -> Connection[tuple[Any, ...]]:
    """Open a connection in autocommit mode. `tls` overrides the default of `parameters`.

    `password` returns the password. May block for 10 s for each address. Raises SharingFailed, KeyUnavailable.
    """
    try:
        import psycopg
        from psycopg import conninfo
    except ImportError as error:
        raise SharingFailed(
            _("Sharing the history needs psycopg"), _("Install it: {command}").format(command=_INSTALL)
        ) from error
    try:
        given = {name: str(value) for name, value in conninfo.conninfo_to_dict(share).items() if value is not None}
    except psycopg.Error:
        # its text repeats the address, which may contain a password
        raise SharingFailed(
            _("The address of the shared history is invalid"), _("It looks like {example}.").format(example=_EXAMPLE)
        ) from None
    settings: dict[str, Any] = parameters(given, tls, os.environ)
    if password is not None:
        settings["password"] = password()
    try:
        # no prepared statements: a pooler may be between
        return psycopg.connect(**settings, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise failure(error) from error


_INSTALL = 'pip install "holytui[postgres]"'
_EXAMPLE = "postgresql://user@host/database"


def parameters(given: Mapping[str, str], tls: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of libpq for those of the address.

    Certificates are verified with the name of the host, unless the address, `tls` or PGSSLMODE say otherwise or the
    server is on this machine. libpq ignores it on Unix sockets.
    """
    out = {
        "connect_timeout": str(_CONNECT_SECONDS),
        "tcp_user_timeout": str(_UNACKNOWLEDGED_MS),
        "keepalives_idle": "15",
        "application_name": "holytui",
        **given,
    }
    mode = given.get("sslmode") or tls or environ.get("PGSSLMODE")
    if not mode and not is_local(given, environ):
        mode = VERIFY_FULL
    if mode:
        out["sslmode"] = mode
    own_root = given.get("sslrootcert") or environ.get("PGSSLROOTCERT")
    if mode == VERIFY_FULL and not own_root and not Path("~/.postgresql/root.crt").expanduser().exists():
        out["sslrootcert"] = "system"
    return out


def is_local(given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether all hosts of the address are this machine. A service may be anywhere."""
    if "service" in given or environ.get("PGSERVICE"):
        return False
    hosts = given.get("hostaddr") or given.get("host") or environ.get("PGHOSTADDR") or environ.get("PGHOST") or ""
    return all(_is_this_machine(host) for host in hosts.split(","))


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


_CONNECT_ERROR = re.compile(r'connection to server (?:at|on socket) "([^"]*)".*? failed: (?:FATAL: *|error: *)?(.*)')


def failure(error: Exception) -> SharingFailed:
    """Return the error for one of psycopg: its first line, without secrets."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    if found := _CONNECT_ERROR.search(line):
        line = f"{found[1]}: {found[2]}"
    reason = scrub(sanitize_line(line))[:200]
    return SharingFailed(
        _("The shared history cannot be reached: {reason}").format(reason=reason.rstrip(".")),
        _("This machine has everything of its own; the rest follows once it can."),
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise SharingFailed for errors of psycopg."""
    import psycopg

    try:
        yield
    except (psycopg.Error, OSError) as error:
        raise failure(error) from error
