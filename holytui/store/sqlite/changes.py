"""The log of changes: for each field and message its last change, with the host that made it and its clock value.

Most changes of this host are first marked as open (host 0), which costs one small row. `settle` gives them their
stamps when they are needed: before a deletion is destroyed, a transfer is read or a batch is merged. A message stays
open while it may still change: an answer in progress, and a question whose answer has not ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from holytui.models import AnswerState
from holytui.store.json_values import json_object
from holytui.store.replica.clock import Stamp, next_clock
from holytui.store.replica.records import Deletion
from holytui.store.sqlite import items
from holytui.store.sqlite.hosts import UNKNOWN, HostTable

OPEN = 0
"""`host` of changes without a stamp; their `clock` is only their order."""
MESSAGE = ""
"""`field` of a message's change."""
DELETED = "deleted"
HIDDEN = -1.0
"""See `conversations.HIDDEN`."""
_CHUNK = 1000
"""Changes that are settled in one transaction, which may delay the text of an answer."""

_TABLES = (
    """CREATE TABLE host (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, clock INTEGER NOT NULL,
        is_self INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE change (
        host INTEGER NOT NULL, clock INTEGER NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, extra TEXT,
        waiting TEXT, variant_of TEXT, PRIMARY KEY (host, clock)) WITHOUT ROWID""",
    "CREATE INDEX change_of ON change (id, field)",
    # messages whose parent has not arrived yet, and rows that hold another version of a message
    "CREATE INDEX change_waiting ON change (waiting) WHERE waiting IS NOT NULL",
    "CREATE INDEX change_variant ON change (variant_of) WHERE variant_of IS NOT NULL",
    "ALTER TABLE conversation ADD COLUMN unshared INTEGER NOT NULL DEFAULT 0",
)
PROGRESS = ", ".join(f"'{state}'" for state in AnswerState if not state.final)
"""States of answers in progress, for a statement."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables for a file that has none."""
    for statement in _TABLES:
        connection.execute(statement)


def fill(connection: sqlite3.Connection) -> None:
    """Mark everything in the file as changed; for a file without a log."""
    connection.execute("DELETE FROM change")
    defaults = {"model": "''", "system": "''", "params": "'{}'", "pinned": "0", "archived": "0"}
    names = {"title": "1", "leaf_id": "leaf_id IS NOT NULL", DELETED: f"deleted_at <> {HIDDEN}"}
    names |= {name: f"{name} <> {default}" for name, default in defaults.items()}
    selects = [f"SELECT id, '{name}' AS field FROM conversation WHERE {where}" for name, where in names.items()]
    # messages first: a deletion and a shown branch are about messages
    for rows in ("SELECT id, '' AS field FROM message ORDER BY rowid", " UNION ALL ".join(selects)):
        connection.execute(
            f"""INSERT INTO change (host, clock, id, field)
                SELECT {OPEN}, row_number() OVER () + (SELECT coalesce(max(clock), 0) FROM change), id, field
                FROM ({rows})"""
        )
    if "tags" in {name for _cid, name, *_rest in connection.execute("PRAGMA table_info (conversation)")}:
        where = "tags <> '[]' OR labels <> '{}' OR pruned <> '{}'"
        for (id_,) in connection.execute(f"SELECT id FROM conversation WHERE {where}").fetchall():
            for name in items.all_of(connection, id_):
                mark(connection, id_, name)


