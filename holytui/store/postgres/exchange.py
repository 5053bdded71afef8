"""The exchange of changes with a shared history over one connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from holytui.models import Message
from holytui.store.history import History, Replica
from holytui.store.postgres.database import Pulled
from holytui.store.postgres.live import LiveAnswer, LiveText
from holytui.store.replica.clock import Vector
from holytui.store.replica.records import Batch, ConversationRecord, Host


class LiveSharing(Protocol):
    """Answers in progress in a shared history; see `live.LiveTable`."""

    def begin(self, question: Message, answer: Message, here: Host) -> None: ...
    def add(self, message_id: str, part: LiveText) -> None: ...
    def beat(self, message_ids: Sequence[str]) -> None: ...
    def end(self, message_ids: Sequence[str]) -> None: ...
    def answers(self, here: Host) -> Sequence[LiveAnswer]: ...
    def text(self, message_id: str, known: LiveText) -> LiveText: ...


class SharedHistory(Protocol):
    """A shared history that is connected; see `database.SharedDatabase`. All methods raise StoreError."""

    @property
    def live(self) -> LiveSharing: ...
    def vector(self) -> Vector: ...
    def push(self, batch: Batch, here: Host) -> None: ...
    def destroy(self, talks: Sequence[ConversationRecord]) -> None: ...
    def pull(self, after: int, here: str) -> Pulled: ...
    @property
    def is_notified(self) -> bool: ...
    def wait(self, seconds: float, wake: int | None = None) -> Collection[str]: ...
    def close(self) -> None: ...


class SharedExchange:
    """One connection: pulls and pushes until all is equal, and shows answers in progress. For one thread."""

    def __init__(
        self,
        history: History,
        replica: Replica,
        shared: SharedHistory,
        place: str,
        on_progress: Callable[[int], object] = lambda _pending: None,
    ) -> None:
        """`place` names the shared history among the facts of this one.

        `on_progress` is called between the parts of a long push, with the number of changes that are left.
        """
        self._on_progress = on_progress
        self._history = history
        self._replica = replica
        self._shared = shared
        self._place = place
        self._here = replica.hosts()[0]
        self._cursor = _number(history.recall(f"{place} seq"))
        self._known = shared.vector()
        self.merged = 0
        """Number of batches that changed this history."""
        self._sent: dict[str, LiveText] = {}
        """Answers in progress here, with the whole text that was sent."""

    @property
    def is_live(self) -> bool:
        """Whether an answer is in progress here."""
        return bool(self._sent)

    def run(self) -> None:
        """Merge what others have pushed, then push. Raises StoreError."""
        self.pull()
        self.push()

    def pull(self) -> None:
        """Merge what others have pushed since the last time."""
        complete = False
        while not complete:
            pulled = self._shared.pull(self._cursor, self._here.id)
            batch, complete = pulled.batch, pulled.batch.complete
            if batch.messages or batch.conversations or _is_news(batch, self._replica.vector()):
                applied = self._replica.apply(batch)
                self.merged += bool(applied.conversations or applied.messages)
            if pulled.seq != self._cursor:
                self._cursor = pulled.seq
                self._history.remember(f"{self._place} seq", str(pulled.seq))
            if batch.cursor is not None and complete:
                self._set_known(batch.cursor.claims)

    def push(self) -> None:
        """Send the changes that the shared history does not have."""
        self._here = self._replica.hosts()[0]
        cursor, complete = None, False
        total, sent = self.pending(), 0
        while not complete:
            batch = self._replica.changes(self._known, cursor)
            cursor, complete = batch.cursor, batch.complete
            claims = cursor.claims if cursor is not None else {}
            if batch.messages or batch.conversations or any(self._known.get(h, 0) < c for h, c in claims.items()):
                self._shared.push(batch, self._here)
            sent += len(batch.messages) + len(batch.conversations)
            if not complete:
                self._on_progress(max(1, total - sent))
            if complete:
                self._set_known({**self._known, **claims})

    def remove_destroyed(self) -> None:
        """Have the texts of conversations that were destroyed here removed from the shared history."""
        if destroyed := self._replica.destroyed():
            self._shared.destroy(destroyed)

    def _set_known(self, vector: Vector) -> None:
        joined = {host: max(clock, self._known.get(host, 0)) for host, clock in {**self._known, **vector}.items()}
        if joined != self._known:
            self._known = joined
            self._history.remember(f"{self._place} vector", json.dumps(joined))

    def pending(self) -> int:
        """Return the number of changes that were not sent."""
        return self._replica.pending(self._known)

    def show_progress(self, *, beat: bool) -> None:
        """Send what the answers in progress have received since the last time; with `beat` a heartbeat of each."""
        live = self._shared.live
        now = {message.id: message for message in self._replica.in_progress()}
        if ended := sorted(self._sent.keys() - now.keys()):
            live.end(ended)
            for id_ in ended:
                del self._sent[id_]
        if beat and self._sent:
            live.beat(sorted(self._sent))
        for id_, message in now.items():
            before = self._sent.get(id_)
            if before is None or not _continues(message, before):
                question = self._history.message(message.parent_id) if message.parent_id else None
                if question is None:
                    continue
                live.begin(question, message, self._here)
                before = LiveText(before.seq if before is not None else 0)
            added = message.text[len(before.text) :], message.reasoning[len(before.reasoning) :]
            self._sent[id_] = before
            if any(added):
                live.add(id_, LiveText(before.seq + 1, *added))
                self._sent[id_] = LiveText(before.seq + 1, message.text, message.reasoning)

    def remote_answers(self) -> Sequence[LiveAnswer]:
        """Return the answers that other hosts receive."""
        return self._shared.live.answers(self._here)

    def remote_text(self, message_id: str, known: LiveText) -> LiveText:
        """Return the text of one of them, of which `known` was read before."""
        return self._shared.live.text(message_id, known)


def _continues(message: Message, before: LiveText) -> bool:
    return message.text.startswith(before.text) and message.reasoning.startswith(before.reasoning)


def _is_news(batch: Batch, vector: Vector) -> bool:
    """Whether a batch without records says that more is known of a host."""
    return batch.cursor is not None and any(vector.get(h, 0) < c for h, c in batch.cursor.claims.items())


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
