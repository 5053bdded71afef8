"""A damaged history is set aside under a new name, and what can still be read of it goes into a new file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import StoreFull
from holytui.i18n import _, ngettext
from holytui.store.sqlite import answer_stats, backups, images, mending, search_index
from holytui.store.sqlite.cell_values import tolerant
from holytui.store.sqlite.connect import connect, connect_to_look, transaction, translated
from holytui.store.sqlite.opening import open_file
from holytui.store.sqlite.readable import UNREADABLE, walk
from holytui.store.sqlite.rows import CONVERSATION, MESSAGE, conversation_from, message_from

_TABLES = ("conversation", "message", "attempt", "delta", "fact", "image", "message_image", "figure", "stream")


@dataclass(frozen=True, slots=True)
class Salvage:
    """How much was read from a damaged file."""

    conversations: int
    messages: int
    lost_images: int
    """Images of those messages whose bytes could not be read."""
    repaired: int = 0
    """Messages and conversations of which a part is wrong, or has bytes that are no text."""

    def sentences(self, place: Path) -> tuple[str, ...]:
        """What to tell the user; `place` is where the damaged file is now."""
        told = [
            _("The history was damaged. The damaged file is kept as {place}.").format(place=place),
            ngettext(
                "{count} message could be read from it and is here.",
                "{count} messages could be read from it and are here.",
                self.messages,
            ).format(count=self.messages),
        ]
        if self.repaired:
            repaired = ngettext(
                "{count} entry of it is damaged in part, and is marked.",
                "{count} entries of it are damaged in part, and are marked.",
                self.repaired,
            )
            told.append(repaired.format(count=self.repaired))
        if self.lost_images:
            lost = ngettext(
                "{count} image of them could not be read.",
                "{count} images of them could not be read.",
                self.lost_images,
            )
            told.append(lost.format(count=self.lost_images))
        return tuple(told)


def replace_damaged(path: Path, mountinfo: str, now: float) -> tuple[str, ...]:
    """Set the file at `path` aside and put a new one there with all that could be read; returns what to tell.

    The new file is made whole before the two change places. Raises StoreError; the damaged file is then untouched.
    """
    try:
        fresh = backups.reserve(path, "recovering", now)
    except OSError as exc:
        raise StoreFull(
            _("The history is damaged, and no new one can be made: {reason}").format(reason=exc.strerror),
            _("Nothing of it was removed. Choose another folder with HOLYTUI_DATA_DIR."),
        ) from exc
    try:
        connection = open_file(fresh, connect, mountinfo, now, fts=search_index.has_fts5()).connection
        try:
            with translated():
                found = salvage(path, connection)
        finally:
            connection.close()
        return found.sentences(backups.exchange(path, fresh, now))
    finally:
        fresh.unlink(missing_ok=True)


def salvage(damaged: Path, target: sqlite3.Connection) -> Salvage:
    """Copy every readable row of `damaged` into `target`, an up-to-date and empty history. Raises sqlite3.Error
    for trouble with `target` only."""
    with transaction(target):
        target.execute("PRAGMA defer_foreign_keys = ON")
        source = connect_to_look(damaged)
        try:
            source.text_factory = bytes  # what is no text stays as it is, and is marked wherever it is shown
            # sqlite then also reads a file that is shorter than its header says
            source.execute("PRAGMA writable_schema = ON")
            for table in _TABLES:
                _copy(source, target, table)
        finally:
            source.close()
        tolerant(target)
        mending.mend(target)
        if not target.execute("SELECT 1 FROM figure LIMIT 1").fetchone():  # an older file has none
            answer_stats.fill(target)
        lost = images.mend(target)
        search_index.fill(target)
        search_index.make_ready(target, fts=search_index.has_fts5())
        return _counted(target, lost)


def _counted(target: sqlite3.Connection, lost_images: int) -> Salvage:
    talks = [
        conversation_from(row, streaming=False) for row in target.execute(f"SELECT {CONVERSATION} FROM conversation")
    ]
    messages, repaired = 0, sum(bool(talk.repaired) for talk in talks)
    for row in target.execute(f"SELECT {MESSAGE} FROM message"):
        messages += 1
        repaired += bool(message_from(row).repaired)
    return Salvage(len(talks), messages, lost_images, repaired)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    columns = mending.columns_of(target, table)
    try:
        theirs = [_name(row[1]) for row in source.execute(f"PRAGMA table_info({table})")]
    except UNREADABLE:
        return  # not even the list of its tables can be read
    # an older file has fewer columns, always the first ones; a name that is not ours is a damaged one
    known = [
        (name if name in theirs else theirs[at], column)
        for at, (name, column) in enumerate(columns.items())
        if name in theirs or (at < len(theirs) and theirs[at] not in columns)
    ]
    if not known:
        return
    adding = mending.Adding(target, table, [column for _theirs, column in known])
    for _number, row in walk(source, ", ".join('"{}"'.format(name.replace('"', '""')) for name, _c in known), table):
        adding.add(row)


def _name(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
