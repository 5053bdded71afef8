"""An import: all of it becomes visible at its end, or nothing.

One transaction for a large file would block answers that stream in other processes. New rows are therefore committed in
small pieces and hidden: new conversations are marked `HIDDEN`, and new messages of stored conversations are kept in a
hidden conversation. One small transaction at the end shows them. A failed import removes its pieces; those of a killed
one are removed at the next start or import.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from types import TracebackType
from typing import Protocol, Self, TypeVar

from holytui.errors import StoreBusy, StoreError
from holytui.i18n import _
from holytui.ids import new_id
from holytui.models import Attempt, DeltaKind, Message
from holytui.store.sqlite import answer_stats, branches, bundles, changes, conversations, images, messages
from holytui.store.sqlite.lease import Lease, Owner, is_alive, this_owner
from holytui.store.values import Bundle, ImportCounts

_LEASE = "import"
_HEARTBEAT = 5.0
"""Seconds between heartbeats."""
_MAX_CHARACTERS, _MAX_MESSAGES = 100_000, 100
"""Characters and messages of one transaction, unless a single message has more."""
_MAX_REMOVED = 40
"""Messages removed in one transaction, which may delay the text of an answer."""

T = TypeVar("T")
Attempts = Sequence[tuple[Attempt, Mapping[DeltaKind, str]]]


class Call(Protocol):
    """Runs a job in its own transaction, as `WriterThread.call`."""

    def __call__(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Return the job's result once it is committed. Raises StoreError."""
        ...


class SqliteImport:
    """One import, for one `with` statement."""

    def __init__(self, call: Call, clock: Callable[[], float], *, fts: bool) -> None:
        self._call = call
        self._clock = clock
        self._fts = fts
        self._owner = this_owner()
        self._renewed_at = 0.0
        self._hidden: dict[str, str] = {}
        """Ids of hidden conversations, by the stored conversation that they extend."""
        self._parents: dict[str, tuple[str, str]] = {}
        """By id of a hidden message: the stored conversation and parent that it belongs to."""
        self._restored: list[str] = []
        self._stored: list[Bundle] = []
        """Without texts, of the conversations that were stored before: their labels, and branches that were deleted."""

    def __enter__(self) -> Self:
        self._call(self._begin)
        try:
            self._clear()
        except BaseException:
            self._undo()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is not None:
            self._undo()
            return
        try:
            self._call(self._show, durable=True)
        except BaseException:
            self._undo()
            raise

    def add(self, bundle: Bundle) -> ImportCounts:
        """Add the parts of a conversation that are not stored yet.

        Raises TransferError for one that cannot be added; nothing of it is then, and others may follow. After a
        StoreError the import must end.
        """
        attempts: dict[str, list[tuple[Attempt, Mapping[DeltaKind, str]]]] = {}
        for attempt, texts in bundle.attempts:
            attempts.setdefault(attempt.message_id, []).append((attempt, texts))
        planned = self._call(self._begin_bundle(bundle))
        # the ids are those that the bundle has here; attempts name messages by their ids in the file
        for piece in _pieces(planned.new, attempts):
            self._call(self._piece(planned, piece, attempts))
        return ImportCounts(int(planned.is_new), len(planned.new))

    def _begin_bundle(self, bundle: Bundle) -> Callable[[sqlite3.Connection], bundles.ImportPlan]:
        def begin(db: sqlite3.Connection) -> bundles.ImportPlan:
            self._renew(db)
            planned = bundles.plan(db, bundle, self._hidden)
            conversation_id = planned.bundle.conversation.id
            if planned.is_new:
                bundles.insert_conversation(db, planned, fts=self._fts)
            elif not planned.is_hidden and planned.new and conversation_id not in self._hidden:
                self._hidden[conversation_id] = _insert_hidden(db)
            if not planned.is_hidden:
                ids = [replace(message, text="", reasoning="") for message in planned.bundle.messages]
                self._stored.append(Bundle(planned.bundle.conversation, ids, labels=bundle.labels))
            if planned.was_deleted:
                self._restored.append(conversation_id)
            return planned

        return begin

    def _piece(
        self, planned: bundles.ImportPlan, piece: Sequence[Message], attempts: Mapping[str, Attempts]
    ) -> Callable[[sqlite3.Connection], None]:
        conversation_id = planned.bundle.conversation.id

        def insert(db: sqlite3.Connection) -> None:
            self._renew(db)
            for message in piece:
                own = replace(message, conversation_id=conversation_id)
                placed = own if planned.is_hidden else self._placed(db, own)
                bundles.insert_message(db, planned.bundle, placed, fts=self._fts)
                for attempt, texts in attempts.get(message.id, ()):
                    bundles.insert_attempt(db, attempt, texts)
                answer_stats.record(db, message, own=False)

        return insert

    def _placed(self, db: sqlite3.Connection, message: Message) -> Message:
        """The message in its hidden conversation; below its parent there, or without one until `_show`."""
        hidden_id, parent = self._hidden[message.conversation_id], message.parent_id
        found = db.execute("SELECT 1 FROM message WHERE id = ? AND conversation_id = ?", (parent, hidden_id)).fetchone()
        if parent is not None and not found:
            self._parents[message.id] = message.conversation_id, parent
            parent = None
        return replace(message, conversation_id=hidden_id, parent_id=parent)

    # -- jobs

    def _begin(self, db: sqlite3.Connection) -> None:
        now = self._clock()
        other = _lease_of(db)
        if other is not None and is_alive(other, self._owner, now):
            raise StoreBusy(_("Another import is under way"), _("Import the file again when it has finished."))
        _set_lease(db, self._owner, now)
        self._renewed_at = now

    def _renew(self, db: sqlite3.Connection) -> None:
        """Renew the lease. Raises StoreBusy if another machine considered this import dead."""
        found = _lease_of(db)
        if found is None or found.owner.token != self._owner.token:
            raise StoreBusy(_("The import was interrupted for too long"), _("Import the file again."))
        now = self._clock()
        if not 0 <= now - self._renewed_at < _HEARTBEAT:
            _set_lease(db, self._owner, now)
            self._renewed_at = now

    def _show(self, db: sqlite3.Connection) -> None:
        self._renew(db)
        for message_id, (conversation_id, parent_id) in self._parents.items():
            if not db.execute(
                "SELECT 1 FROM message WHERE id = ? AND conversation_id = ?", (parent_id, conversation_id)
            ).fetchone():
                raise conversations.missing()
            db.execute("UPDATE message SET parent_id = ? WHERE id = ?", (parent_id, message_id))
        for conversation_id, hidden_id in self._hidden.items():
            if not db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone():
                raise conversations.missing()
            for table in ("message", "search_text"):
                db.execute(
                    f"UPDATE {table} SET conversation_id = ? WHERE conversation_id = ?", (conversation_id, hidden_id)
                )
            changes.forget_conversation(db, hidden_id)
            db.execute("DELETE FROM conversation WHERE id = ?", (hidden_id,))
        db.execute("UPDATE conversation SET deleted_at = NULL WHERE deleted_at = ?", (conversations.HIDDEN,))
        for conversation_id in self._restored:
            conversations.set_deleted(db, conversation_id, None)
        for bundle in self._stored:
            branches.add_imported(db, bundle, self._clock())
        images.release_staged(db)
        db.execute("DELETE FROM meta WHERE key = ?", (_LEASE,))

    def _undo(self) -> None:
        """Remove all pieces; if that fails, the next start does it."""
        with suppress(StoreError):
            self._clear()
            self._call(lambda db: db.execute("DELETE FROM meta WHERE key = ?", (_LEASE,)).rowcount)

    def _clear(self) -> None:
        def clear(db: sqlite3.Connection) -> bool:
            self._renew(db)
            return _clear(db, fts=self._fts)

        while self._call(clear):
            pass


