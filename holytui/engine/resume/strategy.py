"""The strategy for resuming an answer: which mode to try, and the request for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from holytui.config.presets import NO_CONTINUATION, PREFILL_FORMS, Continuation, Prefill
from holytui.config.schema import Recover
from holytui.engine.resume.instruction import instruction
from holytui.engine.resume.overlap import weight
from holytui.faults import Fault, FaultKind
from holytui.models import REATTACHED, Role, StreamKind
from holytui.wire.request import ChatMessage, ChatRequest

_MIN_WEIGHT = 16
_REFUSAL = re.compile(
    r"pre-?fill|\bprefix\b|continue_final_message|add_generation_prompt|end with a user|"
    r"last message|final message|trailing|assistant|must alternate",
    re.IGNORECASE,
)
_STRUCTURED = ("response_format", "grammar", "json_schema", "guided_json", "format")


class ResumeMode(StrEnum):
    """How the rest of an interrupted answer is requested."""

    PREFILL = "prefill"
    """The text so far is the last message, and the server continues it."""
    INSTRUCT = "instruct"
    """A user message asks the model to continue."""
    RESTART = "restart"
    """The question is sent again, and the new answer is compared with the old text."""
    REATTACH = REATTACHED
    """The server kept the stream, which is read on from where it was cut: the same answer, without a new request."""


@dataclass(frozen=True, slots=True)
class ResumeProfile:
    """How one model at one endpoint continues answers, as observed; stored in the history as a line of words."""

    mode: ResumeMode | None = None
    """The first mode to try: PREFILL or INSTRUCT."""
    form: str = ""
    """The prefill form (a key of `presets.PREFILL_FORMS`); empty: that of the provider's preset."""
    echoes: bool | None = None
    """Whether the reply to a prefill repeats the text sent."""
    streams: bool | None = None
    """Whether the server keeps streams to reattach to."""

    @classmethod
    def parse(cls, line: str) -> ResumeProfile:
        """Parse a stored line; unknown words give an empty profile."""
        words = line.split()
        streams = True if "keeps" in words else False if "forgets" in words else None
        first, *rest = words or [""]
        if first not in (ResumeMode.PREFILL, ResumeMode.INSTRUCT):
            return cls(streams=streams)
        form = next((word for word in rest if word in PREFILL_FORMS), "")
        echoes = True if "echo" in rest else False if "exact" in rest else None
        return cls(ResumeMode(first), form, echoes, streams)

    def __str__(self) -> str:
        echo = {True: "echo", False: "exact", None: ""}[self.echoes]
        streams = {True: "keeps", False: "forgets", None: ""}[self.streams]
        return " ".join(word for word in (self.mode or "", self.form, echo, streams) if word)


