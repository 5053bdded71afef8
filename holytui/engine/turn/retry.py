"""Classification of faults, and when to retry: pure functions, without clock or randomness."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from holytui.config.schema import Stream
from holytui.faults import Fault, FaultKind

PROGRESS = 64
"""New characters that reset the count of consecutive retries."""


class FaultClass(StrEnum):
    """The recovery that a fault needs."""

    TRANSIENT = "transient"
    """Retry after a delay, within the budget."""
    OFFLINE = "offline"
    """The endpoint is unreachable: probe until it is back, outside the budget."""
    EXPIRED_KEY = "expired_key"
    """Refresh the key, then send the request again, outside the budget."""
    STALE_CONNECTION = "stale_free"
    """Send the request again at once on a new connection; the first time is outside the budget."""
    ANSWER_LIMIT = "enough"
    """The answer is too long: interrupt it with its text; only the user can resume it."""
    FINAL = "final"
    """A retry of the same request would not help."""


_OFFLINE = frozenset(
    {
        FaultKind.DNS,
        FaultKind.REFUSED,
        FaultKind.UNREACHABLE,
        # a link that is down under a working router drops packets instead of refusing them
        FaultKind.CONNECT_TIMEOUT,
    }
)
_INTERRUPTED = frozenset({FaultKind.CLOSED, FaultKind.RESET, FaultKind.IDLE, FaultKind.NO_TOKEN, FaultKind.GARBLED})
_TRANSIENT_STATUS = frozenset({408, 409, 425, 429, 529})
_FINAL_CODES = (
    "insufficient_quota",
    "billing",
    "context_length",
    "content_filter",
    "content_policy",
    "invalid_request",
    "model_not_found",
    "permission",
    "not_found",
)
_CONTEXT_CODE = re.compile(r"context_(length|size|window)")
_CONTEXT_EXCEEDED = re.compile(
    r"maximum context|prompt is too long|exceeds? (the )?(available|maximum)[\w ']*(context|tokens)"
    r"|context (length|size|window) (was |is |has been )?exceeded|reduce the length of the (messages|prompt)",
    re.IGNORECASE,
)
"""llama.cpp (`exceed_context_size_error`), OpenAI (`context_length_exceeded`), vLLM, Anthropic, Gemini."""
_NO_IMAGES = re.compile(
    r"image input is not supported|images? (inputs? )?(is|are) not supported|(not|n't) support (the )?(image|vision)"
    r"|not a (vision|multimodal) model|(no|without) vision support|support image input",
    re.IGNORECASE,
)
"""llama.cpp answers so with 500, OpenRouter with 404, others with 400."""
_NEEDS_RESPONSES = re.compile(
    r"\b(only (supported )?in|use|using) (the )?(/?v1/responses|responses api)\b|this is not a chat model",
    re.IGNORECASE,
)
"""OpenAI refuses chat completions so: with 404 for some models, with 400 for tools with reasoning."""
_KEY_CODES = ("invalid_api_key", "authentication", "unauthorized", "unauthenticated", "token_expired", "expired_token")
_KEY_REFUSED_AS_400 = re.compile(r"no_db_connection|api[ _]key (is )?(not valid|invalid|expired)", re.IGNORECASE)
"""LiteLLM without a database refuses every key but its own so (measured, 1.106); Google's endpoints use the text."""
_TRANSIENT_CODES = (
    "rate_limit",
    "too_many_requests",
    "server_error",
    "internal_error",
    "api_error",
    "overloaded",
    "unavailable",
    "timeout",
    "engine_error",
    "capacity",
    "resource_exhausted",
    "upstream",
)


def classify(fault: Fault, *, key_by_command: bool = False, had_text: bool = False) -> FaultClass:
    """Classify `fault`.

    `key_by_command`: a command or an OAuth server supplies the key, so a gateway's 403 may mean an expired key.
    `had_text`: this endpoint has sent text within this turn, so a web page comes from something in between (a captive
    portal), not from a wrong address.
    """
    kind = fault.kind
    if kind in _OFFLINE:
        return FaultClass.OFFLINE
    if kind in _INTERRUPTED:
        return FaultClass.TRANSIENT
    if kind is FaultKind.TOO_LONG:
        return FaultClass.ANSWER_LIMIT
    if kind is FaultKind.STALE:
        return FaultClass.STALE_CONNECTION
    if kind is FaultKind.NOT_A_STREAM:
        return FaultClass.TRANSIENT if had_text else FaultClass.FINAL
    if kind in (FaultKind.STATUS, FaultKind.IN_BAND):
        return _classify_response(fault, key_by_command)
    if kind is FaultKind.PROXY:
        is_transient = fault.code == "upstream" or (fault.status is not None and _transient_status(fault.status))
        return FaultClass.TRANSIENT if is_transient else FaultClass.FINAL
    return FaultClass.FINAL


