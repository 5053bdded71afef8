"""What the engine and the screens need of a history; SQLite is behind it today, a server could be.

All methods may be called from any thread, never from an event loop that must not wait, except `journal`, which
returns at once. They raise `errors.StoreError`. Reads see all writes made before them in this process.
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
from holytui.store.values import Hit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from holytui.store.values import Added, Answered, Bundle, Compacted, Spent


class Intake(Protocol):
    """An import under way."""

    def add(self, bundle: Bundle) -> Added:
        """Add what is not there yet of a conversation, unseen until the import ends. Raises TransferError for one that
        cannot be added; others may follow."""
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
        """Have the stream of an answer ended if that is interrupted; whether there is one."""
        ...

    def released(self) -> Sequence[StoredStream]:
        """The streams to be ended that a server may still have, oldest first."""
        ...


class History(Protocol):
    """Conversations, their trees of messages, and the journal of answers on their way."""

    # -- conversations

    def conversations(self, *, archived: bool = False) -> Sequence[Conversation]:
        """The list, newest first, without any message."""
        ...

    def conversation(self, conversation_id: str) -> Conversation | None:
        """One conversation; an unambiguous beginning or end of its id, or `last`, will do."""
        ...

    def create_conversation(self, *, title: str, model: str = "", system: str = "") -> Conversation:
        """A new, empty one, on disk."""
        ...

    def update_conversation(self, conversation_id: str, **fields: object) -> None:
        """Set any of: title, model, system, params, leaf_id, pinned, archived, draft, unread."""
        ...

    def delete_conversation(self, conversation_id: str) -> None:
        """Hide it; `restore_conversation` brings it back until `purge_deleted`."""
        ...

    def restore_conversation(self, conversation_id: str) -> None:
        """Undo `delete_conversation`."""
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
        """A new message below `parent_id`, on disk when this returns. `show` makes it the branch's last.

        `image_data` are the bytes, by digest, of those `images` that the history does not have yet.
        """
        ...

    def withdraw(self, answer_id: str) -> bool:
        """Destroy an answer that never began, and its question unless that has other answers; what follows them stays.
        Returns whether the question is gone too."""
        ...

    def image(self, digest: str) -> bytes | None:
        """The bytes of an image; None when they are lost."""
        ...

    def message(self, message_id: str) -> Message | None:
        """One message with its text as of now, also while it is on its way."""
        ...

    def branch(self, conversation_id: str, leaf_id: str | None = None) -> Sequence[Message]:
        """The messages from the root to `leaf_id` (the shown leaf if None), in order."""
        ...

    def variants(self, message_id: str) -> Sequence[Message]:
        """The message and its siblings (same parent, same role), oldest first."""
        ...

    def leaf_below(self, message_id: str) -> str:
        """The newest leaf below a message: where to go when this variant is chosen."""
        ...

    def copy_as_variant(self, message_id: str) -> str:
        """A sibling that keeps the text, reasoning and attempts of a cut answer as they are; returns its id."""
        ...

    def fork(self, message_id: str, title: str) -> str:
        """A new conversation with a copy of the branch down to a message, attempts and all; returns its id."""
        ...

    # -- the journal of an answer on its way

    def begin_attempt(self, attempt: Attempt) -> None:
        """An attempt begins; on disk when this returns."""
        ...

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Raw text of an attempt. Returns at once; committed at most 250 ms later, in order.

        `mark`, a position at or before the text in its stream, is committed with it.
        """
        ...

    @property
    def streams(self) -> KeptStreams:
        """The streams that servers keep."""
        ...

    def update_attempt(self, attempt: Attempt) -> None:
        """How an attempt was joined, or ended."""
        ...

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        """The attempts of an answer, in order."""
        ...

    def raw_text(self, attempt_id: str, kind: DeltaKind) -> str:
        """All that an attempt received, as it came."""
        ...

    def set_state(self, message_id: str, state: AnswerState) -> None:
        """The answer's state, while it is on its way."""
        ...

    def finish(self, message: Message) -> None:
        """The answer has ended as `message` says: durable (fsync) when this returns, the journal merged."""
        ...

    def unfinished(self) -> Sequence[Message]:
        """Answers cut by a kill or power cut (not final, their owner dead); they are marked interrupted."""
        ...

    # -- learnt of endpoints

    def remember(self, key: str, value: str) -> None:
        """Keep a small fact (what an endpoint can do)."""
        ...

    def recall(self, key: str) -> str | None:
        """A fact kept by `remember`."""
        ...

    # -- life

    def flush(self) -> None:
        """Returns when everything journalled so far is committed."""
        ...

    def close(self) -> None:
        """Flush and let go of the file."""
        ...


class Library(History, Protocol):
    """What screens and the command line need besides: looking for things, and housekeeping."""

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences about how the file was opened (a damaged one set aside, a slow file system)."""
        ...

    @property
    def trouble(self) -> Problem | None:
        """Why the journal cannot be written now; what came since is kept in memory, and the write tried again."""
        ...

    @property
    def damage(self) -> str:
        """What to tell when something could not be read, as the file is damaged there; empty if all was."""
        ...

    def keep_copy(self) -> Path | None:
        """Put what is not committed into a file of its own, so that a kill while this waits to be closed loses nothing;
        None if all is committed. Never waits for the history. Raises OSError."""
        ...

    def hurry(self) -> None:
        """From now on, wait for no other program's lock any more: what cannot be written at once is put aside by
        `close` for the next start."""
        ...

    def version(self) -> int:
        """A number that changes whenever anyone wrote to the history since the last call. Cheap."""
        ...

    def others_version(self) -> int:
        """A number that changes whenever another open history (of any process) wrote; own writes do not change it.
        Cheap."""
        ...

    def search(self, query: str, limit: int = 50, conversation_id: str | None = None) -> Sequence[Hit]:
        """Titles and messages that hold all words of `query`, accents and case aside; the best first."""
        ...

    def last_answers(self, limit: int, conversation_id: str | None = None) -> Sequence[Answered]:
        """How the last answers came, oldest first: of one conversation with all of its branches and variants, or of
        all conversations, without what was imported."""
        ...

    def spent(self, bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[Spent]:
        """What the answers of each model came to between two neighbouring Unix times of `bounds`, for the same
        answers as `last_answers`."""
        ...

    def deleted_conversations(self) -> Sequence[Conversation]:
        """What `restore_conversation` can bring back, last deleted first."""
        ...

    def bundle(self, conversation_id: str, *, images: bool = True) -> Bundle | None:
        """A whole conversation: its tree, attempts and raw texts, and if wanted the bytes of its images (see
        `store.transfer`)."""
        ...

    def importing(self) -> AbstractContextManager[Intake]:
        """An import: what is added to it is there when it ends without an exception, all of it or nothing. Raises
        StoreBusy while another import is under way."""
        ...

    def add_bundle(self, bundle: Bundle) -> Added:
        """An import of one conversation. Raises TransferError."""
        ...

    def purge_deleted(self, before: float) -> int:
        """Destroy the conversations that were deleted before the Unix time `before`; returns how many. One in which
        an answer is on its way stays."""
        ...

    def compact(self) -> Compacted:
        """Write the file anew without the gaps that deleted conversations left."""
        ...
