"""Faults on demand: which model of the guide does what wrong on which request, as a plan that the reply follows.

A question shows its fault once (or as often as the fault has it), the requests after that bring the answer home,
and a complete answer makes the next time begin anew.
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

from holytui.guide.protocol import Refusal, Turn
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
"""Each model with a fault, and its description as a message id."""


def describe(model: str) -> str:
    """What the model does, in the user's language. Raises KeyError for a model that is not the guide's."""
    return _("The built-in offline guide") if model == PLAIN else _(FAULTS[model])


class Mode(StrEnum):
    """How an answer is asked for."""

    FRESH = "fresh"
    """From its beginning."""
    PREFILL = "prefill"
    """Its beginning is the last message, to be continued."""
    INSTRUCT = "instruct"
    """Its beginning is followed by the instruction to go on."""


class Ending(StrEnum):
    """How the reply ends; all but the first end it in the middle."""

    WHOLE = "whole"
    RESET = "reset"
    FIN = "fin"
    CLOSE = "close"
    """As if whole: a body without a length, ended by the connection's end."""
    STALL = "stall"
    VANISH = "vanish"
    GARBLE = "garble"
    ERROR = "error"
    EXPIRE = "expire"
    DETACH = "detach"
    """The connection breaks, and the answer is generated on; without a kept stream as RESET."""


class Saying(StrEnum):
    """What a reply says when it is to continue."""

    EXACT = "exact"
    """Exactly the rest."""
    ECHO = "echo"
    RESTART = "restart"
    DRIFT = "drift"
    SURE = "sure"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with one request."""

    ending: Ending = Ending.WHOLE
    saying: Saying = Saying.EXACT
    refusal: Refusal | None = None
    expires: bool = False
    """The token that was presented is refused from now on."""
    slow: bool = False

    @property
    def faulty(self) -> bool:
        """This request does not bring the answer home."""
        return self.refusal is not None or self.ending is not Ending.WHOLE


LONG = 2000
"""Characters still to be said from which on `cut` breaks a second time."""

_WHOLE = Plan()
_SAYINGS = {"echo": Saying.ECHO, "restart": Saying.RESTART, "drift": Saying.DRIFT}
_ENDINGS = {
    "half": Ending.CLOSE,
    "stall": Ending.STALL,
    "offline": Ending.VANISH,
    "garbage": Ending.GARBLE,
    "error": Ending.ERROR,
    "reattach": Ending.DETACH,
    "echo": Ending.FIN,
    "restart": Ending.FIN,
    "drift": Ending.FIN,
}


def expired() -> Refusal:
    """The token was good and is no longer."""
    return Refusal(401, _("The token has expired"), "authentication_error", "token_expired")


def plan(model: str, mode: Mode, shown: int, left: int) -> Plan:
    """What `model` does, when it has shown its fault `shown` times and `left` characters are still to be said."""
    match model:
        case "busy":
            return Plan(refusal=_busy()) if shown < 2 else _WHOLE
        case "expired":
            return Plan(refusal=expired(), expires=True) if shown == 0 else _WHOLE
        case "final":
            return Plan(refusal=_no_credits())
        case "slow":
            return Plan(slow=True)
        case "sure" if mode is Mode.PREFILL:
            return Plan(refusal=_no_prefill())
    # whoever brings the beginning of an answer has seen the fault, even if a guide before this one showed it
    shown = max(shown, 0 if mode is Mode.FRESH else 1)
    match model:
        case "cut" if shown == 1 and left >= LONG:
            return Plan(Ending.FIN)
        case "cut" | "sure" if shown == 0:
            return Plan(Ending.RESET)
        case "sure" if mode is Mode.INSTRUCT:
            return Plan(saying=Saying.SURE)
        case "expired-midway" if shown == 0:
            return Plan(Ending.EXPIRE, expires=True)
        case _ if model in _ENDINGS and shown == 0:
            return Plan(_ENDINGS[model])
        case _ if mode is not Mode.FRESH:
            return Plan(saying=_SAYINGS.get(model, Saying.EXACT))
    return _WHOLE


def _busy() -> Refusal:
    wait = {"Retry-After": "3"}
    return Refusal(429, _("Too many requests right now"), "rate_limit_error", "rate_limit_exceeded", headers=wait)


def _no_credits() -> Refusal:
    return Refusal(402, _("No credits are left on this account"), "insufficient_quota", "insufficient_credits")


def _no_prefill() -> Refusal:
    # Anthropic's words, which clients know this refusal by; so they are not translated
    words = "This model does not support assistant message prefill. The conversation must end with a user message."
    return Refusal(400, words, param="messages")


def broken() -> Refusal:
    """The error that `error` reports within a stream."""
    return Refusal(500, _("The server had an error while it answered"), "server_error", "server_error")


def conversation_key(model: str, turns: Sequence[Turn]) -> str:
    """A name for this question to this model, the same whenever it is asked."""
    told = json.dumps([model, *([turn.role, turn.text] for turn in turns)]).encode()
    return hashlib.blake2b(told, digest_size=12).hexdigest()


class Ledger:
    """How often each question has shown its fault; safe to use from several threads."""

    __slots__ = ("_lock", "_shown")
    _KEPT = 256

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: OrderedDict[str, int] = OrderedDict()

    def plan(self, key: str, model: str, mode: Mode, left: int) -> Plan:
        """The plan for this request, which counts as shown if it is faulty."""
        with self._lock:
            shown = self._shown.get(key, 0)
            made = plan(model, mode, shown, left)
            if made.faulty:
                self._shown[key] = shown + 1
                self._shown.move_to_end(key)
                while len(self._shown) > self._KEPT:
                    self._shown.popitem(last=False)
            return made

    def done(self, key: str) -> None:
        """The answer came home; the next time it is asked for begins anew."""
        with self._lock:
            self._shown.pop(key, None)
