"""One sync with a folder: read what other hosts wrote, then write what the folder lacks.

Each host writes a log of its own changes and of those that it got from hosts without a log here, so that every change
is in the folder once. The logs may arrive in part and in any order: a change is claimed only once all before it are
there.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.errors import SyncError
from holytui.i18n import _
from holytui.store.replica.clock import Vector
from holytui.store.replica.codec import from_json, to_json, vector_from_json
from holytui.store.replica.records import Applied, Batch
from holytui.sync.channel import JSON
from holytui.sync.exchange import Listener, Progress
from holytui.sync.folder import log_state
from holytui.sync.folder.log_files import (
    LogLine,
    LogName,
    Segment,
    encode_line,
    find_logs,
    merge_segments,
    read_segment,
    write_segment,
)
from holytui.sync.folder.log_state import LogState, covered
from holytui.sync.protocol import replica_of

if TYPE_CHECKING:
    from holytui.store.history import History

_SEGMENT_BYTES = 4_000_000
_MAX_SMALL = 16
"""Segments below `_SEGMENT_BYTES` that this host leaves before it merges them."""


class FolderSync:
    """A sync of a history with a folder."""

    def __init__(self, history: History, folder: Path, listener: Listener = lambda _progress: None) -> None:
        self._history = history
        self._replica = replica_of(history)
        self._folder = folder
        self._listener = listener
        self._own = next(host.id for host in self._replica.hosts() if host.is_self)
        self.progress = Progress()
        self.bytes_read = 0
        self.bytes_written = 0
        self.waiting: list[str] = []
        """Names of files that are incomplete or damaged."""

    def run(self) -> None:
        """Read, then write. Raises SyncError, StoreError; what was read or written before is kept."""
        try:
            with _lock(self._folder):
                logs = find_logs(self._folder)
                states = {name: self._read(name, segments) for name, segments in sorted_logs(logs)}
                self._write(states)
        except OSError as exc:
            raise SyncError(
                _("The folder {folder} could not be read or written: {reason}").format(
                    folder=self._folder, reason=exc.strerror or exc
                ),
                _("It must be there and yours to write."),
            ) from exc

    # -- reading

    def _read(self, name: LogName, segments: list[Segment]) -> LogState:
        """Apply what is new of a log, and return its state; of the own log, only its state."""
        state = log_state.load(self._history, name)
        last = _last_number(segments, state)
        if last < state.number:
            return LogState()  # an older copy of this log: nothing may be concluded from what was read elsewhere
        began = state
        for segment in segments:
            if _is_passed(segment, segments, state):
                continue
            offset = state.offset if segment.first == state.segment else 0
            for line in read_segment(segment.path, offset, after=state.number):
                self.bytes_read += line.end - offset
                if line.number > state.number:
                    after = self._next_state(name, state, line, segment)
                    if after is None:
                        break
                    state = after
                offset = line.end
            if offset < segment.path.stat().st_size or _lacks_next(segment, segments, state):
                self.waiting.append(segment.path.name)
                break
        if state != began:
            log_state.save(self._history, name, state)
        return state

    def _next_state(self, name: LogName, state: LogState, line: LogLine, segment: Segment) -> LogState | None:
        """Apply a line. Returns None for one that cannot be read now."""
        if line.number != state.number + 1:
            return None
        try:
            since, batch = vector_from_json(line.value["since"]), from_json(line.value["batch"])
        except (KeyError, ValueError):
            return None
        if name.host != self._own:
            self._apply(since, batch)
        return state.after(line, segment.first, since, batch)

    def _apply(self, since: Vector, batch: Batch) -> None:
        if batch.complete and batch.cursor is not None:
            claims = covered(self._replica.vector(), since, batch.cursor.claims)
            batch = replace(batch, cursor=replace(batch.cursor, claims=claims))
        received = self.progress.received + self._replica.apply(batch)
        self.progress = replace(self.progress, received=received)
        self._listener(self.progress)

    # -- writing

    def _write(self, states: dict[LogName, LogState]) -> None:
        own = [name for name, state in states.items() if name.host == self._own and state.number]
        name = max(own, key=lambda each: states[each].number, default=None)
        if name is None:
            name = LogName(self._own, secrets.token_hex(4))
        state = states.get(name, LogState())
        since: dict[str, int] = dict(state.has)
        for other, read in states.items():
            if other.host != self._own:  # its own changes are in its log; those of others may be elsewhere
                since[other.host] = max(since.get(other.host, 0), read.reaches(other.host))
        if state.cursor is None and all(clock <= since.get(host, 0) for host, clock in self._replica.vector().items()):
            return
        self._write_changes(name, state, state.since if state.cursor is not None else since)
        self._merge_small(name)

    def _write_changes(self, name: LogName, state: LogState, since: Vector) -> None:
        pending: list[bytes] = []
        size, first = 0, state.number + 1
        ready = state
        while True:
            batch = self._replica.changes(since, state.cursor)
            if batch.complete and not (pending or state.cursor or batch.conversations or batch.messages):
                return
            value: JSON = {"since": dict(since), "batch": to_json(batch)}
            pending.append(encode_line(state.number + 1, value))
            size += len(pending[-1])
            state = state.after(LogLine(state.number + 1, {}, size), first, since, batch)
            self.progress = replace(
                self.progress, sent=self.progress.sent + Applied(len(batch.conversations), len(batch.messages))
            )
            if size >= _SEGMENT_BYTES or batch.complete:
                write_segment(self._folder, name, first, pending)
                self.bytes_written += size
                ready = state
                log_state.save(self._history, name, ready)
                pending, size, first = [], 0, state.number + 1
            self._listener(self.progress)
            if batch.complete:
                return

    def _merge_small(self, name: LogName) -> None:
        # the last one stays: while the others are replicated, a reader still finds where the log ends
        segments = find_logs(self._folder).get(name, [])[:-1]
        group: list[Segment] = []
        total = 0
        for segment in reversed(segments):
            size = segment.path.stat().st_size
            if total + size > _SEGMENT_BYTES:
                break
            group.insert(0, segment)
            total += size
        if len(group) > _MAX_SMALL:
            merge_segments(self._folder, name, group)


def sorted_logs(logs: dict[LogName, list[Segment]]) -> Iterator[tuple[LogName, list[Segment]]]:
    """The logs, in the order of their names."""
    yield from sorted(logs.items(), key=lambda item: (item[0].host, item[0].log))


def _is_passed(segment: Segment, segments: list[Segment], state: LogState) -> bool:
    """Whether all lines of a segment were read: the next one begins at or before the line that is wanted."""
    return any(segment.first < other.first <= state.number + 1 for other in segments)


def _lacks_next(segment: Segment, segments: list[Segment], state: LogState) -> bool:
    """Whether later segments are there, but not the next line."""
    later = [other.first for other in segments if other.first > segment.first]
    return bool(later) and min(later) > state.number + 1


def _last_number(segments: list[Segment], state: LogState) -> int:
    """The number of the last line that is there, if that is less than what was read; else any greater number."""
    last = segments[-1]
    if last.first > state.number:
        return state.number
    with suppress(OSError):
        if last.first == state.segment and last.path.stat().st_size >= state.offset:
            return state.number
        return max((line.number for line in read_segment(last.path, 0, after=state.number)), default=last.first - 1)
    return 0


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold an advisory lock on the folder, so that two processes of this host do not write at once. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
