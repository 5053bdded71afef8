"""Salvage of a damaged history: it is set aside, and its readable rows are copied to a new file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import StoreFull
from holytui.i18n import _, ngettext
from holytui.store.sqlite import answer_stats, backups, changes, images, repair, search_index
from holytui.store.sqlite.connect import connect, connect_untouched, transaction, translate_errors
from holytui.store.sqlite.damaged_tables import UNREADABLE, walk_rows
from holytui.store.sqlite.opening import open_file
from holytui.store.sqlite.row_mapping import CONVERSATION, MESSAGE, conversation_from, message_from
from holytui.store.sqlite.row_reader import read_any_text

_TABLES = ("conversation", "message", "attempt", "delta", "fact", "image", "message_image", "figure", "stream")


@dataclass(frozen=True, slots=True)
class Salvage:
    """Counts of a salvage."""

    conversations: int
    messages: int
    lost_images: int
    """Images of the copied messages whose bytes were unreadable."""
    repaired: int = 0
    """Copied messages and conversations with repaired values or invalid UTF-8."""

    def sentences(self, place: Path) -> tuple[str, ...]:
        """Sentences for the user; `place` is the path of the damaged file."""
        sentences = [
            _("The history was damaged. The damaged file is kept as {place}.").format(place=place),
            ngettext(
                "{count} message was recovered.",
                "{count} messages were recovered.",
                self.messages,
            ).format(count=self.messages),
        ]
        if self.repaired:
            repaired = ngettext(
                "{count} recovered entry is partly damaged, and marked.",
                "{count} recovered entries are partly damaged, and marked.",
                self.repaired,
            )
            sentences.append(repaired.format(count=self.repaired))
        if self.lost_images:
            lost = ngettext(
                "{count} image could not be recovered.",
                "{count} images could not be recovered.",
                self.lost_images,
            )
            sentences.append(lost.format(count=self.lost_images))
        return tuple(sentences)


def replace_damaged(path: Path, mountinfo: str, now: float) -> tuple[str, ...]:
    """Set the file at `path` aside and put a salvaged one there; return sentences for the user.

    The new file is complete before the two are swapped. Raises StoreError; the damaged file is then untouched.
    """
    try:
        fresh = backups.reserve(path, "recovering", now)
    except OSError as exc:
        raise StoreFull(
            _("The history is damaged, and a new one cannot be created: {reason}").format(reason=exc.strerror),
            _("No data was removed. Choose another folder with HOLYTUI_DATA_DIR."),
        ) from exc
    try:
        connection = open_file(fresh, connect, mountinfo, now, fts=search_index.has_fts5()).connection
        try:
            with translate_errors():
                found = salvage(path, connection)
        finally:
            connection.close()
        return found.sentences(backups.swap_in(path, fresh, now))
    finally:
        fresh.unlink(missing_ok=True)


def salvage(damaged: Path, target: sqlite3.Connection) -> Salvage:
    """Copy every readable row of `damaged` into `target`, an empty history of the current version.

    Raises sqlite3.Error for errors of `target` only.
    """
    with transaction(target):
        target.execute("PRAGMA defer_foreign_keys = ON")
        source = connect_untouched(damaged)
        try:
            source.text_factory = bytes  # invalid UTF-8 is copied unchanged, and marked where it is shown
            # sqlite then also reads a file that is shorter than its header says
            source.execute("PRAGMA writable_schema = ON")
            for table in _TABLES:
                _copy(source, target, table)
        finally:
            source.close()
        read_any_text(target)
        repair.repair_tables(target)
        if not target.execute("SELECT 1 FROM figure LIMIT 1").fetchone():  # an older file has none
            answer_stats.fill(target)
        changes.fill(target)
        lost = images.repair(target)
        search_index.fill(target)
        search_index.make_ready(target, fts=search_index.has_fts5())
        return _counted(target, lost)


def _counted(target: sqlite3.Connection, lost_images: int) -> Salvage:
    conversations = [
        conversation_from(row, streaming=False) for row in target.execute(f"SELECT {CONVERSATION} FROM conversation")
    ]
    messages, repaired = 0, sum(bool(talk.repaired) for talk in conversations)
    for row in target.execute(f"SELECT {MESSAGE} FROM message"):
        messages += 1
        repaired += bool(message_from(row).repaired)
    return Salvage(len(conversations), messages, lost_images, repaired)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    columns = repair.columns_of(target, table)
    try:
        source_columns = [_name(row[1]) for row in source.execute(f"PRAGMA table_info({table})")]
    except UNREADABLE:
        return  # not even the list of its tables can be read
    # an older file has fewer columns, always the first ones; an unknown name is a damaged one
    known = [
        (name if name in source_columns else source_columns[at], column)
        for at, (name, column) in enumerate(columns.items())
        if name in source_columns or (at < len(source_columns) and source_columns[at] not in columns)
    ]
    if not known:
        return
    adding = repair.RowInserter(target, table, [column for _source, column in known])
    for _number, row in walk_rows(
        source, ", ".join('"{}"'.format(name.replace('"', '""')) for name, _c in known), table
    ):
        adding.add(row)


def _name(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
