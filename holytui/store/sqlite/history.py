"""The history on SQLite."""

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
    branches,
    bundles,
    changes,
    conversations,
    damaged_tables,
    import_session,
    items,
    journal,
    lease,
    messages,
    pruned,
    search_index,
    streams,
)
from holytui.store.sqlite import images as image_table
from holytui.store.sqlite import search as text_search
from holytui.store.sqlite.file import HistoryFile
from holytui.store.sqlite.replica import SqliteReplica
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.row_reader import as_text
from holytui.store.tags import TagChange
from holytui.store.values import AnswerStats, Bundle, ImportCounts, OutlineEntry, SearchHit, StoredQuestion, UsageTotal

_NOTHING: Mapping[str, bytes] = MappingProxyType({})


class SqliteHistory(HistoryFile):
    """`store.history.History` in one SQLite file; usually opened by `SqliteHistory.open(path)`."""

    # -- conversations

    def conversations(self, *, archived: bool = False) -> Sequence[Conversation]:
        """Return the unarchived conversations, or the archived ones, without messages, last changed first."""
        with self._readers.view() as view:
            return conversations.list_all(view, self._here, self._clock(), archived=archived)

    def deleted_conversations(self) -> Sequence[Conversation]:
        """Return the conversations that `restore_conversation` can bring back, last deleted first."""
        with self._readers.view() as view:
            return conversations.list_all(view, self._here, self._clock(), archived=False, deleted=True)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """Return a conversation by its id, an unambiguous prefix or suffix of it, or `last`."""
        with self._readers.view() as view:
            return conversations.find(view, conversation_id, self._here, self._clock())

    def create_conversation(self, *, title: str, model: str = "", system: str = "") -> Conversation:
        """Create an empty conversation; durable on return."""
        now = self._clock()
        new = Conversation(new_id(), storable(title), now, now, model=storable(model), system=storable(system))
        self._writer.call(lambda db: conversations.insert(db, new, fts=self._fts), durable=True)
        return new

    def update_conversation(self, conversation_id: str, **fields: object) -> None:
        """Set any of: title, model, system, params, leaf_id, pinned, archived, draft, unread. Raises TypeError."""
        columns = conversations.columns(fields)
        if columns:
            now = self._clock()
            self._writer.call(lambda db: conversations.update(db, conversation_id, columns, now, fts=self._fts))

    def change_tags(self, conversation_id: str, change: TagChange) -> tuple[str, ...]:
        """Add and remove tags of a conversation; return all that it has then."""
        now = self._clock()
        return self._writer.call(lambda db: conversations.change_tags(db, conversation_id, change, now))

    def delete_conversation(self, conversation_id: str) -> None:
        """Hide a conversation; `restore_conversation` undoes it until `purge_deleted`."""
        now = self._clock()

        def delete(db: sqlite3.Connection) -> None:
            conversations.set_deleted(db, conversation_id, now)
            streams.release_of_conversation(db, conversation_id)

        self._writer.call(delete)

    def restore_conversation(self, conversation_id: str) -> None:
        """Undo `delete_conversation`."""
        self._writer.call(lambda db: conversations.set_deleted(db, conversation_id, None))

    def purge_deleted(self, before: float) -> int:
        """Destroy the conversations that were deleted before the Unix time `before`; return their number.

        A conversation with an answer in progress stays.
        """

        while self._writer.call(self._clear_abandoned):
            pass

        def purge(db: sqlite3.Connection) -> int:
            changes.settle_all(db, self._clock())  # a deletion says which messages it had seen
            busy = conversations.streaming_ids(db, self._here, self._clock())
            count = conversations.purge(db, before, busy, fts=self._fts)
            pruned.purge(db, before, fts=self._fts)
            image_table.delete_unused(db)
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
        """Add a message below `parent_id`, fsynced on return; an answer in progress is leased to this process.

        `image_data` maps digests to the bytes of those `images` that the history does not have yet.
        """
        now = self._clock()
        texts = storable(text), now, "", storable(model)
        new = Message(new_id(), conversation_id, parent_id, role, *texts, state, images=tuple(images))

        def add(db: sqlite3.Connection) -> None:
            if not db.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone():
                raise conversations.missing()
            image_table.store(db, images, image_data)
            messages.insert(db, new, fts=self._fts)
            if not state.final:
                self._claim(db, new.id, conversation_id)
            if show:
                messages.show(db, conversation_id, new.id, now)

        self._writer.call(add, durable=True)
        return new

    def message(self, message_id: str, *, texts: bool = True) -> Message | None:
        """Return a message with its current text, also while it streams in this process or another.

        Without `texts`, text and reasoning of a final one are empty, as they may be long and known already.
        """
        pending = self._writer.pending()  # before the view begins: see journal.raw_text
        with self._readers.view() as view:
            found = messages.find(view, message_id, texts=texts)
            return found and journal.as_of_now(view, found, pending)

    def branch(self, conversation_id: str, leaf_id: str | None = None) -> Sequence[Message]:
        """Return the messages from the root to `leaf_id` (default: the shown leaf), in order."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            found = messages.branch(view, conversation_id, leaf_id)
            return [journal.as_of_now(view, message, pending) for message in found]

    def variants(self, message_id: str) -> Sequence[Message]:
        """Return the message and its siblings (same parent, same role), oldest first."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return [journal.as_of_now(view, message, pending) for message in messages.variants(view, message_id)]

    def questions(self, limit: int) -> Sequence[StoredQuestion]:
        """Return the last `limit` different questions of all conversations that are not deleted, last first."""
        with self._readers.view() as view:
            return messages.questions(view, limit)

    def variant_ids(self, message_id: str) -> Sequence[str]:
        """Return the ids of `variants`, without reading their texts."""
        with self._readers.view() as view:
            return messages.variant_ids(view, message_id)

    def withdraw(self, answer_id: str) -> bool:
        """Destroy an answer that was never requested, and its question unless that has other answers.

        Messages below move up. Returns whether the question was destroyed.
        """

        def withdraw(db: sqlite3.Connection) -> bool:
            self._refuse_if_lost(db, messages.need(db, answer_id))
            question_destroyed = messages.withdraw(db, answer_id, fts=self._fts)
            self._held.discard(answer_id)
            return question_destroyed

        return self._writer.call(withdraw, durable=True)

    def image(self, digest: str) -> bytes | None:
        """Return the bytes of an image; None if they are lost."""
        with self._readers.view() as view:
            return image_table.data_of(view, digest)

    def bundle(self, conversation_id: str, *, images: bool = True) -> Bundle | None:
        """Return a whole conversation with its attempts and raw texts, and with `images` the image bytes."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return bundles.read(view, conversation_id, pending, images=images)

    def import_session(self) -> import_session.SqliteImport:
        """Return an import for one `with` statement; all of it is visible when that ends without an exception.

        Entering raises StoreBusy while another import is in progress, StoreError.
        """
        return import_session.SqliteImport(self._writer.call, self._clock, fts=self._fts)

    def add_bundle(self, bundle: Bundle) -> ImportCounts:
        """Import one conversation; what is stored already stays as it is. Raises TransferError, StoreError."""
        with self.import_session() as taking_in:
            return taking_in.add(bundle)

    def leaf_below(self, message_id: str) -> str:
        """Return the id of the newest leaf below a message, which is shown when this variant is chosen."""
        with self._readers.view() as view:
            return messages.leaf_below(view, message_id)

    def copy_as_variant(self, message_id: str) -> str:
        """Copy an answer's current text, reasoning and attempts to a final sibling; return its id."""
        return self._writer.call(
            lambda db: journal.copy_as_variant(db, message_id, fts=self._fts), durable=True, after_journal=True
        )

    def fork(self, message_id: str, title: str) -> str:
        """Copy the branch down to a message, with all attempts, to a new conversation; return its id."""
        now = self._clock()

        def copy(db: sqlite3.Connection) -> str:
            message = messages.need(db, message_id)
            old = conversations.find(db, message.conversation_id, self._here, now)
            if old is None:
                raise conversations.missing()
            new = Conversation(
                *(new_id(), storable(title), now, now), model=old.model, system=old.system, params=old.params
            )
            new = replace(new, tags=old.tags)
            journal.copy_branch(db, message, new, fts=self._fts)
            return new.id

        return self._writer.call(copy, durable=True, after_journal=True)

    # -- the tree

    def outline(self, conversation_id: str) -> Sequence[OutlineEntry]:
        """Return all messages of a conversation with the beginnings of their texts, oldest first."""
        with self._readers.view() as view:
            return branches.outline(view, conversation_id)

    def labels(self, conversation_id: str) -> Mapping[str, str]:
        """Return the labels of a conversation's messages, by id."""
        with self._readers.view() as view:
            return items.labels(view, conversation_id)

    def set_label(self, message_id: str, label: str) -> None:
        """Label a message; an empty label removes it."""
        now = self._clock()
        self._writer.call(lambda db: branches.set_label(db, message_id, storable(label), now))

    def prune(self, message_id: str) -> str:
        """Hide a message with all below it until `restore_branch`; return the end of the branch that is shown then."""
        now = self._clock()
        return self._writer.call(lambda db: branches.prune(db, message_id, now))

    def restore_branch(self, message_id: str) -> None:
        """Undo `prune`; the shown branch stays."""
        now = self._clock()
        self._writer.call(lambda db: branches.restore(db, message_id, now))

    # -- the journal of an answer in progress

    def begin_attempt(self, attempt: Attempt) -> None:
        """Store a new attempt and lease the answer to this process; durable on return. Raises StoreBusy."""

        def begin(db: sqlite3.Connection) -> None:
            message = messages.need(db, attempt.message_id)
            self._claim(db, message.id, message.conversation_id)
            journal.save_attempt(db, attempt)

        self._writer.call(begin)

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Append raw text of an attempt. Returns at once; committed within 250 ms, in order, `mark` with it."""
        if text:
            self._writer.journal(attempt_id, kind, storable(text), mark)

    @property
    def streams(self) -> streams.StreamTable:
        """The streams that servers keep."""
        return streams.StreamTable(self._writer, self._readers, self._clock)

    def update_attempt(self, attempt: Attempt) -> None:
        """Store how an attempt was joined or ended."""
        self._writer.call(lambda db: journal.save_attempt(db, attempt))

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        """Return the attempts of an answer, in order."""
        with self._readers.view() as view:
            return journal.attempts(view, message_id)

    def raw_text(self, attempt_id: str, kind: DeltaKind) -> str:
        """Return all text that an attempt received, unchanged."""
        pending = self._writer.pending()
        with self._readers.view() as view:
            return journal.raw_text(view, attempt_id, kind, pending)

    def set_state(self, message_id: str, state: AnswerState) -> None:
        """Set the state of an answer in progress; a final state ends it with the journalled text."""

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
        """Store the end of an answer and merge its journal; fsynced on return.

        Raises StoreBusy if another process has taken the answer over; ValueError for a state that is not final.
        """
        if not message.state.final:
            raise ValueError(message.state)

        def end(db: sqlite3.Connection) -> None:
            self._refuse_if_lost(db, messages.need(db, message.id))
            journal.end(db, message, self._clock(), fts=self._fts)
            self._held.discard(message.id)

        self._writer.call(end, durable=True)

    def unfinished(self) -> Sequence[Message]:
        """Mark answers whose process died as interrupted, and return them."""

        def mark(db: sqlite3.Connection) -> Sequence[Message]:
            now = self._clock()
            living = {each.message_id for each in lease.leases(db) if lease.is_alive(each, self._here, now)}
            interrupted = [message for message in messages.in_progress(db) if message.id not in living]
            return [journal.interrupt(db, message, now, fts=self._fts) for message in interrupted]

        return self._writer.call(mark)

    # -- other hosts

    @property
    def replica(self) -> SqliteReplica:
        """The exchange of changes with other hosts."""
        return SqliteReplica(self._writer, self._readers, self._here, self._clock, fts=self._fts)

    # -- statistics

    def last_answers(self, limit: int, conversation_id: str | None = None) -> Sequence[AnswerStats]:
        """Return statistics of the last answers, oldest first, of one conversation or of all."""
        with self._readers.view() as view:
            return answer_stats.last_answers(view, limit, conversation_id)

    def usage_totals(self, bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[UsageTotal]:
        """Sum the answers of each model between neighbouring Unix times of `bounds`."""
        with self._readers.view() as view:
            return answer_stats.usage_totals(view, bounds, conversation_id)

    # -- search, and facts about endpoints

    def search(self, query: str, limit: int = 50, conversation_id: str | None = None) -> Sequence[SearchHit]:
        """Return titles and messages that contain all words of `query`, ignoring accents and case, best first."""
        now = self._clock()
        with self._readers.view() as view:
            fts = self._fts and search_index.is_whole(view)
            try:
                return text_search.search(view, query, limit, conversation_id, fts=fts, now=now)
            except sqlite3.DatabaseError as error:
                if not (fts and damaged_tables.is_damage(error)):
                    raise
            found = text_search.search(view, query, limit, conversation_id, fts=False, now=now)
        with suppress(StoreError):
            self._writer.call(search_index.mark_stale)
        return found

    def remember(self, key: str, value: str) -> None:
        """Store a small fact, such as a capability of an endpoint."""
        row = storable(key), storable(value), self._clock()
        self._writer.call(lambda db: db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", row).rowcount)

    def recall(self, key: str) -> str | None:
        """Return a fact stored by `remember`."""
        with self._readers.view() as view:
            found = damaged_tables.read_rows(view, "value", "fact", "key = ?", (storable(key),))
            return as_text(found[0][0]) if found else None

    def _claim(self, db: sqlite3.Connection, message_id: str, conversation_id: str) -> None:
        lease.claim(db, message_id, conversation_id, self._here, self._clock())
        self._held.add(message_id)
        self._writer.expect_heartbeat()

    def _refuse_if_lost(self, db: sqlite3.Connection, message: Message) -> None:
        lease.require_unclaimed(db, message.id, self._here, self._clock())
        # taken over while this machine slept, and ended there: the other process has the longer text
        over = message.state.final and message.state is not AnswerState.INTERRUPTED
        if over and message.id in self._held and lease.lease_of(db, message.id) is None:
            raise lease.taken_error()
