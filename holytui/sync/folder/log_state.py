"""What this history knows of a log in a folder: how far it was read, and which changes it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from holytui.store.history import History
from holytui.store.replica.clock import Vector
from holytui.store.replica.codec import cursor_from_json, cursor_json, vector_from_json
from holytui.store.replica.records import Batch, TransferCursor
from holytui.sync.folder.log_files import LogLine, LogName


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of a log after its line `number`."""

    number: int = 0
    segment: int = 0
    """First line of the segment that has the line."""
    offset: int = 0
    """Bytes of that segment up to the end of the line."""
    has: Vector = field(default_factory=dict)
    """For each host the clock value up to which the log has all its changes."""
    since: Vector = field(default_factory=dict)
    """Where the transfer of the line began."""
    cursor: TransferCursor | None = None
    """Where the transfer continues; None after its last part."""

    def reaches(self, host: str) -> int:
        """Return the clock value up to which the lines so far have the changes of `host`."""
        whole = self.has.get(host, 0)
        if self.cursor is None:
            return whole
        return max(whole, self.cursor.since.get(host, 0), self.cursor.at.clock)

    def after(self, line: LogLine, segment: int, since: Vector, batch: Batch) -> LogState:
        """Return the state after a further line."""
        moved = replace(self, number=line.number, segment=segment, offset=line.end, since=since)
        if not batch.complete or batch.cursor is None:
            return replace(moved, cursor=batch.cursor)
        return replace(moved, cursor=None, has={**self.has, **covered(self.has, since, batch.cursor.claims)})


def covered(known: Vector, since: Vector, claims: Vector) -> dict[str, int]:
    """Return those claims that a transfer of the changes after `since` justifies where `known` was there before."""
    return {host: clock for host, clock in claims.items() if since.get(host, 0) <= known.get(host, 0) < clock}


def load(history: History, name: LogName) -> LogState:
    """Return the stored state of a log."""
    try:
        stored: Mapping[str, object] = json.loads(history.recall(_key(name)) or "{}")
        return LogState(
            _number(stored["number"]),
            _number(stored["segment"]),
            _number(stored["offset"]),
            vector_from_json(stored["has"]),
            vector_from_json(stored["since"]),
            None if stored["cursor"] is None else cursor_from_json(stored["cursor"]),
        )
    except (KeyError, TypeError, ValueError):
        return LogState()


def save(history: History, name: LogName, state: LogState) -> None:
    """Store the state of a log."""
    values = {
        "number": state.number,
        "segment": state.segment,
        "offset": state.offset,
        "has": dict(state.has),
        "since": dict(state.since),
        "cursor": None if state.cursor is None else cursor_json(state.cursor),
    }
    history.remember(_key(name), json.dumps(values))


def _key(name: LogName) -> str:
    return f"sync log {name.host} {name.log}"


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError("number")
    return value
