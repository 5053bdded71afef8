"""The shared history in the database: pushing and pulling records."""

from __future__ import annotations

import selectors
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from holytui.store.matches import query_words
from holytui.store.postgres import rows, schema
from holytui.store.postgres.connection import translated
from holytui.store.postgres.live import LiveTable
from holytui.store.postgres.rows import Row
from holytui.store.replica.clock import ZERO, Stamp, Vector
from holytui.store.replica.merge import current, hidden_at
from holytui.store.replica.records import Batch, ConversationRecord, Host, MessageRecord, TransferCursor
from holytui.store.values import SearchHit

if TYPE_CHECKING:
    from psycopg import Connection

RECORDS = "records"
"""Kind of notifications: a host has pushed."""
_MAX_CHARACTERS = 4_000_000
"""Characters of the records of one part, unless a single record has more."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A part of the changes that other hosts have pushed."""

    batch: Batch
    seq: int
    """The number after which the next part begins."""


class SharedDatabase:
    """Use of the tables through one connection. All methods raise SharingFailed and block on the network."""

    def __init__(self, connection: Connection[tuple[Any, ...]], name: str = schema.NAME) -> None:
        """Create the tables of the schema `name` if they are missing, and have its notifications sent.

        The connection belongs to this object from then on, also if this raises StoreError.
        """
        self._db = connection
        try:
            with translated():
                schema.migrate(connection, name)
                self.is_notified = self._listen()
                """Whether `wait` notices what other hosts push; else they must be asked now and then."""
        except BaseException:
            connection.close()
            raise
        self.live = LiveTable(connection, notify=self._notify)
        """Answers in progress."""

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    # -- records

    def vector(self) -> Vector:
        """Return the vector of the changes that the database has."""
        with translated():
            return _vector(self._db.execute("SELECT id, clock FROM host WHERE owner = current_user").fetchall())

    def push(self, batch: Batch, here: Host) -> None:
        """Store a part of the changes of `here`, in one transaction; what is stored already stays."""
        with translated(), self._db.pipeline(), self._db.transaction():
            count = len(batch.messages) + len(batch.conversations)
            numbers = iter(range(self._last_number(count) - count + 1, 1 << 62))
            added: list[Row] = [rows.message_row(each, here.id, next(numbers)) for each in batch.messages]
            added += [rows.conversation_row(each, here.id, next(numbers)) for each in batch.conversations]
            self._run_each(_INSERT_RECORD, added)
            self._run_each(
                _DELETE_VERSION,
                [
                    (record.message.id, stamp.host, stamp.clock)
                    for record in batch.messages
                    for stamp in sorted(record.replaces)
                ],
            )
            self._run_each("INSERT INTO image (digest, data) VALUES (%s, %s) ON CONFLICT DO NOTHING", _items(batch))
            self._claim(batch, here)
            self.live.remove([record.message.id for record in batch.messages])
            if added:
                self._notify(RECORDS)

    def _run_each(self, statement: LiteralString, values: Iterable[Row]) -> None:
        """Run a statement for each of `values`; they are sent together."""
        if found := list(values):
            with self._db.cursor() as cursor:
                cursor.executemany(statement, found)

    def _last_number(self, count: int) -> int:
        """Reserve numbers for rows; return the last. They go on after those of a restored backup too."""
        row = self._db.execute(
            """INSERT INTO account AS a (seq) VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
                ON CONFLICT (owner) DO UPDATE SET seq = greatest(a.seq, excluded.seq) + %s RETURNING seq""",
            (count,),
        ).fetchone()
        return int(row[0]) if row else 0

    def _claim(self, batch: Batch, here: Host) -> None:
        names = {**batch.hosts, here.id: here.name}
        clocks = dict(batch.cursor.claims) if batch.complete and batch.cursor is not None else {}
        self._run_each(
            """INSERT INTO host AS h (id, name, clock) VALUES (%s, %s, %s) ON CONFLICT (owner, id) DO UPDATE
                SET name = CASE WHEN excluded.name = '' THEN h.name ELSE excluded.name END,
                    clock = greatest(h.clock, excluded.clock)""",
            [(id_, names.get(id_, ""), clocks.get(id_, 0)) for id_ in sorted({*names, *clocks})],
        )
        self._db.execute("UPDATE host SET seen_at = now() WHERE owner = current_user AND id = %s", (here.id,))

    def destroy(self, talks: Iterable[ConversationRecord]) -> None:
        """Remove the texts of conversations that a host has destroyed, unless another one has restored or continued
        them. What is left says that they are deleted."""
        ours = {talk.id: talk for talk in talks}
        with translated(), self._db.transaction():
            stored = [talk for talk in self._conversations(ours) if talk.fields]
            found = self._db.execute(
                """SELECT conversation_id, id, host, clock, payload FROM record
                    WHERE owner = current_user AND kind = 'm' AND conversation_id = ANY(%s)""",
                ([talk.id for talk in stored],),
            ).fetchall()
            gone: list[Row] = []
            for talk in stored:
                deletions = current((*talk.deletions, *ours[talk.id].deletions))
                versions = [row for row in found if row[0] == talk.id]
                if hidden_at(deletions, (Stamp(row[3], row[2]) for row in versions)) is not None:
                    gone += versions
                    empty = rows.conversation_payload(ConversationRecord(talk.id, deletions=deletions))
                    self._db.execute(
                        "UPDATE record SET payload = %s WHERE owner = current_user AND kind = 'c' AND id = %s",
                        (empty, talk.id),
                    )
            self._run_each(_DELETE_VERSION, [row[1:4] for row in gone])
            digests = _digests(rows.messages([row[4] for row in gone]))
            self._run_each(_DELETE_IMAGE, [(digest,) for digest in digests])

    def pull(self, after: int, here: str, limit: int = 500) -> Pulled:
        """Return the records that others have pushed after the number `after`, as a batch that can be merged.

        A complete batch claims what the database has. Raises SharingFailed for a record that cannot be read.
        """
        with translated(), self._db.pipeline(), self._snapshot():
            # sent together: each answer takes a round trip
            head_cursor = self._db.execute("SELECT seq FROM account WHERE owner = current_user")
            host_cursor = self._db.execute("SELECT id, clock, name FROM host WHERE owner = current_user")
            found_cursor = self._db.execute(_SELECT_RECORDS, (_MAX_CHARACTERS, after, here, limit + 1))
            head, hosts, found = head_cursor.fetchone(), host_cursor.fetchall(), found_cursor.fetchall()
            kept = [row for index, row in enumerate(found[:limit]) if not index or not row[4]]
            more = len(found) > len(kept)
            messages = rows.messages([payload for _seq, kind, _id, payload, _over in kept if kind == "m"])
            ids = {id_ for _seq, kind, id_, _payload, _over in kept if kind == "c"}
            ids |= {record.message.conversation_id for record in messages}
            talks = self._conversations(ids)
            images = self._images(messages)
        claims = {} if more else _vector(hosts)
        names = {id_: name for id_, _clock, name in hosts if name}
        batch = Batch(talks, messages, images, names, TransferCursor({}, {}, ZERO, claims), complete=not more)
        return Pulled(batch, int(kept[-1][0]) if more else int(head[0]) if head else 0)

    def _conversations(self, ids: Iterable[str]) -> tuple[ConversationRecord, ...]:
        found = self._db.execute(
            "SELECT payload FROM record WHERE owner = current_user AND kind = 'c' AND id = ANY(%s)", (sorted(ids),)
        ).fetchall()
        return rows.conversations([payload for (payload,) in found])

    def _images(self, records: Iterable[MessageRecord]) -> Mapping[str, bytes]:
        digests = _digests(records)
        if not digests:
            return {}
        found = self._db.execute(
            "SELECT digest, data FROM image WHERE owner = current_user AND digest = ANY(%s)", (digests,)
        ).fetchall()
        return {digest: bytes(data) for digest, data in found}

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        with self._db.transaction():
            self._db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    # -- notifications

    def wait(self, seconds: float, wake: int | None = None) -> frozenset[str]:
        """Wait for notifications of other hosts, at most `seconds`; return their kinds, `RECORDS` and `live.LIVE`.

        Data on the file descriptor `wake` ends the wait too. Where the database has no notifications, there are none.
        """
        with translated(), selectors.DefaultSelector() as selector:
            if arrived := self._arrived():  # with the result of an earlier statement
                return arrived
            selector.register(self._db.fileno(), selectors.EVENT_READ)
            if wake is not None:
                selector.register(wake, selectors.EVENT_READ)
            ready = [key.fd for key, _events in selector.select(seconds)]
            return self._arrived() if self._db.fileno() in ready else frozenset()

    def _arrived(self) -> frozenset[str]:
        own = self._db.info.backend_pid
        return frozenset(each.payload for each in self._db.notifies(timeout=0) if each.pid != own)

    def _listen(self) -> bool:
        from psycopg import errors, sql

        # a channel of this user: others would only learn when something is written, but need not
        row = self._db.execute("SELECT 'holytui_' || md5(current_schema() || ' ' || current_user)").fetchone()
        self._channel = str(row[0]) if row else "holytui"
        try:
            self._db.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        except (errors.FeatureNotSupported, errors.SyntaxError):
            return False
        return True

    def _notify(self, kind: str) -> None:
        if self.is_notified:
            self._db.execute("SELECT pg_notify(%s, %s)", (self._channel, kind))

    # -- search

    def search(self, query: str, limit: int = 50) -> Sequence[SearchHit]:
        """Return messages that contain all words of `query`, ignoring accents and case, newest first.

        Those of deleted conversations are not among them.
        """
        words = [word for word in query_words(query) if "\0" not in word]
        if not words or limit < 1:
            return []
        with translated():
            found = self._db.execute(
                """SELECT payload FROM record WHERE owner = current_user AND kind = 'm'
                    AND (SELECT bool_and(strpos(folded, word) > 0) FROM unnest(%s::text[]) AS word)
                    ORDER BY created_at DESC LIMIT %s""",
                (words, limit),
            ).fetchall()
            records = rows.messages([payload for (payload,) in found])
            talks = self._conversations({record.message.conversation_id for record in records})
        return rows.hits(records, {talk.id: talk for talk in talks}, words)