def is_abandoned(connection: sqlite3.Connection, here: Owner, now: float) -> bool:
    """Whether a killed import left pieces. Cheap."""
    found = _lease_of(connection)
    return found is not None and not is_alive(found, here, now)


def clear_abandoned(connection: sqlite3.Connection, here: Owner, now: float, *, fts: bool) -> bool:
    """Remove some pieces of a killed import; return whether there are more."""
    if not is_abandoned(connection, here, now):
        return False
    if _clear(connection, fts=fts):
        return True
    connection.execute("DELETE FROM meta WHERE key = ?", (_LEASE,))
    return False


def _clear(db: sqlite3.Connection, *, fts: bool) -> bool:
    """Remove some hidden messages and conversations; return whether there are more."""
    left = _MAX_REMOVED
    hidden = "SELECT id FROM conversation WHERE deleted_at = ? LIMIT ?"
    for (conversation_id,) in db.execute(hidden, (conversations.HIDDEN, _MAX_REMOVED)).fetchall():
        # the last ones first: none of them has another below it
        found = db.execute(
            "SELECT id FROM message WHERE conversation_id = ? ORDER BY rowid DESC LIMIT ?", (conversation_id, left)
        ).fetchall()
        for (message_id,) in found:
            messages.destroy(db, conversation_id, message_id, fts=fts)
        left -= len(found)
        if left <= 0:
            return True
        conversations.destroy(db, conversation_id, fts=fts)
        left -= 1
    if left < _MAX_REMOVED:
        return True
    images.delete_unused(db)
    return False


def _pieces(messages: Sequence[Message], attempts: Mapping[str, Attempts]) -> Iterator[Sequence[Message]]:
    piece: list[Message] = []
    length = 0
    for message in messages:
        raw = sum(len(text) for _attempt, texts in attempts.get(message.id, ()) for text in texts.values())
        if piece and (length + len(message.text) + raw > _MAX_CHARACTERS or len(piece) >= _MAX_MESSAGES):
            yield piece
            piece, length = [], 0
        piece.append(message)
        length += len(message.text) + len(message.reasoning) + raw
    if piece:
        yield piece


def _insert_hidden(db: sqlite3.Connection) -> str:
    id_ = new_id()
    db.execute(
        "INSERT INTO conversation (id, title, created_at, updated_at, deleted_at) VALUES (?, '', 0, 0, ?)",
        (id_, conversations.HIDDEN),
    )
    return id_


def _lease_of(db: sqlite3.Connection) -> Lease | None:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_LEASE,)).fetchone()
    if row is None:
        return None
    try:
        token, host, pid, boot_id, started, heartbeat = json.loads(row[0])
        owner = Owner(str(token), str(host), int(pid), str(boot_id), str(started))
        return Lease("", "", owner, float(heartbeat))
    except (TypeError, ValueError, RecursionError):  # an invalid lease has no living owner
        return Lease("", "", Owner("", "", -1, "", ""), 0.0)


def _set_lease(db: sqlite3.Connection, owner: Owner, now: float) -> None:
    value = json.dumps([*astuple(owner), now])
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_LEASE, value))
