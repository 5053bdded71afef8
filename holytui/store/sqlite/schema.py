"""The tables, and the migrations from older versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from holytui.errors import StoreError, StoreNewer
from holytui.i18n import _
from holytui.store.sqlite import answer_stats, changes, search_index, streams
from holytui.store.sqlite.connect import damaged, transaction

APPLICATION_ID = 0x686F6C79
""""holy" in the file header: the file is a holytui history."""

_TABLES = (
    """CREATE TABLE conversation (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
        leaf_id TEXT, model TEXT NOT NULL DEFAULT '', system TEXT NOT NULL DEFAULT '',
        params TEXT NOT NULL DEFAULT '{}', pinned INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0,
        draft TEXT NOT NULL DEFAULT '', unread INTEGER NOT NULL DEFAULT 0, deleted_at REAL)""",
    "CREATE INDEX conversation_updated ON conversation (updated_at)",
    """CREATE TABLE message (
        id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
        parent_id TEXT REFERENCES message (id) ON DELETE CASCADE, role TEXT NOT NULL, text TEXT NOT NULL,
        reasoning TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, model TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL, finish_reason TEXT NOT NULL DEFAULT '', problem TEXT, usage TEXT, first_token_s REAL,
        duration_s REAL, reasoning_s REAL, seams TEXT NOT NULL DEFAULT '[]')""",
    "CREATE INDEX message_conversation ON message (conversation_id)",
    "CREATE INDEX message_parent ON message (parent_id)",
    # indexes only answers in progress, so that finding interrupted ones is cheap in a large history
    """CREATE INDEX message_on_its_way ON message (state)
        WHERE state NOT IN ('complete', 'stopped', 'failed', 'interrupted')""",
    """CREATE TABLE attempt (
        id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, started_at REAL NOT NULL, first_token_at REAL, ended_at REAL, "join" TEXT NOT NULL,
        keep INTEGER NOT NULL, cut INTEGER NOT NULL, resumed_by TEXT NOT NULL, bytes_received INTEGER NOT NULL,
        status INTEGER, finish_reason TEXT NOT NULL, fault TEXT, usage TEXT)""",
    "CREATE INDEX attempt_message ON attempt (message_id, number)",
    # no foreign key: received text is stored even if its attempt is missing
    "CREATE TABLE delta (attempt_id TEXT NOT NULL, kind TEXT NOT NULL, seq INTEGER NOT NULL, text TEXT NOT NULL)",
    "CREATE UNIQUE INDEX delta_order ON delta (attempt_id, kind, seq)",
    """CREATE TABLE lease (
        message_id TEXT PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, conversation_id TEXT NOT NULL,
        token TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, boot_id TEXT NOT NULL, started TEXT NOT NULL,
        heartbeat REAL NOT NULL)""",
    "CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at REAL NOT NULL)",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


def _m001_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)


def _m002_search_text(connection: sqlite3.Connection) -> None:
    search_index.create_tables(connection)
    search_index.fill(connection)


def _m003_origin(connection: sqlite3.Connection) -> None:
    # where an imported conversation or message came from, so that importing again adds nothing twice
    for table in ("conversation", "message"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN origin TEXT")
        connection.execute(f"CREATE UNIQUE INDEX {table}_origin ON {table} (origin) WHERE origin IS NOT NULL")


def _m004_images(connection: sqlite3.Connection) -> None:
    # an image is stored once, however many questions show it; NULL: its bytes were on a damaged page
    connection.execute("CREATE TABLE image (digest TEXT PRIMARY KEY, data BLOB)")
    connection.execute(
        """CREATE TABLE message_image (
            message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE, position INTEGER NOT NULL,
            digest TEXT NOT NULL REFERENCES image (digest), name TEXT NOT NULL, media_type TEXT NOT NULL,
            size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
            PRIMARY KEY (message_id, position))"""
    )
    connection.execute("CREATE INDEX message_image_digest ON message_image (digest)")
    connection.execute("ALTER TABLE message ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0")


def _m005_figures(connection: sqlite3.Connection) -> None:
    answer_stats.create_tables(connection)
    answer_stats.fill(connection)


def _m006_ends(connection: sqlite3.Connection) -> None:
    # a model may say our own instruction after the text proper; -1: all of the raw text is part of the answer
    connection.execute('ALTER TABLE attempt ADD COLUMN "end" INTEGER NOT NULL DEFAULT -1')


def _m007_streams(connection: sqlite3.Connection) -> None:
    streams.create_table(connection)


def _m008_cost(connection: sqlite3.Connection) -> None:
    answer_stats.add_cost(connection)


def _m009_kinds_of_streams(connection: sqlite3.Connection) -> None:
    streams.add_kind(connection)


def _m010_changes(connection: sqlite3.Connection) -> None:
    changes.create_tables(connection)
    changes.fill(connection)


def _m011_tags(connection: sqlite3.Connection) -> None:
    # labels by message, and the times at which branches were deleted, by their first message
    for column, default in (("tags", "[]"), ("labels", "{}"), ("pruned", "{}")):
        connection.execute(f"ALTER TABLE conversation ADD COLUMN {column} TEXT NOT NULL DEFAULT '{default}'")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _m001_tables,
    _m002_search_text,
    _m003_origin,
    _m004_images,
    _m005_figures,
    _m006_ends,
    _m007_streams,
    _m008_cost,
    _m009_kinds_of_streams,
    _m010_changes,
    _m011_tags,
)
"""Step n migrates version n - 1 to version n; a released step is never changed."""

VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the file's version; 0 if it is empty.

    Raises StoreNewer, StoreError for another program's file, and StoreCorrupt for one with our tables but without the
    application id.
    """
    # the tables first: another process that makes them between two of these reads has then written its mark as well
    used = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if used and application != APPLICATION_ID and _is_ours(connection):
        raise damaged()
    if used and application != APPLICATION_ID:
        raise StoreError(
            _("The file is a database of another program, not a holytui history"),
            _("It was not changed. Choose another folder with HOLYTUI_DATA_DIR."),
        )
    if found > VERSION:
        raise StoreNewer(
            _("The history was written by a newer holytui"),
            _("It was not changed. Update holytui, or choose another folder with HOLYTUI_DATA_DIR."),
        )
    return found


def _is_ours(connection: sqlite3.Connection) -> bool:
    names = {name for (name,) in connection.execute("SELECT CAST(name AS BLOB) FROM sqlite_master")}
    return names.issuperset({b"conversation", b"message", b"attempt", b"delta", b"lease"})


def migrate(connection: sqlite3.Connection, target: int = VERSION) -> None:
    """Migrate the file to version `target` in one transaction; safe against a concurrent migration."""
    with transaction(connection):
        found = version_of(connection)
        for step in MIGRATIONS[found:target]:
            step(connection)
        if found < target:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {target}")
