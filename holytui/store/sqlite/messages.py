"""Messages of a conversation: a tree by `parent_id`, so that edits and retries destroy nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from holytui.models import AnswerState, Message, Role
from holytui.store.json_values import to_json
from holytui.store.sqlite import changes, items, pruned, search_index
from holytui.store.sqlite.conversations import missing
from holytui.store.sqlite.damaged_tables import is_damage, read_rows
from holytui.store.sqlite.images import attach, with_images
from holytui.store.sqlite.row_mapping import (
    MESSAGE,
    MESSAGE_ALONE,
    MESSAGE_WITHOUT_TEXTS,
    Row,
    message_from,
    storable,
    utf8,
)
from holytui.store.sqlite.row_reader import RowReader, as_text
from holytui.store.values import QUESTION_EXCERPT, StoredQuestion

_INSERT = (
    "INSERT INTO message (id, conversation_id, parent_id, role, text, created_at, reasoning, model, state,"
    " finish_reason, problem, usage, first_token_s, duration_s, reasoning_s, seams, left_out)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


_SIBLINGS = """(conversation_id, role) = (SELECT conversation_id, role FROM message WHERE id = ?)
    AND parent_id IS (SELECT parent_id FROM message WHERE id = ?)"""


def find(connection: sqlite3.Connection, message_id: str, *, texts: bool = True) -> Message | None:
    """Return a message with the text and reasoning of its row, or without."""
    found = _messages(connection, "id = ?", (message_id,), MESSAGE if texts else MESSAGE_WITHOUT_TEXTS)
    return with_images(connection, found[0]) if found else None


def _messages(
    connection: sqlite3.Connection, where: str, values: Sequence[object] = (), columns: str = MESSAGE
) -> list[Message]:
    """Return messages that match `where`, oldest first, without images."""
    found = map(message_from, read_rows(connection, columns, "message", where, values, MESSAGE_ALONE))
    return sorted(found, key=lambda message: (message.created_at, message.id))


def need(connection: sqlite3.Connection, message_id: str) -> Message:
    """Return a message. Raises StoreError if it is missing."""
    found = find(connection, message_id)
    if found is None:
        raise missing()
    return found


def insert(connection: sqlite3.Connection, message: Message, *, fts: bool) -> None:
    """Insert a message. Raises StoreError if its parent is not in its conversation, or an image is not in the file."""
    m = message
    if (
        m.parent_id is not None
        and not connection.execute(
            "SELECT 1 FROM message WHERE id = ? AND conversation_id = ?", (m.parent_id, m.conversation_id)
        ).fetchone()
    ):
        raise missing()
    connection.execute(_INSERT, (m.id, m.conversation_id, m.parent_id, m.role.value, *_texts(m), *_results(m)))
    attach(connection, m)
    if m.state.final:
        search_index.put_text(connection, m.conversation_id, m.id, storable(m.text), fts=fts)
        changes.mark(connection, m.id)


def save_end(connection: sqlite3.Connection, message: Message, *, fts: bool) -> None:
    """Store the results of an answer; role and place in the tree stay."""
    m = message
    connection.execute(
        "UPDATE message SET text = CAST(? AS TEXT), reasoning = CAST(? AS TEXT), model = ?, state = ?,"
        " finish_reason = ?, problem = ?, usage = ?, first_token_s = ?, duration_s = ?, reasoning_s = ?, seams = ?,"
        " left_out = ? WHERE id = ?",
        (utf8(m.text), utf8(m.reasoning), storable(m.model), m.state.value, *_results(m), m.id),
    )
    search_index.put_text(connection, m.conversation_id, m.id, m.text, fts=fts)
    changes.mark(connection, m.id)


def _texts(m: Message) -> Row:
    return storable(m.text), m.created_at, storable(m.reasoning), storable(m.model), m.state.value


def _results(m: Message) -> Row:
    return (
        storable(m.finish_reason),
        to_json(m.problem),
        to_json(m.usage),
        *(m.first_token_s, m.duration_s, m.reasoning_s, json.dumps(m.seams), m.left_out),
    )


def show(connection: sqlite3.Connection, conversation_id: str, leaf_id: str, now: float) -> None:
    """Make a message the end of the shown branch."""
    connection.execute(
        "UPDATE conversation SET leaf_id = ?, updated_at = max(updated_at, ?) WHERE id = ?",
        (leaf_id, now, conversation_id),
    )
    changes.mark(connection, conversation_id, "leaf_id")


def touch(connection: sqlite3.Connection, conversation_id: str, now: float) -> None:
    """Set the time of a conversation's last change."""
    connection.execute("UPDATE conversation SET updated_at = max(updated_at, ?) WHERE id = ?", (now, conversation_id))


