"""Messages of deleted branches. A conversation has the times at which they were deleted, by their first messages.

The messages stay until `purge`. The entry stays longer, so that a copy of them that is merged later stays hidden.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from holytui.store.sqlite import changes, items, search_index
from holytui.store.sqlite.damaged_tables import read_rows

_CHUNK = 500


def message_ids(connection: sqlite3.Connection, conversation_id: str) -> frozenset[str]:
    """Return the ids of all messages of deleted branches."""
    roots = items.pruned(connection, conversation_id)
    return frozenset(below(connection, roots)) if roots else frozenset()


def below(connection: sqlite3.Connection, roots: Iterable[str]) -> list[str]:
    """Return the ids of messages and of all that are below them, parents before children."""
    level: Sequence[str] = list(roots)
    out: dict[str, None] = {}
    while level:
        out |= dict.fromkeys(level)
        children: list[str] = []
        for at in range(0, len(level), _CHUNK):
            part = level[at : at + _CHUNK]
            marks = ", ".join("?" * len(part))
            rows = read_rows(connection, "id", "message", f"parent_id IN ({marks})", part)
            children += [str(id_) for (id_,) in rows]
        level = [id_ for id_ in children if id_ not in out]  # a damaged file may hold a circle
    return list(out)


def purge(connection: sqlite3.Connection, before: float, *, fts: bool) -> None:
    """Destroy the messages of branches that were deleted before a time."""
    rows = connection.execute("SELECT id FROM conversation WHERE pruned <> '{}'").fetchall()
    for (conversation_id,) in rows:
        roots = [id_ for id_, at in items.pruned(connection, conversation_id).items() if at < before]
        for message_id in reversed(below(connection, roots)):
            changes.forget_message(connection, message_id)
            search_index.remove_text(connection, conversation_id, message_id, fts=fts)
            connection.execute(
                "DELETE FROM delta WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)", (message_id,)
            )
            connection.execute("DELETE FROM message WHERE id = ?", (message_id,))
