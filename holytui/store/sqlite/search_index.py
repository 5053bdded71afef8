"""The search tables: folded texts, and a trigram index on them where SQLite has FTS5.

There are no triggers, as a SQLite without FTS5 must be able to write the file. It marks the index as stale, and the
next one with FTS5 rebuilds it in steps, so that a large history opens at once. Meanwhile, search scans the texts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache

from holytui.store.matches import folded, folded_parts
from holytui.store.sqlite.damaged_tables import is_damage
from holytui.store.sqlite.row_mapping import utf8
from holytui.store.sqlite.row_reader import as_text

# case_sensitive: the texts are folded already, and better than sqlite would
_FTS = "fts5(folded, content='search_text', content_rowid='id', tokenize='trigram case_sensitive 1')"
_STALE = "search_index_stale"
"""Key in `meta` while the index is incomplete.

Its value is the number of the last indexed text, or `_ALL_STALE`.
"""
_ALL_STALE, _UP_TO_PREFIX = "1", "up to "
_WHOLE = 1 << 63
_STEP = 50_000
"""Characters indexed in one step, unless a single text has more; an answer is written between two steps."""
_MAX_REMOVED_ROWS = 2000
"""Rows of an index's inner tables that are removed in one step; each is at most a page."""
_INNER_TABLES = (("data", "id", "id > 10"), ("idx", "segid, term", "1"), ("docsize", "id", "1"))
"""The inner tables of FTS5 (https:

sqlite.org/fts5.html#fts5_data_structures); the first rows of `data` are its header.
"""
_SAMPLES = 8
_SHORTEST = 3
"""Length of the character runs in the index."""


def _folded_bytes(raw: bytes) -> str:
    return folded(as_text(raw))


