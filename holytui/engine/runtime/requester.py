"""Sends the requests of one answer: fetches and refreshes keys, opens attempts, probes; blocking calls get threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.config.presets import NO_CONTINUATION, Continuation
from holytui.config.schema import Api
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
    """The message to fill, and how to request its answer."""

    message: Message
    chat: ChatRequest
    endpoint: Endpoint
    timeouts: Timeouts
    keys: Keys
    continuation: Continuation


@dataclass(frozen=True, slots=True)
class KeyReady:
    """The key for an attempt is available."""

    attempt: int
    key: Secret | None


class Requester:
    """Sends requests for one turn.

    Results of other threads go to `post`. All methods but `cancel` belong to the turn's thread.
    """

    def __init__(
        self,
        request: AnswerRequest,
        client: Client,
        post: Callable[[Input | KeyReady], None],
        received: Callable[[], int] = lambda: 0,
    ) -> None:
        """`received`: characters received in this turn, which count towards the answer limit."""
        self.request = request
        self.stream: AttemptEvents | None = None
        """The current attempt, to be waited on."""
        self._client = client
        self._post = post
        self._received = received
        self._opening: OpenAttempt | None = None
        self._key: Secret | None = None

    def open(self, effect: OpenAttempt) -> None:
        """Send the request once its key is available; `KeyFailed` if there is none."""
        self._opening = effect
        fetch = self._fetch(effect.number)
        if self.request.keys.supplied_by_command:
            self._in_thread("holytui-key", fetch)
        else:
            self._post(fetch())

    def send(self, ready: KeyReady) -> bool:
        """Open the attempt with its key; False if it was cancelled in the meantime."""
        effect = self._opening
        if effect is None or effect.number != ready.attempt:
            return False
        self._opening = None
        self._key = ready.key
        request = self.request
        chat = request_for(request.chat, effect.mode, effect.partial, request.continuation)
        chat = replace(chat, stream_id=effect.stream_id, background=effect.background, reattach=effect.reattach)
        endpoint = request.endpoint
        if effect.mode is ResumeMode.PREFILL and request.continuation.base_url:
            endpoint = replace(endpoint, base_url=request.continuation.base_url)
        left = max(1, request.timeouts.answer_bytes - self._received())
        self.stream = self._client.open(endpoint, ready.key, chat, replace(request.timeouts, answer_bytes=left))
        return True

    def switch_api(self) -> None:
        """Ask the Responses API from now on."""
        endpoint = replace(self.request.endpoint, api=Api.RESPONSES)
        self.request = replace(self.request, endpoint=endpoint, continuation=NO_CONTINUATION)

    def cancel(self) -> None:
        """Cancel the attempt and wake the thread that waits for it. Thread-safe."""
        stream = self.stream
        if stream is not None:
            stream.cancel()

    def clear(self) -> None:
        """Forget the attempt."""
        self.stream = None
        self._opening = None

    def refresh(self) -> None:
        """Request another key."""

        def task() -> Input:
            self.request.keys.refresh(self._key)
            return KeyRefreshed()

        self._in_thread("holytui-key", _guarded(task))

    def probe(self) -> None:
        """Probe the endpoint."""

        def task() -> Input:
            return ProbeResult(self._client.probe(self.request.endpoint, _PROBE_TIMEOUT))

        self._in_thread("holytui-probe", _guarded(task))

    def _fetch(self, attempt: int) -> Callable[[], Input | KeyReady]:
        return _guarded(lambda: KeyReady(attempt, self.request.keys.get()))

    def _in_thread(self, name: str, task: Callable[[], Input | KeyReady]) -> None:
        threading.Thread(target=lambda: self._post(task()), name=name, daemon=True).start()


def _guarded(task: Callable[[], Input | KeyReady]) -> Callable[[], Input | KeyReady]:
    """`task` with its exceptions converted to inputs."""

    def guarded() -> Input | KeyReady:
        try:
            return task()
        except HolytuiError as error:
            return KeyFailed(error.title, error.hint)
        except Exception as error:  # noqa: BLE001 - the turn would wait for ever without an input
            return InternalFailure(describe(error))

    return guarded


def describe(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}"
