"""A damaged history is set aside under a new name, and what can still be read of it goes into a new file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from holytui.i18n import _, ngettext
from holytui.store import attached, figures, files, index
from holytui.store.connect import connect, connect_to_look, transaction, translated
from holytui.store.opening import open_file

_TABLES = ("conversation", "message", "attempt", "delta", "fact", "image", "message_image", "figure")
_LONGEST_JUMP = 1 << 24


@dataclass(frozen=True, slots=True)
class Salvage:
    """How much was read from a damaged file."""

    conversations: int
    messages: int
    lost_images: int
    """Images of those messages whose bytes could not be read."""

    def sentences(self, place: Path) -> tuple[str, ...]:
        """What to tell the user; `place` is where the damaged file is now."""
        told = (
            _("The history was damaged. The damaged file is kept as {place}.").format(place=place),
            ngettext(
                "{count} message could be read from it and is here.",
                "{count} messages could be read from it and are here.",
                self.messages,
            ).format(count=self.messages),
        )
        if not self.lost_images:
            return told
        lost = ngettext(
            "{count} image of them could not be read.", "{count} images of them could not be read.", self.lost_images
        )
        return (*told, lost.format(count=self.lost_images))


def replace_damaged(path: Path, mountinfo: str, now: float) -> tuple[str, ...]:
    """Set the file at `path` aside and put a new one there with all that could be read; returns what to tell.

    The new file is made whole before the two change places. Raises StoreError; the damaged file is then untouched.
    """
    fresh = files.reserve(path, "recovering", now)
    try:
        connection = open_file(fresh, connect, mountinfo, now, fts=index.has_fts5()).connection
        try:
            with translated():
                found = salvage(path, connection)
        finally:
            connection.close()
        return found.sentences(files.exchange(path, fresh, now))
    finally:
        fresh.unlink(missing_ok=True)


def salvage(damaged: Path, target: sqlite3.Connection) -> Salvage:
    """Copy every readable row of `damaged` into `target`, an up-to-date and empty history. Raises sqlite3.Error
    for trouble with `target` only."""
    with transaction(target):
        target.execute("PRAGMA defer_foreign_keys = ON")
        source = connect_to_look(damaged)
        try:
            source.text_factory = lambda raw: raw.decode("utf-8", "replace")
            # sqlite then also reads a file that is shorter than its header says
            source.execute("PRAGMA writable_schema = ON")
            for table in _TABLES:
                _copy(source, target, table)
        finally:
            source.close()
        lost = _mend(target)
        index.fill(target)
        index.make_ready(target, fts=index.has_fts5())
        talks, messages = (target.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES[:2])
        return Salvage(talks, messages, lost)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    ours = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    try:
        # an older file has fewer columns
        theirs = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError:
        return  # not even the list of its tables can be read
    columns = [name for name in ours if name in theirs]
    if not columns:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"
    for row in readable_rows(source, table, names):
        target.execute(insert, row)


def readable_rows(connection: sqlite3.Connection, table: str, names: str) -> Iterator[tuple[object, ...]]:
    """Rows that can be read, some perhaps twice: from the front over damaged places by growing jumps, then from the
    back up to the last damaged place."""
    at, jump, damaged = 0, 1, False
    while jump < _LONGEST_JUMP:
        try:
            for number, *row in connection.execute(
                f"SELECT rowid, {names} FROM {table} WHERE rowid > ? ORDER BY rowid",
                (at,),
            ):
                at, jump = number, 1
                yield tuple(row)
            break
        except sqlite3.DatabaseError:
            damaged = True
            at, jump = at + jump, jump * 2
    if damaged:
        with suppress(sqlite3.DatabaseError):
            yield from connection.execute(f"SELECT {names} FROM {table} ORDER BY rowid DESC")


def _mend(target: sqlite3.Connection) -> int:
    """Give rows whose relatives were lost a place, so that the tree is a tree again; returns how many images have lost
    their bytes."""
    target.execute(
        """INSERT INTO conversation (id, title, created_at, updated_at)
            SELECT conversation_id, ?, min(created_at), max(created_at) FROM message
            WHERE conversation_id NOT IN (SELECT id FROM conversation) GROUP BY conversation_id""",
        (_("Recovered conversation"),),
    )
    target.execute("UPDATE message SET parent_id = NULL WHERE parent_id NOT IN (SELECT id FROM message)")
    target.execute("UPDATE conversation SET leaf_id = NULL WHERE leaf_id NOT IN (SELECT id FROM message)")
    for table in ("attempt", "figure"):
        target.execute(f"DELETE FROM {table} WHERE message_id NOT IN (SELECT id FROM message)")
    if not target.execute("SELECT 1 FROM figure LIMIT 1").fetchone():  # an older file has none
        figures.fill(target)
    return attached.mend(target)
