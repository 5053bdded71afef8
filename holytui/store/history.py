"""Protocols of a history: what the engine, the screen and the commands need of any store.

Methods may be called from any thread. They block, so none may run on an event loop, except `journal`, which returns at
once. They raise `errors.StoreError`. A read sees every write that this process made before it.

`tests/store/conformance` tests these contracts for every history that is registered there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from holytui.models import (
    AnswerState,
    Attempt,
    Conversation,
    DeltaKind,
    Image,
    Message,
    Problem,
    Role,
    StoredStream,
    StreamMark,
)
from holytui.store.replica.clock import Vector
from holytui.store.replica.records import Applied, Batch, ConversationRecord, Digest, Host, TransferCursor
from holytui.store.values import SearchHit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from holytui.store.tags import TagChange
    from holytui.store.values import (
        AnswerStats,
        BackupResult,
        Bundle,
        CompactionResult,
        ImportCounts,
        OutlineEntry,
        StoredQuestion,
        UsageTotal,
    )


class ImportSession(Protocol):
    """An import in progress."""

    def add(self, bundle: Bundle) -> ImportCounts:
        """Add the parts of a conversation that are not stored yet. They stay hidden until the import ends.

        Raises TransferError for a bundle that cannot be added; others may follow.
        """
        ...


class Maintenance(Protocol):
    """Care of a history that is a file on this machine."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences for the user about opening the file, such as a damaged one set aside or a slow file system."""
        ...

    @property
    def damage_warning(self) -> str:
        """A sentence for the user once a read has skipped damaged parts of the file; empty before."""
        ...

    def compact(self) -> CompactionResult:
        """Rewrite the file without the free space that deleted conversations left."""
        ...

    def back_up(self, target: Path) -> BackupResult:
        """Copy everything that is committed to a new file, and read it back. Raises StoreError."""
        ...

    def save_pending(self) -> Path | None:
        """Write the text that is not committed to a separate file, so that a kill during a slow `close` loses nothing.

        Returns None if everything is committed. Never waits for the history. Raises OSError.
        """
        ...

    def stop_waiting(self) -> None:
        """From now on, never wait for another program's lock: `close` saves unwritten text for the next start."""
        ...


class Replica(Protocol):
    """The exchange of changes with the same history on other hosts; see `store.replica`.

    One direction of a sync, where `there` may be reached over a network:

        since, cursor = here.vector(), None
        while True:
            batch = there.changes(since, cursor)
            here.apply(batch)
            if batch.complete:
                break
            cursor = batch.cursor

    Batches may arrive repeatedly and in any order, and a transfer may go on from a stored cursor. Changes do not
    include answers in progress, and nothing of conversations that are not shared.
    """

    def hosts(self) -> Sequence[Host]:
        """Return the known hosts, this one first."""
        ...

    def change_counts(self) -> Mapping[str, int]:
        """Return how many changes of each host are in force, by its id. Reads all changes."""
        ...

    def origin(self, message_id: str) -> Host | None:
        """Return the host that last changed a message, or None if that is this one or not known."""
        ...

    def vector(self) -> Vector:
        """Return what this history has of each host, its own changes included."""
        ...

    def changes(self, since: Vector, cursor: TransferCursor | None = None, *, limit: int = ...) -> Batch:
        """Return the next part of the changes that `since` does not include; with no cursor, the first.

        At most `limit` changes. The cost is that of the changes, not of the history.
        """
        ...

    def apply(self, batch: Batch) -> Applied:
        """Merge a part; durable on return, in one transaction. What it has that is known already changes nothing."""
        ...

    def pending(self, since: Vector) -> int:
        """Return the number of changes that `since` does not include, those that cannot be sent yet too. Cheap."""
        ...

    def in_progress(self) -> Sequence[Message]:
        """Return the answers that processes of this machine receive, with their text, in shared conversations."""
        ...

    def digest(self, low: int = ..., high: int = ...) -> Digest:
        """Summarize the shared changes with clock values from `low` to below `high`, without deleted conversations.

        To compare two histories whose vectors are equal. Reads all changes in the range.
        """
        ...

    def range(self, low: int = ..., high: int = ...) -> TransferCursor:
        """Return the cursor of a transfer of all changes in a range, which an empty vector takes in whole."""
        ...

    def destroyed(self) -> Sequence[ConversationRecord]:
        """Return the conversations of which only the deletion is left. Reads all changes."""
        ...

    def set_shared(self, conversation_id: str, *, shared: bool) -> None:
        """Keep a conversation on this host, or share it (again). Raises StoreError if it is missing."""
        ...

    def unshared(self) -> frozenset[str]:
        """Return the ids of the conversations that are kept on this host."""
        ...

    def renew_host(self) -> None:
        """Make the changes from now on those of a new host, for a file that is found to be an older copy."""
        ...