@cache
def has_fts5() -> bool:
    """Whether this SQLite has full-text search with trigrams (3.34 and later)."""
    if sqlite3.sqlite_version_info < (3, 34):
        return False
    connection = sqlite3.connect(":memory:")
    try:
        return any(name == "ENABLE_FTS5" for (name,) in connection.execute("PRAGMA compile_options"))
    finally:
        connection.close()


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the table of folded texts: a row per message and per title (`message_id` is NULL)."""
    connection.execute(
        """CREATE TABLE search_text (
            id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            message_id TEXT UNIQUE REFERENCES message (id) ON DELETE CASCADE, folded TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX search_text_conversation ON search_text (conversation_id)")


def fill(connection: sqlite3.Connection) -> None:
    """Fold all texts again."""
    connection.execute("DELETE FROM search_text")
    # as a BLOB, since sqlite hands no text to a function that is not UTF-8
    connection.create_function("fold", 1, _folded_bytes, deterministic=True)
    connection.execute(
        "INSERT INTO search_text (conversation_id, message_id, folded)"
        " SELECT id, NULL, fold(CAST(title AS BLOB)) FROM conversation"
    )
    connection.execute(
        """INSERT INTO search_text (conversation_id, message_id, folded)
            SELECT conversation_id, id, fold(CAST(text AS BLOB)) FROM message WHERE text <> ''
            ORDER BY created_at, id"""
    )
    mark_stale(connection)


def make_ready(connection: sqlite3.Connection, *, fts: bool) -> None:
    """Create the trigram index if it is missing; begin a rebuild if it is incomplete. In a transaction."""
    if not fts:
        return
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone()
    if not made:
        connection.execute(f"CREATE VIRTUAL TABLE search USING {_FTS}")
    if is_whole(connection) and not _has_samples(connection):
        mark_stale(connection)
    build_step(connection)


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether the index is complete."""
    return _last_indexed(connection) == _WHOLE


def build_step(connection: sqlite3.Connection) -> bool:
    """Index some more texts; return whether there are more. In a transaction."""
    done = _last_indexed(connection)
    if done == _WHOLE:
        return False
    if done < 0:
        if _remove_parts(connection):
            return True
        _empty(connection)
        done = 0
    length = 0
    for number, plain in connection.execute("SELECT id, folded FROM search_text WHERE id > ? ORDER BY id", (done,)):
        if length > _STEP:
            _set_mark(connection, f"{_UP_TO_PREFIX}{done}")
            return True
        connection.execute("INSERT INTO search (rowid, folded) VALUES (?, ?)", (number, plain))
        done, length = number, length + len(plain)
    connection.execute("DELETE FROM meta WHERE key = ?", (_STALE,))
    return False


def _remove_parts(connection: sqlite3.Connection) -> bool:
    """Remove a part of an unused index; return whether there is more.

    Removing a large one at once would take many seconds.
    """
    left = _MAX_REMOVED_ROWS
    for part, key, where in _INNER_TABLES:
        rows = f"SELECT {key} FROM search_{part} WHERE {where} LIMIT {left}"
        left -= connection.execute(f"DELETE FROM search_{part} WHERE ({key}) IN ({rows})").rowcount
        if left <= 0:
            return True
    return False


def _empty(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("INSERT INTO search (search) VALUES ('delete-all')")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # without the rows of an empty index, it can neither be used nor dropped
        connection.execute(f"CREATE VIRTUAL TABLE temp.search_fresh USING {_FTS}")
        for part in ("data", "idx", "docsize"):
            connection.execute(f"DELETE FROM search_{part}")
            connection.execute(f"INSERT INTO search_{part} SELECT * FROM temp.search_fresh_{part}")
        connection.execute("DROP TABLE temp.search_fresh")


def _last_indexed(connection: sqlite3.Connection) -> int:
    """Number of the last indexed text; -1 if unknown."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_STALE,)).fetchone()
    if row is None:
        return _WHOLE
    number = str(row[0]).removeprefix(_UP_TO_PREFIX)
    return int(number) if number != row[0] and number.isdecimal() else -1


def _has_samples(connection: sqlite3.Connection) -> bool:
    """Whether the index has the first, the last and some other texts.

    A salvage or another program may have emptied it; comparing all texts would take too long.
    """
    first, last = connection.execute(
        "SELECT (SELECT min(id) FROM search_text), (SELECT max(id) FROM search_text)"
    ).fetchone()
    if last is None:
        return True
    try:
        if connection.execute("SELECT max(id) FROM search_docsize").fetchone()[0] != last:
            return False
        return all(
            _has_next(connection, first + (last - first) * number // (_SAMPLES - 1)) for number in range(_SAMPLES)
        )
    except sqlite3.DatabaseError as error:
        # its parts are tables, and any of them may be missing
        if not (is_damage(error) or error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR):
            raise
        return False


def _has_next(connection: sqlite3.Connection, number: int) -> bool:
    """Whether the index has the first text from `number` on, and finds it by its first characters."""
    number, start = connection.execute(
        "SELECT id, substr(folded, 1, ?) FROM search_text WHERE id >= ? ORDER BY id LIMIT 1", (_SHORTEST, number)
    ).fetchone()
    if not connection.execute("SELECT 1 FROM search_docsize WHERE id = ?", (number,)).fetchone():
        return False
    if not isinstance(start, str) or len(start) < _SHORTEST or "\0" in start:
        return True
    words = '"{}"'.format(start.replace('"', '""'))
    found = connection.execute("SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?", (words, number))
    return found.fetchone() is not None


def put_text(
    connection: sqlite3.Connection, conversation_id: str, message_id: str | None, text: str, *, fts: bool
) -> None:
    """Make `text` searchable as this message's, or as the conversation's title (`message_id` is None)."""
    remove_text(connection, conversation_id, message_id, fts=fts)
    if not text:
        return
    number = connection.execute(
        "INSERT INTO search_text (conversation_id, message_id, folded) VALUES (?, ?, CAST(? AS TEXT))",
        (conversation_id, message_id, b"".join(map(utf8, folded_parts(text)))),
    ).lastrowid
    assert number is not None
    _change_index(
        connection,
        "INSERT INTO search (rowid, folded) SELECT id, folded FROM search_text WHERE id = ?",
        [number],
        fts=fts,
    )


def _change_index(connection: sqlite3.Connection, statement: str, numbers: Sequence[int], *, fts: bool) -> None:
    """Change the trigram index, or mark it for a rebuild if it is damaged. `statement` takes the number of a text.

    Texts that are not indexed yet are left to `build_step`.
    """
    done = _last_indexed(connection)
    known = [(number,) for number in numbers if number <= done]
    if not known:
        return
    try:
        if fts:
            connection.executemany(statement, known)
            return
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    mark_stale(connection)


def remove_text(connection: sqlite3.Connection, conversation_id: str, message_id: str | None, *, fts: bool) -> None:
    """Remove one text."""
    if message_id is None:
        where, key = "conversation_id = ? AND message_id IS NULL", conversation_id
    else:
        where, key = "message_id = ?", message_id
    _remove_where(connection, where, key, fts=fts)


def remove_conversation(connection: sqlite3.Connection, conversation_id: str, *, fts: bool) -> None:
    """Remove a conversation's title and texts."""
    _remove_where(connection, "conversation_id = ?", conversation_id, fts=fts)


def _remove_where(connection: sqlite3.Connection, where: str, key: str, *, fts: bool) -> None:
    # `where` is one of the three conditions above, never user input
    rows = connection.execute(f"SELECT id FROM search_text WHERE {where}", (key,)).fetchall()
    if not rows:
        return
    delete = "INSERT INTO search (search, rowid, folded) SELECT 'delete', id, folded FROM search_text WHERE id = ?"
    _change_index(connection, delete, [row[0] for row in rows], fts=fts)
    connection.executemany("DELETE FROM search_text WHERE id = ?", rows)


def mark_stale(connection: sqlite3.Connection) -> None:
    """Mark the index for a rebuild."""
    _set_mark(connection, _ALL_STALE)


def _set_mark(connection: sqlite3.Connection, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_STALE, value))
