"""Values that a history takes and gives: whole conversations, search hits, figures of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from holytui.faults import Fault
from holytui.models import AnswerState, Attempt, Conversation, DeltaKind, Message, Role, Usage


class LeftOut(StrEnum):
    """Parts of other programs' conversations that have no place here."""

    IMAGES = "images"
    FILES = "files"
    THOUGHTS = "thoughts"
    """Without an answer that they belong to."""
    TOOLS = "tools"
    """Calls of tools and what they returned."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A conversation with its tree, attempts and raw texts."""

    conversation: Conversation
    messages: Sequence[Message]
    attempts: Sequence[tuple[Attempt, Mapping[DeltaKind, str]]] = ()
    """Each with all that it received."""
    origin: str | None = None
    """Where it came from, when its ids are ours and not its own."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Likewise for its messages, by id."""
    image_data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The bytes of its images, by digest; those that are not here are lost."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """Of one that is read from a file: what of it was left out."""
    left_out: Mapping[LeftOut, int] = field(default_factory=dict, compare=False)
    """Likewise, counted."""


@dataclass(frozen=True, slots=True)
class Added:
    """What an import of one bundle was worth."""

    conversations: int
    messages: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How one answer came."""

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
    """From the first token to the end of each request, in sum; None where the requests are not known."""
    reattached: int = 0
    """Requests of those that read on the stream of the one before."""

    @property
    def rate(self) -> float | None:
        """Tokens a second in the time in which they came, if that is known: without outages and waits."""
        if self.usage is None or not self.usage.output or not self.duration_s:
            return None
        whole = self.duration_s - (self.first_token_s or 0.0)
        return self.usage.output / max(0.1, whole if self.streamed_s is None else self.streamed_s)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the answers of one model came to in one span of time."""

    span: int
    """Which of the spans that were asked for: 0 is the first."""
    model: str
    answers: int
    usage: Usage
    """`reasoning` is not summed."""
    requests: int

    @property
    def retries(self) -> int:
        """Requests beyond the first of each answer."""
        return self.requests - self.answers


@dataclass(frozen=True, slots=True)
class Compacted:
    """What it was worth; sizes in bytes, the write-ahead log counted in."""

    before: int
    after: int
    copies: tuple[Path, ...]
    """Older copies beside the history (before a change of version, damaged ones), which are left as they are."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a search found its words."""

    conversation_id: str
    message_id: str | None
    """None: the words are in the title."""
    title: str
    """The conversation's."""
    snippet: str
    """One line around the first match."""
    ranges: tuple[tuple[int, int], ...]
    """Where the words are in `snippet`: start and end offsets."""
    role: Role | None
    created_at: float
    places: tuple[int, ...] = ()
    """Where in the message's text each of the words comes first."""

    @property
    def parts(self) -> Sequence[tuple[str, bool]]:
        """The snippet in parts, and of each whether it is one of the words."""
        out, at = [], 0
        for start, end in self.ranges:
            out += [(self.snippet[at:start], False), (self.snippet[start:end], True)]
            at = end
        return [*out, (self.snippet[at:], False)]
