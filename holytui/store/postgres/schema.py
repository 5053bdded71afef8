"""Tables of a shared history, and their migrations.

All rows belong to the database user who wrote them, and row-level security shows each user only those. The statements
keep to what CockroachDB and YugabyteDB document as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from holytui.errors import SharingFailed, StoreNewer
from holytui.i18n import _

if TYPE_CHECKING:
    from psycopg import Connection

NAME = "holytui"
"""The schema with all tables."""
_OWNER: LiteralString = "owner text NOT NULL DEFAULT current_user"
TABLES: tuple[LiteralString, ...] = ("account", "host", "record", "image", "answer", "delta")

MIGRATIONS: tuple[tuple[LiteralString, ...], ...] = (
    (
        # the last number that was given to a row; its lock makes numbers visible in their order
        f"CREATE TABLE account ({_OWNER}, seq bigint NOT NULL, PRIMARY KEY (owner))",
        # clock: all changes of the host up to this value are in `record`, or replaced by later ones
        f"""CREATE TABLE host ({_OWNER}, id text NOT NULL, name text NOT NULL, clock bigint NOT NULL DEFAULT 0,
            seen_at timestamptz, PRIMARY KEY (owner, id))""",
        # a version of a message (kind m), or a conversation as one host knows it (kind c, clock 0)
        f"""CREATE TABLE record ({_OWNER}, kind text NOT NULL, id text NOT NULL, host text NOT NULL,
            clock bigint NOT NULL, conversation_id text NOT NULL, pushed_by text NOT NULL, seq bigint NOT NULL,
            created_at double precision NOT NULL, payload text NOT NULL, folded text NOT NULL,
            PRIMARY KEY (owner, kind, id, host, clock))""",
        "CREATE INDEX record_seq ON record (owner, seq)",
        "CREATE INDEX record_conversation ON record (owner, conversation_id)",
        f"CREATE TABLE image ({_OWNER}, digest text NOT NULL, data bytea NOT NULL, PRIMARY KEY (owner, digest))",
        # answers in progress: their lease, and the text so far
        f"""CREATE TABLE answer ({_OWNER}, message_id text NOT NULL, conversation_id text NOT NULL,
            host text NOT NULL, payload text NOT NULL, beat timestamptz NOT NULL, PRIMARY KEY (owner, message_id))""",
        f"""CREATE TABLE delta ({_OWNER}, message_id text NOT NULL, seq integer NOT NULL, payload text NOT NULL,
            PRIMARY KEY (owner, message_id, seq))""",
        *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in TABLES),
        *(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in TABLES),
        *(
            f"CREATE POLICY own ON {table} USING (owner = current_user) WITH CHECK (owner = current_user)"
            for table in TABLES
        ),
        # row-level security separates the users; who may connect is up to the database
        *(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO PUBLIC" for table in TABLES),
    ),
)
"""Statements that lead from each version to the next."""
_LOCK = 0x686F6C7974756900


def migrate(connection: Connection[tuple[Any, ...]], name: str = NAME) -> None:
    """Create the schema, or bring it to the present version; use it from now on.

    Raises StoreNewer, SharingFailed if the user may not, psycopg.Error.
    """
    from psycopg import errors, sql

    connection.execute("SELECT set_config('search_path', %s, false)", (name,))
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise StoreNewer(
            _("The shared history was written by a newer holytui"),
            _("Update holytui on this machine; until then it shares nothing."),
        )
    schema = sql.Identifier(name)
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            version = _version(connection)
            if version == 0:
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
                connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO PUBLIC").format(schema))
                connection.execute("CREATE TABLE version (number integer NOT NULL)")
                connection.execute("GRANT SELECT ON version TO PUBLIC")
                connection.execute("INSERT INTO version VALUES (0)")
            with connection.pipeline():  # sent together: on a slow network each would take its time
                for statements in MIGRATIONS[version:]:
                    for statement in statements:
                        connection.execute(statement)
            connection.execute("UPDATE version SET number = %s", (len(MIGRATIONS),))
    except errors.InsufficientPrivilege as error:
        raise SharingFailed(
            _("The tables of the shared history are missing or old, and this user may not create them"),
            _("Connect once as the owner of the database."),
        ) from error


def _version(connection: Connection[tuple[Any, ...]]) -> int:
    if connection.execute("SELECT to_regclass('version')").fetchone() in (None, (None,)):
        return 0
    row = connection.execute("SELECT number FROM version").fetchone()
    return int(row[0]) if row else 0