# -- the rows


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the log."""

    host: int
    clock: int
    id: str
    field: str
    extra: Mapping[str, Any]
    waiting: str | None
    """The parent that a message belongs below, which has not arrived yet."""
    variant_of: str | None
    """The message that this row is another version of."""

    @property
    def replaces(self) -> frozenset[Stamp]:
        """The changes that this one continues."""
        return frozenset(Stamp(*pair) for pair in self.extra.get("replaces", ()))

    @property
    def above(self) -> str | None:
        """The message that `parent_stamp` is a version of."""
        found = self.extra.get("above")
        return found if isinstance(found, str) else None

    @property
    def parent_stamp(self) -> Stamp | None:
        """The version of the parent that a message was written below."""
        found = self.extra.get("parent")
        return Stamp(*found) if found else None

    def stamp(self, hosts: HostTable) -> Stamp:
        """The stamp; of a settled change only."""
        return Stamp(self.clock, hosts.ids.get(self.host, UNKNOWN))


_COLUMNS = "host, clock, id, field, extra, waiting, variant_of"


def changes(connection: sqlite3.Connection, where: str, values: Iterable[object]) -> list[Change]:
    """Return the rows that match `where`, a constant of this package."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM change WHERE {where}", tuple(values)).fetchall()
    return [
        Change(host, clock, str(id_), str(name), _object(extra) if extra else {}, _id(waiting), _id(variant_of))
        for host, clock, id_, name, extra, waiting, variant_of in rows
        if isinstance(host, int) and isinstance(clock, int)
    ]