@dataclass(frozen=True, slots=True)
class Strategy:
    """The configuration and profile of one model at one endpoint."""

    recover: Recover = Recover.AUTO
    continuation: Continuation = field(default_factory=Continuation)
    """From the preset; see `prefill` for the effective one."""
    profile: ResumeProfile = field(default_factory=ResumeProfile)
    structured: bool = False
    """The answer must be a single JSON value or the like, which a prose continuation would break."""
    reattach: bool | None = None
    """Configured: whether to have streams kept; None: where the preset or the server says so, unless it failed."""
    stream_kind: StreamKind = StreamKind.BYTES
    """How the server keeps streams."""

    @property
    def asks_first(self) -> bool:
        """The user decides whether an answer is resumed."""
        return self.recover is Recover.ASK

    @property
    def keeps_streams(self) -> bool:
        """Whether to ask the server to keep streams, and to reattach first."""
        if self.reattach is not None:
            return self.reattach
        return self.continuation.keeps_streams if self.profile.streams is None else self.profile.streams

    @property
    def learns_streams(self) -> bool:
        """Whether the server keeps streams is observed; background mode is a setting alone."""
        return self.stream_kind is StreamKind.BYTES

    @property
    def prefill(self) -> Continuation:
        """The effective prefill form: the learnt one, else the preset's, else the most likely one."""
        form = self.continuation
        if self.profile.form:
            form = replace(PREFILL_FORMS[self.profile.form], strips=form.strips)
        elif form.prefill is Prefill.UNKNOWN and not (form.params or form.message):
            form = replace(next(iter(PREFILL_FORMS.values())), strips=form.strips)
        return form if self.profile.echoes is None else replace(form, echoes=self.profile.echoes)

    @property
    def exact(self) -> bool:
        """The server is known, or configured, to continue exactly where a prefill ends."""
        if self.profile.mode is not None:
            return self.profile.mode is ResumeMode.PREFILL
        return self.continuation.prefill is Prefill.YES or self.recover is Recover.PREFILL

    def modes(self, partial: str) -> tuple[ResumeMode, ...]:
        """The modes for the rest after `partial` (not empty), in order of preference.

        Only `recover = "auto"` has more than one.
        """
        if self.structured or self.recover is Recover.RESTART:
            return (ResumeMode.RESTART,)
        # too little for a model to continue from, and cheap to generate again
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
        """The first mode not tried yet; None if all were."""
        return next((mode for mode in self.modes(partial) if mode not in tried), None)

    def without_prefill(self) -> Strategy:
        """The strategy after the endpoint refused a prefill."""
        return replace(self, profile=ResumeProfile(ResumeMode.INSTRUCT, streams=self.profile.streams))

    def for_responses_api(self, *, background: bool) -> Strategy:
        """The strategy with the Responses API, which has no prefill; profiles are about chat completions."""
        return replace(
            self,
            continuation=NO_CONTINUATION,
            profile=ResumeProfile(ResumeMode.INSTRUCT),
            reattach=background,
            stream_kind=StreamKind.EVENTS,
        )

    def with_streams(self, kept: bool) -> Strategy:
        """The strategy after the server proved to keep streams, or not to."""
        return replace(self, profile=replace(self.profile, streams=kept))


def resume_profile_key(base_url: str, model: str) -> str:
    """The history key of a profile."""
    return f"recover {base_url.rstrip('/')} {model}"


def is_structured(params: Mapping[str, object]) -> bool:
    """Whether request parameters ask for JSON or another fixed format."""
    form = params.get("response_format")
    if isinstance(form, Mapping) and form.get("type") == "text":
        return False
    text = params.get("text")  # its name in the Responses API
    inner = text.get("format") if isinstance(text, Mapping) else None
    if isinstance(inner, Mapping) and inner.get("type") != "text":
        return True
    return any(params.get(name) is not None for name in _STRUCTURED)


def refuses_prefill(fault: Fault) -> bool:
    """Whether `fault` reports that the endpoint accepts no trailing assistant message."""
    if fault.kind not in (FaultKind.STATUS, FaultKind.IN_BAND) or fault.status not in (400, 422):
        return False
    if "context_length" in fault.code:
        return False
    return _REFUSAL.search(f"{fault.param} {fault.code} {fault.message}") is not None


def request_for(request: ChatRequest, mode: ResumeMode | None, partial: str, continuation: Continuation) -> ChatRequest:
    """The request for the rest after `partial`; `request` itself for None and RESTART.

    The text is sent unchanged: without its trailing white space a model continues with other words.
    """
    if mode is ResumeMode.PREFILL:
        sent = partial.rstrip() if continuation.strips else partial
        last = ChatMessage(Role.ASSISTANT, sent, continuation.message)
        params = {**request.params, **continuation.params}
        return replace(request, messages=(*request.messages, last), params=params, prefilled=True)
    if mode is ResumeMode.INSTRUCT:
        answer = ChatMessage(Role.ASSISTANT, partial)
        question = ChatMessage(Role.USER, instruction(partial).text)
        return replace(request, messages=(*request.messages, answer, question))
    return request
