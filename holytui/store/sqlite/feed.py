"""Reading changes for another host, in parts.

The parts are in the order of stamps. So that a cut transfer can go on and a new change is not missed, a cursor keeps a
window of stamps: what was there when the window began is sent in order, then a next window has what came meanwhile.
The receiver may claim what the sender had when the transfer began, and only at its end: a change that another one has
replaced meanwhile comes with that.
"""

from __future__ import annotations

import hashlib
import heapq
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from holytui.store.replica.clock import ZERO, Stamp, Vector, joined
from holytui.store.replica.records import Batch, Digest, MessageRecord, TransferCursor
from holytui.store.sqlite import changes, images
from holytui.store.sqlite.changes import MESSAGE, Change
from holytui.store.sqlite.hosts import HostTable
from holytui.store.sqlite.records import conversation_record, message_record

_MAX_CHARACTERS = 200_000
"""Characters of the messages of one part, unless a single message has more."""
_IMAGE_BYTES = 20
"""Bytes of images that count as one character: a part has few megabytes of them."""


def read(connection: sqlite3.Connection, since: Vector, cursor: TransferCursor | None, limit: int) -> Batch:
    """Return the next part, of at most `limit` changes, within one read transaction."""
    hosts = HostTable(connection)
    at = cursor or TransferCursor(since, _newest(connection, hosts), ZERO, vector(hosts))
    messages: list[MessageRecord] = []
    talks: dict[str, None] = {}
    size, count = 0, 0
    while True:
        for change in _window(connection, hosts, at, limit - count):
            if count and size > _MAX_CHARACTERS:
                return _batch(connection, hosts, talks, messages, at, complete=False)
            count += 1
            at = replace(at, at=change.stamp(hosts))
            if (conversation_id := _shared(connection, change)) is None:
                continue
            if change.field == MESSAGE:
                record = message_record(connection, hosts, change)
                if record is None:
                    continue
                messages.append(record)
                size += _size(record)
            talks[conversation_id] = None
        if count >= limit:
            return _batch(connection, hosts, talks, messages, at, complete=False)
        at = replace(at, since=joined(at.since, at.bound), bound=_newest(connection, hosts), at=ZERO)
        if not at.claims or next(_window(connection, hosts, at, 1), None) is None:
            if at.claims:  # of this host everything is always here
                at = replace(at, claims={**at.claims, hosts.self_id: hosts.clocks[hosts.self_id]})
            return _batch(connection, hosts, talks, messages, at, complete=True)


def count(connection: sqlite3.Connection, since: Vector) -> int:
    """Return the number of changes that `since` does not include, open ones too."""
    total = 0
    for number, id_ in HostTable(connection).ids.items():
        sql = "SELECT count(*) FROM change WHERE host = ? AND clock > ?"
        total += connection.execute(sql, (number, since.get(id_, 0))).fetchone()[0]
    (unsettled,) = connection.execute("SELECT count(*) FROM change WHERE host = ?", (changes.OPEN,)).fetchone()
    return int(total + unsettled)


def destroyed(connection: sqlite3.Connection) -> list[str]:
    """Return the ids of the conversations of which only the deletion is left."""
    sql = """SELECT DISTINCT id FROM change WHERE field = ? AND host <> ?
        AND NOT EXISTS (SELECT 1 FROM conversation WHERE conversation.id = change.id) ORDER BY id"""
    return [str(id_) for (id_,) in connection.execute(sql, (changes.DELETED, changes.OPEN))]


def vector(hosts: HostTable) -> dict[str, int]:
    """Return the vector of the changes in the file."""
    return {id_: clock for id_, clock in hosts.clocks.items() if clock}


def digest(connection: sqlite3.Connection, low: int, high: int) -> Digest:
    """Summarize the shared changes with clock values from `low` to below `high`, without deleted conversations."""
    hosts = HostTable(connection)
    rows = connection.execute(
        """SELECT host, clock, change.id, field FROM change
            LEFT JOIN message ON field = '' AND message.id = coalesce(variant_of, change.id)
            JOIN conversation ON conversation.id = coalesce(message.conversation_id, change.id)
            WHERE host > 0 AND clock >= ? AND clock < ? AND deleted_at IS NULL AND NOT unshared AND field <> ?""",
        (low, high, changes.DELETED),
    )
    count = total = 0
    for host, clock, id_, name in rows:
        text = f"{hosts.ids[host]} {clock} {id_} {name}"
        total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        count += 1
    return Digest(count, total % (1 << 64))


def in_range(connection: sqlite3.Connection, low: int, high: int) -> TransferCursor:
    """Return the cursor of a transfer of all changes with clock values from `low` to below `high`."""
    hosts = HostTable(connection)
    return TransferCursor(dict.fromkeys(hosts.clocks, low - 1), dict.fromkeys(hosts.clocks, high - 1), ZERO, {})


def _newest(connection: sqlite3.Connection, hosts: HostTable) -> dict[str, int]:
    """The last change of each host that is here; may be later than what is claimed while a transfer is cut."""
    found = (
        (id_, connection.execute("SELECT max(clock) FROM change WHERE host = ?", (number,)).fetchone()[0])
        for number, id_ in hosts.ids.items()
    )
    return {id_: clock for id_, clock in found if clock is not None}


def _window(connection: sqlite3.Connection, hosts: HostTable, at: TransferCursor, limit: int) -> Iterator[Change]:
    """The changes of the window after the cursor, in the order of their stamps."""
    found: list[list[tuple[Stamp, Change]]] = []
    for number, id_ in hosts.ids.items():
        passed = at.at.clock if id_ <= at.at.host else at.at.clock - 1
        low, high = max(at.since.get(id_, 0), passed), at.bound.get(id_, 0)
        if low < high:
            where = "host = ? AND clock > ? AND clock <= ? ORDER BY clock LIMIT ?"
            rows = changes.changes(connection, where, (number, low, high, limit))
            found.append([(row.stamp(hosts), row) for row in rows])
    merged = heapq.merge(*found, key=itemgetter(0))
    return (change for (_stamp, change), _n in zip(merged, range(limit), strict=False))


def _shared(connection: sqlite3.Connection, change: Change) -> str | None:
    """The conversation of a change; None if it does not leave this host. One that was destroyed leaves its deletion."""
    if change.field == MESSAGE:
        sql = """SELECT conversation.id, unshared FROM message JOIN conversation ON conversation.id = conversation_id
            WHERE message.id = ?"""
        found = connection.execute(sql, (change.extra.get("same", change.id),)).fetchone()
    else:
        found = connection.execute("SELECT id, unshared FROM conversation WHERE id = ?", (change.id,)).fetchone()
        found = found or (change.id, False)
    return None if found is None or found[1] else str(found[0])


def _size(record: MessageRecord) -> int:
    raw = sum(len(text) for _attempt, texts in record.attempts for text in texts.values())
    images = sum(image.size for image in record.message.images) // _IMAGE_BYTES
    return len(record.message.text) + len(record.message.reasoning) + raw + images


def _batch(
    connection: sqlite3.Connection,
    hosts: HostTable,
    talks: dict[str, None],
    messages: list[MessageRecord],
    cursor: TransferCursor,
    *,
    complete: bool,
) -> Batch:
    return Batch(
        tuple(conversation_record(connection, hosts, id_) for id_ in talks),
        tuple(messages),
        images.data_of_all(connection, [record.message for record in messages]),
        {id_: name for id_, name in hosts.names.items() if name},
        cursor,
        complete,
    )
