"""The table of conversations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence, Set

from holytui import ids
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import Conversation
from holytui.store.replica.records import FIELDS, ItemKind
from holytui.store.sqlite import changes, items, search_index
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.lease import Owner, is_alive, leases
from holytui.store.sqlite.row_mapping import CONVERSATION, conversation_from, storable
from holytui.store.tags import TagChange, normalized

_TEXTS = frozenset({"title", "model", "system", "draft"})
_FLAGS = frozenset({"pinned", "archived", "unread"})
HIDDEN = changes.HIDDEN
"""`deleted_at` of conversations of an unfinished import, which cannot be seen or restored."""


def missing() -> StoreError:
    """The error for a conversation or message that is not in the file."""
    return StoreError(_("That conversation or message is no longer there"), _("It was deleted, perhaps elsewhere."))


def list_all(
    connection: sqlite3.Connection, here: Owner, now: float, *, archived: bool, deleted: bool = False
) -> Sequence[Conversation]:
    """Return conversations without messages, last changed (or deleted) first."""
    # any value but 0 is true, as for `conversation_from`: each conversation is in one of the two lists
    unarchived = "NOT" if archived else ""
    where = f"deleted_at IS NULL AND archived IS {unarchived} 0"
    if deleted:
        where = f"deleted_at IS NOT NULL AND deleted_at IS NOT {HIDDEN}"
    busy = streaming_ids(connection, here, now)
    found = read_rows(connection, f"{CONVERSATION}, deleted_at", "conversation", where)
    conversations = [(conversation_from(row[:-1], streaming=row[0] in busy), row[-1]) for row in found]
    if deleted:
        conversations.sort(key=lambda each: (each[1] if isinstance(each[1], float) else 0.0, each[0].id), reverse=True)
    else:
        conversations.sort(key=lambda each: (each[0].updated_at, each[0].id), reverse=True)
    return [conversation for conversation, _deleted_at in conversations]


def find(connection: sqlite3.Connection, conversation_id: str, here: Owner, now: float) -> Conversation | None:
    """Find by id, an unambiguous prefix or suffix, or `ids.LAST`; deleted ones are excluded."""
    requested = storable(conversation_id)
    found = read_rows(connection, CONVERSATION, "conversation", "id = ? AND deleted_at IS NULL", (requested,))
    if not found and requested == ids.LAST:
        return next(iter(list_all(connection, here, now, archived=False)), None)
    if not found and len(requested) >= ids.MIN_LENGTH:
        where = "(substr(id, 1, ?) = ? OR substr(id, -?) = ?) AND deleted_at IS NULL"
        found = read_rows(connection, CONVERSATION, "conversation", where, (len(requested), requested) * 2)
    if len(found) != 1:
        return None
    return conversation_from(found[0], streaming=found[0][0] in streaming_ids(connection, here, now))


def streaming_ids(connection: sqlite3.Connection, here: Owner, now: float) -> set[str]:
    """Ids of conversations with an answer in progress."""
    return {lease.conversation_id for lease in leases(connection) if is_alive(lease, here, now)}


def insert(connection: sqlite3.Connection, conversation: Conversation, *, fts: bool) -> None:
    """Insert a conversation."""
    c = conversation
    texts = [storable(text) for text in (c.model, c.system, json.dumps(c.params))]
    connection.execute(
        f"INSERT INTO conversation ({CONVERSATION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(c.id, storable(c.title), c.created_at, c.updated_at, c.leaf_id, *texts),
            *(c.pinned, c.archived, storable(c.draft), c.unread, items.tags_text(c.tags)),
        ),
    )
    search_index.put_text(connection, c.id, None, storable(c.title), fts=fts)
    changes.mark(connection, c.id, "title")
    for name in ("model", "system", "params", "pinned", "archived", "leaf_id"):
        if getattr(c, name):
            changes.mark(connection, c.id, name)
    for tag in c.tags:
        changes.mark(connection, c.id, f"{ItemKind.TAG}:{tag}")


def update(
    connection: sqlite3.Connection, conversation_id: str, fields: Mapping[str, object], now: float, *, fts: bool
) -> None:
    """Set fields checked by `columns`. Raises StoreError if the conversation or the message of `leaf_id` is missing."""
    leaf_id = fields.get("leaf_id")
    if (
        leaf_id is not None
        and not connection.execute(
            "SELECT 1 FROM message WHERE id = ? AND conversation_id = ?", (leaf_id, conversation_id)
        ).fetchone()
    ):
        raise missing()
    names = ", ".join(f"{name} = ?" for name in fields)
    done = connection.execute(
        f"UPDATE conversation SET {names} WHERE id = ?",
        (*fields.values(), conversation_id),
    )
    if not done.rowcount:
        raise missing()
    if "title" in fields:
        search_index.put_text(connection, conversation_id, None, str(fields["title"]), fts=fts)
    for name in fields:
        if name == "leaf_id":
            changes.mark(connection, conversation_id, name)
        elif name in FIELDS:
            changes.stamp_field(connection, conversation_id, name, now)


def columns(fields: Mapping[str, object]) -> dict[str, object]:
    """Convert fields to column values. Raises TypeError, ValueError for one that cannot be set."""
    out: dict[str, object] = {}
    for name, value in fields.items():
        if name in _TEXTS and isinstance(value, str):
            out[name] = storable(value)
        elif name in _FLAGS and isinstance(value, bool):
            out[name] = int(value)
        elif name == "leaf_id" and (value is None or isinstance(value, str)):
            out[name] = value
        elif name == "params" and isinstance(value, Mapping):
            out[name] = json.dumps(dict(value), allow_nan=False)
        else:
            raise TypeError(f"a conversation's {name} cannot be set to {type(value).__name__}")
    return out


def change_tags(connection: sqlite3.Connection, conversation_id: str, change: TagChange, now: float) -> tuple[str, ...]:
    """Add and remove tags; return all that the conversation has then. Raises StoreError if it is missing."""
    if not connection.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone():
        raise missing()
    before = items.tags(connection, conversation_id)
    after = change.apply(normalized(sorted(before)))
    for tag in sorted(before.symmetric_difference(after)):
        set_item(connection, conversation_id, f"{ItemKind.TAG}:{tag}", tag in after, now)
    return after


def set_item(connection: sqlite3.Connection, conversation_id: str, name: str, value: str | bool, now: float) -> None:
    """Set a small item by its field in the log; an empty value removes it."""
    items.put(connection, conversation_id, name, value, now)
    changes.stamp_field(connection, conversation_id, name, now)


def set_deleted(connection: sqlite3.Connection, conversation_id: str, at: float | None) -> None:
    """Hide a conversation, or show it again (None)."""
    if not connection.execute("UPDATE conversation SET deleted_at = ? WHERE id = ?", (at, conversation_id)).rowcount:
        raise missing()
    if at != HIDDEN:
        changes.mark(connection, conversation_id, changes.DELETED)
    if at is None:
        changes.mark_messages(connection, conversation_id)


def purge(connection: sqlite3.Connection, before: float, busy: Set[str], *, fts: bool) -> int:
    """Destroy conversations deleted before a time, except those in `busy`; return their number."""
    rows = connection.execute(
        f"SELECT id FROM conversation WHERE deleted_at < ? AND deleted_at IS NOT {HIDDEN}", (before,)
    ).fetchall()
    found = [conversation_id for (conversation_id,) in rows if conversation_id not in busy]
    for conversation_id in found:
        destroy(connection, conversation_id, fts=fts)
    return len(found)


def destroy(connection: sqlite3.Connection, conversation_id: str, *, fts: bool) -> None:
    """Destroy a conversation with its messages and journals."""
    search_index.remove_conversation(connection, conversation_id, fts=fts)
    changes.forget_conversation(connection, conversation_id)
    connection.execute(
        "DELETE FROM delta WHERE attempt_id IN (SELECT attempt.id FROM attempt"
        " JOIN message ON message.id = attempt.message_id WHERE message.conversation_id = ?)",
        (conversation_id,),
    )
    connection.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))