def exceeds_context(fault: Fault) -> bool:
    """Whether the server reports a conversation longer than the model's context."""
    if fault.status in (401, 403, 429):
        return False
    if _CONTEXT_CODE.search(fault.code.casefold()):
        return True
    asks_for_less = "max_tokens" in fault.message or "max_completion_tokens" in fault.message
    return _CONTEXT_EXCEEDED.search(fault.message) is not None and not asks_for_less


def needs_responses(fault: Fault) -> bool:
    """Whether the server refuses chat completions and names the Responses API, or OpenAI's words for it."""
    return fault.status in (400, 404) and _NEEDS_RESPONSES.search(fault.message) is not None


def rejects_images(fault: Fault) -> bool:
    """Whether the server reports a model without image input."""
    return fault.status not in (401, 403, 429) and _NO_IMAGES.search(fault.message) is not None


def _classify_response(fault: Fault, key_by_command: bool) -> FaultClass:
    """Classify a status or an error object.

    A code that is final or concerns the key takes precedence over the status: 429 with `insufficient_quota` does not
    recover by waiting.
    """
    code = fault.code.casefold()
    status = fault.status
    if exceeds_context(fault) or rejects_images(fault):
        return FaultClass.FINAL
    if fault.should_retry is False and status != 401:
        return FaultClass.FINAL
    if status == 401 or (status == 403 and key_by_command):
        return FaultClass.EXPIRED_KEY
    if status == 400 and _KEY_REFUSED_AS_400.search(f"{code} {fault.message}"):
        return FaultClass.EXPIRED_KEY
    if any(word in code for word in _FINAL_CODES):
        return FaultClass.FINAL
    if fault.should_retry:
        return FaultClass.TRANSIENT
    if status is not None and status >= 400:
        return FaultClass.TRANSIENT if _transient_status(status) else FaultClass.FINAL
    if any(word in code for word in _KEY_CODES):
        return FaultClass.EXPIRED_KEY
    if any(word in code for word in _TRANSIENT_CODES):
        return FaultClass.TRANSIENT
    # an error object without a code or a known type does not rule out a retry
    return FaultClass.TRANSIENT if fault.kind is FaultKind.IN_BAND and not code else FaultClass.FINAL


def _transient_status(status: int) -> bool:
    return status in _TRANSIENT_STATUS or (500 <= status <= 599 and status != 501)


@dataclass(frozen=True, slots=True)
class Budget:
    """The remaining retries of one answer; methods return a new value."""

    max_retries: int
    max_attempts: int
    consecutive: int = 0
    """Retries since the last progress."""
    retries: int = 0
    """All retries, without the first request."""
    progress: int = 0
    """Characters received since progress was last counted."""

    @classmethod
    def for_stream(cls, stream: Stream) -> Budget:
        """The full budget of one answer."""
        return cls(stream.max_retries, stream.max_attempts)

    def gained(self, characters: int) -> Budget:
        """Count new characters; `PROGRESS` of them reset `consecutive`."""
        progress = self.progress + characters
        if progress >= PROGRESS:
            return replace(self, consecutive=0, progress=0)
        return replace(self, progress=progress)

    @property
    def spent(self) -> bool:
        """Whether no retry is left."""
        return self.consecutive >= self.max_retries or self.retries + 1 >= self.max_attempts

    def retried(self) -> Budget:
        """Count one retry; progress is counted from here."""
        return replace(self, consecutive=self.consecutive + 1, retries=self.retries + 1, progress=0)


def delay(stream: Stream, retry: int, fault: Fault, random: Callable[[], float]) -> float | None:
    """Seconds before retry number `retry` (1 is the first of a series); None: the server asks for too long a wait.

    A positive wait requested by the server is used unchanged. Otherwise `retry_delay` doubles each time up to
    `max_delay`, ±20 % by `random` (uniform in [0, 1)), so that many clients do not return at one moment.
    """
    requested = fault.retry_after
    if requested is not None and requested > 0:
        return requested if requested <= stream.max_retry_after else None
    base = min(stream.retry_delay * 2.0 ** min(retry - 1, 60), stream.max_delay)
    return min(base * (0.8 + 0.4 * random()), stream.max_delay)