def _vector(hosts: Iterable[Row]) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in hosts if row[1]}


def _digests(records: Iterable[MessageRecord]) -> list[str]:
    return sorted({image.digest for record in records for image in record.message.images})


def _items(batch: Batch) -> list[Row]:
    return sorted(batch.image_data.items())


_INSERT_RECORD = """INSERT INTO record AS r
    (kind, id, host, clock, conversation_id, pushed_by, seq, created_at, payload, folded)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (owner, kind, id, host, clock) DO UPDATE
    SET payload = excluded.payload, folded = excluded.folded, seq = excluded.seq
    WHERE r.kind = 'c' AND r.payload <> excluded.payload"""
_DELETE_VERSION = (
    "DELETE FROM record WHERE owner = current_user AND kind = 'm' AND id = %s AND host = %s AND clock = %s"
)
_DELETE_IMAGE = """DELETE FROM image WHERE owner = current_user AND digest = %s AND NOT EXISTS (
    SELECT 1 FROM record WHERE record.owner = current_user AND strpos(payload, digest) > 0)"""
_SELECT_RECORDS = """SELECT seq, kind, id, payload, over FROM (
        SELECT seq, kind, id, payload, sum(length(payload)) OVER (ORDER BY seq) > %s AS over FROM (
            SELECT seq, kind, id, payload FROM record WHERE owner = current_user AND seq > %s AND pushed_by <> %s
            ORDER BY seq LIMIT %s) AS part) AS sized ORDER BY seq"""
