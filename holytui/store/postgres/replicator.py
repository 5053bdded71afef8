"""The thread that keeps the history of this host and a shared one equal, whenever that can be reached.

It reads what is committed and merges as any other host does, so that nothing waits for it: an answer is stored in the
file of this host first, and is as fast without a network.
"""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from holytui.errors import HolytuiError, StoreError
from holytui.i18n import _
from holytui.store.history import History, Replica
from holytui.store.postgres.database import RECORDS
from holytui.store.postgres.exchange import SharedExchange, SharedHistory
from holytui.store.postgres.live import LiveAnswer, LiveText
from holytui.store.replica.codec import vector_from_json
from holytui.store.sharing import RemoteAnswer, SharingState, SharingStatus

_log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks at the file."""
LIVE_POLL = 0.3
"""The same while an answer is in progress, here or where it is watched."""
_UNNOTIFIED = 5.0
"""Seconds between two questions to a database without notifications."""
_PUSH = 2.0
"""Seconds between two looks for changes while an answer is in progress: each interrupts the journal for a moment."""
_HEARTBEAT = 20.0
_CLEAN = 600.0
"""Seconds between two looks for conversations that were destroyed, which read the whole log of changes."""
FIRST_DELAY, MAX_DELAY = 1.0, 60.0
"""Seconds between two tries to connect; the delay doubles, ±20 %."""
_LAST_PUSH = 1.0
"""Longest wait of `close` for changes that are being sent."""


@dataclass(slots=True)
class _Watch:
    """What is read of answers on other hosts; used on the thread."""

    is_current: bool = False
    """The answers were read since the last notification."""
    answers: list[LiveAnswer] = field(default_factory=list)
    texts: dict[str, LiveText] = field(default_factory=dict)


class Replicator:
    """Runs from `start` to `close`. The other methods may be called from any thread and never block."""

    def __init__(
        self,
        history: History,
        replica: Replica,
        connect: Callable[[], SharedHistory],
        *,
        place: str,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """`connect` may block for long and raises HolytuiError. `place` names the shared history in the file.

        `pause` waits before the next try to connect; by default until `close` at the latest.
        """
        self._history = history
        self._replica = replica
        self._connect = connect
        self._place = place
        self._clock = clock
        self._timer = timer
        self._jitter = jitter
        self._closing = threading.Event()
        self._pause = pause or self._closing.wait
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self._watched = ""
        self.status = SharingStatus()
        """Replaced as a whole."""
        self.remote_answers: Mapping[str, RemoteAnswer] = MappingProxyType({})
        """Answers that other hosts receive, by id; replaced as a whole."""
        self.merged = 0
        """Number of changes of this history by other hosts, which `History.others_version` does not count."""
        self._thread = threading.Thread(target=self.run, name="holytui-share", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def watch(self, conversation_id: str) -> None:
        """Read the text of answers in progress in this conversation, and of no other."""
        if conversation_id != self._watched:
            self._watched = conversation_id
            self._notify()

    def close(self) -> None:
        """End the exchange; the last changes are sent if that takes no longer than a second."""
        connected = self.status.state is SharingState.CURRENT
        self._closing.set()
        self._notify()
        if self._thread.is_alive():
            self._thread.join(_LAST_PUSH if connected else 0.1)

    def _notify(self) -> None:
        with suppress(OSError):
            self._waker.send(b".")

    # -- on the thread

    def run(self) -> None:
        """Connect, exchange, and connect again after a failure, until `close`."""
        with self._wake, self._waker:
            self._run()

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            shared: SharedHistory | None = None
            try:
                shared = self._connect()
                self._exchange(shared)
                failures = 0
            except HolytuiError as error:
                failures = 1 if self.status.state is SharingState.CURRENT else failures + 1
                self._report(error)
            except Exception:  # noqa: BLE001 - thread boundary: a defect must not end sharing for good
                _log.exception("sharing the history")
                failures += 1
                self._report(StoreError(_("Sharing failed unexpectedly; the log has more")))
            finally:
                if shared is not None:
                    with suppress(HolytuiError):
                        shared.close()
            if not self._closing.is_set():
                delay = min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 10))
                self._pause(delay * self._jitter(0.8, 1.2))

    def _report(self, error: HolytuiError) -> None:
        before = self.status
        since = before.since if before.state is SharingState.OFFLINE else self._clock()
        behind = before.behind
        with suppress(StoreError, ValueError):
            vector = vector_from_json(json.loads(self._history.recall(f"{self._place} vector") or "{}"))
            behind = self._replica.pending(vector)
        if before.reason != error.full_text:
            _log.info("sharing the history: %s", error.title)
        self.status = SharingStatus(SharingState.OFFLINE, behind, since, error.full_text)
        self.remote_answers = MappingProxyType({})

    def _exchange(self, shared: SharedHistory) -> None:
        exchange = SharedExchange(self._history, self._replica, shared, self._place, self._show_progress)
        watch = _Watch()
        version: int | None = None
        pull_at, push_at, beat_at, clean_at = 0.0, 0.0, 0.0, 0.0
        notified: Collection[str] = (RECORDS,)
        while True:
            now = self._timer()
            closing = self._closing.is_set()
            if notified:
                watch.is_current = False
            if RECORDS in notified or (not shared.is_notified and now >= pull_at):
                before = exchange.merged
                try:
                    exchange.pull()
                finally:
                    self.merged += exchange.merged - before
                pull_at, watch.is_current = now + _UNNOTIFIED, False
            seen = self._history.version()
            if seen != version and (closing or not exchange.is_live or now >= push_at):
                version, push_at = seen, now + _PUSH
                exchange.push()
            if closing:
                return
            if now >= clean_at:
                clean_at = now + _CLEAN
                exchange.remove_destroyed()
            exchange.show_progress(beat=now >= beat_at)
            if now >= beat_at:
                beat_at, watch.is_current = now + _HEARTBEAT, False
            self._look_elsewhere(exchange, watch)
            self.status = SharingStatus(SharingState.CURRENT)
            quick = exchange.is_live or seen != version or bool(watch.texts)
            notified = shared.wait(LIVE_POLL if quick else POLL, self._wake.fileno())
            with suppress(BlockingIOError):
                self._wake.recv(4096)

    def _show_progress(self, pending: int) -> None:
        self.status = SharingStatus(SharingState.CURRENT, pending)

    def _look_elsewhere(self, exchange: SharedExchange, watch: _Watch) -> None:
        """Read which answers other hosts receive, and the texts of those that are watched."""
        wanted = {each.answer.id for each in watch.answers if each.answer.conversation_id == self._watched}
        if watch.is_current and wanted == watch.texts.keys():
            return
        if not watch.is_current:
            watch.answers = list(exchange.remote_answers())
            watch.is_current = True
        watch.texts = {
            each.answer.id: exchange.remote_text(each.answer.id, watch.texts.get(each.answer.id, LiveText()))
            for each in watch.answers
            if each.answer.conversation_id == self._watched
        }
        found = {}
        for each in watch.answers:
            text = watch.texts.get(each.answer.id, LiveText())
            answer = replace(each.answer, text=text.text, reasoning=text.reasoning)
            found[answer.id] = RemoteAnswer(each.host, each.question, answer)
        self.remote_answers = MappingProxyType(found)
