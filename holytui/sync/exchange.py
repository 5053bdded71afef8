"""One sync with another host over a connection: each end gets what it lacks, part by part.

After each part the place in the transfer is stored, so that a sync that is cut goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from holytui.store.replica.clock import MAX_CLOCK, Vector
from holytui.store.replica.codec import cursor_from_json, cursor_json
from holytui.store.replica.records import Applied, Batch, TransferCursor
from holytui.sync.protocol import RemoteReplica, lacking, replica_of

if TYPE_CHECKING:
    from holytui.store.history import History

NOTHING = Applied()
_LEAF = 256
"""Changes in a range that are exchanged rather than compared further."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a sync has done so far."""

    received: Applied = NOTHING
    sent: Applied = NOTHING
    differing: int = 0
    """Ranges that `verify` found to differ and exchanged."""


Listener = Callable[[Progress], None]


class Exchange:
    """A sync of a history with a remote one. Raises SyncError, StoreError; what had arrived is kept."""

    def __init__(self, history: History, remote: RemoteReplica, listener: Listener = lambda _progress: None) -> None:
        self._history = history
        self._replica = replica_of(history)
        self._remote = remote
        self._listener = listener
        self.progress = Progress()

    def run(self, *, verify: bool = False) -> Progress:
        """Fetch, then send what is lacking; with `verify`, compare everything afterwards."""
        greeting = self._remote.greeting
        if not _includes(self._replica.vector(), greeting.vector):
            self._fetch(self._replica.vector(), _Place(self._history, f"sync fetch {greeting.host}"))
        if not _includes(greeting.vector, self._replica.vector()):
            self._send(greeting.vector, _Place(self._history, f"sync send {greeting.host}"))
        if verify:
            self._verify(1, MAX_CLOCK)
        return self.progress

    def _fetch(self, since: Vector, place: _Place) -> None:
        cursor = place.cursor
        while True:
            batch, offered = self._remote.changes(since, cursor)
            wanted = set(_image_digests(batch)).intersection(offered)
            data = {digest: self._remote.image(digest) for digest in lacking(self._history, sorted(wanted))}
            self._count(received=self._replica.apply(replace(batch, image_data=data)))
            cursor = place.advance(batch)
            if batch.complete:
                return

    def _send(self, since: Vector, place: _Place) -> None:
        cursor = place.cursor
        while True:
            batch = self._replica.changes(since, cursor)
            wanted = self._remote.lacking(batch.image_data) if batch.image_data else frozenset()
            data = {digest: each for digest, each in batch.image_data.items() if digest in wanted}
            self._count(sent=self._remote.apply(replace(batch, image_data=data)))
            cursor = place.advance(batch)
            if batch.complete:
                return

    def _count(self, *, received: Applied = NOTHING, sent: Applied = NOTHING) -> None:
        before = self.progress
        self.progress = replace(before, received=before.received + received, sent=before.sent + sent)
        self._listener(self.progress)

    def _verify(self, low: int, high: int) -> None:
        """Exchange the ranges of changes that differ. Reads all changes of both ends about 20 times if any do."""
        here, there = self._replica.digest(low, high), self._remote.digest(low, high)
        if here == there:
            return
        if max(here.count, there.count) > _LEAF and high - low > 1:
            middle = (low + high) // 2
            self._verify(low, middle)
            self._verify(middle, high)
            return
        self.progress = replace(self.progress, differing=self.progress.differing + 1)
        nowhere = _Place(None, "")
        self._fetch({}, replace(nowhere, start=self._remote.range(low, high)))
        self._send({}, replace(nowhere, start=self._replica.range(low, high)))


@dataclass(frozen=True, slots=True)
class _Place:
    """The stored place in a transfer with one host in one direction; not stored without a history."""

    history: History | None
    key: str
    start: TransferCursor | None = None

    @property
    def cursor(self) -> TransferCursor | None:
        stored = self.history.recall(self.key) if self.history is not None else None
        try:
            return cursor_from_json(json.loads(stored)) if stored else self.start
        except ValueError:
            return None

    def advance(self, batch: Batch) -> TransferCursor | None:
        """Store the place after a part, or that the transfer is complete; return its cursor."""
        if self.history is not None:
            stored = "" if batch.complete or batch.cursor is None else json.dumps(cursor_json(batch.cursor))
            if stored or self.history.recall(self.key):
                self.history.remember(self.key, stored)
        return batch.cursor


def _includes(vector: Vector, other: Vector) -> bool:
    return all(clock <= vector.get(host, 0) for host, clock in other.items())


def _image_digests(batch: Batch) -> list[str]:
    return [image.digest for record in batch.messages for image in record.message.images]
