"""The tree of a conversation: its outline, the labels of messages, and the deletion of branches."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from holytui.errors import StoreBusy, StoreError
from holytui.i18n import _
from holytui.models import AnswerState, Role
from holytui.store.replica.records import ItemKind
from holytui.store.sqlite import changes, conversations, items, messages, pruned
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.row_reader import RowReader
from holytui.store.values import Bundle, OutlineEntry

_PREVIEW = 300
"""Characters of a text that are read for a preview."""
_OUTLINE = f"id, parent_id, role, substr(text, 1, {_PREVIEW}), created_at, model, state"


def outline(connection: sqlite3.Connection, conversation_id: str) -> Sequence[OutlineEntry]:
    """Return all messages of a conversation but those of deleted branches, oldest first."""
    hidden = pruned.message_ids(connection, conversation_id)
    rows = read_rows(connection, _OUTLINE, "message", "conversation_id = ?", (conversation_id,))
    found = [entry for entry in map(_entry, rows) if entry.id not in hidden]
    return sorted(found, key=lambda entry: (entry.created_at, entry.id))


def _entry(row: Sequence[object]) -> OutlineEntry:
    v = RowReader(row)
    id_, parent_id, role = v.text("id"), v.maybe_text("parent_id"), v.member("role", Role, Role.USER)
    ended = AnswerState.INTERRUPTED if role is Role.ASSISTANT else AnswerState.COMPLETE
    texts = v.text("text"), v.number("created_at"), v.text("model")
    return OutlineEntry(id_, parent_id, role, *texts, v.member("state", AnswerState, ended))


def set_label(connection: sqlite3.Connection, message_id: str, label: str, now: float) -> None:
    """Label a message; an empty label removes it. Raises StoreError if the message is missing."""
    conversation_id = messages.need(connection, message_id).conversation_id
    conversations.set_item(connection, conversation_id, f"{ItemKind.LABEL}:{message_id}", label, now)


def prune(connection: sqlite3.Connection, message_id: str, now: float) -> str:
    """Delete a message with all below it; return the end of the branch that is shown then.

    Raises StoreBusy while an answer in it is in progress, StoreError if it is missing or nothing would be left.
    """
    first = messages.need(connection, message_id)
    removed = pruned.below(connection, [message_id])
    busy = {message.id for message in messages.in_progress(connection)}
    if busy.intersection(removed):
        raise StoreBusy(_("An answer in this branch is in progress"), _("It was not deleted. Stop the answer first."))
    others = [id_ for id_ in messages.variant_ids(connection, message_id) if id_ != message_id]
    if first.parent_id is None and not others:
        raise StoreError(
            _("This is the whole conversation"), _("It was not deleted. Delete the conversation in the list.")
        )
    conversations.set_item(connection, first.conversation_id, f"{ItemKind.PRUNED}:{message_id}", True, now)
    branch = messages.branch(connection, first.conversation_id, None)
    shown = branch[-1].id if branch else ""
    if shown and shown not in removed:
        return shown
    left = messages.leaf_below(connection, others[-1]) if others else first.parent_id
    assert left is not None, "a first message without variants is refused"
    connection.execute("UPDATE conversation SET leaf_id = ? WHERE id = ?", (left, first.conversation_id))
    changes.mark(connection, first.conversation_id, "leaf_id")
    return left


def restore(connection: sqlite3.Connection, message_id: str, now: float) -> None:
    """Undo `prune`. Raises StoreError if the messages were destroyed since."""
    first = messages.need(connection, message_id)
    conversations.set_item(connection, first.conversation_id, f"{ItemKind.PRUNED}:{message_id}", False, now)


def add_imported(connection: sqlite3.Connection, bundle: Bundle, now: float) -> None:
    """Show the deleted branches that were imported again, and add labels of messages that have none."""
    conversation_id = bundle.conversation.id
    imported = {message.id for message in bundle.messages}
    for id_ in imported.intersection(items.pruned(connection, conversation_id)):
        conversations.set_item(connection, conversation_id, f"{ItemKind.PRUNED}:{id_}", False, now)
    known = items.labels(connection, conversation_id)
    for id_, label in bundle.labels.items():
        if id_ in imported and id_ not in known:
            conversations.set_item(connection, conversation_id, f"{ItemKind.LABEL}:{id_}", label, now)
