"""The values that everything else is about: conversations, messages, answers and their attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from holytui.faults import Fault
from holytui.hints import KEYLESS

RESERVED_PARAMS = ("model", "messages", "stream", "stream_options", "n")
"""Parameters of a request that holytui itself sets: neither a user nor an imported file may."""


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class DeltaKind(StrEnum):
    """Which text a piece of an answer belongs to; the two are never mixed."""

    CONTENT = "content"
    REASONING = "reasoning"


class AnswerState(StrEnum):
    """Where an answer is in its life. The last four are final; `INTERRUPTED` can go on."""

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
        """Nothing more will come by itself."""
        return self in _FINAL


_FINAL = frozenset({AnswerState.COMPLETE, AnswerState.STOPPED, AnswerState.FAILED, AnswerState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A configured model, written `provider/name`; the name may hold slashes itself."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """`"openrouter/meta/llama"` is model `meta/llama` of `openrouter`. Raises ValueError without both parts."""
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
    """Of `input`: read from the provider's cache."""
    reasoning: int = 0
    """Of `output`: spent on reasoning."""
    at_least: bool = False
    """An attempt ended before its usage came: the true figures are these or more (shown with ≥)."""
    estimated: bool = False
    """Counted by us from the text, as the server sent no figures (shown with ~)."""

    @property
    def context_tokens(self) -> int:
        """What the conversation takes of the context from then on, if these are the figures of one request: reasoning
        is not sent again."""
        return self.input + max(0, self.output - self.reasoning)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.reasoning + other.reasoning,
            self.at_least or other.at_least,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer ended as it did, in words; stands beside the message, never in its text."""

    title: str
    hint: str = ""
    """Sentences with marks of keys, see `holytui.hints`."""
    fault: Fault | None = None

    def __str__(self) -> str:
        # a title may end in the words of a server, which may end in a point
        hint = KEYLESS.render(self.hint)
        return f"{self.title.removesuffix('.')}. {hint}" if hint else self.title


class Join(StrEnum):
    """How an attempt's text was joined to the text before it."""

    FIRST = "first"
    """Nothing was there before."""
    EXACT = "exact"
    """Continued where the text ended, by a server that continues a prefix."""
    OVERLAP = "overlap"
    """Some of the old text was said again and cut away (`cut` characters)."""
    MARKED = "marked"
    """Joined on a best guess; the seam is shown."""
    RESTART = "restart"
    """Began again from the start; the older text is kept as a variant."""


HIDDEN = 2**31 - 1
"""`Attempt.cut` of an attempt none of whose text is part of the message (yet)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for an answer.

    The message's text is built from its attempts in order: the text so far is cut to `keep` characters (-1: all of
    it), then the attempt's raw text follows from `cut` up to `end` (-1: all of it). So a seam can be undone.
    """

    id: str
    message_id: str
    number: int
    """1 for the first request."""
    started_at: float
    """Unix time in seconds, as all `…_at` fields are."""
    first_token_at: float | None = None
    ended_at: float | None = None
    join: Join = Join.FIRST
    keep: int = -1
    cut: int = 0
    end: int = -1
    resumed_by: str = ""
    """`prefill`, `instruct`, `restart`; empty for a first or plain repeated request."""
    bytes_received: int = 0
    status: int | None = None
    """HTTP status of the response, if one came."""
    finish_reason: str = ""
    fault: Fault | None = None
    usage: Usage | None = None
    repaired: tuple[str, ...] = ()
    """Names of fields whose values in the file were damaged, and were repaired as they were read."""

    def visible_part(self, raw: str) -> str:
        """What of the attempt's raw text is part of the message."""
        return raw[self.cut : self.end if self.end >= 0 else None]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that belongs to a question. Its bytes are in the history, kept under `digest`."""

    name: str
    """Its path, as the user wrote it."""
    media_type: str
    """`image/png` and the like, told by its bytes."""
    size: int
    """Bytes."""
    width: int
    """Pixels, as `height` is."""
    height: int
    digest: str
    """SHA-256 of its bytes, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Message:
    """A node of a conversation's tree. `state` and what follows it mean something for answers only."""

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
    """Offsets in `text` where a resumed answer was joined on a best guess."""
    images: tuple[Image, ...] = ()
    """Of a question: what was attached to it, in order."""
    left_out: int = 0
    """Of an answer: how many images of its branch its model was not sent, as it sees none or they are lost."""
    begun_again: bool = False
    """Of an answer: a second one took the place of a cut one, which is kept as a variant. Told by its attempts."""
    repaired: tuple[str, ...] = ()
    """Names of fields whose values in the file were damaged, and were repaired as they were read."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A tree of messages and what it remembers of how it is to be shown and asked."""

    id: str
    title: str
    created_at: float
    updated_at: float
    leaf_id: str | None = None
    """The last message of the branch that is shown."""
    model: str = ""
    system: str = ""
    params: dict[str, object] = field(default_factory=dict)
    pinned: bool = False
    archived: bool = False
    draft: str = ""
    unread: bool = False
    streaming: bool = False
    """An answer in it is on its way (in this process or another)."""
    repaired: tuple[str, ...] = ()
    """Names of fields whose values in the file were damaged, and were repaired as they were read."""
