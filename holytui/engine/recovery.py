"""How a cut answer is brought home: which way to ask for the rest, and what the request then looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from holytui.config.presets import Continuation, Prefill
from holytui.config.schema import Recover
from holytui.engine.echo import weight
from holytui.faults import Fault, FaultKind
from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest

_TOO_LITTLE = 16
_QUOTED = 120
_REFUSAL = re.compile(
    r"pre-?fill|\bprefix\b|continue_final_message|add_generation_prompt|end with a user|"
    r"last message|final message|trailing|assistant|must alternate",
    re.IGNORECASE,
)
_STRUCTURED = ("response_format", "grammar", "json_schema", "guided_json", "format")


class How(StrEnum):
    """How the rest of a cut answer is asked for."""

    PREFILL = "prefill"
    """The text so far stands as the last message, and the server goes on with it."""
    INSTRUCT = "instruct"
    """A user message asks the model to go on from where the text ends."""
    RESTART = "restart"
    """The question is asked again, and what comes is laid over what is there."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is configured and known of one model at one endpoint."""

    recover: Recover = Recover.AUTO
    continuation: Continuation = field(default_factory=Continuation)
    learnt: str = ""
    """What `History.recall(learn_key)` knows: the name of a `How`, or nothing."""
    structured: bool = False
    """The answer must be one piece of JSON or the like, which no continuation in prose may break."""

    @property
    def asks(self) -> bool:
        """The user wants to be asked before an answer goes on."""
        return self.recover is Recover.ASK

    def choose(self, partial: str) -> How:
        """The way to go on after `partial`, which is not empty."""
        if self.structured or self.recover is Recover.RESTART:
            return How.RESTART
        if self._prefills():
            return How.PREFILL if partial.strip() else How.RESTART
        # a few characters are no hold for a model, and cost nothing to make anew
        return How.INSTRUCT if weight(partial.strip()) >= _TOO_LITTLE else How.RESTART

    def without_prefill(self) -> Strategy:
        """After the endpoint refused a prefill."""
        return replace(self, learnt=How.INSTRUCT.value)

    def _prefills(self) -> bool:
        if self.learnt == How.INSTRUCT or self.recover is Recover.INSTRUCT:
            return False
        if self.recover is Recover.PREFILL or self.learnt == How.PREFILL:
            return True
        return self.continuation.prefill is Prefill.YES


def learn_key(base_url: str, model: str) -> str:
    """The key under which the history remembers how this model goes on."""
    return f"recover {base_url.rstrip('/')} {model}"


def is_structured(params: Mapping[str, object]) -> bool:
    """Whether these parameters of a request ask for JSON or another fixed form."""
    form = params.get("response_format")
    if isinstance(form, Mapping) and form.get("type") == "text":
        return False
    return any(params.get(name) is not None for name in _STRUCTURED)


def refuses_prefill(fault: Fault) -> bool:
    """Whether `fault` says that this endpoint takes no assistant message at the end of a request."""
    if fault.kind not in (FaultKind.STATUS, FaultKind.IN_BAND) or fault.status not in (400, 422):
        return False
    if "context_length" in fault.code:
        return False
    return _REFUSAL.search(f"{fault.param} {fault.code} {fault.message}") is not None


def request_for(request: ChatRequest, how: How | None, partial: str, continuation: Continuation) -> ChatRequest:
    """`request` changed so that it asks for the rest after `partial`; as it is for None and RESTART."""
    if how is How.PREFILL:
        # a prefill that ends in white space is refused by some servers and badly continued by others
        last = ChatMessage(Role.ASSISTANT, partial.rstrip(), continuation.message)
        params = {**request.params, **continuation.params}
        return ChatRequest(request.model, (*request.messages, last), params)
    if how is How.INSTRUCT:
        said = ChatMessage(Role.ASSISTANT, partial.rstrip())
        ask = ChatMessage(Role.USER, instruction(partial))
        return ChatRequest(request.model, (*request.messages, said, ask), request.params)
    return request


def instruction(partial: str) -> str:
    """The message that asks a model to go on; in English, which every model follows best."""
    end = partial.rstrip()[-_QUOTED:]
    if len(end) == _QUOTED and " " in end[:40]:
        end = end[end.index(" ") + 1 :]
    inside = " You were inside a code block: go on with its code, without opening it." if open_fence(partial) else ""
    return (
        "The connection broke while you were answering. The answer so far ends exactly with the text between the "
        f"markers:\n<<<\n{end}\n>>>\n"
        "Output only its continuation, from exactly there, even in the middle of a word or line. Do not repeat any of "
        f"it, do not begin again, and write no introduction, comment or apology.{inside} "
        "Keep to the language and format of the answer."
    )


_FENCE = re.compile(r"^ {0,3}(?:[-*+>] +|\d+[.)] +)*[ \t]*(`{3,}|~{3,})([^`\n]*)$")


def open_fence(text: str) -> str:
    """The marker of the fenced code block that is open at the end of `text`; empty when none is (CommonMark 4.5)."""
    marker = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        if not marker:
            marker = found[1]
        elif found[1].startswith(marker) and not found[2].strip():
            marker = ""
    return marker
