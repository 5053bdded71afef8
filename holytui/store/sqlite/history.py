"""The history on SQLite: conversations, their messages, and the journal of answers on their way."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from holytui.errors import StoreError
from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, Conversation, DeltaKind, Image, Message, Role, StreamMark
from holytui.store.sqlite import (
    answer_stats,
    bundles,
    conversations,
    intake,
    journal,
    lease,
    messages,
    readable,
    search_index,
    streams,
)
from holytui.store.sqlite import images as attached
from holytui.store.sqlite import search as searching
from holytui.store.sqlite.cell_values import as_text
from holytui.store.sqlite.file import HistoryFile
from holytui.store.sqlite.rows import storable
from holytui.store.values import Added, Answered, Bundle, Hit, Spent

_NOTHING: Mapping[str, bytes] = MappingProxyType({})


class SqliteHistory(HistoryFile):
    """`store.history.Library` in one SQLite file; `SqliteHistory.open(path)` is the usual way to have one."""

    # -- conversations

    def conversations(self, *, archived: bool = False) -> Sequence[Conversation]:
        """The list, last changed first, without any message: the archived ones, or else the others."""
        with self._readers.view() as view:
            return conversations.listing(view, self._here, self._clock(), archived=archived)

    def deleted_conversations(self) -> Sequence[Conversation]:
        """What `restore_conversation` can bring back, last deleted first."""
        with self._readers.view() as view:
            return conversations.listing(view, self._here, self._clock(), archived=False, deleted=True)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """One conversation; an unambiguous beginning or end of its id, or `last`, will do."""
        with self._readers.view() as view:
            return conversations.find(view, conversation_id, self._here, self._clock())

    def create_conversation(self, *, title: str, model: str = "", system: str = "") -> Conversation:
        """A new, empty one, on disk."""
        now = self._clock()
        new = Conversation(new_id(), storable(title), now, now, model=storable(model), system=storable(system))
        self._writer.call(lambda db: conversations.insert(db, new, fts=self._fts), durable=True)
        return new

    def update_conversation(self, conversation_id: str, **fields: object) -> None:
        """Set any of: title, model, system, params, leaf_id, pinned, archived, draft, unread. Raises TypeError."""
        columns = conversations.columns(fields)
        if columns:
            self._writer.call(lambda db: conversations.update(db, conversation_id, columns, fts=self._fts))

    def delete_conversation(self, conversation_id: str) -> None:
        """Hide it; `restore_conversation` brings it back until `purge_deleted`."""
        now = self._clock()

        def delete(db: sqlite3.Connection) -> None:
            conversations.set_deleted(db, conversation_id, now)
            streams.release_of_conversation(db, conversation_id)

        self._writer.call(delete)

    def restore_conversation(self, conversation_id: str) -> None:
        """Undo `delete_conversation`."""
        self._writer.call(lambda db: conversations.set_deleted(db, conversation_id, None))

    def purge_deleted(self, before: float) -> int:
        """Destroy the conversations that were deleted before the Unix time `before`; returns how many. One in which
        an answer is on its way stays."""

        while self._writer.call(self._clear_abandoned):
            pass

        def purge(db: sqlite3.Connection) -> int:
            busy = conversations.streaming(db, self._here, self._clock())
            count = conversations.purge(db, before, busy, fts=self._fts)
            attached.sweep(db)
            return count

        return self._writer.call(purge)

    # -- messages

    def add_message(
        self,
        conversation_id: str,
        role: Role,
        text: str,
        *,
        parent_id: str | None,
        model: str = "",
        state: AnswerState = AnswerState.COMPLETE,
        show: bool = True,
        images: Sequence[Image] = (),
        image_data: Mapping[str, bytes] = _NOTHING,
    ) -> Message:
        """A new message below `parent_id`, fsynced when this returns; this process has the lease of one on its way.

        `image_data` are the bytes, by digest, of those `images` that the history does not have yet.
        """
        now = self._clock()
        texts = storable(text), now, "", storable(model)
        new = Message(new_id(), conversation_id, parent_id, role, *texts, state, images=tuple(images))

        def add(db: sqlite3.Connection) -> None:
            if not db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone():
                raise conversations.gone()
            attached.keep(db, images, image_data)
            messages.insert(db, new, fts=self._fts)
            if not state.final:
                self._claim(db, new.id, conversation_id)
            if show:
                messages.show(db, conversation_id, new.id, now)

        self._writer.call(add, durable=True)
        return new

    def message(self, message_id: str) -> Message | None:
        """One message with its text as of now, also while it is on its way, in this process or another."""
        pending = self._writer.pending()  # before the view begins: see journal.raw_text
        with self._readers.view() as view:
            found = messages.find(view, message_id)
            return found and journal.as_of_now(view, found, pending)

    def branch(self, conversation_id: str, leaf_id: str | None = None) -> Sequence[Message]:
        """The messages from the root to `leaf_id` (the shown leaf if None), in order."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            found = messages.branch(view, conversation_id, leaf_id)
            return [journal.as_of_now(view, message, pending) for message in found]

    def variants(self, message_id: str) -> Sequence[Message]:
        """The message and its siblings (same parent, same role), oldest first."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return [journal.as_of_now(view, message, pending) for message in messages.variants(view, message_id)]

    def withdraw(self, answer_id: str) -> bool:
        """Destroy an answer that never began, and its question unless that has other answers; what follows them stays.

        Returns whether the question is gone too.
        """

        def withdraw(db: sqlite3.Connection) -> bool:
            self._refuse_if_lost(db, messages.need(db, answer_id))
            gone = messages.withdraw(db, answer_id, fts=self._fts)
            self._held.discard(answer_id)
            return gone

        return self._writer.call(withdraw, durable=True)

    def image(self, digest: str) -> bytes | None:
        """The bytes of an image; None when they are lost."""
        with self._readers.view() as view:
            return attached.data_of(view, digest)

    def bundle(self, conversation_id: str, *, images: bool = True) -> Bundle | None:
        """A whole conversation: its tree, attempts and raw texts, and unless told otherwise the bytes of its images."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return bundles.read(view, conversation_id, pending, images=images)

    def importing(self) -> intake.Intake:
        """An import that begins with the `with` statement: what it adds is here when that ends without an exception,
        all of it or nothing. Raises StoreBusy while another import is under way, StoreError."""
        return intake.Intake(self._writer.call, self._clock, fts=self._fts)

    def add_bundle(self, bundle: Bundle) -> Added:
        """An import of one conversation: add what is not there yet; what is there stays as it is.

        Raises TransferError for a bundle that cannot be added, StoreError.
        """
        with self.importing() as taking_in:
            return taking_in.add(bundle)

    def leaf_below(self, message_id: str) -> str:
        """The newest leaf below a message: where to go when this variant is chosen."""
        with self._readers.view() as view:
            return messages.leaf_below(view, message_id)

    def copy_as_variant(self, message_id: str) -> str:
        """A sibling that keeps the text, reasoning and attempts of a cut answer as they are; returns its id."""
        return self._writer.call(
            lambda db: journal.copy_as_variant(db, message_id, fts=self._fts), durable=True, after_journal=True
        )

    def fork(self, message_id: str, title: str) -> str:
        """A new conversation with a copy of the branch down to a message, attempts and all; returns its id."""
        now = self._clock()

        def copy(db: sqlite3.Connection) -> str:
            message = messages.need(db, message_id)
            old = conversations.find(db, message.conversation_id, self._here, now)
            if old is None:
                raise conversations.gone()
            new = Conversation(
                *(new_id(), storable(title), now, now), model=old.model, system=old.system, params=old.params
            )
            journal.copy_branch(db, message, new, fts=self._fts)
            return new.id

        return self._writer.call(copy, durable=True, after_journal=True)

    # -- the journal of an answer on its way

    def begin_attempt(self, attempt: Attempt) -> None:
        """An attempt begins, and takes the answer's lease; on disk when this returns. StoreBusy: another has it."""

        def begin(db: sqlite3.Connection) -> None:
            message = messages.need(db, attempt.message_id)
            self._claim(db, message.id, message.conversation_id)
            journal.save_attempt(db, attempt)

        self._writer.call(begin)

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Raw text of an attempt. Returns at once; committed at most 250 ms later, in order, `mark` with it."""
        if text:
            self._writer.journal(attempt_id, kind, storable(text), mark)

    @property
    def streams(self) -> streams.Streams:
        """The streams that servers keep."""
        return streams.Streams(self._writer, self._readers, self._clock)

    def update_attempt(self, attempt: Attempt) -> None:
        """How an attempt was joined, or ended."""
        self._writer.call(lambda db: journal.save_attempt(db, attempt))

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        """The attempts of an answer, in order."""
        with self._readers.view() as view:
            return journal.attempts(view, message_id)

    def raw_text(self, attempt_id: str, kind: DeltaKind) -> str:
        """All that an attempt received, as it came."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return journal.raw_text(view, attempt_id, kind, pending)

    def set_state(self, message_id: str, state: AnswerState) -> None:
        """The answer's state, while it is on its way; a final one ends it with what is in the journal."""

        def change(db: sqlite3.Connection) -> None:
            message = messages.need(db, message_id)
            if state.final:
                self._refuse_if_lost(db, message)
                ended = replace(journal.as_of_now(db, message), state=state)
                journal.end(db, ended, self._clock(), fts=self._fts)
                self._held.discard(message_id)
            else:
                self._claim(db, message_id, message.conversation_id)
                db.execute("UPDATE message SET state = ? WHERE id = ?", (state.value, message_id))

        self._writer.call(change, durable=state.final, after_journal=state.final)

    def finish(self, message: Message) -> None:
        """The answer has ended as `message` says: durable (fsync) when this returns, the journal merged.

        Raises StoreBusy when another holytui has taken the answer over; ValueError for a state that is not final.
        """
        if not message.state.final:
            raise ValueError(message.state)

        def end(db: sqlite3.Connection) -> None:
            self._refuse_if_lost(db, messages.need(db, message.id))
            journal.end(db, message, self._clock(), fts=self._fts)
            self._held.discard(message.id)

        self._writer.call(end, durable=True)

    def unfinished(self) -> Sequence[Message]:
        """Answers cut by a kill or power cut (not final, their owner dead); they are marked interrupted."""

        def mark(db: sqlite3.Connection) -> Sequence[Message]:
            now = self._clock()
            living = {each.message_id for each in lease.leases(db) if lease.alive(each, self._here, now)}
            cut = [message for message in messages.on_their_way(db) if message.id not in living]
            return [journal.interrupt(db, message, now, fts=self._fts) for message in cut]

        return self._writer.call(mark)

    # -- figures

    def last_answers(self, limit: int, conversation_id: str | None = None) -> Sequence[Answered]:
        """How the last answers came, oldest first: of one conversation with all of its branches, or of all."""
        with self._readers.view() as view:
            return answer_stats.last_answers(view, limit, conversation_id)

    def spent(self, bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[Spent]:
        """What the answers of each model came to between two neighbouring Unix times of `bounds`."""
        with self._readers.view() as view:
            return answer_stats.spent(view, bounds, conversation_id)

    # -- search, and learnt of endpoints

    def search(self, query: str, limit: int = 50, conversation_id: str | None = None) -> Sequence[Hit]:
        """Titles and messages that hold all words of `query`, accents and case aside; the best first."""
        now = self._clock()
        with self._readers.view() as view:
            fts = self._fts and search_index.is_whole(view)
            try:
                return searching.search(view, query, limit, conversation_id, fts=fts, now=now)
            except sqlite3.DatabaseError as error:
                if not (fts and readable.is_damage(error)):
                    raise
            found = searching.search(view, query, limit, conversation_id, fts=False, now=now)
        with suppress(StoreError):
            self._writer.call(search_index.mark_stale)
        return found

    def remember(self, key: str, value: str) -> None:
        """Keep a small fact (what an endpoint can do)."""
        row = storable(key), storable(value), self._clock()
        self._writer.call(lambda db: db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", row).rowcount)

    def recall(self, key: str) -> str | None:
        """A fact kept by `remember`."""
        with self._readers.view() as view:
            found = readable.rows(view, "value", "fact", "key = ?", (storable(key),))
            return as_text(found[0][0]) if found else None

    def _claim(self, db: sqlite3.Connection, message_id: str, conversation_id: str) -> None:
        lease.claim(db, message_id, conversation_id, self._here, self._clock())
        self._held.add(message_id)
        self._writer.expect_beat()

    def _refuse_if_lost(self, db: sqlite3.Connection, message: Message) -> None:
        lease.refuse_if_taken(db, message.id, self._here, self._clock())
        # taken over while this machine slept, and brought to an end there: its text is the longer one
        over = message.state.final and message.state is not AnswerState.INTERRUPTED
        if over and message.id in self._held and lease.lease_of(db, message.id) is None:
            raise lease.taken()
