"""The merge of records: commutative, associative and idempotent, so that order and repetition of batches do not matter.

- A field has the value of its latest stamp.
- Of a message all versions are kept that no other one continues. The latest is shown at its place, the others become
  variants beside it (`variant_id`), unless they are equal.
- Deletions are kept likewise. A message is hidden if a deletion had seen it; a conversation is hidden if all its
  messages are.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from holytui.store.replica.clock import Stamp, is_within
from holytui.store.replica.records import ConversationRecord, Deletion, Field, MessageRecord

_VARIANT = 5
"""Version of the UUIDs of variants."""

V = TypeVar("V", Deletion, MessageRecord)


def current(versions: Iterable[V]) -> tuple[V, ...]:
    """Return the versions that no other one replaces, oldest first."""
    by_stamp: dict[Stamp, V] = {}
    for version in versions:
        by_stamp.setdefault(version.stamp, version)
    replaced: set[Stamp] = set()
    for known in by_stamp.values():
        replaced |= known.replaces
    return tuple(by_stamp[stamp] for stamp in sorted(by_stamp) if stamp not in replaced)


def merged_fields(one: Mapping[str, Field], other: Mapping[str, Field]) -> dict[str, Field]:
    """Return for each field the one with the later stamp."""
    out = dict(one)
    for name, value in other.items():
        if name not in out or out[name].stamp < value.stamp:
            out[name] = value
    return out


def merged_conversations(one: ConversationRecord, other: ConversationRecord) -> ConversationRecord:
    """Merge two records of one conversation."""
    return ConversationRecord(
        one.id,
        max(one.created_at, other.created_at),
        max(one.updated_at, other.updated_at),
        merged_fields(one.fields, other.fields),
        current((*one.deletions, *other.deletions)),
        max(one.origin or "", other.origin or "") or None,
    )


def covers(deletions: Iterable[Deletion], stamp: Stamp) -> bool:
    """Whether one of the deletions had seen this version of a message."""
    return any(deletion.at is not None and is_within(stamp, deletion.seen) for deletion in deletions)


def hidden_at(deletions: Iterable[Deletion], stamps: Iterable[Stamp]) -> float | None:
    """Return when a conversation was deleted whose messages have these stamps; None if it is visible."""
    found = tuple(deletions)
    times = [deletion.at for deletion in found if deletion.at is not None]
    if not times or not all(covers(found, stamp) for stamp in stamps):
        return None
    return max(times)


def variant_id(message_id: str, stamp: Stamp) -> str:
    """Return the id of the variant that holds another version of a message; the same on every host."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"holytui:{message_id}:{stamp.clock}:{stamp.host}"))


def is_variant(message_id: str) -> bool:
    """Whether an id has the form of `variant_id`; other ids are UUIDv7."""
    try:
        return uuid.UUID(message_id).version == _VARIANT
    except ValueError:
        return False


def variant_suffix(stamp: Stamp) -> str:
    """Return the ending of the ids of a variant's attempts."""
    return "~" + hashlib.sha256(f"{stamp.clock}:{stamp.host}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Placed:
    """A version and the id of the message row that shows it."""

    id: str
    record: MessageRecord
    equal_to: str | None = None
    """The row of a later version with the same content, which this one needs no row beside."""


def placed(message_id: str, versions: Iterable[MessageRecord], *, in_use: bool = False) -> tuple[Placed, ...]:
    """Return the place of each of the current versions, the shown one first.

    `in_use`: the place of the message itself is taken by an answer in progress, so that all become variants.
    """
    out: list[Placed] = []
    for version in sorted(versions, key=lambda each: each.stamp, reverse=True):
        row = variant_id(message_id, version.stamp) if out or in_use else message_id
        equal = next((each.id for each in out if not each.equal_to and each.record.content == version.content), None)
        out.append(Placed(row, version, equal))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Replicated:
    """All records of a history: a join semilattice, with `joined` as its join."""

    conversations: Mapping[str, ConversationRecord] = field(default_factory=dict)
    messages: Mapping[str, tuple[MessageRecord, ...]] = field(default_factory=dict)

    def joined(self, other: Replicated) -> Replicated:
        """Merge all records of both."""
        conversations = dict(self.conversations)
        for id_, theirs in other.conversations.items():
            ours = conversations.get(id_)
            conversations[id_] = merged_conversations(ours, theirs) if ours else theirs
        messages = dict(self.messages)
        for id_, versions in other.messages.items():
            messages[id_] = current((*messages.get(id_, ()), *versions))
        return replace(self, conversations=conversations, messages=messages)

    def visible(self) -> dict[str, tuple[str, ...]]:
        """The texts of each visible conversation, sorted."""
        stamps: dict[str, list[Stamp]] = {}
        texts: dict[str, list[str]] = {}
        for id_, versions in self.messages.items():
            conversation_id = versions[0].message.conversation_id
            stamps.setdefault(conversation_id, []).extend(version.stamp for version in versions)
            shown = [each.record.message.text for each in placed(id_, versions) if each.equal_to is None]
            texts.setdefault(conversation_id, []).extend(shown)
        return {
            id_: tuple(sorted(texts.get(id_, ())))
            for id_, record in self.conversations.items()
            if hidden_at(record.deletions, stamps.get(id_, ())) is None
        }
