"""Records of a history that hosts exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from holytui.models import Attempt, DeltaKind, Message
from holytui.store.replica.clock import ZERO, Stamp, Vector

FieldValue = str | bool | None | Mapping[str, object]

FIELDS: Mapping[str, type] = {
    "title": str,
    "model": str,
    "system": str,
    "params": dict,
    "pinned": bool,
    "archived": bool,
    "leaf_id": str,
}
"""The fields of a conversation that travel. Drafts and marks of unread answers belong to one host."""


class ItemKind(StrEnum):
    """Kinds of items of a conversation; a field such as `tag:work` is one of them."""

    TAG = "tag"
    LABEL = "label"
    """Of the message with the id after the colon."""
    PRUNED = "pruned"
    """The branch that begins with the message is deleted."""


def field_type(name: str) -> type | None:
    """Return the type of the values of a field; None for an unknown one."""
    kind, _colon, item = name.partition(":")
    if not item:
        return FIELDS.get(name)
    return _ITEM_TYPES.get(kind)


_ITEM_TYPES: Mapping[str, type] = {ItemKind.TAG: bool, ItemKind.LABEL: str, ItemKind.PRUNED: bool}


@dataclass(frozen=True, slots=True)
class Field:
    """The value of a conversation's field, with the stamp of the change that set it."""

    value: FieldValue
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion of a conversation, or with `at` None its undoing."""

    stamp: Stamp
    at: float | None
    """Unix time."""
    seen: Vector
    """The messages of the conversation that its host knew; only these are hidden."""
    replaces: frozenset[Stamp] = frozenset()
    """All earlier deletions and undoings that were known."""


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation without its messages. With no fields only its deletion is known: it was destroyed."""

    id: str
    created_at: float = 0.0
    updated_at: float = 0.0
    fields: Mapping[str, Field] = field(default_factory=dict)
    deletions: tuple[Deletion, ...] = ()
    origin: str | None = None
    """The id in the file that it was imported from."""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One version of a message. Its text changes only where an interrupted answer is continued."""

    message: Message
    stamp: Stamp
    replaces: frozenset[Stamp] = frozenset()
    """All earlier versions that this one continues."""
    parent_stamp: Stamp | None = None
    """The version of the parent that it was written below, if that had been continued."""
    attempts: tuple[tuple[Attempt, Mapping[DeltaKind, str]], ...] = ()
    """Each with the raw text that it received."""
    origin: str | None = None
    counted: bool | None = None
    """Whether its usage counts in totals (an import counts in its conversation only); None: in no statistics."""

    @property
    def content(self) -> MessageRecord:
        """The record without its version and place, to compare."""
        message = replace(self.message, parent_id=None)
        return replace(self, message=message, stamp=ZERO, replaces=frozenset(), parent_stamp=None)


@dataclass(frozen=True, slots=True)
class TransferCursor:
    """The place in a transfer of changes after which it continues, also on another connection.

    It is only of use with the host that sent it.
    """

    since: Vector
    bound: Vector
    at: Stamp
    claims: Vector
    """What the receiver has at the end."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a transfer. Each message comes with the record of its conversation."""

    conversations: tuple[ConversationRecord, ...] = ()
    messages: tuple[MessageRecord, ...] = ()
    image_data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Bytes of the messages' images by digest; an image that is missing here is lost."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Names of hosts by id."""
    cursor: TransferCursor | None = None
    complete: bool = False
    """The last part: `cursor.claims` then holds for the receiver."""


@dataclass(frozen=True, slots=True)
class Applied:
    """Numbers of conversations and messages that a batch changed."""

    conversations: int = 0
    messages: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(self.conversations + other.conversations, self.messages + other.messages)


@dataclass(frozen=True, slots=True)
class Host:
    """A host whose changes are known."""

    id: str
    name: str
    """For people; need not be unique."""
    clock: int
    """All its changes up to this value are known."""
    is_self: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """A summary of the changes in a range of clock values; equal ones mean equal changes."""

    count: int
    hash: int