def branch(connection: sqlite3.Connection, conversation_id: str, leaf_id: str | None) -> list[Message]:
    """Return the messages from the root to `leaf_id`; None: to the shown leaf, or else the newest one."""
    if leaf_id is None:
        leaf_id = _shown_leaf(connection, conversation_id)
    found = {message.id: message for message in _path(connection, conversation_id, leaf_id)}
    out: list[Message] = []
    step = found.pop(leaf_id, None) if leaf_id else None
    while step:
        out.append(with_images(connection, step))
        step = found.pop(step.parent_id, None) if step.parent_id else None
    return out[::-1]


def _path(connection: sqlite3.Connection, conversation_id: str, leaf_id: str | None) -> list[Message]:
    try:
        # UNION, not UNION ALL: a damaged file may hold a circle, and this must end all the same
        found = connection.execute(
            f"""WITH RECURSIVE path (id, parent) AS (
                    SELECT id, parent_id FROM message WHERE id = ? AND conversation_id = ?
                    UNION SELECT message.id, message.parent_id FROM message JOIN path ON message.id = path.parent)
                SELECT {MESSAGE} FROM message WHERE id IN (SELECT id FROM path)""",
            (leaf_id, conversation_id),
        ).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return of_conversation(connection, conversation_id)
    return [message_from(row) for row in found]


def of_conversation(connection: sqlite3.Connection, conversation_id: str) -> list[Message]:
    """Return all messages of a conversation, oldest first, without images."""
    return _messages(connection, "conversation_id = ?", (conversation_id,))


def questions(connection: sqlite3.Connection, limit: int) -> list[StoredQuestion]:
    """Return the last different questions, last first. Questions with the same beginning count as one."""
    rows = connection.execute(
        f"""SELECT message.id, substr(message.text, 1, {QUESTION_EXCERPT}), message.created_at, conversation.title,
            conversation_id, conversation.pruned <> '{{}}'
        FROM message JOIN conversation ON conversation.id = message.conversation_id
        WHERE message.role = '{Role.USER}' AND conversation.deleted_at IS NULL ORDER BY message.id DESC"""
    )
    found: dict[str, StoredQuestion] = {}
    hidden: dict[str, frozenset[str]] = {}
    for *row, conversation_id, has_pruned in rows:
        if has_pruned and conversation_id not in hidden:
            hidden[conversation_id] = pruned.message_ids(connection, conversation_id)
        if row[0] in hidden.get(conversation_id, ()):
            continue
        reader = RowReader(row)
        each = StoredQuestion(reader.text("id"), reader.text("text"), reader.number("created_at"), reader.text("title"))
        found.setdefault(each.excerpt, each)
        if len(found) == limit:
            break
    return list(found.values())


def _shown_leaf(connection: sqlite3.Connection, conversation_id: str) -> str | None:
    try:
        row = connection.execute(
            """SELECT message.id FROM message JOIN conversation ON conversation.id = message.conversation_id
                WHERE conversation.id = ?
                ORDER BY message.id = conversation.leaf_id DESC, message.created_at DESC, message.id DESC LIMIT 1""",
            (conversation_id,),
        ).fetchone()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        left = of_conversation(connection, conversation_id)
        return left[-1].id if left else None
    return as_text(row[0]) if row else None


def variants(connection: sqlite3.Connection, message_id: str) -> list[Message]:
    """Return the message and its siblings of the same role, oldest first."""
    siblings = _messages(connection, _SIBLINGS, (message_id, message_id))
    hidden = _pruned_beside(connection, message_id)
    return [with_images(connection, message) for message in siblings if message.id not in hidden]


