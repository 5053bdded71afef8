"""Rows of the file as records of changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from holytui.models import DeltaKind, Message
from holytui.store.replica.merge import variant_suffix
from holytui.store.replica.records import FIELDS, ConversationRecord, Field, FieldValue, MessageRecord, field_type
from holytui.store.sqlite import changes, items, journal, messages
from holytui.store.sqlite.changes import OPEN, Change
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.hosts import HostTable
from holytui.store.sqlite.row_mapping import CONVERSATION, conversation_from


def conversation_record(connection: sqlite3.Connection, hosts: HostTable, conversation_id: str) -> ConversationRecord:
    """Return a conversation's record; for one that was destroyed only its deletions."""
    deletions = changes.deletions(connection, hosts, conversation_id)
    found = read_rows(connection, CONVERSATION, "conversation", "id = ?", (conversation_id,))
    if not found:
        return ConversationRecord(conversation_id, deletions=deletions)
    talk = conversation_from(found[0], streaming=False)
    values: Mapping[str, FieldValue] = {name: getattr(talk, name) for name in FIELDS}
    values = {**values, **items.all_of(connection, conversation_id)}
    rows = changes.changes(connection, f"id = ? AND host <> {OPEN}", (conversation_id,))
    fields = {row.field: Field(_value(values, row.field), row.stamp(hosts)) for row in rows if field_type(row.field)}
    origin = origin_of(connection, "conversation", conversation_id)
    return ConversationRecord(talk.id, talk.created_at, talk.updated_at, fields, deletions, origin)


def _value(values: Mapping[str, FieldValue], name: str) -> FieldValue:
    """The value of a field; empty for an item that was removed."""
    if name in values:
        return values[name]
    return "" if field_type(name) is str else False


def message_record(connection: sqlite3.Connection, hosts: HostTable, change: Change) -> MessageRecord | None:
    """Return the version of a message that a settled change is about; None if its row is in progress or missing."""
    row_id = str(change.extra.get("same", change.id))
    found = messages.find(connection, row_id)
    if found is None or not found.state.final:
        return None
    rows = changes.changes(connection, "id = ? AND field = '' AND variant_of IS NOT NULL", (row_id,))
    suffix = variant_suffix(rows[0].stamp(hosts)) if rows else ""
    id_ = change.variant_of or change.id
    attempts = tuple(
        (
            replace(attempt, id=attempt.id.removesuffix(suffix), message_id=id_, repaired=()),
            raw_texts(connection, attempt.id),
        )
        for attempt in journal.attempts(connection, row_id)
    )
    parent = change.waiting or change.above or found.parent_id
    for above in changes.changes(connection, "id = ? AND field = '' AND variant_of IS NOT NULL", (parent,)):
        parent = above.variant_of
    message = replace(plain(found), id=id_, parent_id=parent)
    figure = connection.execute("SELECT own FROM figure WHERE message_id = ?", (row_id,)).fetchone()
    return MessageRecord(
        *(message, change.stamp(hosts), change.replaces, change.parent_stamp, attempts),
        origin=origin_of(connection, "message", row_id),
        counted=None if figure is None else bool(figure[0]),
    )


def plain(message: Message) -> Message:
    """The message without the values that are derived when it is read."""
    return replace(message, attempts=0, begun_again=False, repaired=())


def raw_texts(connection: sqlite3.Connection, attempt_id: str) -> Mapping[DeltaKind, str]:
    """Return all text that an attempt received."""
    found = {kind: journal.raw_text(connection, attempt_id, kind) for kind in DeltaKind}
    return {kind: text for kind, text in found.items() if text}


def origin_of(connection: sqlite3.Connection, table: str, id_: str) -> str | None:
    """Return the id in the file that a row of `table` was imported from."""
    found = connection.execute(f"SELECT origin FROM {table} WHERE id = ?", (id_,)).fetchone()
    return None if found is None or found[0] is None else str(found[0])
