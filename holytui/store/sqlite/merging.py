"""Merging the changes of other hosts into the file: `store.replica.merge` on its rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from holytui.models import Message
from holytui.store.replica.clock import Stamp, latest, wall_time
from holytui.store.replica.merge import (
    Placed,
    current,
    hidden_at,
    is_variant,
    placed,
    variant_id,
    variant_suffix,
)
from holytui.store.replica.records import (
    FIELDS,
    Applied,
    Batch,
    ConversationRecord,
    Deletion,
    Field,
    MessageRecord,
    field_type,
)
from holytui.store.sqlite import answer_stats, bundles, changes, images, items, messages, search_index
from holytui.store.sqlite.changes import DELETED, MESSAGE, OPEN, Change
from holytui.store.sqlite.hosts import UNKNOWN, HostTable
from holytui.store.sqlite.records import message_record
from holytui.store.sqlite.row_mapping import storable


class Merger:
    """Merges one batch, within one transaction, after all changes of this host were settled."""

    def __init__(self, connection: sqlite3.Connection, batch: Batch, *, fts: bool) -> None:
        self._db = connection
        self._batch = batch
        self._fts = fts
        self._hosts = HostTable(connection)
        self._talks = {talk.id: talk for talk in batch.conversations}
        self._deletions: dict[str, tuple[Deletion, ...]] = {}
        self._changed: set[str] = set()
        self._revived: set[str] = set()
        """Conversations with messages that a deletion had not seen: this host undoes it."""

    def run(self) -> Applied:
        """Merge the batch; return the numbers of conversations and messages that it changed."""
        for id_, name in self._batch.hosts.items():
            self._hosts.number(id_, name)
        self._receive()
        for talk in self._batch.conversations:
            self._merge_conversation(talk)
        new = sum(self._merge_message(record) for record in self._batch.messages)
        for id_ in self._talks:
            self._set_hidden(id_)
        for id_ in self._revived:
            if self._hidden_at(id_) is not None:
                continue  # the deletion had seen the versions that came with it
            # the other host may have destroyed what was older, and others may have passed over it
            changes.mark(self._db, id_, DELETED)
            changes.mark_messages(self._db, id_)
        if self._batch.complete and self._batch.cursor is not None:
            for host, clock in self._batch.cursor.claims.items():
                self._hosts.number(host)
                self._hosts.set_clock(host, clock)
        return Applied(len(self._changed), new)

    def _receive(self) -> None:
        """Let the clock of this file go on after all stamps of the batch."""
        stamps = [record.stamp for record in self._batch.messages]
        for talk in self._batch.conversations:
            stamps += [value.stamp for value in talk.fields.values()]
            stamps += [deletion.stamp for deletion in talk.deletions]
        self._hosts.set_clock(self._hosts.self_id, latest(stamps))

    # -- conversations

    def _merge_conversation(self, talk: ConversationRecord) -> None:
        before = changes.deletions(self._db, self._hosts, talk.id)
        after = current((*before, *talk.deletions))
        self._deletions[talk.id] = after
        if {each.stamp for each in before} != {each.stamp for each in after}:
            self._save_deletions(talk.id, after)
            self._changed.add(talk.id)
            deleted = any(deletion.at is not None for deletion in after)
            if deleted and self._exists(talk.id) and self._hidden_at(talk.id) is None:
                self._revived.add(talk.id)
        if not self._ensure(talk):
            return
        self._db.execute(
            "UPDATE conversation SET updated_at = max(updated_at, ?) WHERE id = ?", (talk.updated_at, talk.id)
        )
        stored = {row.field: row for row in changes.changes(self._db, "id = ?", (talk.id,))}
        for name, value in talk.fields.items():
            row = stored.get(name)
            # an open change of this host is later than all that it had received
            if field_type(name) and (row is None or (row.host != OPEN and row.stamp(self._hosts) < value.stamp)):
                self._set_field(talk.id, name, value)

    def _ensure(self, talk: ConversationRecord) -> bool:
        """Whether the conversation is here; it is added, also a deleted one: its deletion may be undone."""
        if self._exists(talk.id):
            return True
        if not talk.fields:
            return False
        self._db.execute(
            "INSERT INTO conversation (id, title, created_at, updated_at, origin) VALUES (?, '', ?, ?,"
            " (SELECT ? WHERE NOT EXISTS (SELECT 1 FROM conversation WHERE origin = ?)))",
            (talk.id, talk.created_at, talk.updated_at, talk.origin, talk.origin),
        )
        self._changed.add(talk.id)
        return True

    def _exists(self, conversation_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone() is not None

    def _set_field(self, conversation_id: str, name: str, field: Field) -> None:
        if name in FIELDS:
            self._set_column(conversation_id, name, field)
        elif isinstance(field.value, str | bool):
            items.put(self._db, conversation_id, name, field.value, wall_time(field.stamp.clock))
        changes.set_stamp(self._db, self._hosts, conversation_id, name, field.stamp)
        self._changed.add(conversation_id)

    def _set_column(self, conversation_id: str, name: str, field: Field) -> None:
        match field.value:
            case str():
                value: object = storable(field.value)
            case None | bool():
                value = field.value
            case _:
                value = json.dumps(field.value, allow_nan=False)
        self._db.execute(f"UPDATE conversation SET {name} = ? WHERE id = ?", (value, conversation_id))
        if name == "title":
            search_index.put_text(self._db, conversation_id, None, str(value), fts=self._fts)

    def _save_deletions(self, conversation_id: str, deletions: Sequence[Deletion]) -> None:
        self._db.execute(
            f"DELETE FROM change WHERE id = ? AND field = '{DELETED}' AND host <> {OPEN}", (conversation_id,)
        )
        for each in deletions:
            extra = {"replaces": changes.pairs(each.replaces), "at": each.at, "seen": dict(each.seen)}
            number = self._hosts.number(each.stamp.host)
            changes.insert(self._db, Change(number, each.stamp.clock, conversation_id, DELETED, extra, None, None))

    def _set_hidden(self, conversation_id: str) -> None:
        at = self._hidden_at(conversation_id)
        done = self._db.execute(
            "UPDATE conversation SET deleted_at = ? WHERE id = ? AND deleted_at IS NOT ?", (at, conversation_id, at)
        )
        if done.rowcount:
            self._changed.add(conversation_id)

    def _hidden_at(self, conversation_id: str) -> float | None:
        rows = changes.message_stamps(self._db, conversation_id)
        stamps = [Stamp(clock, self._hosts.ids.get(number, UNKNOWN)) for number, clock in rows if number != OPEN]
        at = hidden_at(self._deletions[conversation_id], stamps)
        if len(stamps) < len(rows) or self._is_busy_in(conversation_id):
            return None
        return at

    def _is_busy_in(self, conversation_id: str) -> bool:
        sql = f"SELECT 1 FROM message WHERE conversation_id = ? AND state IN ({changes.PROGRESS}) LIMIT 1"
        return self._db.execute(sql, (conversation_id,)).fetchone() is not None

    # -- messages

    def _merge_message(self, record: MessageRecord) -> bool:
        id_ = record.message.id
        conversation_id = record.message.conversation_id
        if conversation_id not in self._talks or not self._exists(conversation_id):
            return False
        sql = "SELECT 1 FROM message WHERE id = ? AND conversation_id <> ?"
        if self._db.execute(sql, (id_, conversation_id)).fetchone():
            return False
        self._adopt(id_)
        if self._is_own(variant_id(id_, record.stamp)):
            return False  # continued as a message of its own
        versions, busy, own = self._stored(id_)
        if own is not None and record.stamp in own.replaces | {own.stamp(self._hosts)}:
            return False
        after = current((*versions, record))
        if {each.stamp for each in after} == {each.stamp for each in versions}:
            return False
        self._place(id_, placed(id_, after, in_use=busy), busy=busy)
        self._changed.add(record.message.conversation_id)
        return True

    def _adopt(self, row_id: str) -> None:
        """Make a variant a message of its own, as another host has."""
        for row in changes.changes(self._db, "id = ? AND field = '' AND variant_of IS NOT NULL", (row_id,)):
            message_id = str(row.variant_of)
            versions, busy, _own = self._stored(message_id)
            changes.forget_message(self._db, row_id)
            left = [each for each in versions if each.stamp != row.stamp(self._hosts)]
            self._place(message_id, placed(message_id, left, in_use=busy), busy=busy)

    def _is_own(self, row_id: str) -> bool:
        """Whether a row is there that is not of another version of a message."""
        sql = """SELECT 1 FROM message WHERE id = ? AND NOT EXISTS (
            SELECT 1 FROM change WHERE change.id = message.id AND field = '' AND variant_of IS NOT NULL)"""
        return self._db.execute(sql, (row_id,)).fetchone() is not None

    def _stored(self, message_id: str) -> tuple[list[MessageRecord], bool, Change | None]:
        """The versions of a message, whether its row is in progress, and then the change of that."""
        found = messages.find(self._db, message_id)
        for row in changes.changes(self._db, f"id = ? AND field = '' AND host = {OPEN}", (message_id,)):
            if found is not None and found.state.final:  # a question whose next answer is in progress
                changes.set_row_stamp(self._db, row, self._hosts.self_number, self._hosts.tick(0.0))
        rows = changes.changes(self._db, "(id = ? AND field = '') OR variant_of = ?", (message_id, message_id))
        own = next((each for each in rows if each.id == message_id), None)
        busy = found is not None and not found.state.final
        if busy:
            rows = [each for each in rows if each.id != message_id]
        records = [message_record(self._db, self._hosts, each) for each in rows if each.host != OPEN]
        return [each for each in records if each is not None], busy, own if busy else None

    def _place(self, message_id: str, after: Sequence[Placed], *, busy: bool) -> None:
        """Have the rows of a message and its variants show these versions."""
        known = {row.id: row for row in self._group(message_id)}
        rows = {each.id for each in after if each.equal_to is None}
        for row_id in known.keys() - rows - {message_id}:
            self._remove_row(message_id, row_id)
        if not busy:
            changes.forget_message(self._db, message_id)
        self._db.execute("DELETE FROM change WHERE variant_of = ?", (message_id,))
        for each in after:
            if each.id != message_id and each.id not in known and self._is_own(each.id):
                continue
            if each.equal_to is None:
                row = known.get(each.id)
                if row is None or "same" in row.extra or row.stamp(self._hosts) != each.record.stamp:
                    self._write(each)
            self._log(message_id, each)
        attached = not busy and self._attach_waiting(message_id)
        # a variant may also be a message of its own by now, whose id is its
        if attached or len(known) > 1 or len(after) > 1 or is_variant(message_id):
            self._move_children(message_id)

    def _group(self, message_id: str) -> list[Change]:
        return changes.changes(self._db, "(id = ? AND field = '') OR variant_of = ?", (message_id, message_id))

    def _remove_row(self, message_id: str, row_id: str) -> None:
        """Remove a variant whose version was continued; messages below it go to the message."""
        found = messages.find(self._db, row_id)
        if found is None or not found.state.final:  # continued here: it becomes a message of its own at its end
            return
        self._db.execute("UPDATE message SET parent_id = ? WHERE parent_id = ?", (message_id, row_id))
        self._db.execute("UPDATE conversation SET leaf_id = ? WHERE leaf_id = ?", (message_id, row_id))
        messages.destroy(self._db, found.conversation_id, row_id, fts=self._fts)

    def _write(self, place: Placed) -> None:
        record = place.record
        parent, _waiting = self._parent(record)
        suffix = variant_suffix(record.stamp) if place.id != record.message.id else ""
        message = replace(record.message, id=place.id, parent_id=parent)
        images.store(self._db, message.images, self._batch.image_data)
        images.store_lost(self._db, message.images)
        if self._db.execute("SELECT 1 FROM message WHERE id = ?", (place.id,)).fetchone():
            self._remove_attempts(place.id)
            messages.save_end(self._db, message, fts=self._fts)
            self._db.execute("UPDATE message SET parent_id = ? WHERE id = ?", (parent, place.id))
        else:
            messages.insert(self._db, message, fts=self._fts)
        changes.forget_message(self._db, place.id)
        for attempt, texts in record.attempts:
            own = replace(attempt, id=attempt.id + suffix, message_id=place.id)
            bundles.insert_attempt(self._db, own, texts)
        self._set_origin(message, record.origin)
        if record.counted is not None:
            answer_stats.record(self._db, message, own=record.counted)

    def _remove_attempts(self, row_id: str) -> None:
        self._db.execute(
            "DELETE FROM delta WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)", (row_id,)
        )
        self._db.execute("DELETE FROM attempt WHERE message_id = ?", (row_id,))

    def _set_origin(self, message: Message, origin: str | None) -> None:
        if origin is not None and message.parent_id != message.id:
            self._db.execute(
                "UPDATE message SET origin = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM message WHERE origin = ?)",
                (origin, message.id, origin),
            )

    def _log(self, message_id: str, place: Placed) -> None:
        record = place.record
        _parent, waiting = self._parent(record)
        extra: dict[str, object] = {}
        if record.replaces:
            extra["replaces"] = changes.pairs(record.replaces)
        if record.parent_stamp is not None:
            extra["above"] = record.message.parent_id
            extra["parent"] = (record.parent_stamp.clock, record.parent_stamp.host)
        if place.equal_to is not None:
            extra["same"] = place.equal_to
        variant_of = message_id if place.id != message_id else None
        number = self._hosts.number(record.stamp.host)
        changes.insert(self._db, Change(number, record.stamp.clock, place.id, MESSAGE, extra, waiting, variant_of))

    # -- the tree

    def _parent(self, record: MessageRecord) -> tuple[str | None, str | None]:
        """The row that a message belongs below, and the message that must arrive first."""
        wanted, at = record.message.parent_id, record.parent_stamp
        if wanted is None:
            return None, None
        sql = "SELECT 1 FROM message WHERE id = ? AND conversation_id = ?"
        if not self._db.execute(sql, (wanted, record.message.conversation_id)).fetchone():
            return None, wanted
        return self._row_of(wanted, at), None

    def _row_of(self, message_id: str, at: Stamp | None) -> str:
        """The row that shows a version of a message; that of the message if the version was continued."""
        if at is not None:
            for row in changes.changes(self._db, "variant_of = ?", (message_id,)):
                if row.stamp(self._hosts) == at:
                    return str(row.extra.get("same", row.id))
            own = variant_id(message_id, at)
            if self._db.execute("SELECT 1 FROM message WHERE id = ?", (own,)).fetchone():
                return own
        return message_id

    def _attach_waiting(self, message_id: str) -> bool:
        self._db.execute(
            """UPDATE message SET parent_id = ? WHERE id IN (SELECT id FROM change WHERE waiting = ?)
                AND conversation_id = (SELECT conversation_id FROM message AS parent WHERE parent.id = ?)""",
            (message_id, message_id, message_id),
        )
        done = self._db.execute("UPDATE change SET waiting = NULL WHERE waiting = ?", (message_id,))
        return done.rowcount > 0

    def _move_children(self, message_id: str) -> None:
        """Put messages that were written below a certain version below the row that shows it."""
        where = """field = '' AND waiting IS NULL AND extra LIKE '%"above"%'
            AND id IN (SELECT id FROM message WHERE conversation_id =
                (SELECT conversation_id FROM message AS one WHERE one.id = ?))"""
        for child in changes.changes(self._db, where, (message_id,)):
            if child.above is not None:
                row = self._row_of(child.above, child.parent_stamp)
                self._db.execute("UPDATE message SET parent_id = ? WHERE id = ?", (row, child.id))


def apply(connection: sqlite3.Connection, batch: Batch, *, fts: bool) -> Applied:
    """Merge a batch."""
    return Merger(connection, batch, fts=fts).run()
