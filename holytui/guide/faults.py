"""Faults on demand: each model of the guide has one, planned for each request and carried out by the reply.

A question shows its fault once, or as often as the fault is defined to; the requests after that complete the answer.
After a complete answer the same question shows the fault again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from holytui.guide.chat_api import ErrorResponse, GuideMessage
from holytui.i18n import N_, _

PLAIN = "guide"
"""The model without a fault."""

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "cut": N_("The connection breaks in the middle of the answer; long answers break twice"),
        "half": N_("The answer ends half-way, as if it were complete"),
        "stall": N_("The answer stalls, and the connection stays open"),
        "offline": N_("The server goes away for some seconds in the middle of the answer"),
        "expired": N_("The key has expired before the answer (401); a renewed one is accepted"),
        "expired-midway": N_("The key expires in the middle of the answer"),
        "busy": N_("The server asks to wait three seconds, twice (429)"),
        "garbage": N_("Broken bytes come in the middle of the answer"),
        "slow": N_("About one token a second, with keep-alives between"),
        "reattach": N_("The connection breaks, the server keeps the answer, and it is read on exactly"),
        "echo": N_("Breaks, then continues but repeats the last words"),
        "restart": N_("Breaks, then starts again"),
        "drift": N_("Breaks, then starts again and says something else"),
        "sure": N_("Breaks, refuses to continue its text, and says “Sure” when asked to"),
        "error": N_("The server reports an error in the middle of the answer"),
        "final": N_("No credits are left (402): trying again would not help"),
    }
)
"""Models with a fault, mapped to the message ids of their descriptions."""


def describe(model: str) -> str:
    """Describe a model in the user's language. Raises KeyError for a model that the guide does not have."""
    return _("The built-in offline guide") if model == PLAIN else _(FAULTS[model])


class RequestMode(StrEnum):
    """The part of an answer that a request asks for."""

    FRESH = "fresh"
    """All of it."""
    PREFILL = "prefill"
    """The rest: its beginning is the last message."""
    INSTRUCT = "instruct"
    """The rest: its beginning is followed by an instruction to continue."""


class ReplyEnd(StrEnum):
    """How a reply ends; all but the first end it in the middle."""

    WHOLE = "whole"
    RESET = "reset"
    FIN = "fin"
    CLOSE = "close"
    """As if complete: a body without a length, which ends with the connection."""
    STALL = "stall"
    VANISH = "vanish"
    GARBLE = "garble"
    ERROR = "error"
    EXPIRE = "expire"
    DETACH = "detach"
    """The connection breaks, and the answer is generated on; without a kept stream as RESET."""


class ContinuationText(StrEnum):
    """The text of a reply that is asked to continue an answer."""

    EXACT = "exact"
    """Exactly the rest."""
    ECHO = "echo"
    RESTART = "restart"
    DRIFT = "drift"
    SURE = "sure"


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How one request is answered."""

    ending: ReplyEnd = ReplyEnd.WHOLE
    continuation: ContinuationText = ContinuationText.EXACT
    error: ErrorResponse | None = None
    expires: bool = False
    """The token of the request is refused from now on."""
    slow: bool = False

    @property
    def faulty(self) -> bool:
        """The request does not complete the answer."""
        return self.error is not None or self.ending is not ReplyEnd.WHOLE


LONG = 2000
"""Characters left from which `cut` breaks a second time."""

_WHOLE = FaultPlan()
_CONTINUATIONS = {"echo": ContinuationText.ECHO, "restart": ContinuationText.RESTART, "drift": ContinuationText.DRIFT}
_ENDINGS = {
    "half": ReplyEnd.CLOSE,
    "stall": ReplyEnd.STALL,
    "offline": ReplyEnd.VANISH,
    "garbage": ReplyEnd.GARBLE,
    "error": ReplyEnd.ERROR,
    "reattach": ReplyEnd.DETACH,
    "echo": ReplyEnd.FIN,
    "restart": ReplyEnd.FIN,
    "drift": ReplyEnd.FIN,
}


def expired() -> ErrorResponse:
    """Return the error for a token that has expired."""
    return ErrorResponse(401, _("The token has expired"), "authentication_error", "token_expired")


def plan(model: str, mode: RequestMode, shown: int, left: int) -> FaultPlan:
    """Plan the reply of `model`, which has shown its fault `shown` times and has `left` characters to send."""
    match model:
        case "busy":
            return FaultPlan(error=_busy()) if shown < 2 else _WHOLE
        case "expired":
            return FaultPlan(error=expired(), expires=True) if shown == 0 else _WHOLE
        case "final":
            return FaultPlan(error=_no_credits())
        case "slow":
            return FaultPlan(slow=True)
        case "sure" if mode is RequestMode.PREFILL:
            return FaultPlan(error=_no_prefill())
    # a client that has the beginning of the answer has seen the fault, possibly from an earlier process
    shown = max(shown, 0 if mode is RequestMode.FRESH else 1)
    match model:
        case "cut" if shown == 1 and left >= LONG:
            return FaultPlan(ReplyEnd.FIN)
        case "cut" | "sure" if shown == 0:
            return FaultPlan(ReplyEnd.RESET)
        case "sure" if mode is RequestMode.INSTRUCT:
            return FaultPlan(continuation=ContinuationText.SURE)
        case "expired-midway" if shown == 0:
            return FaultPlan(ReplyEnd.EXPIRE, expires=True)
        case _ if model in _ENDINGS and shown == 0:
            return FaultPlan(_ENDINGS[model])
        case _ if mode is not RequestMode.FRESH:
            return FaultPlan(continuation=_CONTINUATIONS.get(model, ContinuationText.EXACT))
    return _WHOLE


def _busy() -> ErrorResponse:
    wait = {"Retry-After": "3"}
    return ErrorResponse(429, _("Too many requests right now"), "rate_limit_error", "rate_limit_exceeded", headers=wait)


def _no_credits() -> ErrorResponse:
    return ErrorResponse(402, _("No credits are left on this account"), "insufficient_quota", "insufficient_credits")


def _no_prefill() -> ErrorResponse:
    # not translated: clients recognise this error of Anthropic's by its words
    message = "This model does not support assistant message prefill. The conversation must end with a user message."
    return ErrorResponse(400, message, param="messages")


def broken() -> ErrorResponse:
    """Return the error that the model `error` reports within a stream."""
    return ErrorResponse(500, _("The server had an error while it answered"), "server_error", "server_error")


def conversation_key(model: str, messages: Sequence[GuideMessage]) -> str:
    """Hash a question to a model; equal for equal conversations."""
    data = json.dumps([model, *([message.role, message.text] for message in messages)]).encode()
    return hashlib.blake2b(data, digest_size=12).hexdigest()


class FaultCounter:
    """Counts how often each question has shown its fault. Thread-safe."""

    __slots__ = ("_lock", "_shown")
    _CAPACITY = 256

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: OrderedDict[str, int] = OrderedDict()

    def plan(self, key: str, model: str, mode: RequestMode, left: int) -> FaultPlan:
        """Plan the reply to a request, and count it if it is faulty."""
        with self._lock:
            shown = self._shown.get(key, 0)
            planned = plan(model, mode, shown, left)
            if planned.faulty:
                self._shown[key] = shown + 1
                self._shown.move_to_end(key)
                while len(self._shown) > self._CAPACITY:
                    self._shown.popitem(last=False)
            return planned

    def done(self, key: str) -> None:
        """Forget a question whose answer is complete; asked again, it shows its fault again."""
        with self._lock:
            self._shown.pop(key, None)
