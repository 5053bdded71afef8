"""Streams that servers keep for answers: stored before their requests are sent, with the position of each batch of
the journal, until they end or their servers are asked to end them.

No foreign keys: a stream outlives its message until its server has been told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from holytui.models import AnswerState, StoredStream, StreamKind, StreamPosition
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.readers import ReaderPool
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.row_reader import RowReader
from holytui.store.sqlite.writer import WriterThread

LIFETIME = 24 * 3600.0
"""Seconds after which no server has a stream any more."""
_ENDED = (AnswerState.INTERRUPTED.value, AnswerState.FAILED.value)
"""States of answers that are not received any more, but have a stream."""
_COLUMNS = 'id, message_id, attempt_id, model, base_url, begun_at, "offset", content, reasoning, kind'


def create_table(connection: sqlite3.Connection) -> None:
    """Create the table."""
    connection.execute(
        """CREATE TABLE stream (
            id TEXT PRIMARY KEY, message_id TEXT NOT NULL, attempt_id TEXT NOT NULL, model TEXT NOT NULL,
            base_url TEXT NOT NULL, begun_at REAL NOT NULL, "offset" INTEGER NOT NULL, content INTEGER NOT NULL,
            reasoning INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0)"""
    )


def add_kind(connection: sqlite3.Connection) -> None:
    """Add the kind of stream to a table without it."""
    connection.execute(f"ALTER TABLE stream ADD COLUMN kind TEXT NOT NULL DEFAULT '{StreamKind.BYTES}'")


def release_of_conversation(connection: sqlite3.Connection, conversation_id: str) -> None:
    """Have the streams of interrupted and failed answers of a conversation ended."""
    connection.execute(
        "UPDATE stream SET released = 1 WHERE message_id IN"
        " (SELECT id FROM message WHERE conversation_id = ? AND state IN (?, ?))",
        (conversation_id, *_ENDED),
    )


class StreamTable:
    """`store.history.KeptStreams` on SQLite."""

    def __init__(self, writer: WriterThread, readers: ReaderPool, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    def begin(self, stream: StoredStream) -> None:
        """Store a stream; on disk when this returns."""
        at = stream.position
        texts = stream.id, stream.message_id, stream.attempt_id, storable(stream.model), storable(stream.base_url)
        row = *texts, stream.begun_at, at.offset, at.content, at.reasoning, stream.kind.value

        def insert(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM stream WHERE begun_at < ?", (self._clock() - LIFETIME,))
            db.execute(f"INSERT OR REPLACE INTO stream ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

        self._writer.call(insert)

    def find(self, message_id: str) -> StoredStream | None:
        """The stream of an interrupted answer."""
        found = self._select("message_id = ? AND released = 0", message_id)
        return max(found, key=lambda stream: stream.begun_at, default=None)

    def forget(self, stream_id: str) -> None:
        """Remove a stream that has ended."""
        self._writer.call(lambda db: db.execute("DELETE FROM stream WHERE id = ?", (stream_id,)).rowcount)

    def release(self, stream_id: str) -> None:
        """Have a stream ended: `released` lists it until `forget`."""
        self._writer.call(lambda db: db.execute("UPDATE stream SET released = 1 WHERE id = ?", (stream_id,)).rowcount)

    def release_interrupted(self, message_id: str) -> bool:
        """Have the stream of an interrupted or failed answer ended; whether there is one."""
        sql = (
            "UPDATE stream SET released = 1 WHERE message_id = ? AND released = 0"
            " AND message_id IN (SELECT id FROM message WHERE state IN (?, ?))"
        )
        return self._writer.call(lambda db: db.execute(sql, (message_id, *_ENDED)).rowcount) > 0

    def released(self) -> Sequence[StoredStream]:
        """The streams to be ended that a server may still have, oldest first."""
        return sorted(self._select("released = 1"), key=lambda stream: stream.begun_at)

    def _select(self, where: str, *values: str) -> list[StoredStream]:
        limit = self._clock() - LIFETIME
        with self._readers.view() as view:
            rows = read_rows(view, _COLUMNS, "stream", f"{where} AND begun_at > ?", (*values, limit))
        return [_from_row(row) for row in rows]


def _from_row(row: Sequence[object]) -> StoredStream:
    v = RowReader(row)
    texts = v.text("id"), v.text("message_id"), v.text("attempt_id"), v.text("model"), v.text("base_url")
    begun_at = v.number("begun_at")
    position = StreamPosition(v.integer("offset"), v.integer("content"), v.integer("reasoning"))
    kind = StreamKind.EVENTS if v.text("kind") == StreamKind.EVENTS else StreamKind.BYTES
    return StoredStream(*texts, begun_at, position, kind)
