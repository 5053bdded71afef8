"""The writer thread: it batches the journal, and runs jobs whose callers wait for the commit.

A delta whose write failed stays in memory, and the write is retried until it succeeds.
"""

from __future__ import annotations

import itertools
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from holytui.errors import StoreBusy, StoreCorrupt, StoreError
from holytui.i18n import _
from holytui.models import DeltaKind, Problem, StreamMark
from holytui.store.sqlite.connect import JournalMode, set_synchronous, transaction, translate_errors

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PendingDelta:
    """Text of an attempt that awaits its commit; `seq` increases, also from process to process."""

    seq: int
    attempt_id: str
    kind: DeltaKind
    text: str
    mark: StreamMark | None = None
    """A position at or before this text in the stream that the server keeps."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Intervals in seconds."""

    batch: float = 0.2
    """From a delta to its commit; with the commit itself below the promised 250 ms."""
    retry: float = 1.0
    """Between two tries of a failed write."""
    heartbeat: float = 5.0


@dataclass(slots=True)
class _Call:
    job: Job[object]
    durable: bool
    after_journal: bool
    bare: bool
    result: Future[object]


def merged(batch: Sequence[PendingDelta]) -> list[tuple[str, str, int, str]]:
    """One row per attempt and kind, in order, with the `seq` of its last delta."""
    texts: dict[tuple[str, str], list[str]] = {}
    last: dict[tuple[str, str], int] = {}
    for delta in batch:
        key = (delta.attempt_id, delta.kind.value)
        texts.setdefault(key, []).append(delta.text)
        last[key] = delta.seq
    return [(*key, last[key], "".join(pieces)) for key, pieces in texts.items()]


def _positions(batch: Sequence[PendingDelta]) -> list[tuple[int, int, int, str]]:
    """The last position of each kept stream."""
    last = {delta.mark.stream_id: delta.mark.position for delta in batch if delta.mark is not None}
    return [(at.offset, at.content, at.reasoning, id_) for id_, at in last.items()]


