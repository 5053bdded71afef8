"""Carries one answer's requests to the wire: fetches the key, opens attempts, renews keys and probes, aside where
that may block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.config.presets import Continuation
from holytui.engine.ports import AttemptEvents, Client, Keys
from holytui.engine.resume.strategy import ResumeMode, request_for
from holytui.engine.turn.effects import Input, InternalFailure, KeyFailed, KeyRefreshed, OpenAttempt, ProbeResult
from holytui.errors import HolytuiError
from holytui.models import Message
from holytui.secret import Secret
from holytui.wire.request import ChatRequest, Endpoint, Timeouts

_PROBE_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """One answer to be had: the message that it fills, and how to ask for it."""

    message: Message
    chat: ChatRequest
    endpoint: Endpoint
    timeouts: Timeouts
    keys: Keys
    continuation: Continuation


@dataclass(frozen=True, slots=True)
class KeyReady:
    """The key for an attempt was had."""

    attempt: int
    key: Secret | None


class Requester:
    """`put` gives the turn's thread what happened aside; all methods but `cancel` are for that thread."""

    def __init__(
        self,
        request: AnswerRequest,
        client: Client,
        post: Callable[[Input | KeyReady], None],
        received: Callable[[], int] = lambda: 0,
    ) -> None:
        """`came`: characters that this turn has had so far, which count towards the longest answer."""
        self.request = request
        self.stream: AttemptEvents | None = None
        """The attempt under way, to be waited on."""
        self._client = client
        self._post = post
        self._received = received
        self._opening: OpenAttempt | None = None
        self._key: Secret | None = None

    def open(self, effect: OpenAttempt) -> None:
        """Send the request as soon as its key is there; `KeyFailed` if it cannot be had."""
        self._opening = effect
        fetch = self._fetch(effect.number)
        if self.request.keys.supplied_by_command:
            self._in_thread("holytui-key", fetch)
        else:
            self._post(fetch())

    def send(self, ready: KeyReady) -> bool:
        """The key is there: open the attempt, unless it was given up meanwhile."""
        effect = self._opening
        if effect is None or effect.number != ready.attempt:
            return False
        self._opening = None
        self._key = ready.key
        request = self.request
        chat = request_for(request.chat, effect.mode, effect.partial, request.continuation)
        endpoint = request.endpoint
        if effect.mode is ResumeMode.PREFILL and request.continuation.base_url:
            endpoint = replace(endpoint, base_url=request.continuation.base_url)
        left = max(1, request.timeouts.answer_bytes - self._received())
        self.stream = self._client.open(endpoint, ready.key, chat, replace(request.timeouts, answer_bytes=left))
        return True

    def cancel(self) -> None:
        """Wake whoever waits for the attempt: it is given up. From any thread."""
        stream = self.stream
        if stream is not None:
            stream.cancel()

    def clear(self) -> None:
        """The attempt is over."""
        self.stream = None
        self._opening = None

    def refresh(self) -> None:
        """Ask for another key."""

        def task() -> Input:
            self.request.keys.refresh(self._key)
            return KeyRefreshed()

        self._in_thread("holytui-key", _guarded(task))

    def probe(self) -> None:
        """Look for the endpoint."""

        def task() -> Input:
            return ProbeResult(self._client.probe(self.request.endpoint, _PROBE_TIMEOUT))

        self._in_thread("holytui-probe", _guarded(task))

    def _fetch(self, attempt: int) -> Callable[[], Input | KeyReady]:
        return _guarded(lambda: KeyReady(attempt, self.request.keys.get()))

    def _in_thread(self, name: str, task: Callable[[], Input | KeyReady]) -> None:
        threading.Thread(target=lambda: self._post(task()), name=name, daemon=True).start()


def _guarded(task: Callable[[], Input | KeyReady]) -> Callable[[], Input | KeyReady]:
    """`work` with its errors made into inputs."""

    def guarded() -> Input | KeyReady:
        try:
            return task()
        except HolytuiError as error:
            return KeyFailed(error.title, error.hint)
        except Exception as error:  # noqa: BLE001 - the thread's edge: the turn must hear of it, or it waits for ever
            return InternalFailure(describe(error))

    return guarded


def describe(error: BaseException) -> str:
    """A defect in a line."""
    return f"{type(error).__name__}: {error}"
