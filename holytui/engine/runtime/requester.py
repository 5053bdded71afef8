"""Carries one answer's requests to the wire: fetches the key, opens attempts, renews keys and probes, aside where
that may block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.config.presets import Continuation
from holytui.engine.ports import AttemptEvents, Client, Keys
from holytui.engine.resume.strategy import How, request_for
from holytui.engine.turn.effects import Broken, Input, KeyFailed, KeyRefreshed, OpenAttempt, ProbeResult
from holytui.errors import HolytuiError
from holytui.models import Message
from holytui.secret import Secret
from holytui.wire.request import ChatRequest, Endpoint, Timeouts

_PROBE_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to be had: the message that it fills, and how to ask for it."""

    message: Message
    request: ChatRequest
    endpoint: Endpoint
    timeouts: Timeouts
    keys: Keys
    continuation: Continuation


@dataclass(frozen=True, slots=True)
class KeyReady:
    """The key for an attempt was had."""

    attempt: int
    key: Secret | None


class Courier:
    """`put` gives the turn's thread what happened aside; all methods but `cancel` are for that thread."""

    def __init__(
        self, job: Job, client: Client, put: Callable[[Input | KeyReady], None], came: Callable[[], int] = lambda: 0
    ) -> None:
        """`came`: characters that this turn has had so far, which count towards the longest answer."""
        self.job = job
        self.stream: AttemptEvents | None = None
        """The attempt under way, to be waited on."""
        self._client = client
        self._put = put
        self._came = came
        self._opening: OpenAttempt | None = None
        self._key: Secret | None = None

    def open(self, effect: OpenAttempt) -> None:
        """Send the request as soon as its key is there; `KeyFailed` if it cannot be had."""
        self._opening = effect
        fetch = self._fetch(effect.number)
        if self.job.keys.supplied_by_command:
            self._aside("holytui-key", fetch)
        else:
            self._put(fetch())

    def send(self, ready: KeyReady) -> bool:
        """The key is there: open the attempt, unless it was given up meanwhile."""
        effect = self._opening
        if effect is None or effect.number != ready.attempt:
            return False
        self._opening = None
        self._key = ready.key
        job = self.job
        request = request_for(job.request, effect.how, effect.partial, job.continuation)
        endpoint = job.endpoint
        if effect.how is How.PREFILL and job.continuation.base_url:
            endpoint = replace(endpoint, base_url=job.continuation.base_url)
        left = max(1, job.timeouts.answer_bytes - self._came())
        self.stream = self._client.open(endpoint, ready.key, request, replace(job.timeouts, answer_bytes=left))
        return True

    def cancel(self) -> None:
        """Wake whoever waits for the attempt: it is given up. From any thread."""
        stream = self.stream
        if stream is not None:
            stream.cancel()

    def let_go(self) -> None:
        """The attempt is over."""
        self.stream = None
        self._opening = None

    def refresh(self) -> None:
        """Ask for another key."""

        def work() -> Input:
            self.job.keys.refresh(self._key)
            return KeyRefreshed()

        self._aside("holytui-key", _worded(work))

    def probe(self) -> None:
        """Look for the endpoint."""

        def work() -> Input:
            return ProbeResult(self._client.probe(self.job.endpoint, _PROBE_TIMEOUT))

        self._aside("holytui-probe", _worded(work))

    def _fetch(self, attempt: int) -> Callable[[], Input | KeyReady]:
        return _worded(lambda: KeyReady(attempt, self.job.keys.get()))

    def _aside(self, name: str, work: Callable[[], Input | KeyReady]) -> None:
        threading.Thread(target=lambda: self._put(work()), name=name, daemon=True).start()


def _worded(work: Callable[[], Input | KeyReady]) -> Callable[[], Input | KeyReady]:
    """`work` with its errors made into inputs."""

    def safely() -> Input | KeyReady:
        try:
            return work()
        except HolytuiError as error:
            return KeyFailed(error.title, error.hint)
        except Exception as error:  # noqa: BLE001 - the thread's edge: the turn must hear of it, or it waits for ever
            return Broken(describe(error))

    return safely


def describe(error: BaseException) -> str:
    """A defect in a line."""
    return f"{type(error).__name__}: {error}"