class WriterThread:
    """Owns the writing connection from its start to `close`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        mode: JournalMode,
        *,
        timing: Timing,
        beat: Callable[[sqlite3.Connection], bool],
        on_write_problem: Callable[[Problem | None], None],
    ) -> None:
        """Start the thread. `beat` writes the heartbeat and returns whether another one must follow."""
        self._connection = connection
        self._mode = mode
        self._timing = timing
        self._beat = beat
        self._on_trouble = on_write_problem
        self._wake = threading.Condition()
        self._pending: list[PendingDelta] = []
        self._calls: list[_Call] = []
        self._commit_at = math.inf
        self._heartbeat_at = math.inf
        self._closing = False
        self._stop_waiting = threading.Event()
        self._seq = itertools.count(time.time_ns())
        self.problem: StoreError | None = None
        # created in advance, as there may be no memory for it later
        self._no_memory = StoreError(_("There is not enough memory to write the history"), _("holytui keeps trying."))
        self.found_damage = False
        """A read or write failed, as the file is damaged."""
        self._thread = threading.Thread(target=self._run, name="holytui-store", daemon=True)
        self._thread.start()

    # -- for any thread

    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: StreamMark | None = None) -> None:
        """Keep `text` and commit it soon, and `mark` with it. Raises StoreError only after `close`."""
        with self._wake:
            if self._closing:
                raise _closed()
            self._pending.append(PendingDelta(next(self._seq), attempt_id, kind, text, mark))
            if self._commit_at == math.inf:
                self._commit_at = time.monotonic() + self._timing.batch
                self._wake.notify()

    def pending(self) -> Sequence[PendingDelta]:
        """Return the uncommitted deltas; some may have been committed a moment ago."""
        with self._wake:
            return tuple(self._pending)

    def call(
        self,
        job: Job[T],
        *,
        durable: bool = False,
        after_journal: bool = False,
        bare: bool = False,
        timeout: float | None = None,
    ) -> T:
        """Run `job` in its own transaction and return its result once it is committed.

        `durable`: it survives a power cut on return. `after_journal`: run it only if all text journalled before is
        committed. `bare`: run it without a transaction, as it only reads. Raises StoreError.
        """
        result: Future[T] = Future()
        with self._wake:
            if self._closing:
                raise _closed()
            # the queue holds jobs of every result type; each future is only ever given its own job's result
            self._calls.append(_Call(job, durable, after_journal, bare, result))  # type: ignore[arg-type]
            self._wake.notify()
        try:
            return result.result(timeout)
        except TimeoutError as exc:
            raise StoreBusy(_("The history could not be written in time"), _("holytui keeps trying.")) from exc

    def stop_waiting(self) -> None:
        """From now on, fail at once where another process holds the lock."""
        self._stop_waiting.set()

    def expect_heartbeat(self) -> None:
        """Begin heartbeats. For jobs, on the writer thread."""
        if self._heartbeat_at == math.inf:
            self._heartbeat_at = time.monotonic() + self._timing.heartbeat

    def close(self) -> Sequence[PendingDelta]:
        """Commit, end the thread, close the connection; return the deltas that could not be written."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        return tuple(self._pending)

    # -- on the writer's thread

    def _run(self) -> None:
        try:
            going = True
            while going:
                try:
                    going = self._run_once()
                except MemoryError:  # the deltas are kept, and memory may be freed meanwhile
                    time.sleep(self._timing.batch)
        finally:
            with self._wake:
                self._closing = True
                left, self._calls = self._calls, []
            # calls remain only after a defect; their callers must not wait for ever
            for call in left:
                call.result.set_exception(_closed())
            self._connection.close()

    def _run_once(self) -> bool:
        with self._wake:
            while not (self._calls or self._closing):
                left = min(self._commit_at, self._heartbeat_at) - time.monotonic()
                if left <= 0:
                    break
                self._wake.wait(None if left == math.inf else left)
            calls, self._calls = self._calls, []
            closing = self._closing
        try:
            failure = self._commit_journal()
            for call in calls:
                self._run_call(call, failure)
        finally:  # after a defect: their callers must not wait for ever
            for call in calls:
                if not call.result.done():
                    call.result.set_exception(self._no_memory)
        if self._heartbeat_at <= time.monotonic():
            self._heartbeat()
        return not closing

    def _commit_journal(self) -> StoreError | None:
        if not self._pending:
            return None
        try:
            with self._wake:
                batch = tuple(self._pending)
            with translate_errors(), transaction(self._connection, self._stop_waiting.is_set):
                self._connection.executemany(
                    "INSERT INTO delta (attempt_id, kind, seq, text) VALUES (?, ?, ?, ?)", merged(batch)
                )
                if positions := _positions(batch):
                    self._connection.executemany(
                        'UPDATE stream SET "offset" = ?, content = ?, reasoning = ? WHERE id = ?', positions
                    )
        except (StoreError, MemoryError) as error:
            failure = error if isinstance(error, StoreError) else self._no_memory
            with self._wake:
                self._commit_at = time.monotonic() + self._timing.retry
            self._report(failure)
            return failure
        with self._wake:
            del self._pending[: len(batch)]
            self._commit_at = time.monotonic() + self._timing.batch if self._pending else math.inf
        self._report(None)
        return None

    def _run_call(self, call: _Call, failure: StoreError | None) -> None:
        if call.after_journal and failure is not None:
            call.result.set_exception(failure)
            return
        try:
            with translate_errors():
                value = self._in_transaction(call)
        except Exception as error:  # noqa: BLE001 - thread boundary: exceptions of the job belong to its caller
            self.found_damage = self.found_damage or isinstance(error, StoreCorrupt)
            call.result.set_exception(error)
        else:
            call.result.set_result(value)

    def _in_transaction(self, call: _Call) -> object:
        if call.bare:
            return call.job(self._connection)
        raised = call.durable and self._mode.synchronous != "FULL"
        if raised:
            set_synchronous(self._connection, "FULL")
        try:
            with transaction(self._connection, self._stop_waiting.is_set):
                return call.job(self._connection)
        finally:
            if raised:
                set_synchronous(self._connection, self._mode.synchronous)

    def _heartbeat(self) -> None:
        self._heartbeat_at = math.inf
        try:
            with translate_errors(), transaction(self._connection, self._stop_waiting.is_set):
                more = self._beat(self._connection)
        except StoreError as error:
            # owners on this machine are checked by their process, not by heartbeats
            _log.warning("heartbeat not written: %s", error.title)
            more = True
        if more:
            self.expect_heartbeat()

    def _report(self, error: StoreError | None) -> None:
        self.found_damage = self.found_damage or isinstance(error, StoreCorrupt)
        before, self.problem = self.problem, error
        if (before and before.title) == (error and error.title):
            return
        try:
            self._on_trouble(Problem(error.title, error.hint) if error else None)
        except Exception:  # noqa: BLE001 - thread boundary: a defective listener must not end the journal
            _log.exception("a listener for trouble failed")


def _closed() -> StoreError:
    return StoreError(_("The history is closed"), "")
