"""How a cut answer is brought home: which way to ask for the rest, and what the request then looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from holytui.config.presets import PREFILL_FORMS, Continuation, Prefill
from holytui.config.schema import Recover
from holytui.engine.resume.instruction import instruction
from holytui.engine.resume.overlap import weight
from holytui.faults import Fault, FaultKind
from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest

_TOO_LITTLE = 16
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
class Learnt:
    """What use has shown of one model at one endpoint; kept in the history as a line of words."""

    how: How | None = None
    """The first way to be tried: PREFILL or INSTRUCT."""
    form: str = ""
    """The form of a prefill (a key of `presets.PREFILL_FORMS`); empty: the one of the provider's preset."""
    echoes: bool | None = None
    """Whether the answer to a prefill begins with the text that was sent."""

    @classmethod
    def parse(cls, line: str) -> Learnt:
        """From what was kept; nothing is learnt from words that are not known."""
        first, *rest = line.split() or [""]
        if first not in (How.PREFILL, How.INSTRUCT):
            return cls()
        form = next((word for word in rest if word in PREFILL_FORMS), "")
        echoes = True if "echo" in rest else False if "exact" in rest else None
        return cls(How(first), form, echoes)

    def __str__(self) -> str:
        echo = {True: "echo", False: "exact", None: ""}[self.echoes]
        return " ".join(word for word in (self.how or "", self.form, echo) if word)


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is configured and known of one model at one endpoint."""

    recover: Recover = Recover.AUTO
    continuation: Continuation = field(default_factory=Continuation)
    """As the preset has it; see `prefill` for the one in force."""
    learnt: Learnt = field(default_factory=Learnt)
    structured: bool = False
    """The answer must be one piece of JSON or the like, which no continuation in prose may break."""

    @property
    def asks(self) -> bool:
        """The user wants to be asked before an answer goes on."""
        return self.recover is Recover.ASK

    @property
    def prefill(self) -> Continuation:
        """How a prefill is to be asked for: in the form that was learnt, else as the preset says, else in the likeliest
        of the forms."""
        known = self.continuation
        if self.learnt.form:
            known = replace(PREFILL_FORMS[self.learnt.form], strips=known.strips)
        elif known.prefill is Prefill.UNKNOWN and not (known.params or known.message):
            known = replace(next(iter(PREFILL_FORMS.values())), strips=known.strips)
        return known if self.learnt.echoes is None else replace(known, echoes=self.learnt.echoes)

    @property
    def exact(self) -> bool:
        """The server is known to go on exactly where a prefill ends, or the user says that it does."""
        if self.learnt.how is not None:
            return self.learnt.how is How.PREFILL
        return self.continuation.prefill is Prefill.YES or self.recover is Recover.PREFILL

    def ways(self, partial: str) -> tuple[How, ...]:
        """The ways to go on after `partial`, which is not empty, the first to be tried first.

        Only `recover = "auto"` has more than one.
        """
        if self.structured or self.recover is Recover.RESTART:
            return (How.RESTART,)
        # a few characters are no hold for a model, and cost nothing to make anew
        little = weight(partial.strip()) < _TOO_LITTLE
        if self.recover is Recover.INSTRUCT:
            return (How.RESTART if little else How.INSTRUCT,)
        if self.recover is Recover.PREFILL and self.learnt.how is not How.INSTRUCT:
            return (How.PREFILL if partial.strip() else How.RESTART,)
        if self.exact:
            first = (How.PREFILL,) if partial.strip() else ()
            return (*first, *(() if little else (How.INSTRUCT,)), How.RESTART)
        if little:
            return (How.RESTART,)
        if self.recover is Recover.PREFILL:
            return (How.INSTRUCT,)
        refused = self.learnt.how is How.INSTRUCT or self.continuation.prefill is Prefill.NO
        return (How.INSTRUCT, How.RESTART) if refused else (How.INSTRUCT, How.PREFILL, How.RESTART)

    def choose(self, partial: str, tried: frozenset[How] = frozenset()) -> How | None:
        """The first way that was not tried yet; None when all were."""
        return next((how for how in self.ways(partial) if how not in tried), None)

    def without_prefill(self) -> Strategy:
        """After the endpoint refused a prefill."""
        return replace(self, learnt=Learnt(How.INSTRUCT))


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
    """`request` changed so that it asks for the rest after `partial`; as it is for None and RESTART.

    The text goes out as it came: without the white space at its end a model goes on with other words.
    """
    if how is How.PREFILL:
        sent = partial.rstrip() if continuation.strips else partial
        last = ChatMessage(Role.ASSISTANT, sent, continuation.message)
        params = {**request.params, **continuation.params}
        return ChatRequest(request.model, (*request.messages, last), params)
    if how is How.INSTRUCT:
        said = ChatMessage(Role.ASSISTANT, partial)
        ask = ChatMessage(Role.USER, instruction(partial).text)
        return ChatRequest(request.model, (*request.messages, said, ask), request.params)
    return request
