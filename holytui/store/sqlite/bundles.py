"""A whole conversation as one value: what is exported, and what an import adds in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from holytui.errors import TransferError
from holytui.i18n import _
from holytui.models import AnswerState, DeltaKind, Message
from holytui.store.sqlite import answer_stats, conversations, journal
from holytui.store.sqlite import images as attached
from holytui.store.sqlite import messages as tree
from holytui.store.sqlite.readable import rows
from holytui.store.sqlite.rows import CONVERSATION, conversation_from, storable
from holytui.store.sqlite.writer import Delta
from holytui.store.values import Added, Bundle


def read(
    connection: sqlite3.Connection, conversation_id: str, pending: Sequence[Delta], *, images: bool
) -> Bundle | None:
    """The whole of a conversation, answers on their way as of now; `images`: with the bytes of its images."""
    found = rows(connection, CONVERSATION, "conversation", "id = ? AND deleted_at IS NULL", (conversation_id,))
    if not found:
        return None
    messages = [
        journal.as_of_now(connection, attached.with_images(connection, each), pending)
        for each in tree.of_conversation(connection, conversation_id)
    ]
    attempts = [
        (attempt, {kind: journal.raw_text(connection, attempt.id, kind, pending) for kind in DeltaKind})
        for message in messages
        for attempt in journal.attempts(connection, message.id)
    ]
    data = attached.data_of_all(connection, messages) if images else {}
    return Bundle(conversation_from(found[0], streaming=False), messages, attempts, image_data=data)


def write(connection: sqlite3.Connection, bundle: Bundle, *, fts: bool) -> Added:
    """Add what is not there yet; what is there stays as it is. Raises TransferError for a message of another talk."""
    bundle, is_new = _with_known_ids(connection, bundle)
    talk = bundle.conversation
    known = {row[0] for row in connection.execute("SELECT id FROM message WHERE conversation_id = ?", (talk.id,))}
    new = [message for message in in_order(bundle.messages, known) if message.id not in known]
    for message in new:
        if connection.execute("SELECT 1 FROM message WHERE id = ?", (message.id,)).fetchone():
            raise TransferError(_("A message of it belongs to another conversation here"))
    leaf = talk.leaf_id if talk.leaf_id in {message.id for message in new} else None
    if is_new:
        conversations.insert(connection, replace(talk, leaf_id=leaf), fts=fts)
        _set_origin(connection, "conversation", talk.id, bundle.origin)
    else:
        connection.execute("UPDATE conversation SET deleted_at = NULL WHERE id = ?", (talk.id,))
    for message in new:
        # nobody will go on with an answer that was on its way when it was exported
        state = message.state if message.state.final else AnswerState.INTERRUPTED
        attached.keep(connection, message.images, bundle.image_data)
        attached.keep_lost(connection, message.images)
        tree.insert(connection, replace(message, conversation_id=talk.id, state=state), fts=fts)
        _set_origin(connection, "message", message.id, bundle.origins.get(message.id))
    _write_attempts(connection, bundle, {message.id for message in new})
    for message in new:
        answer_stats.put(connection, message, own=False)
    return Added(int(is_new), len(new))


def _write_attempts(connection: sqlite3.Connection, bundle: Bundle, new: set[str]) -> None:
    for attempt, texts in bundle.attempts:
        taken = connection.execute("SELECT 1 FROM attempt WHERE id = ?", (attempt.id,)).fetchone()
        if attempt.message_id not in new or taken:
            continue
        journal.save_attempt(connection, attempt)
        connection.executemany(
            "INSERT OR REPLACE INTO delta (attempt_id, kind, seq, text) VALUES (?, ?, 0, ?)",
            [(attempt.id, kind.value, storable(text)) for kind, text in texts.items() if text],
        )


def _with_known_ids(connection: sqlite3.Connection, bundle: Bundle) -> tuple[Bundle, bool]:
    """The bundle with the ids that an earlier import gave, and whether the conversation is new."""
    talk = bundle.conversation
    origin = None if bundle.origin is None else storable(bundle.origin)
    row = connection.execute("SELECT id FROM conversation WHERE id = ? OR origin = ?", (talk.id, origin)).fetchone()
    if row is None:
        return bundle, True
    given = dict(connection.execute("SELECT origin, id FROM message WHERE conversation_id = ?", (row[0],)))
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
    return replace(bundle, conversation=replace(talk, id=row[0]), messages=messages, origins=origins), False


def _set_origin(connection: sqlite3.Connection, table: str, row_id: str, origin: str | None) -> None:
    if origin is not None:
        connection.execute(f"UPDATE {table} SET origin = ? WHERE id = ?", (storable(origin), row_id))


def in_order(messages: Sequence[Message], known: set[str]) -> list[Message]:
    """Parents before children; whoever names a parent that is nowhere, or goes in a circle, becomes a root."""
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
