"""Repair of a salvaged history: values that fit their columns, and rows whose relations exist. No text is dropped."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from holytui.i18n import _
from holytui.ids import new_id
from holytui.models import DeltaKind
from holytui.store.assembly import assemble, assemble_reasoning
from holytui.store.sqlite import journal
from holytui.store.sqlite.row_mapping import Row, storable
from holytui.store.sqlite.row_reader import as_text

_ID_TABLES = frozenset({"conversation", "message", "attempt"})
"""Tables with an `id` and with text that must survive a duplicate id."""
_KEY_COLUMNS = frozenset(
    {"id", "conversation_id", "parent_id", "leaf_id", "message_id", "attempt_id", "kind", "key", "digest", "origin"}
)
_DEFAULTS = {"keep": -1, "end": -1}
"""Numbers of an attempt for which 0 would remove text from the answer."""


@dataclass(frozen=True, slots=True)
class ColumnRepair:
    """A column of a table."""

    name: str
    kind: str
    not_null: bool


def columns_of(connection: sqlite3.Connection, table: str) -> dict[str, ColumnRepair]:
    """Return the columns of a table in a sound file."""
    found = connection.execute(f"PRAGMA table_info({table})")
    return {name: ColumnRepair(name, kind, bool(not_null or key)) for _n, name, kind, not_null, _default, key in found}


class RowInserter:
    """Inserts rows with arbitrary values."""

    def __init__(self, target: sqlite3.Connection, table: str, columns: Sequence[ColumnRepair]) -> None:
        self._target = target
        self._table = table
        self._columns = columns
        self._at = {column.name: at for at, column in enumerate(columns)}
        names = ", ".join(f'"{column.name}"' for column in columns)
        # invalid UTF-8 can only be bound as a BLOB
        marks = ", ".join("CAST(? AS TEXT)" if column.kind == "TEXT" else "?" for column in columns)
        self._insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"

    def add(self, row: Sequence[object]) -> None:
        """Insert a row. A different row with a duplicate id gets a new one."""
        values = [_coerced(column, value) for column, value in zip(self._columns, row, strict=True)]
        if self._target.execute(self._insert, values).rowcount or not self._has_text(values):
            return
        if self._table == "delta":
            values[self._at["seq"]] = self._free_number(values)
        elif self._table in _ID_TABLES and not self._is_there(values):
            values[self._at["id"]] = new_id()
            if "origin" in self._at:
                values[self._at["origin"]] = None
        else:
            return
        self._target.execute(self._insert, values)

    def _has_text(self, values: Sequence[object]) -> bool:
        return any(value and column.kind == "TEXT" for column, value in zip(self._columns, values, strict=True))

    def _is_there(self, values: Sequence[object]) -> bool:
        if "text" not in self._at:
            return False
        id_, text = values[self._at["id"]], values[self._at["text"]]
        return bool(
            self._target.execute(
                "SELECT 1 FROM message WHERE id = ? AND text = CAST(? AS TEXT)", (id_, text)
            ).fetchone()
        )

    def _free_number(self, values: Sequence[object]) -> int:
        attempt_id, kind = values[self._at["attempt_id"]], values[self._at["kind"]]
        (last,) = self._target.execute(
            "SELECT max(seq) FROM delta WHERE attempt_id = ? AND kind = ?", (attempt_id, kind)
        ).fetchone()
        return int(last) + 1


def _coerced(column: ColumnRepair, value: object) -> object:
    """`value` as its column requires. Invalid UTF-8 stays, as readers mark it."""
    empty = _DEFAULTS.get(column.name, 0) if column.not_null else None
    match column.kind, value:
        case "TEXT", bytes():
            return _link(value) if column.name in _KEY_COLUMNS else value
        case "TEXT", int() | float():
            return str(value)
        case "TEXT", _:
            return "" if column.not_null else None
        case "INTEGER", int() if abs(value) < 1 << 62:
            return value
        case "REAL", int() | float() if math.isfinite(value):
            return float(value)
        case "INTEGER" | "REAL", _:
            return empty
        case _:
            return value


def _link(raw: bytes) -> str:
    """Keys must be valid UTF-8."""
    return raw.decode("utf-8", "replace")


def repair_tables(target: sqlite3.Connection) -> None:
    """Reattach rows whose relatives were lost, so that messages form trees again."""
    target.execute("DELETE FROM conversation WHERE id = ''")
    _assign_ids(target)
    _restore_answers(target)
    _reattach_messages(target)
    _recover_orphan_texts(target)
    target.execute("UPDATE conversation SET leaf_id = NULL WHERE leaf_id NOT IN (SELECT id FROM message)")
    for table in ("attempt", "figure"):
        target.execute(f"DELETE FROM {table} WHERE message_id NOT IN (SELECT id FROM message)")


def _assign_ids(target: sqlite3.Connection) -> None:
    for table in ("message", "attempt"):
        for (number,) in target.execute(f"SELECT rowid FROM {table} WHERE id = ''").fetchall():
            target.execute(f"UPDATE {table} SET id = ? WHERE rowid = ?", (new_id(), number))
    kinds = ", ".join(f"'{kind}'" for kind in DeltaKind)
    for (number,) in target.execute(f"SELECT rowid FROM delta WHERE kind NOT IN ({kinds})").fetchall():
        # a number of its own, as what it was among its like is not known any more
        target.execute("UPDATE delta SET kind = 'content', seq = ? WHERE rowid = ?", ((1 << 62) + number, number))


def _restore_answers(target: sqlite3.Connection) -> None:
    """Insert lost answers whose attempts survived, with their journalled text."""
    lost = target.execute(
        "SELECT message_id, min(started_at) FROM attempt WHERE message_id NOT IN (SELECT id FROM message)"
        " GROUP BY message_id"
    ).fetchall()
    for message_id, started_at in lost:
        tried = journal.attempts(target, as_text(message_id))
        content = [(attempt, journal.raw_text(target, attempt.id, DeltaKind.CONTENT)) for attempt in tried]
        reasoning = [(attempt, journal.raw_text(target, attempt.id, DeltaKind.REASONING)) for attempt in tried]
        below = target.execute("SELECT conversation_id FROM message WHERE parent_id = ?", (message_id,)).fetchone()
        texts = assemble(content), assemble_reasoning(reasoning)
        if any(texts):
            _insert(target, as_text(message_id), as_text(below[0]) if below else "", started_at, *texts)


def _insert(
    target: sqlite3.Connection, message_id: str, conversation_id: str, at: object, text: str, reasoning: str
) -> None:
    target.execute(
        "INSERT INTO message (id, conversation_id, role, text, reasoning, created_at, state)"
        " VALUES (?, ?, 'assistant', ?, ?, ?, 'interrupted')",
        (message_id, conversation_id, storable(text), storable(reasoning), at),
    )


def _reattach_messages(target: sqlite3.Connection) -> None:
    """Put each message into an existing conversation, below a message of the same one."""
    known = "(SELECT id FROM conversation)"
    for relative in ("parent.id = message.parent_id", "parent.parent_id = message.id"):
        target.execute(
            f"""UPDATE message SET conversation_id = (SELECT parent.conversation_id FROM message AS parent
                WHERE {relative} AND parent.conversation_id IN {known} LIMIT 1)
                WHERE conversation_id NOT IN {known} AND EXISTS (SELECT 1 FROM message AS parent
                WHERE {relative} AND parent.conversation_id IN {known})"""
        )
    nowhere = target.execute("SELECT 1 FROM message WHERE conversation_id = ''").fetchone()
    if nowhere:
        target.execute("UPDATE message SET conversation_id = ? WHERE conversation_id = ''", (new_id(),))
    target.execute(
        f"""INSERT INTO conversation (id, title, created_at, updated_at)
            SELECT conversation_id, ?, min(created_at), max(created_at) FROM message
            WHERE conversation_id NOT IN {known} GROUP BY conversation_id""",
        (_("Recovered conversation"),),
    )
    # below the message before it in time, so that later messages keep it on their branch
    target.execute(
        """UPDATE message SET parent_id = (SELECT older.id FROM message AS older
            WHERE older.conversation_id = message.conversation_id
                AND (older.created_at, older.id) < (message.created_at, message.id)
            ORDER BY older.created_at DESC, older.id DESC LIMIT 1)
            WHERE parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message AS parent
                WHERE parent.id = message.parent_id AND parent.conversation_id = message.conversation_id)"""
    )


def _recover_orphan_texts(target: sqlite3.Connection) -> None:
    """Put journalled texts without an attempt into a conversation of their own, unless they are in a message."""
    known = {
        as_text(text) for (text,) in target.execute("SELECT text FROM message UNION SELECT reasoning FROM message")
    }
    conversation_id = new_id()
    found = 0
    for attempt_id, text, reasoning in list(_orphans(target)):
        if any(value and value not in known for value in (text, reasoning)):
            if not found:
                target.execute(
                    "INSERT INTO conversation (id, title, created_at, updated_at) VALUES (?, ?, 0, 0)",
                    (conversation_id, _("Recovered conversation")),
                )
            found += 1
            _insert(target, new_id(), conversation_id, float(found), text, reasoning)
        target.execute("DELETE FROM delta WHERE attempt_id = ?", (attempt_id,))


def _orphans(target: sqlite3.Connection) -> Iterator[tuple[object, str, str]]:
    rows: list[Row] = target.execute(
        "SELECT attempt_id, kind, text FROM delta WHERE attempt_id NOT IN (SELECT attempt.id FROM attempt"
        " JOIN message ON message.id = attempt.message_id) ORDER BY attempt_id, kind, seq"
    ).fetchall()
    for attempt_id, pieces in groupby(rows, key=itemgetter(0)):
        texts = dict.fromkeys(DeltaKind, "")
        for _attempt, kind, text in pieces:
            texts[DeltaKind(kind)] += as_text(text)
        yield attempt_id, texts[DeltaKind.CONTENT], texts[DeltaKind.REASONING]
