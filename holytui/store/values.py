"""Values that a history takes and returns: whole conversations, search hits, statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from holytui.faults import Fault
from holytui.models import AnswerState, Attempt, Conversation, DeltaKind, Message, Role, Usage


class OmittedPart(StrEnum):
    """Parts of other programs' conversations that cannot be imported."""

    IMAGES = "images"
    FILES = "files"
    THOUGHTS = "thoughts"
    """Thoughts that belong to no answer."""
    TOOLS = "tools"
    """Tool calls and their results."""


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A message in the tree of its conversation."""

    id: str
    parent_id: str | None
    role: Role
    text: str
    """The beginning of its text; of an answer in progress it may be empty."""
    created_at: float
    model: str
    state: AnswerState


@dataclass(frozen=True, slots=True)
class Bundle:
    """A conversation with its tree of messages, attempts and raw texts."""

    conversation: Conversation
    messages: Sequence[Message]
    attempts: Sequence[tuple[Attempt, Mapping[DeltaKind, str]]] = ()
    """Each with the raw text that it received."""
    origin: str | None = None
    """The id in the file that it comes from, if `conversation.id` was made here."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Likewise for its messages, by id."""
    image_data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Bytes of its images by digest; an image that is missing here is lost."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of its messages, by id."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """Sentences about parts of the file that were omitted."""
    left_out: Mapping[OmittedPart, int] = field(default_factory=dict, compare=False)
    """Number of omitted parts, by kind."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """Number of new conversations and messages of an import."""

    conversations: int
    messages: int


@dataclass(frozen=True, slots=True)
class AnswerStats:
    """Statistics of one answer."""

    at: float
    """Unix time of the question."""
    model: str
    state: AnswerState
    finish_reason: str
    fault: Fault | None
    usage: Usage | None
    requests: int
    first_token_s: float | None
    duration_s: float | None
    streamed_s: float | None = None
    """Sum over requests of the time from first token to end; None if requests are unknown."""
    reattached: int = 0
    """Number of requests that continued the stream of the one before."""

    @property
    def rate(self) -> float | None:
        """Tokens per second while streaming, outages and waits excluded; None if unknown."""
        if self.usage is None or not self.usage.output or not self.duration_s:
            return None
        whole = self.duration_s - (self.first_token_s or 0.0)
        return self.usage.output / max(0.1, whole if self.streamed_s is None else self.streamed_s)


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """Token usage of the answers of one model in one time span."""

    span: int
    """Index of the requested time span."""
    model: str
    answers: int
    usage: Usage
    """`reasoning` and `cache_written` are not summed."""
    requests: int
    without_cost: Usage | None = None
    """Usage of the answers whose cost was not reported; None: of all, if `usage` has no cost, else of none."""

    @property
    def retries(self) -> int:
        """Number of requests beyond the first of each answer."""
        return self.requests - self.answers


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """File sizes in bytes before and after, including the write-ahead log."""

    before: int
    after: int
    copies: tuple[Path, ...]
    """Older copies beside the history (before a migration, damaged), which are kept."""


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What a backup has."""

    conversations: int
    """Without deleted ones."""
    messages: int
    bytes: int


QUESTION_EXCERPT = 2_000
"""Characters of a question that `StoredQuestion` has."""


@dataclass(frozen=True, slots=True)
class StoredQuestion:
    """A question that was sent, in any conversation."""

    message_id: str
    excerpt: str
    """The begin of its text, at most `QUESTION_EXCERPT` characters."""
    created_at: float
    conversation_title: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One match of a search."""

    conversation_id: str
    message_id: str | None
    """None for a match in the title."""
    title: str
    """Title of the conversation."""
    snippet: str
    """One line around the first match."""
    ranges: tuple[tuple[int, int], ...]
    """Matches in `snippet`, as start and end offsets."""
    role: Role | None
    created_at: float
    places: tuple[int, ...] = ()
    """Offset of the first match of each word in the message's text."""

    @property
    def parts(self) -> Sequence[tuple[str, bool]]:
        """The snippet in parts, each with whether it is a match."""
        out, at = [], 0
        for start, end in self.ranges:
            out += [(self.snippet[at:start], False), (self.snippet[start:end], True)]
            at = end
        return [*out, (self.snippet[at:], False)]


class Integrity(StrEnum):
    """The result of an integrity check."""

    SOUND = "sound"
    DAMAGED = "damaged"
    NOT_FINISHED = "not finished"
    """It took too long."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """Facts about a history file and its folder."""

    path: Path
    exists: bool = False
    problem: str = ""
    """Why the file could not be read; empty if it was."""
    filesystem: str = ""
    """Type of the file system; empty if unknown."""
    network: bool = False
    """Other machines may see the same files."""
    free: int | None = None
    """Free bytes on the file system; None if unknown."""
    size: int = 0
    """Bytes, including the log."""
    mode: int = 0
    """Permission bits."""
    writable: bool = True
    folder_writable: bool = True
    integrity: Integrity = Integrity.UNKNOWN
    conversations: int | None = None
    """Number of conversations that are not deleted; None if unknown."""
    messages: int = 0
    drafts: int = 0
    """Conversations with an unsent text."""
    processes: tuple[int, ...] = ()
    """Ids of other processes of this machine that have the file open, as far as known."""
    others: tuple[str, ...] = ()
    """Names of backups, damaged files set aside, and unsaved texts beside it."""