def variant_ids(connection: sqlite3.Connection, message_id: str) -> list[str]:
    """Return the ids of `variants`, in the same order, without reading their texts."""
    rows = read_rows(connection, "created_at, id", "message", _SIBLINGS, (message_id, message_id))
    found = ((at if isinstance(at, int | float) else 0.0, as_text(id_)) for at, id_ in rows)
    hidden = _pruned_beside(connection, message_id) if len(rows) > 1 else {}
    return [id_ for _at, id_ in sorted(found) if id_ not in hidden]


def _pruned_beside(connection: sqlite3.Connection, message_id: str) -> dict[str, float]:
    """The first messages of deleted branches of the same conversation, except this message."""
    rows = read_rows(connection, "conversation_id", "message", "id = ?", (message_id,))
    found = items.pruned(connection, as_text(rows[0][0])) if rows else {}
    found.pop(message_id, None)
    return found


def leaf_below(connection: sqlite3.Connection, message_id: str) -> str:
    """Return the newest leaf below a message, itself if it is a leaf. Raises StoreError if it is missing."""
    hidden = list(_pruned_beside(connection, message_id))
    kept = f"id NOT IN ({', '.join('?' * len(hidden))})"
    row = connection.execute(
        f"""WITH RECURSIVE below (id) AS (
                SELECT id FROM message WHERE id = ?
                UNION SELECT message.id FROM message JOIN below ON message.parent_id = below.id
                WHERE message.{kept})
            SELECT id FROM message WHERE id IN (SELECT id FROM below)
                AND id NOT IN (SELECT parent_id FROM message WHERE parent_id IN (SELECT id FROM below) AND {kept})
            ORDER BY created_at DESC, id DESC LIMIT 1""",
        (message_id, *hidden, *hidden),
    ).fetchone()
    if row is None:
        raise missing()
    return str(row[0])


def withdraw(connection: sqlite3.Connection, answer_id: str, *, fts: bool) -> bool:
    """Destroy an answer, and its question unless that has other answers; messages below move up.

    Returns whether the question was destroyed.
    """
    answer = need(connection, answer_id)
    question = find(connection, answer.parent_id) if answer.parent_id is not None else None
    others = [one for one in variants(connection, answer_id) if one.id != answer_id]
    before = others[-1].id if others else question.parent_id if question is not None else None
    connection.execute("UPDATE message SET parent_id = ? WHERE parent_id = ?", (before, answer_id))
    destroyed = [answer] if others or question is None else [answer, question]
    for message in destroyed:
        search_index.put_text(connection, message.conversation_id, message.id, "", fts=fts)
        changes.forget_message(connection, message.id)
        connection.execute("DELETE FROM message WHERE id = ?", (message.id,))
    leaf = leaf_below(connection, before) if before is not None else _newest_leaf(connection, answer.conversation_id)
    connection.execute(
        "UPDATE conversation SET leaf_id = ? WHERE id = ? AND leaf_id NOT IN (SELECT id FROM message)",
        (leaf, answer.conversation_id),
    )
    changes.mark(connection, answer.conversation_id, "leaf_id")
    return len(destroyed) > 1


def destroy(connection: sqlite3.Connection, conversation_id: str, message_id: str, *, fts: bool) -> None:
    """Destroy a leaf with its attempts and raw texts."""
    search_index.remove_text(connection, conversation_id, message_id, fts=fts)
    changes.forget_message(connection, message_id)
    connection.execute(
        "DELETE FROM delta WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)", (message_id,)
    )
    connection.execute("DELETE FROM message WHERE id = ?", (message_id,))


def _newest_leaf(connection: sqlite3.Connection, conversation_id: str) -> str | None:
    left = of_conversation(connection, conversation_id)
    return leaf_below(connection, left[-1].id) if left else None


def in_progress(connection: sqlite3.Connection) -> list[Message]:
    """Return the answers without a final state."""
    final, others = (
        ", ".join(f"'{state}'" for state in AnswerState if state.final is is_final) for is_final in (True, False)
    )
    # the first condition is that of the index; an unknown state is not in progress
    return _messages(connection, f"state NOT IN ({final}) AND state IN ({others}) AND role = 'assistant'")
