"""Whole conversations as values: read for an export, and inserted by an import."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from holytui.errors import TransferError
from holytui.i18n import _
from holytui.models import AnswerState, Attempt, DeltaKind, Message
from holytui.store.replica.records import ItemKind
from holytui.store.sqlite import changes, conversations, items, journal, pruned
from holytui.store.sqlite import images as image_table
from holytui.store.sqlite import messages as message_table
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.row_mapping import CONVERSATION, conversation_from, storable
from holytui.store.sqlite.writer import PendingDelta
from holytui.store.values import Bundle


def read(
    connection: sqlite3.Connection, conversation_id: str, pending: Sequence[PendingDelta], *, images: bool
) -> Bundle | None:
    """Return a whole conversation with current text of answers in progress; `images` adds the image bytes."""
    found = read_rows(connection, CONVERSATION, "conversation", "id = ? AND deleted_at IS NULL", (conversation_id,))
    if not found:
        return None
    hidden = pruned.message_ids(connection, conversation_id)
    messages = [
        journal.as_of_now(connection, image_table.with_images(connection, each), pending)
        for each in message_table.of_conversation(connection, conversation_id)
        if each.id not in hidden
    ]
    attempts = [
        (attempt, {kind: journal.raw_text(connection, attempt.id, kind, pending) for kind in DeltaKind})
        for message in messages
        for attempt in journal.attempts(connection, message.id)
    ]
    data = image_table.data_of_all(connection, messages) if images else {}
    labels = {id_: label for id_, label in items.labels(connection, conversation_id).items() if id_ not in hidden}
    return Bundle(conversation_from(found[0], streaming=False), messages, attempts, image_data=data, labels=labels)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The parts of a bundle that are new here, and their place."""

    bundle: Bundle
    """With ids of this history."""
    is_new: bool
    """The conversation is neither stored nor part of this import already."""
    is_hidden: bool
    """It belongs to this import, so that messages may be inserted at once."""
    was_deleted: bool
    new: Sequence[Message]
    """Parents before children."""


def plan(connection: sqlite3.Connection, bundle: Bundle, hidden_ids: Mapping[str, str]) -> ImportPlan:
    """Compare a bundle with the stored data.

    `hidden_ids` maps conversations to the hidden ones that hold their new messages during this import. Raises
    TransferError for a message that belongs to another conversation.
    """
    bundle, found = _with_known_ids(connection, bundle, hidden_ids)
    conversation_id = bundle.conversation.id
    known = {id_ for id_, _origin in _messages_of(connection, conversation_id, hidden_ids)}
    new = [message for message in in_order(bundle.messages, known) if message.id not in known]
    for message in new:
        if connection.execute("SELECT 1 FROM message WHERE id = ?", (message.id,)).fetchone():
            raise TransferError(_("One of its messages belongs to another conversation in this history"))
    deleted_at = found[1] if found else None
    is_hidden = found is None or deleted_at == conversations.HIDDEN
    return ImportPlan(bundle, found is None, is_hidden, deleted_at is not None and not is_hidden, new)


def insert_conversation(connection: sqlite3.Connection, planned: ImportPlan, *, fts: bool) -> None:
    """Insert a plan's new conversation, hidden."""
    conversation = planned.bundle.conversation
    leaf = conversation.leaf_id if conversation.leaf_id in {message.id for message in planned.new} else None
    conversations.insert(connection, replace(conversation, leaf_id=leaf), fts=fts)
    for id_, label in planned.bundle.labels.items():
        items.put(connection, conversation.id, f"{ItemKind.LABEL}:{id_}", label, conversation.updated_at)
        changes.mark(connection, conversation.id, f"{ItemKind.LABEL}:{id_}")
    conversations.set_deleted(connection, conversation.id, conversations.HIDDEN)
    _set_origin(connection, "conversation", conversation.id, planned.bundle.origin)


def insert_message(connection: sqlite3.Connection, bundle: Bundle, message: Message, *, fts: bool) -> None:
    """Insert a message with its images; its conversation and parent are stored already."""
    # no process will resume an answer that was in progress when it was exported
    state = message.state if message.state.final else AnswerState.INTERRUPTED
    image_table.stage(connection, message.images, bundle.image_data)
    image_table.store_lost(connection, message.images)
    message_table.insert(connection, replace(message, state=state), fts=fts)
    _set_origin(connection, "message", message.id, bundle.origins.get(message.id))


def insert_attempt(connection: sqlite3.Connection, attempt: Attempt, texts: Mapping[DeltaKind, str]) -> None:
    """Insert an attempt of a new message with its raw text, unless its id is taken."""
    if connection.execute("SELECT 1 FROM attempt WHERE id = ?", (attempt.id,)).fetchone():
        return
    journal.save_attempt(connection, attempt)
    connection.executemany(
        "INSERT OR REPLACE INTO delta (attempt_id, kind, seq, text) VALUES (?, ?, 0, ?)",
        [(attempt.id, kind.value, storable(text)) for kind, text in texts.items() if text],
    )


def _messages_of(
    connection: sqlite3.Connection, conversation_id: str, hidden_ids: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Ids and origins of a conversation's messages, including those that the import keeps hidden_ids."""
    return connection.execute(
        "SELECT id, origin FROM message WHERE conversation_id IN (?, ?)",
        (conversation_id, hidden_ids.get(conversation_id)),
    ).fetchall()


def _with_known_ids(
    connection: sqlite3.Connection, bundle: Bundle, hidden_ids: Mapping[str, str]
) -> tuple[Bundle, tuple[str, float | None] | None]:
    """Replace ids by those of an earlier import; also return the stored id and `deleted_at`, if any."""
    conversation = bundle.conversation
    origin = None if bundle.origin is None else storable(bundle.origin)
    row = connection.execute(
        "SELECT id, deleted_at FROM conversation WHERE id = ? OR origin = ?", (conversation.id, origin)
    ).fetchone()
    if row is None:
        return bundle, None
    given = {origin: id_ for id_, origin in _messages_of(connection, row[0], hidden_ids)}
    ids = {id_: given.get(storable(origin), id_) for id_, origin in bundle.origins.items()}
    messages = [
        replace(
            message,
            id=ids.get(message.id, message.id),
            parent_id=ids.get(message.parent_id, message.parent_id) if message.parent_id else None,
        )
        for message in bundle.messages
    ]
    origins = {ids[id_]: origin for id_, origin in bundle.origins.items()}
    return replace(bundle, conversation=replace(conversation, id=row[0]), messages=messages, origins=origins), row


def _set_origin(connection: sqlite3.Connection, table: str, row_id: str, origin: str | None) -> None:
    if origin is not None:
        connection.execute(f"UPDATE {table} SET origin = ? WHERE id = ?", (storable(origin), row_id))


def in_order(messages: Sequence[Message], known: set[str]) -> list[Message]:
    """Sort parents before children; a message with an unknown parent or in a cycle becomes a root."""
    own = {message.id: message for message in messages}
    below: dict[str | None, list[Message]] = {}
    for message in own.values():
        parent = message.parent_id
        if parent is None or parent in own or parent in known:
            below.setdefault(parent if parent in own else None, []).append(message)
        else:
            below.setdefault(None, []).append(replace(message, parent_id=None))
    out: list[Message] = []
    waiting = dict.fromkeys(own)
    stack = below.get(None, [])[::-1]
    while waiting:
        if not stack:
            stack = [replace(own[next(iter(waiting))], parent_id=None)]
        message = stack.pop()
        if message.id in waiting:
            del waiting[message.id]
            out.append(message)
            stack += below.get(message.id, [])[::-1]
    return out
