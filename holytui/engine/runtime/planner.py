"""Plans a turn: model, key, endpoint, context and resume strategy for an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from holytui.config.effort import effort_of, without_effort
from holytui.config.presets import Continuation
from holytui.config.schema import Api, Config, Provider, Recover, Stream
from holytui.engine.answer_schema import schema_params
from holytui.engine.context import Context, context_for
from holytui.engine.learnt_api import with_learnt_api
from holytui.engine.ports import GuideHost, GuideKeys, Keys
from holytui.engine.resume.strategy import ResumeMode, ResumeProfile, Strategy, is_structured, resume_profile_key
from holytui.engine.runtime.requester import AnswerRequest
from holytui.engine.runtime.turn_options import TurnOptions
from holytui.engine.turn.answer import PriorAnswer
from holytui.engine.turn.kept_stream import KeptStream
from holytui.engine.turn.machine import TurnPlan
from holytui.errors import ModelUnknown, StoreError
from holytui.i18n import _
from holytui.models import EFFORT_PARAM, HIDDEN, Attempt, DeltaKind, Join, Message, ModelRef, StoredStream, Usage
from holytui.providers.resolve import GUIDE, Resolved, resolve
from holytui.secret import Secret
from holytui.store.assembly import assemble
from holytui.store.history import History
from holytui.wire.request import ChatRequest, Endpoint, OptionalParams, Timeouts


class TurnPlanner:
    """Creates plans and requests. Starts the guide's server on first use."""

    def __init__(
        self,
        config: Callable[[], Config],
        history: History,
        keyring_for: Callable[[Provider], Keys],
        guide: Callable[[], GuideHost] | None,
        *,
        probe_scale: float,
    ) -> None:
        self._config = config
        self._history = history
        self._keyring_for = keyring_for
        self._make_guide = guide or _new_guide
        self._guide: GuideHost | None = None
        self._lock = threading.Lock()
        self._probe_scale = probe_scale

    def resolve(self, model: str | ModelRef) -> Resolved:
        """Resolve a model name. Raises ModelUnknown."""
        return resolve(self._config(), model)

    def plan(self, message: Message, turn_id: str, options: TurnOptions) -> tuple[TurnPlan, AnswerRequest]:
        """Plan the turn that fills `message`. Raises ModelUnknown, StoreError, GuideError."""
        resolved = self.resolve(message.model or self._config().default_model)
        stream = resolved.stream(self._config().stream)
        endpoint, keys = self.endpoint_and_keys(resolved)
        context, params = self._context(message, resolved)
        optional = _optional(resolved, params, options)
        params = without_effort(params)
        request = ChatRequest(resolved.model.name, context.messages, params, optional=optional)
        strategy = self.strategy(resolved, endpoint, _all_params(request), by_user=options.by_user)
        prior, kept_stream = prior_answer(message), None
        if message.attempts and (stored := self._history.streams.find(message.id)) is not None:
            reads_on = strategy.keeps_streams and strategy.stream_kind is stored.kind
            kept_stream = self._kept_stream(message, stored, endpoint) if reads_on else None
            if kept_stream is None:
                kept_stream = KeptStream(stored.id, stored.position, kind=stored.kind, usable=False)
            else:
                prior = replace(prior, usage=self._usage_before(message, stored))
        plan = TurnPlan(
            turn_id,
            message.id,
            GUIDE if resolved.ref.provider == GUIDE else endpoint.host,
            stream,
            strategy,
            prior,
            keys.supplied_by_command,
            keys.describe(),
            context.tokens,
            self._probe_scale,
            0 if resolved.model.vision else context.left_out,
            kept_stream,
            strategy.for_responses_api(background=resolved.background) if endpoint.api is Api.AUTO else None,
            self._config().limits.per_answer_tokens,
        )
        message = replace(message, left_out=context.left_out)
        timeouts = Timeouts(
            stream.connect_timeout,
            stream.idle_timeout,
            stream.first_token_timeout,
            stream.token_timeout,
            stream.max_answer_bytes,
        )
        return plan, AnswerRequest(message, request, endpoint, timeouts, keys, strategy.prefill)

    def server_of(self, model: str) -> tuple[Endpoint, Keys]:
        """The endpoint and key source of a model. Raises ModelUnknown, also for the guide if it is not running."""
        resolved = self.resolve(model)
        if resolved.ref.provider == GUIDE and self._guide is None:
            raise ModelUnknown(_("The built-in guide is not running"))
        return self.endpoint_and_keys(resolved)

    def _kept_stream(self, message: Message, stored: StoredStream, endpoint: Endpoint) -> KeptStream | None:
        """The stream of an interrupted answer with the text after its position; None if it does not end the answer."""
        attempts = self._history.attempts(message.id)
        number = next((each.number for each in attempts if each.id == stored.attempt_id), None)
        if number is None or stored.base_url != endpoint.base_url or stored.model != message.model:
            return None
        request, *later = (each for each in attempts if each.number >= number)
        appended = request.cut != HIDDEN and request.end < 0 and request.resumed_by != ResumeMode.INSTRUCT
        if not appended or any(each.resumed_by != ResumeMode.REATTACH for each in later):
            return None
        ids, at = [each.id for each in (request, *later)], stored.position
        content = "".join(self._history.raw_text(id_, DeltaKind.CONTENT) for id_ in ids)
        reasoning = "".join(self._history.raw_text(id_, DeltaKind.REASONING) for id_ in ids)
        if len(content) < at.content or len(reasoning) < at.reasoning:
            return None
        return KeptStream(stored.id, at, content, reasoning, kind=stored.kind)

    def _usage_before(self, message: Message, stored: StoredStream) -> Usage | None:
        """The usage of the attempts before a stream; that of the stream itself is reported at its end."""
        attempts = self._history.attempts(message.id)
        number = next(each.number for each in attempts if each.id == stored.attempt_id)
        earlier = [each.usage for each in attempts if each.number < number]
        known = [usage for usage in earlier if usage is not None]
        return sum(known, Usage(at_least=len(known) < len(earlier))) if earlier else None

    def close(self) -> None:
        """Stop the guide's server."""
        with self._lock:
            guide, self._guide = self._guide, None
        if guide is not None:
            guide.stop()

    def _context(self, message: Message, resolved: Resolved) -> tuple[Context, Mapping[str, object]]:
        """The context and the request parameters. Image bytes are loaded here, and nowhere earlier."""
        conversation = self._history.conversation(message.conversation_id)
        if conversation is None or message.parent_id is None:
            raise StoreError(_("There is no such conversation"))
        branch = self._history.branch(message.conversation_id, message.parent_id)
        load_image = (lambda image: self._history.image(image.digest)) if resolved.model.vision else None
        return context_for(branch, conversation.system, load_image), {**resolved.model.params, **conversation.params}

    def endpoint_and_keys(self, resolved: Resolved) -> tuple[Endpoint, Keys]:
        """The endpoint and key source of a model. Starts the guide if it is the guide's. Raises GuideError."""
        if resolved.ref.provider != GUIDE:
            endpoint = with_learnt_api(resolved.endpoint, resolved.model.name, self._history)
            return endpoint, self._keyring_for(resolved.provider)
        with self._lock:
            if self._guide is None:
                guide = self._make_guide()
                guide.start()
                self._guide = guide
            guide = self._guide
        base_url = guide.endpoint_for(resolved.model.name)
        return replace(resolved.endpoint, base_url=base_url), GuideKeys(guide, resolved.model.name)

    def strategy(
        self, resolved: Resolved, endpoint: Endpoint, params: Mapping[str, object], *, by_user: bool
    ) -> Strategy:
        """The configured and learnt strategy for resuming answers. Raises StoreError."""
        recover = self._recover(resolved, by_user=by_user)
        if endpoint.api is Api.RESPONSES:
            return Strategy(recover, structured=is_structured(params)).for_responses_api(background=resolved.background)
        profile = ResumeProfile.parse(
            self._history.recall(resume_profile_key(endpoint.base_url, resolved.model.name)) or ""
        )
        if recover is Recover.PREFILL and profile.mode is not ResumeMode.PREFILL:
            # an explicit setting overrides an earlier refusal
            profile = ResumeProfile(streams=profile.streams)
        reattach = resolved.provider.reattach
        return Strategy(recover, resolved.continuation, profile, is_structured(params), reattach)

    def _recover(self, resolved: Resolved, *, by_user: bool) -> Recover:
        recover = resolved.model.recover or resolved.provider.recover or self._config().stream.recover
        return Recover.AUTO if by_user and recover is Recover.ASK else recover  # resuming is the user's consent


