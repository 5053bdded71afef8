"""Domain values: conversations, messages, answers and their attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from holytui.faults import Fault
from holytui.hints import KEYLESS

RESERVED_PARAMS = ("model", "messages", "stream", "stream_options", "n")
"""Request parameters that only holytui sets; refused in settings and imported files."""


EFFORT_PARAM = "effort"
"""Parameter of a conversation or a model that names a level of reasoning effort (`config.effort`)."""


class Role(StrEnum):
    """Author of a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class DeltaKind(StrEnum):
    """Kind of text in an answer; the two are stored separately."""

    CONTENT = "content"
    REASONING = "reasoning"


class AnswerState(StrEnum):
    """State of an answer. The last four are final; `INTERRUPTED` can be continued."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    WAITING = "waiting"
    STREAMING = "streaming"
    RETRYING = "retrying"
    OFFLINE = "offline"
    REFRESHING = "refreshing"
    RESUMING = "resuming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def final(self) -> bool:
        """Whether no more text will arrive without a user's action."""
        return self in _FINAL


_FINAL = frozenset({AnswerState.COMPLETE, AnswerState.STOPPED, AnswerState.FAILED, AnswerState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Reference to a model, written `provider/name`; the name may contain slashes."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Parse `provider/name`: `openrouter/meta/llama` is `meta/llama` of `openrouter`. Raises ValueError."""
        provider, slash, name = text.partition("/")
        if not (slash and provider and name):
            raise ValueError(text)
        return cls(provider, name)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer, summed over its attempts."""

    input: int = 0
    output: int = 0
    cached: int = 0
    """Part of `input` that was read from the provider's cache."""
    reasoning: int = 0
    """Part of `output` that was reasoning."""
    cache_written: int = 0
    """Part of `input` that was written to the provider's cache."""
    cost: float | None = None
    """Cost as the provider reported it, in its currency; None if it reported none."""
    at_least: bool = False
    """An attempt ended without reporting its usage, so the figures are lower bounds (shown with ≥)."""
    estimated: bool = False
    """Estimated from the text, as the server sent no figures (shown with ~)."""

    @property
    def context_tokens(self) -> int:
        """Tokens that the conversation takes up in the context afterwards, if these are the figures of one request.

        Reasoning is excluded, as it is not sent again.
        """
        return self.input + max(0, self.output - self.reasoning)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.cache_written + other.cache_written,
            self.cost if other.cost is None else other.cost + (self.cost or 0.0),
            self.at_least or other.at_least,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Explanation of an unsuccessful end of an answer; stored separately from the message's text."""

    title: str
    hint: str = ""
    """Sentences with placeholders for keys, see `holytui.hints`."""
    fault: Fault | None = None

    def __str__(self) -> str:
        # a title may end with a server's message, which may end with a full stop
        hint = KEYLESS.render(self.hint)
        return f"{self.title.removesuffix('.')}. {hint}" if hint else self.title


class Join(StrEnum):
    """How an attempt's text was joined to the text before it."""

    FIRST = "first"
    """There was no text before."""
    EXACT = "exact"
    """Continued exactly where the text ended, by a server with prefill."""
    OVERLAP = "overlap"
    """The attempt repeated text, of which `cut` characters were removed."""
    MARKED = "marked"
    """Joined without proof; the seam is shown."""
    RESTART = "restart"
    """Started again from the beginning; the earlier text is kept as a variant."""


REATTACHED = "reattach"
"""Value of `Attempt.resumed_by` of an attempt that read on the stream of the one before."""

HIDDEN = 2**31 - 1
"""Value of `Attempt.cut` while no text of the attempt is part of the message."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for an answer.

    The message's text is assembled from its attempts in order: the text so far is truncated to `keep` characters (-1:
    not at all), then the attempt's raw text from `cut` to `end` (-1: its end) is appended. So a seam can be undone.
    """

    id: str
    message_id: str
    number: int
    """1 for the first request."""
    started_at: float
    """Unix time in seconds, like all `…_at` fields."""
    first_token_at: float | None = None
    ended_at: float | None = None
    join: Join = Join.FIRST
    keep: int = -1
    cut: int = 0
    end: int = -1
    resumed_by: str = ""
    """`prefill`, `instruct`, `restart`, `reattach`; empty for a first or plain repeated request."""
    bytes_received: int = 0
    status: int | None = None
    """HTTP status of the response, if one was received."""
    finish_reason: str = ""
    fault: Fault | None = None
    usage: Usage | None = None
    repaired: tuple[str, ...] = ()
    """Names of fields with damaged values in the file, repaired when read."""

    def visible_part(self, raw: str) -> str:
        """Return the part of the attempt's raw text that belongs to the message."""
        return raw[self.cut : self.end if self.end >= 0 else None]


class StreamKind(StrEnum):
    """How a server keeps the stream of an answer."""

    BYTES = "bytes"
    """Its body, by the byte (llama.cpp). The client names it in the request."""
    EVENTS = "events"
    """Its numbered events (background mode of the Responses API). The server names it in its first event."""


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """A place between two events of an answer's stream, from which its text can be read again."""

    offset: int = 0
    """Bytes of the decoded body before it; in a stream of events the sequence number of the last one before it."""
    content: int = 0
    """Characters of the stream's content before it."""
    reasoning: int = 0
    """Characters of the stream's reasoning before it."""


@dataclass(frozen=True, slots=True)
class StoredStream:
    """A stream that its server keeps for an answer, so that an interrupted one can be reattached to it."""

    id: str = field(repr=False)
    """Secret, as it may be the only access control of the stream."""
    message_id: str
    attempt_id: str
    """The attempt whose request began the stream."""
    model: str
    """As `provider/name`."""
    base_url: str
    begun_at: float
    """Unix time."""
    position: StreamPosition = field(default_factory=StreamPosition)
    kind: StreamKind = StreamKind.BYTES


@dataclass(frozen=True, slots=True)
class StreamMark:
    """A position of a stream, to be stored with the text that follows it."""

    stream_id: str = field(repr=False)
    position: StreamPosition


@dataclass(frozen=True, slots=True)
class Image:
    """An image attached to a question. The history stores its bytes under `digest`."""

    name: str
    """Its path, as the user wrote it."""
    media_type: str
    """Such as `image/png`, detected from its bytes."""
    size: int
    """Bytes."""
    width: int
    """Pixels, as `height` is."""
    height: int
    digest: str
    """SHA-256 of its bytes, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Message:
    """A node of a conversation's tree. `state` and the fields after it are for answers, except `images`."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    text: str
    created_at: float
    reasoning: str = ""
    model: str = ""
    state: AnswerState = AnswerState.COMPLETE
    finish_reason: str = ""
    problem: Problem | None = None
    usage: Usage | None = None
    attempts: int = 0
    first_token_s: float | None = None
    """Seconds from the question to the first token."""
    duration_s: float | None = None
    """Seconds from the question to the end of the answer."""
    reasoning_s: float | None = None
    """Seconds spent on reasoning before content began."""
    seams: tuple[int, ...] = ()
    """Offsets in `text` where a continuation was joined without proof."""
    images: tuple[Image, ...] = ()
    """Images attached to a question, in order."""
    left_out: int = 0
    """Number of images of the branch that were not sent: not supported by the model, or lost."""
    begun_again: bool = False
    """The answer restarted from the beginning; the interrupted one is a variant. Derived from the attempts."""
    repaired: tuple[str, ...] = ()
    """Names of fields with damaged values in the file, repaired when read."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A tree of messages with its settings."""

    id: str
    title: str
    created_at: float
    updated_at: float
    leaf_id: str | None = None
    """Last message of the current branch."""
    model: str = ""
    system: str = ""
    params: dict[str, object] = field(default_factory=dict)
    pinned: bool = False
    archived: bool = False
    draft: str = ""
    unread: bool = False
    streaming: bool = False
    """Whether an answer is in progress, in this process or another."""
    tags: tuple[str, ...] = ()
    """In order, without `#`; see `store.tags`."""
    repaired: tuple[str, ...] = ()
    """Names of fields with damaged values in the file, repaired when read."""