class KeptStreams(Protocol):
    """The streams that servers keep for answers, so that an interrupted one can be reattached to."""

    def begin(self, stream: StoredStream) -> None:
        """Store a stream; on disk when this returns."""
        ...

    def find(self, message_id: str) -> StoredStream | None:
        """The stream of an interrupted answer."""
        ...

    def forget(self, stream_id: str) -> None:
        """Remove a stream that has ended."""
        ...

    def release(self, stream_id: str) -> None:
        """Have a stream ended: `released` lists it until `forget`."""
        ...

    def release_interrupted(self, message_id: str) -> bool:
        """Have the stream of an interrupted or failed answer ended; whether there is one."""
        ...

    def released(self) -> Sequence[StoredStream]:
        """The streams to be ended that a server may still have, oldest first."""
        ...


class History(Protocol):
    """Conversations, their trees of messages, and the journal of answers in progress."""

    # -- conversations

    def conversations(self, *, archived: bool = False) -> Sequence[Conversation]:
        """Return the unarchived conversations, or the archived ones, without messages, last changed first."""
        ...

    def conversation(self, conversation_id: str) -> Conversation | None:
        """Return a conversation by its id, an unambiguous prefix or suffix of it, or `last`."""
        ...

    def create_conversation(self, *, title: str, model: str = "", system: str = "") -> Conversation:
        """Create an empty conversation; durable on return."""
        ...

    def update_conversation(self, conversation_id: str, **fields: object) -> None:
        """Set any of: title, model, system, params, leaf_id, pinned, archived, draft, unread. Raises TypeError."""
        ...

    def change_tags(self, conversation_id: str, change: TagChange) -> tuple[str, ...]:
        """Add and remove tags of a conversation; return all that it has then."""
        ...

    def delete_conversation(self, conversation_id: str) -> None:
        """Hide a conversation; `restore_conversation` undoes it until `purge_deleted`."""
        ...

    def restore_conversation(self, conversation_id: str) -> None:
        """Undo `delete_conversation`."""
        ...

    def deleted_conversations(self) -> Sequence[Conversation]:
        """Return the conversations that `restore_conversation` can bring back, last deleted first."""
        ...

    def purge_deleted(self, before: float) -> int:
        """Destroy the conversations that were deleted before the Unix time `before`; return their number.

        Branches that were deleted before are destroyed too. A conversation with an answer in progress stays.
        """
        ...

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
        image_data: Mapping[str, bytes] = ...,
    ) -> Message:
        """Add a message below `parent_id`; durable on return. With `show` it becomes the end of the shown branch.

        `image_data` maps digests to the bytes of those `images` that the history does not have yet.
        """
        ...

    def withdraw(self, answer_id: str) -> bool:
        """Destroy an answer that was never requested, and its question unless that has other answers.

        Messages below move up. Returns whether the question was destroyed.
        """
        ...

    def image(self, digest: str) -> bytes | None:
        """Return the bytes of an image; None if they are lost."""
        ...

    def message(self, message_id: str, *, texts: bool = True) -> Message | None:
        """Return a message with its current text, also while it streams.

        Without `texts`, text and reasoning of a final one are empty, as they may be long and known already.
        """
        ...

    def branch(self, conversation_id: str, leaf_id: str | None = None) -> Sequence[Message]:
        """Return the messages from the root to `leaf_id` (default: the shown leaf), in order."""
        ...

    def variants(self, message_id: str) -> Sequence[Message]:
        """Return the message and its siblings (same parent, same role), oldest first."""
        ...

    def variant_ids(self, message_id: str) -> Sequence[str]:
        """Return the ids of `variants`, without reading their texts."""
        ...

    def leaf_below(self, message_id: str) -> str:
        """Return the id of the newest leaf below a message, which is shown when this variant is chosen."""
        ...

    def copy_as_variant(self, message_id: str) -> str:
        """Copy an answer's current text, reasoning and attempts to a final sibling; return its id."""
        ...

    def fork(self, message_id: str, title: str) -> str:
        """Copy the branch down to a message, with all attempts, to a new conversation; return its id."""
        ...

    def questions(self, limit: int) -> Sequence[StoredQuestion]:
        """Return the last `limit` different questions of all conversations that are not deleted, last first."""
        ...

    # -- the tree

    def outline(self, conversation_id: str) -> Sequence[OutlineEntry]:
        """Return all messages of a conversation with the beginnings of their texts, oldest first."""
        ...

    def labels(self, conversation_id: str) -> Mapping[str, str]:
        """Return the labels of a conversation's messages, by id."""
        ...

    def set_label(self, message_id: str, label: str) -> None:
        """Label a message; an empty label removes it."""
        ...

    def prune(self, message_id: str) -> str:
        """Hide a message with all below it; return the end of the branch that is shown then.

        `restore_branch` undoes it until `purge_deleted`. Raises StoreBusy while an answer in it is in progress,
        StoreError if nothing would be left of the conversation.
        """
        ...

    def restore_branch(self, message_id: str) -> None:
        """Undo `prune`; the shown branch stays."""
        ...

    # -- the journal of an answer in progress

    def begin_attempt(self, attempt: Attempt) -> None:
        """Store a new attempt; durable on return. Raises StoreBusy if another process receives the answer."""
        ...

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Append raw text of an attempt. Returns at once; committed within 250 ms, in order.

        `mark`, a position at or before the text in its stream, is committed with it.
        """
        ...

    @property
    def streams(self) -> KeptStreams:
        """The streams that servers keep."""
        ...

    def update_attempt(self, attempt: Attempt) -> None:
        """Store how an attempt was joined or ended."""
        ...

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        """Return the attempts of an answer, in order."""
        ...

    def raw_text(self, attempt_id: str, kind: DeltaKind) -> str:
        """Return all text that an attempt received, unchanged."""
        ...

    def set_state(self, message_id: str, state: AnswerState) -> None:
        """Set the state of an answer in progress; a final state ends it with the journalled text."""
        ...

    def finish(self, message: Message) -> None:
        """Store the end of an answer; durable on return.

        Raises StoreBusy if another process has taken the answer over, ValueError for a state that is not final.
        """
        ...

    def unfinished(self) -> Sequence[Message]:
        """Mark answers whose process died as interrupted, and return them."""
        ...

    # -- other hosts

    @property
    def replica(self) -> Replica | None:
        """The exchange of changes with other hosts; None if this history has none."""
        ...

    # -- search and statistics

    def search(self, query: str, limit: int = 50, conversation_id: str | None = None) -> Sequence[SearchHit]:
        """Return titles and messages that contain all words of `query`, ignoring accents and case, best first."""
        ...

    def last_answers(self, limit: int, conversation_id: str | None = None) -> Sequence[AnswerStats]:
        """Return statistics of the last answers, oldest first.

        With a conversation: all its branches and variants; without: every conversation, imported answers excluded.
        """
        ...

    def usage_totals(self, bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[UsageTotal]:
        """Sum the answers of each model between neighbouring Unix times of `bounds`; selects as `last_answers`."""
        ...

    # -- import and export

    def bundle(self, conversation_id: str, *, images: bool = True) -> Bundle | None:
        """Return a whole conversation with its attempts and raw texts, and with `images` the bytes of its images."""
        ...

    def import_session(self) -> AbstractContextManager[ImportSession]:
        """Return an import for one `with` statement; all of it is visible when that ends without an exception.

        Otherwise nothing of it is. Entering raises StoreBusy while another import is in progress.
        """
        ...

    def add_bundle(self, bundle: Bundle) -> ImportCounts:
        """Import one conversation. Raises TransferError."""
        ...

    # -- facts about endpoints

    def remember(self, key: str, value: str) -> None:
        """Store a small fact, such as a capability of an endpoint."""
        ...

    def recall(self, key: str) -> str | None:
        """Return a fact stored by `remember`."""
        ...

    # -- changes and life cycle

    def version(self) -> int:
        """Return a number that differs from the last one if anyone has written since. Cheap."""
        ...

    def others_version(self) -> int:
        """Return a number that changes when another open history, of any process, has written. Cheap."""
        ...

    @property
    def write_problem(self) -> Problem | None:
        """The reason why the journal cannot be written now; text stays in memory and the write is retried."""
        ...

    @property
    def maintenance(self) -> Maintenance | None:
        """The care of its file; None for a history that is not a file on this machine."""
        ...

    def flush(self) -> None:
        """Block until everything journalled so far is committed."""
        ...

    def close(self) -> None:
        """Flush and release all resources."""
        ...