def _all_params(request: ChatRequest) -> Mapping[str, object]:
    """The parameters of a request, with those that a server may refuse."""
    return request.with_optional(request.optional).params


def _optional(resolved: Resolved, params: Mapping[str, object], options: TurnOptions) -> tuple[OptionalParams, ...]:
    """The parameters that a server may refuse: those of the reasoning effort and of a structured answer."""
    found = []
    level = effort_of(params)
    if level is not None and (chosen := resolved.effort_params(level, params)):
        found.append(OptionalParams(f"{EFFORT_PARAM}={level}", chosen))
    if options.answer_schema is not None:
        found.append(schema_params(options.answer_schema))
    return tuple(found)


def prior_answer(message: Message) -> PriorAnswer:
    """The stored content of `message`."""
    m = message
    return PriorAnswer(m.text, m.reasoning, m.seams, m.attempts, m.usage, m.begun_again)


def placeholder_plan(message: Message, turn_id: str) -> tuple[TurnPlan, AnswerRequest]:
    """An empty plan for an answer whose planning failed; it only reports the error."""
    plan = TurnPlan(turn_id, message.id, "", Stream(), prior=prior_answer(message))
    keys = _NoKeys()
    return plan, AnswerRequest(message, ChatRequest("", ()), Endpoint("", ""), Timeouts(), keys, Continuation())


def adopt_imported_text(history: History, message: Message, new_id: Callable[[], str], now: float) -> None:
    """Store the text of an imported answer as an attempt.

    The text of an active answer is read from its attempts, which an imported one has not.
    """
    attempts = history.attempts(message.id)
    if assemble((each, history.raw_text(each.id, DeltaKind.CONTENT)) for each in attempts) == message.text:
        return
    number = max((each.number for each in attempts), default=0) + 1
    attempt = Attempt(new_id(), message.id, number, now, ended_at=now, join=Join.RESTART, keep=0)
    history.begin_attempt(attempt)
    history.journal(attempt.id, DeltaKind.CONTENT, message.text)
    history.journal(attempt.id, DeltaKind.REASONING, message.reasoning)
    history.flush()


class _NoKeys:
    supplied_by_command = False

    def get(self) -> None:
        return None

    def refresh(self, refused: Secret | None) -> None:  # noqa: ARG002 - required by the protocol
        return None

    def describe(self) -> str:
        return ""


def _new_guide() -> GuideHost:
    from holytui.guide.server import GuideServer  # deferred: seldom needed

    return GuideServer()
