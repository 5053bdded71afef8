"""Leases of answers in progress: they name the process, so that answers of dead processes are recognised."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import StoreBusy
from holytui.i18n import _
from holytui.ids import new_id
from holytui.store.sqlite.damaged_tables import Row, read_rows
from holytui.store.sqlite.row_reader import RowReader

HEARTBEAT_TIMEOUT = 30.0
"""Seconds without a heartbeat after which an owner on another machine counts as dead."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One open history in one process. `started` guards against reused process ids."""

    token: str
    host: str
    pid: int
    boot_id: str
    started: str


@dataclass(frozen=True, slots=True)
class Lease:
    """An answer in progress and its owner."""

    message_id: str
    conversation_id: str
    owner: Owner
    heartbeat: float


StartTime = Callable[[int], str | None]


def this_owner() -> Owner:
    """Return a new owner for this process."""
    pid = os.getpid()
    return Owner(new_id(), _host(), pid, _read("/proc/sys/kernel/random/boot_id"), start_time_of(pid) or "")


def start_time_of(pid: int) -> str | None:
    """Return the start time of a process in kernel ticks; `""` if unknown, None if there is no such process."""
    stat = _read(f"/proc/{pid}/stat")
    if stat:
        # proc(5): the name, in brackets, may hold spaces and brackets; state is field 3, the start is field 22
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


def is_alive(lease: Lease, here: Owner, now: float, starts: StartTime = start_time_of) -> bool:
    """Whether the owner's process runs; on another machine, whether its heartbeat is recent."""
    owner = lease.owner
    if owner.host != here.host:
        return now - lease.heartbeat <= HEARTBEAT_TIMEOUT
    return owner.boot_id == here.boot_id and starts(owner.pid) == owner.started


def _host() -> str:
    # process ids are local to a container, which may share host name and kernel
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return f"{platform.node()} {space}".strip()


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


# -- in the file

_COLUMNS = "message_id, conversation_id, token, host, pid, boot_id, started, heartbeat"


def _lease(row: Row) -> Lease:
    v = RowReader(row)
    message_id, conversation_id, token, host = (
        v.text(name) for name in ("message_id", "conversation_id", "token", "host")
    )
    owner = Owner(token, host, v.integer("pid", -1), v.text("boot_id"), v.text("started"))
    return Lease(message_id, conversation_id, owner, v.number("heartbeat"))


def leases(connection: sqlite3.Connection) -> list[Lease]:
    """Return all leases: one for each answer in progress."""
    return [_lease(row) for row in read_rows(connection, _COLUMNS, "lease")]


def lease_of(connection: sqlite3.Connection, message_id: str) -> Lease | None:
    """Return the lease of an answer."""
    found = read_rows(connection, _COLUMNS, "lease", "message_id = ?", (message_id,))
    return _lease(found[0]) if found else None


def claim(connection: sqlite3.Connection, message_id: str, conversation_id: str, here: Owner, now: float) -> None:
    """Take the lease of an answer for `here`. Raises StoreBusy while another living process has it."""
    require_unclaimed(connection, message_id, here, now)
    connection.execute(
        f"INSERT OR REPLACE INTO lease ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (message_id, conversation_id, here.token, here.host, here.pid, here.boot_id, here.started, now),
    )


def require_unclaimed(connection: sqlite3.Connection, message_id: str, here: Owner, now: float) -> None:
    """Raise StoreBusy while another living process has the answer."""
    lease = lease_of(connection, message_id)
    if lease and lease.owner.token != here.token and is_alive(lease, here, now):
        raise taken_error()


def taken_error() -> StoreBusy:
    """The error for an answer that another process receives."""
    return StoreBusy(
        _("Another holytui is receiving this answer"), _("Its text appears here too; stop it there to continue here.")
    )


def release(connection: sqlite3.Connection, message_id: str) -> None:
    """Delete the lease of an answer."""
    connection.execute("DELETE FROM lease WHERE message_id = ?", (message_id,))


def release_all(connection: sqlite3.Connection, here: Owner) -> None:
    """Delete all leases of `here`."""
    connection.execute("DELETE FROM lease WHERE token = ?", (here.token,))


def renew(connection: sqlite3.Connection, here: Owner, now: float) -> bool:
    """Write a heartbeat for all leases of `here`; False if there are none."""
    return connection.execute("UPDATE lease SET heartbeat = ? WHERE token = ?", (now, here.token)).rowcount > 0
