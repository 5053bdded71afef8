"""`store.history.Replica` on SQLite."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from holytui.models import Message
from holytui.store.replica.clock import MAX_CLOCK, Vector
from holytui.store.replica.records import Applied, Batch, ConversationRecord, Digest, Host, TransferCursor
from holytui.store.sqlite import changes, conversations, feed, hosts, journal, lease, merging, messages
from holytui.store.sqlite.readers import ReaderPool
from holytui.store.sqlite.writer import WriterThread

LIMIT = 500
"""Changes of one part, unless asked otherwise."""


class SqliteReplica:
    """The exchange of changes with other hosts."""

    def __init__(
        self, writer: WriterThread, readers: ReaderPool, here: lease.Owner, clock: Callable[[], float], *, fts: bool
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._here = here
        self._clock = clock
        self._fts = fts

    def hosts(self) -> Sequence[Host]:
        """Return the known hosts, this one first."""
        with self._readers.view() as view:
            table = hosts.HostTable(view)
        found = [Host(id_, table.names[id_], clock, id_ == table.self_id) for id_, clock in table.clocks.items()]
        return sorted(found, key=lambda host: (not host.is_self, host.name, host.id))

    def change_counts(self) -> Mapping[str, int]:
        """Return how many changes of each host are in force, by its id."""
        with self._readers.view() as view:
            table = hosts.HostTable(view)
            counts: dict[str, int] = {}
            for number, count in view.execute("SELECT host, count(*) FROM change GROUP BY host"):
                id_ = table.ids.get(number, table.self_id)  # an open change is this host's
                counts[id_] = counts.get(id_, 0) + count
        return counts

    def origin(self, message_id: str) -> Host | None:
        """Return the host that last changed a message, or None if that is this one or not known."""
        with self._readers.view() as view:
            rows = changes.changes(view, "id = ? AND field = ?", (message_id, changes.MESSAGE))
            table = hosts.HostTable(view)
        found = [table.ids[row.host] for row in rows if row.host in table.ids and row.host != table.self_number]
        return Host(found[0], table.names[found[0]], table.clocks[found[0]], is_self=False) if found else None

    def vector(self) -> Vector:
        """Return what this history has of each host, its own changes included."""
        self._settle()
        with self._readers.view() as view:
            return feed.vector(hosts.HostTable(view))

    def changes(self, since: Vector, cursor: TransferCursor | None = None, *, limit: int = LIMIT) -> Batch:
        """Return a part of the changes that `since` does not include, from `cursor` on."""
        if cursor is None or cursor.claims:
            self._settle()
        with self._readers.view() as view:
            return feed.read(view, since, cursor, limit)

    def pending(self, since: Vector) -> int:
        """Return the number of changes that `since` does not include, those without a stamp too."""
        with self._readers.view() as view:
            return feed.count(view, since)

    def in_progress(self) -> Sequence[Message]:
        """Return the answers that processes of this machine receive, except in conversations that are not shared."""
        pending = self._writer.pending()  # before the view begins: see journal.raw_text
        with self._readers.view() as view:
            sql = "SELECT 1 FROM conversation WHERE id = ? AND NOT unshared AND deleted_at IS NULL"
            now = self._clock()
            own = [
                each.message_id
                for each in lease.leases(view)
                if each.owner.host == self._here.host
                and lease.is_alive(each, self._here, now)
                and view.execute(sql, (each.conversation_id,)).fetchone()
            ]
            found = (messages.find(view, id_) for id_ in sorted(own))
            return [journal.as_of_now(view, each, pending) for each in found if each and not each.state.final]

    def range(self, low: int = 0, high: int = MAX_CLOCK) -> TransferCursor:
        """Return the cursor of a transfer of all changes with clock values from `low` to below `high`."""
        with self._readers.view() as view:
            return feed.in_range(view, low, high)

    def digest(self, low: int = 0, high: int = MAX_CLOCK) -> Digest:
        """Summarize the changes with clock values from `low` to below `high`."""
        self._settle()
        with self._readers.view() as view:
            return feed.digest(view, low, high)

    def apply(self, batch: Batch) -> Applied:
        """Merge a batch; durable on return."""
        self._settle()

        def merge(db: sqlite3.Connection) -> Applied:
            changes.settle_all(db, self._clock())
            return merging.apply(db, batch, fts=self._fts)

        return self._writer.call(merge, durable=True)

    def destroyed(self) -> Sequence[ConversationRecord]:
        """Return the conversations of which only the deletion is left."""
        with self._readers.view() as view:
            table = hosts.HostTable(view)
            return [
                ConversationRecord(id_, deletions=changes.deletions(view, table, id_)) for id_ in feed.destroyed(view)
            ]

    def set_shared(self, conversation_id: str, *, shared: bool) -> None:
        """Have a conversation leave this host, or not."""

        def change(db: sqlite3.Connection) -> None:
            sql = "UPDATE conversation SET unshared = ? WHERE id = ? AND unshared <> ?"
            if db.execute(sql, (not shared, conversation_id, not shared)).rowcount:
                if shared:
                    changes.settle_all(db, self._clock())
                    changes.mark(db, conversation_id, "title")
                    changes.mark_messages(db, conversation_id)
            elif not db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone():
                raise conversations.missing()

        self._writer.call(change)

    def unshared(self) -> frozenset[str]:
        """Return the ids of the conversations that do not leave this host."""
        with self._readers.view() as view:
            return frozenset(id_ for (id_,) in view.execute("SELECT id FROM conversation WHERE unshared"))

    def renew_host(self) -> None:
        """Make the changes from now on those of a new host."""
        self._settle()
        self._writer.call(lambda db: hosts.renew_identity(db, platform.node()))

    def _settle(self) -> None:
        with self._readers.view() as view:
            if not changes.has_open(view):
                return
        after: int | None = 0
        while after is not None:
            after = self._writer.call(partial(changes.settle, now=self._clock(), after=after))