def _id(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _object(extra: object) -> dict[str, Any]:
    """Read `extra`. A damaged one is empty: no defect of the log may keep an answer from being stored."""
    try:
        found = json_object(str(extra))
        for pair in (*found.get("replaces", ()), *([found["parent"]] if found.get("parent") else ())):
            clock, host = pair
            if not (isinstance(clock, int) and isinstance(host, str)):
                return {}
    except (ValueError, TypeError, RecursionError):
        return {}
    return found


def insert(connection: sqlite3.Connection, change: Change) -> None:
    """Insert a row."""
    extra = json.dumps(change.extra) if change.extra else None
    connection.execute(
        f"INSERT INTO change ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (change.host, change.clock, change.id, change.field, extra, change.waiting, change.variant_of),
    )


def pairs(stamps: Iterable[Stamp]) -> list[tuple[int, str]]:
    """Stamps as JSON values."""
    return [(stamp.clock, stamp.host) for stamp in sorted(stamps)]


def _next_open(connection: sqlite3.Connection) -> int:
    return int(connection.execute(f"SELECT coalesce(max(clock), 0) + 1 FROM change WHERE host = {OPEN}").fetchone()[0])


# -- marking changes


def mark(connection: sqlite3.Connection, id_: str, name: str = MESSAGE) -> None:
    """Note that a message, or the field `name` of a conversation, was changed by this host."""
    rows = changes(connection, "id = ? AND field = ?", (id_, name))
    if any(row.host == OPEN for row in rows):
        return
    extra: dict[str, Any] = {}
    if rows and (name == DELETED or (name == MESSAGE and not rows[0].variant_of)):
        extra = _replacing(connection, [*rows, *_equal_versions(connection, id_, id_)])
    if rows and "parent" in rows[0].extra:
        extra |= {name: rows[0].extra.get(name) for name in ("above", "parent")}
    for row in rows:
        connection.execute("DELETE FROM change WHERE host = ? AND clock = ?", (row.host, row.clock))
    waiting = rows[0].waiting if rows else None
    insert(connection, Change(OPEN, _next_open(connection), id_, name, extra, waiting, None))
    if rows and (variant_of := rows[0].variant_of):  # it becomes a message of its own, which has this version
        mark(connection, variant_of)
        _add_replaced(connection, variant_of, [*rows, *_equal_versions(connection, variant_of, id_)])


def _replacing(connection: sqlite3.Connection, rows: Iterable[Change]) -> dict[str, Any]:
    hosts = HostTable(connection)
    stamps: set[Stamp] = set()
    for row in rows:
        stamps |= {row.stamp(hosts), *row.replaces}
    return {"replaces": pairs(stamps)}


def _equal_versions(connection: sqlite3.Connection, id_: str, row_id: str) -> list[Change]:
    """Take out the versions of a message that are shown by the row of another version."""
    found = [row for row in changes(connection, "variant_of = ?", (id_,)) if row.extra.get("same") == row_id]
    for row in found:
        connection.execute("DELETE FROM change WHERE host = ? AND clock = ?", (row.host, row.clock))
    return found


def _add_replaced(connection: sqlite3.Connection, id_: str, rows: Iterable[Change]) -> None:
    added = _replacing(connection, rows)["replaces"]
    for own in changes(connection, "id = ? AND field = ''", (id_,)):
        extra = {**own.extra, "replaces": [*own.extra.get("replaces", ()), *added]}
        connection.execute(
            "UPDATE change SET extra = ? WHERE host = ? AND clock = ?", (json.dumps(extra), own.host, own.clock)
        )


def _continued_parent(connection: sqlite3.Connection, id_: str) -> dict[str, object]:
    """The id and the stamp of a message's parent, if that has or may have several versions."""
    where = "id = (SELECT parent_id FROM message WHERE id = ?) AND field = ''"
    for row in changes(connection, where, (id_,)):
        if row.host != OPEN and (row.replaces or row.variant_of):
            stamp = row.stamp(HostTable(connection))
            return {"above": row.variant_of or row.id, "parent": (stamp.clock, stamp.host)}
    return {}


def stamp_field(connection: sqlite3.Connection, conversation_id: str, name: str, now: float) -> None:
    """Note that a field was set at `now`, which decides between values that two hosts set."""
    hosts = HostTable(connection)
    set_stamp(connection, hosts, conversation_id, name, Stamp(hosts.tick(now), hosts.self_id))


def set_stamp(connection: sqlite3.Connection, hosts: HostTable, conversation_id: str, name: str, stamp: Stamp) -> None:
    """Set the stamp of a field."""
    connection.execute("DELETE FROM change WHERE id = ? AND field = ?", (conversation_id, name))
    insert(connection, Change(hosts.number(stamp.host), stamp.clock, conversation_id, name, {}, None, None))


def set_row_stamp(connection: sqlite3.Connection, row: Change, host: int, clock: int) -> None:
    """Give an open change its stamp."""
    connection.execute(
        f"UPDATE change SET host = ?, clock = ? WHERE host = {OPEN} AND clock = ?", (host, clock, row.clock)
    )


def forget_message(connection: sqlite3.Connection, message_id: str) -> None:
    """Remove a destroyed message from the log."""
    connection.execute("DELETE FROM change WHERE id = ? AND field = ''", (message_id,))


def forget_conversation(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Remove a conversation that is about to be destroyed from the log, except its settled deletions."""
    messages = "SELECT id FROM message WHERE conversation_id = ?"
    for column in ("id", "variant_of"):
        connection.execute(f"DELETE FROM change WHERE {column} IN ({messages})", (conversation_id,))
    connection.execute(
        f"""DELETE FROM change WHERE id = ? AND (field <> '{DELETED}' OR host = {OPEN}
            OR EXISTS (SELECT 1 FROM conversation WHERE conversation.id = change.id AND unshared))""",
        (conversation_id,),
    )


def mark_messages(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Note all messages of a conversation as changed, as other hosts may have passed over or destroyed them."""
    found = connection.execute(
        "SELECT id FROM change WHERE id IN (SELECT id FROM message WHERE conversation_id = ?) AND field = ''"
        " AND variant_of IS NULL",
        (conversation_id,),
    ).fetchall()
    for (id_,) in found:
        mark(connection, id_)


# -- settling


def settle(connection: sqlite3.Connection, now: float, after: int = 0) -> int | None:
    """Give open changes after the number `after` their stamps; return where to go on, None at the end."""
    hosts = HostTable(connection)
    rows = changes(connection, f"host = {OPEN} AND clock > ? ORDER BY clock LIMIT {_CHUNK}", (after,))
    clock = hosts.clocks[hosts.self_id]
    for row in rows:
        extra = row.extra
        match row.field:
            case "":
                if not _is_settled(connection, row.id):
                    continue
                if "parent" not in extra:
                    extra = {**extra, **_continued_parent(connection, row.id)}
            case "deleted":
                extra = {**extra, **_deletion(connection, hosts, row.id)}
            case _:
                if not _is_field_settled(connection, row):
                    continue
        clock = next_clock(clock, now)
        connection.execute(
            f"UPDATE change SET host = ?, clock = ?, extra = ? WHERE host = {OPEN} AND clock = ?",
            (hosts.self_number, clock, json.dumps(extra) if extra else None, row.clock),
        )
    hosts.set_clock(hosts.self_id, clock)
    return rows[-1].clock if rows else None


def settle_all(connection: sqlite3.Connection, now: float) -> None:
    """Give all open changes their stamps."""
    after: int | None = 0
    while after is not None:
        after = settle(connection, now, after)


def has_open(connection: sqlite3.Connection) -> bool:
    """Whether any change is open."""
    return connection.execute(f"SELECT 1 FROM change WHERE host = {OPEN} LIMIT 1").fetchone() is not None


def _is_settled(connection: sqlite3.Connection, message_id: str) -> bool:
    row = connection.execute(
        f"""SELECT message.state IN ({PROGRESS}) OR deleted_at IS {HIDDEN} OR message.role = 'user' AND EXISTS (
                SELECT 1 FROM message AS answer WHERE answer.parent_id = message.id
                AND answer.role = 'assistant' AND answer.state IN ({PROGRESS})), deleted_at, conversation_id
            FROM message JOIN conversation ON conversation.id = conversation_id WHERE message.id = ?""",
        (message_id,),
    ).fetchone()
    if row is None or row[0]:
        return False
    if row[1] is not None:  # it ended after its conversation was deleted here
        mark(connection, row[2], DELETED)
    return True


def _is_field_settled(connection: sqlite3.Connection, row: Change) -> bool:
    found = connection.execute(
        f"""SELECT deleted_at IS {HIDDEN}, message.id FROM conversation LEFT JOIN message ON message.id = leaf_id
            WHERE conversation.id = ?""",
        (row.id,),
    ).fetchone()
    if found is None or found[0]:
        return False
    return row.field != "leaf_id" or found[1] is None or _is_settled(connection, found[1])


def _deletion(connection: sqlite3.Connection, hosts: HostTable, conversation_id: str) -> dict[str, Any]:
    found = connection.execute("SELECT deleted_at FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    at = found[0] if found else None
    return {"at": at, "seen": known_messages(connection, hosts, conversation_id) if at is not None else {}}


def known_messages(connection: sqlite3.Connection, hosts: HostTable, conversation_id: str) -> dict[str, int]:
    """The last change of each host among the messages of a conversation."""
    out: dict[str, int] = {}
    for number, clock in message_stamps(connection, conversation_id):
        if number != OPEN:
            host = hosts.ids.get(number, UNKNOWN)
            out[host] = max(out.get(host, 0), clock)
    return out


def message_stamps(connection: sqlite3.Connection, conversation_id: str) -> list[tuple[int, int]]:
    """Host and clock value of each version of each message of a conversation."""
    messages = "SELECT id FROM message WHERE conversation_id = ?"
    return connection.execute(
        f"""SELECT host, clock FROM change WHERE id IN ({messages}) AND field = ''
            UNION SELECT host, clock FROM change WHERE variant_of IN ({messages})""",
        (conversation_id, conversation_id),
    ).fetchall()


def deletions(connection: sqlite3.Connection, hosts: HostTable, conversation_id: str) -> tuple[Deletion, ...]:
    """The settled deletions of a conversation that no other one replaces."""
    return tuple(
        Deletion(row.stamp(hosts), row.extra.get("at"), row.extra.get("seen", {}), row.replaces)
        for row in changes(connection, f"id = ? AND field = '{DELETED}' AND host <> {OPEN}", (conversation_id,))
    )
