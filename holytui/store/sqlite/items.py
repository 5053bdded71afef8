"""Small items of a conversation, each of which is changed by itself: tags, labels of messages, deleted branches.

They are JSON in columns of the conversation. In the log of changes each is a field of its own, such as `tag:work`, so
that two hosts may change different ones.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import TypeVar

from holytui.store.json_values import is_number, json_object
from holytui.store.replica.records import ItemKind
from holytui.store.sqlite.damaged_tables import read_rows
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.row_reader import RowReader

T = TypeVar("T")

_COLUMNS = {ItemKind.TAG: "tags", ItemKind.LABEL: "labels", ItemKind.PRUNED: "pruned"}


def tags(connection: sqlite3.Connection, conversation_id: str) -> frozenset[str]:
    """Return the tags as stored: two hosts may have given a conversation two folders, of which one is used."""
    return _read(connection, conversation_id, ItemKind.TAG, _strings, frozenset())


def _strings(text: str) -> frozenset[str]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise TypeError("tags")
    return frozenset(each for each in found if isinstance(each, str))


def labels(connection: sqlite3.Connection, conversation_id: str) -> dict[str, str]:
    """Return the labels of a conversation's messages, by id."""
    found = _entries(connection, conversation_id, ItemKind.LABEL)
    return {id_: label for id_, label in found.items() if isinstance(label, str) and label}


def pruned(connection: sqlite3.Connection, conversation_id: str) -> dict[str, float]:
    """Return the Unix times at which branches were deleted, by the ids of their first messages."""
    found = _entries(connection, conversation_id, ItemKind.PRUNED)
    return {id_: float(at) for id_, at in found.items() if is_number(at)}


def _entries(connection: sqlite3.Connection, conversation_id: str, kind: ItemKind) -> dict[str, object]:
    nothing: dict[str, object] = {}
    return _read(connection, conversation_id, kind, json_object, nothing)


def _read(
    connection: sqlite3.Connection, conversation_id: str, kind: ItemKind, parse: Callable[[str], T], default: T
) -> T:
    column = _COLUMNS[kind]
    rows = read_rows(connection, column, "conversation", "id = ?", (conversation_id,))
    if not rows or rows[0][0] in ("[]", "{}"):
        return default
    return RowReader(rows[0]).parsed(column, parse, default)


def all_of(connection: sqlite3.Connection, conversation_id: str) -> dict[str, str | bool]:
    """Return all items as fields of the log, with their values."""
    out: dict[str, str | bool] = {f"{ItemKind.TAG}:{tag}": True for tag in tags(connection, conversation_id)}
    out |= {f"{ItemKind.LABEL}:{id_}": label for id_, label in labels(connection, conversation_id).items()}
    return out | {f"{ItemKind.PRUNED}:{id_}": True for id_ in pruned(connection, conversation_id)}


def put(connection: sqlite3.Connection, conversation_id: str, field: str, value: str | bool, at: float) -> None:
    """Set an item by its field in the log; an empty value removes it. `at` is the Unix time of the change."""
    kind, _colon, name = field.partition(":")
    if kind == ItemKind.TAG:
        found = set(tags(connection, conversation_id))
        found = found | {name} if value else found - {name}
        text = tags_text(found)
    else:
        entries: Mapping[str, object] = (labels if kind == ItemKind.LABEL else pruned)(connection, conversation_id)
        others = {id_: each for id_, each in entries.items() if id_ != name}
        added: object = value if kind == ItemKind.LABEL else at
        text = json.dumps({**others, name: added} if value else others, ensure_ascii=False)
    column = _COLUMNS[ItemKind(kind)]
    connection.execute(f"UPDATE conversation SET {column} = ? WHERE id = ?", (storable(text), conversation_id))


def tags_text(found: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    """Tags as stored."""
    return storable(json.dumps(sorted(found), ensure_ascii=False))
