"""How a cut answer is brought home: which way to ask for the rest, and what the request then looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from holytui.config.presets import FORMS, Continuation, Prefill
from holytui.config.schema import Recover
from holytui.engine.resume.instruction import instruction
from holytui.engine.resume.overlap import weight
from holytui.faults import Fault, FaultKind
from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest

_MIN_WEIGHT = 16
_REFUSAL = re.compile(
    r"pre-?fill|\bprefix\b|continue_final_message|add_generation_prompt|end with a user|"
    r"last message|final message|trailing|assistant|must alternate",
    re.IGNORECASE,
)
_STRUCTURED = ("response_format", "grammar", "json_schema", "guided_json", "format")


class ResumeMode(StrEnum):
    """How the rest of a cut answer is asked for."""

    PREFILL = "prefill"
    """The text so far stands as the last message, and the server goes on with it."""
    INSTRUCT = "instruct"
    """A user message asks the model to go on from where the text ends."""
    RESTART = "restart"
    """The question is asked again, and what comes is laid over what is there."""


@dataclass(frozen=True, slots=True)
class ResumeProfile:
    """What use has shown of one model at one endpoint; kept in the history as a line of words."""

    mode: ResumeMode | None = None
    """The first way to be tried: PREFILL or INSTRUCT."""
    form: str = ""
    """The form of a prefill (a key of `presets.FORMS`); empty: the one of the provider's preset."""
    echoes: bool | None = None
    """Whether the answer to a prefill begins with the text that was sent."""

    @classmethod
    def parse(cls, line: str) -> ResumeProfile:
        """From what was kept; nothing is learnt from words that are not known."""
        first, *rest = line.split() or [""]
        if first not in (ResumeMode.PREFILL, ResumeMode.INSTRUCT):
            return cls()
        form = next((word for word in rest if word in FORMS), "")
        echoes = True if "echo" in rest else False if "exact" in rest else None
        return cls(ResumeMode(first), form, echoes)

    def __str__(self) -> str:
        echo = {True: "echo", False: "exact", None: ""}[self.echoes]
        return " ".join(word for word in (self.mode or "", self.form, echo) if word)


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is configured and known of one model at one endpoint."""

    recover: Recover = Recover.AUTO
    continuation: Continuation = field(default_factory=Continuation)
    """As the preset has it; see `prefill` for the one in force."""
    profile: ResumeProfile = field(default_factory=ResumeProfile)
    structured: bool = False
    """The answer must be one piece of JSON or the like, which no continuation in prose may break."""

    @property
    def asks_first(self) -> bool:
        """The user wants to be asked before an answer goes on."""
        return self.recover is Recover.ASK

    @property
    def prefill(self) -> Continuation:
        """How a prefill is to be asked for: in the form that was learnt, else as the preset says, else in the likeliest
        of the forms."""
        form = self.continuation
        if self.profile.form:
            form = replace(FORMS[self.profile.form], strips=form.strips)
        elif form.prefill is Prefill.UNKNOWN and not (form.params or form.message):
            form = replace(next(iter(FORMS.values())), strips=form.strips)
        return form if self.profile.echoes is None else replace(form, echoes=self.profile.echoes)

    @property
    def exact(self) -> bool:
        """The server is known to go on exactly where a prefill ends, or the user says that it does."""
        if self.profile.mode is not None:
            return self.profile.mode is ResumeMode.PREFILL
        return self.continuation.prefill is Prefill.YES or self.recover is Recover.PREFILL

    def modes(self, partial: str) -> tuple[ResumeMode, ...]:
        """The ways to go on after `partial`, which is not empty, the first to be tried first.

        Only `recover = "auto"` has more than one.
        """
        if self.structured or self.recover is Recover.RESTART:
            return (ResumeMode.RESTART,)
        # a few characters are no hold for a model, and cost nothing to make anew
        little = weight(partial.strip()) < _MIN_WEIGHT
        if self.recover is Recover.INSTRUCT:
            return (ResumeMode.RESTART if little else ResumeMode.INSTRUCT,)
        if self.recover is Recover.PREFILL and self.profile.mode is not ResumeMode.INSTRUCT:
            return (ResumeMode.PREFILL if partial.strip() else ResumeMode.RESTART,)
        if self.exact:
            first = (ResumeMode.PREFILL,) if partial.strip() else ()
            return (*first, *(() if little else (ResumeMode.INSTRUCT,)), ResumeMode.RESTART)
        if little:
            return (ResumeMode.RESTART,)
        if self.recover is Recover.PREFILL:
            return (ResumeMode.INSTRUCT,)
        refused = self.profile.mode is ResumeMode.INSTRUCT or self.continuation.prefill is Prefill.NO
        return (
            (ResumeMode.INSTRUCT, ResumeMode.RESTART)
            if refused
            else (ResumeMode.INSTRUCT, ResumeMode.PREFILL, ResumeMode.RESTART)
        )

    def choose(self, partial: str, tried: frozenset[ResumeMode] = frozenset()) -> ResumeMode | None:
        """The first way that was not tried yet; None when all were."""
        return next((mode for mode in self.modes(partial) if mode not in tried), None)

    def without_prefill(self) -> Strategy:
        """After the endpoint refused a prefill."""
        return replace(self, profile=ResumeProfile(ResumeMode.INSTRUCT))


def resume_profile_key(base_url: str, model: str) -> str:
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


def request_for(request: ChatRequest, mode: ResumeMode | None, partial: str, continuation: Continuation) -> ChatRequest:
    """`request` changed so that it asks for the rest after `partial`; as it is for None and RESTART.

    The text goes out as it came: without the white space at its end a model goes on with other words.
    """
    if mode is ResumeMode.PREFILL:
        sent = partial.rstrip() if continuation.strips else partial
        last = ChatMessage(Role.ASSISTANT, sent, continuation.message)
        params = {**request.params, **continuation.params}
        return ChatRequest(request.model, (*request.messages, last), params)
    if mode is ResumeMode.INSTRUCT:
        answer = ChatMessage(Role.ASSISTANT, partial)
        question = ChatMessage(Role.USER, instruction(partial).text)
        return ChatRequest(request.model, (*request.messages, answer, question), request.params)
    return request
