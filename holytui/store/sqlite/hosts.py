"""The hosts whose changes a file knows, and its own identity among them."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, field

from holytui.store.replica.clock import next_clock

UNKNOWN = "unknown"
"""Id of a host whose row was lost in a damaged file."""
_PLACE = "replica_place"


def identify(connection: sqlite3.Connection, place: str, name: str) -> None:
    """Give the file a host id, and a new one if it is a copy: `place` identifies the file on its machine.

    Two files must never give the same stamp.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_PLACE,)).fetchone()
    if row is not None and row[0] == place and connection.execute("SELECT 1 FROM host WHERE is_self").fetchone():
        return
    renew_identity(connection, name)
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_PLACE, place))


def renew_identity(connection: sqlite3.Connection, name: str) -> None:
    """Make the changes from now on those of a new host; the earlier ones stay those of the old one."""
    (clock,) = connection.execute("SELECT coalesce(max(clock), 0) FROM host WHERE is_self").fetchone()
    connection.execute("UPDATE host SET is_self = 0 WHERE is_self")
    connection.execute(
        "INSERT INTO host (id, name, clock, is_self) VALUES (?, ?, ?, 1)", (secrets.token_hex(8), name, clock)
    )


@dataclass(slots=True)
class HostTable:
    """The hosts that a file knows, read once for a job."""

    connection: sqlite3.Connection
    ids: dict[int, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    """All changes of a host up to its value are here."""
    self_number: int = -1

    def __post_init__(self) -> None:
        for number, id_, name, clock, is_self in self.connection.execute(
            "SELECT number, id, name, clock, is_self FROM host"
        ):
            self.ids[number], self.names[id_], self.clocks[id_] = id_, name, clock
            if is_self:
                self.self_number = number

    @property
    def self_id(self) -> str:
        """The id of this file's own changes."""
        return self.ids[self.self_number]

    def number(self, host: str, name: str = "") -> int:
        """Return the number of a host, which is added if it is new."""
        for number, id_ in self.ids.items():
            if id_ == host:
                return number
        number = (
            self.connection.execute("INSERT INTO host (id, name, clock) VALUES (?, ?, 0)", (host, name)).lastrowid or 0
        )
        self.ids[number], self.names[host], self.clocks[host] = host, name, 0
        return number

    def tick(self, now: float) -> int:
        """Return the next clock value of this file."""
        clock = next_clock(self.clocks[self.self_id], now)
        self.set_clock(self.self_id, clock)
        return clock

    def set_clock(self, host: str, clock: int) -> None:
        """Raise the value of a host."""
        if clock > self.clocks[host]:
            self.clocks[host] = clock
            self.connection.execute("UPDATE host SET clock = ? WHERE id = ?", (clock, host))
