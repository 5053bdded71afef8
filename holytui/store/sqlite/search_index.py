"""What search looks in: a folded copy of each text, and a trigram index over it where sqlite has FTS5.

No triggers: a sqlite without FTS5 must still be able to write the file. It then leaves the index marked as stale,
and the next sqlite that has FTS5 builds it anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache

from holytui.store.matches import folded
from holytui.store.sqlite.cell_values import as_text
from holytui.store.sqlite.readable import is_damage

_STALE = "search_index_stale"


def _folded_bytes(raw: bytes) -> str:
    return folded(as_text(raw))


@cache
def has_fts5() -> bool:
    """Whether this sqlite has full-text search with trigrams (3.34 and later)."""
    if sqlite3.sqlite_version_info < (3, 34):
        return False
    connection = sqlite3.connect(":memory:")
    try:
        return any(name == "ENABLE_FTS5" for (name,) in connection.execute("PRAGMA compile_options"))
    finally:
        connection.close()


def create_tables(connection: sqlite3.Connection) -> None:
    """The folded texts: one row a message, and one a title (`message_id` is NULL)."""
    connection.execute(
        """CREATE TABLE search_text (
            id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            message_id TEXT UNIQUE REFERENCES message (id) ON DELETE CASCADE, folded TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX search_text_conversation ON search_text (conversation_id)")


def fill(connection: sqlite3.Connection) -> None:
    """Fold all texts anew."""
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
    _mark_stale(connection)


def make_ready(connection: sqlite3.Connection, *, fts: bool) -> None:
    """Make the trigram index, and build it anew if a sqlite without FTS5 wrote the file. In a transaction."""
    if not fts:
        return
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone()
    if not made:
        # case_sensitive: the texts are folded already, and better than sqlite would
        connection.execute(
            """CREATE VIRTUAL TABLE search USING fts5(
                folded, content='search_text', content_rowid='id', tokenize='trigram case_sensitive 1')"""
        )
    stale = connection.execute("SELECT 1 FROM meta WHERE key = ?", (_STALE,)).fetchone()
    if not made or stale:
        connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
        connection.execute("DELETE FROM meta WHERE key = ?", (_STALE,))


def put(connection: sqlite3.Connection, conversation_id: str, message_id: str | None, text: str, *, fts: bool) -> None:
    """Let search find `text` as this message's, or as this conversation's title (`message_id` is None)."""
    remove(connection, conversation_id, message_id, fts=fts)
    if not text:
        return
    plain = folded(text)
    number = connection.execute(
        "INSERT INTO search_text (conversation_id, message_id, folded) VALUES (?, ?, ?)",
        (conversation_id, message_id, plain),
    ).lastrowid
    _change_index(connection, "INSERT INTO search (rowid, folded) VALUES (?, ?)", [(number, plain)], fts=fts)


def _change_index(
    connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]], *, fts: bool
) -> None:
    """Change the trigram index, or have it built anew at the next start: that it is damaged must not keep anybody from
    asking."""
    try:
        if fts:
            connection.executemany(statement, rows)
            return
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    _mark_stale(connection)


def remove(connection: sqlite3.Connection, conversation_id: str, message_id: str | None, *, fts: bool) -> None:
    """Take one text out."""
    if message_id is None:
        where, key = "conversation_id = ? AND message_id IS NULL", conversation_id
    else:
        where, key = "message_id = ?", message_id
    _remove_where(connection, where, key, fts=fts)


def remove_conversation(connection: sqlite3.Connection, conversation_id: str, *, fts: bool) -> None:
    """Take a conversation's title and texts out."""
    _remove_where(connection, "conversation_id = ?", conversation_id, fts=fts)


def _remove_where(connection: sqlite3.Connection, where: str, key: str, *, fts: bool) -> None:
    # `where` is one of the three conditions above, never anybody's text
    rows = connection.execute(f"SELECT id, folded FROM search_text WHERE {where}", (key,)).fetchall()
    if not rows:
        return
    _change_index(connection, "INSERT INTO search (search, rowid, folded) VALUES ('delete', ?, ?)", rows, fts=fts)
    connection.executemany("DELETE FROM search_text WHERE id = ?", [(row[0],) for row in rows])


def _mark_stale(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, '1')", (_STALE,))
