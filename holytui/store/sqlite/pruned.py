"""Deleted branches: a conversation has the times at which they were deleted, by the ids of their first messages.

The messages stay until `purge`. The entry stays longer, so that a copy of them that is merged later stays hidden.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from holytui.store.json_values import is_number, json_object
from holytui.store.sqlite import search_index
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.row_reader import RowReader

_CHUNK = 500


def times(connection: sqlite3.Connection, conversation_id: str) -> dict[str, float]:
    """Return the Unix times at which branches were deleted, by the ids of their first messages."""
    found = read_rows(connection, "pruned", "conversation", "id = ?", (conversation_id,))
    if not found or found[0][0] == "{}":
        return {}
    nothing: dict[str, object] = {}
    parsed = RowReader(found[0]).parsed("pruned", json_object, nothing)
    return {id_: float(at) for id_, at in parsed.items() if is_number(at)}


def set_times(connection: sqlite3.Connection, conversation_id: str, entries: Mapping[str, float]) -> None:
    """Store the times of `times`."""
    connection.execute("UPDATE conversation SET pruned = ? WHERE id = ?", (json.dumps(entries), conversation_id))


def message_ids(connection: sqlite3.Connection, conversation_id: str) -> frozenset[str]:
    """Return the ids of all messages of deleted branches."""
    roots = times(connection, conversation_id)
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
        roots = [id_ for id_, at in times(connection, conversation_id).items() if at < before]
        for message_id in reversed(below(connection, roots)):
            search_index.remove_text(connection, conversation_id, message_id, fts=fts)
            connection.execute(
                "DELETE FROM delta WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)", (message_id,)
            )
            connection.execute("DELETE FROM message WHERE id = ?", (message_id,))
