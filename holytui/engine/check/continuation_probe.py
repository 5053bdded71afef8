"""Probes a model: an answer to a question with a known answer, then its rest, as after an interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

from holytui.config.effort import without_effort
from holytui.config.presets import GUIDE, PREFILL_FORMS, Continuation, Prefill
from holytui.config.schema import Api, Recover
from holytui.engine.check.check_target import REQUEST_LIMIT, CheckTarget
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, seconds, skipped
from holytui.engine.check.flow import Flow, bursts, classify_flow, held_back
from holytui.engine.check.probe import JoinedReply, ProbeResponse, join_reply, record_response
from holytui.engine.check.reattach_probe import probe_reattaching
from holytui.engine.check.sample import (
    PROSE_QUESTION,
    QUESTION,
    SHORT_QUESTION,
    ContinuationOutcome,
    Sample,
    make_sample,
)
from holytui.engine.learnt_api import remember_responses_api
from holytui.engine.ports import Client
from holytui.engine.resume.strategy import ResumeMode, ResumeProfile, request_for, resume_profile_key
from holytui.engine.turn.retry import FaultClass, classify, needs_responses
from holytui.errors import KeyUnavailable, StoreError
from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.models import Role, StreamKind
from holytui.secret import Secret
from holytui.store.history import History
from holytui.wire.request import ChatMessage, ChatRequest

_LONG_PARTIAL = "12345678" * 8
"""A partial answer long enough for every mode."""


@dataclass(frozen=True, slots=True)
class _ProbeRequest:
    """One request: for an answer, or for the rest of `sample`."""

    question: str
    mode: ResumeMode | None = None
    sample: Sample | None = None
    continuation: Continuation = field(default_factory=Continuation)


class ContinuationProbe:
    """Probes an answer (`answer`), then its continuation (`continuation`), whose result is stored in `history`.

    `clock` is in seconds.
    """

    def __init__(
        self,
        subject: CheckTarget,
        client: Client,
        history: History | None,
        key: Secret | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subject = subject
        self._client = client
        self._history = history
        self._key = key
        self._clock = clock
        self._question = QUESTION
        self._profile = subject.strategy.profile
        self._answer: ProbeResponse | None = None
        self._defaults: dict[str, object] = {"temperature": 0}
        """For reproducible answers; the model's own parameters take precedence."""
        self._key_refreshed = False
        self._key_error: KeyUnavailable | None = None

    @property
    def response(self) -> ProbeResponse | None:
        """The response to `answer`."""
        return self._answer

    def answer(self) -> Iterator[Finding]:
        """Request an answer; yield findings for its first token, its stream, and the reported usage."""
        response = self._answer = self._request(_ProbeRequest(self._question))
        if self._subject.endpoint.api is Api.AUTO and response.fault is not None and needs_responses(response.fault):
            self._subject = self._subject.by_responses_api()
            response = self._answer = self._request(_ProbeRequest(self._question))
            if response.complete:
                self._remember_api()
        if not response.arrivals:
            yield self._with_renewal(self._assess(response))
            yield from (skipped(CheckTopic.STREAMING), skipped(CheckTopic.USAGE))
            return
        text = _("after {time}").format(time=seconds(response.arrivals[0]))
        yield self._with_renewal(Finding(FindingStatus.OK, CheckTopic.FIRST_TOKEN, text))
        yield self._assess(response)
        yield _usage_finding(response)

    def _with_renewal(self, finding: Finding) -> Finding:
        """Add a warning if the first key was refused."""
        if not self._key_refreshed:
            return finding
        status = finding.status if finding.status is FindingStatus.FAILED else FindingStatus.WARNING
        message = _("The first key was refused; its source supplied another, as it would in a chat.")
        return replace(finding, status=status, hints=(message, *finding.hints))

    def _assess(self, response: ProbeResponse) -> Finding:
        topic = CheckTopic.STREAMING if response.arrivals else CheckTopic.FIRST_TOKEN
        flow = self._flow(response)
        facts = _facts(response, flow)
        if response.end is None:
            text = _("not complete after {time}").format(time=seconds(response.seconds))
            return Finding(FindingStatus.WARNING, topic, ", ".join([*facts, text]))
        if response.fault is not None or not response.complete:
            return self._failed(topic, response.fault or Fault(FaultKind.CLOSED), facts)
        if not response.arrivals:
            hint = _("Is this a chat model?")
            return Finding(FindingStatus.FAILED, topic, _("the answer is empty"), (hint,))
        hints = []
        if flow is Flow.BUFFERED:
            hints.append(
                _("Something in between, such as a proxy, buffers answers until their end. Turn off its buffering.")
            )
        end = response.end.finish_reason
        facts.append(_("end reported ({reason})").format(reason=end or "[DONE]"))
        return Finding(FindingStatus.WARNING if hints else FindingStatus.OK, topic, ", ".join(facts), tuple(hints))

    def _failed(self, topic: CheckTopic, fault: Fault, facts: list[str]) -> Finding:
        failure = self._subject.failure(topic, fault)
        before = as_hints(_("Before that: {facts}.").format(facts=", ".join(facts)) if facts else "")
        if self._key_error is not None:
            return replace(failure, hints=(*before, self._key_error.title, *as_hints(self._key_error.hint)))
        if classify(fault) in (FaultClass.TRANSIENT, FaultClass.STALE_CONNECTION):
            again = _("In a chat, holytui retries by itself. Check again later to see whether this lasts.")
        else:
            again = "" if failure.hints else _("Check again later, or choose another model with -m.")
        return replace(failure, hints=(*before, *failure.hints, *as_hints(again)))

    def _flow(self, response: ProbeResponse) -> Flow:
        """Classify the flow of the answer, with two more requests if one is inconclusive."""
        flow = classify_flow(response.arrivals)
        if flow is not Flow.HELD or not response.complete:
            return flow
        again = self._request(_ProbeRequest(self._question))  # the first wait may include loading the model
        if classify_flow(again.arrivals) is not Flow.HELD:
            return Flow.AT_ONCE
        short = self._request(_ProbeRequest(SHORT_QUESTION))
        return Flow.BUFFERED if short.complete and held_back(again.arrivals, short.arrivals) else Flow.AT_ONCE

    def _request(self, spec: _ProbeRequest) -> ProbeResponse:
        """Send a request; repeat it with another key, or without the default parameter, if that was refused."""
        response = self._send(spec)
        if response.fault is not None and self._rejects_default(response.fault):
            self._defaults = {}
            response = self._send(spec)
        if response.fault is None or not self._rejects_key(response.fault):
            return response
        try:
            self._key = self._subject.keys.refresh(self._key)
        except KeyUnavailable as error:
            self._key_error = error
            return response
        self._key_refreshed = True
        return self._send(spec)

    def _send(self, spec: _ProbeRequest) -> ProbeResponse:
        subject = self._subject
        model = subject.resolved.model
        asked = ChatRequest(
            model.name, (ChatMessage(Role.USER, spec.question),), {**self._defaults, **without_effort(model.params)}
        )
        request = request_for(asked, spec.mode, spec.sample.partial if spec.sample else "", spec.continuation)
        endpoint = subject.endpoint
        if spec.continuation.base_url:
            endpoint = replace(endpoint, base_url=spec.continuation.base_url)
        began = self._clock()
        stream = self._client.open(endpoint, self._key, request, subject.timeouts)
        # an instructed reply must be read to its end, where its marker is
        sample = spec.sample if spec.mode is ResumeMode.PREFILL else None
        try:
            return record_response(
                stream, self._clock, REQUEST_LIMIT, sample.enough if sample else lambda _text: False, began
            )
        finally:
            stream.cancel()

    def _rejects_default(self, fault: Fault) -> bool:
        """Whether the server rejects our default parameter: some models allow one temperature only."""
        message = f"{fault.param} {fault.message}".lower()
        return bool(self._defaults) and fault.status in (400, 422) and "temperature" in message

    def _rejects_key(self, fault: Fault) -> bool:
        by_command = self._subject.keys.supplied_by_command
        return classify(fault, key_by_command=by_command) is FaultClass.EXPIRED_KEY

    # -- continuation

    def continuation(self) -> Finding:
        """Request the rest of the answer in each mode until one works; store that mode."""
        strategy = self._subject.strategy
        if strategy.choose(_LONG_PARTIAL) is ResumeMode.RESTART:
            text = _("interrupted answers start again, as configured")
            return Finding(FindingStatus.OK, CheckTopic.CONTINUATION, text)
        if not strategy.keeps_streams:
            found = self._by_request()
            return replace(found, hints=(*found.hints, *self._background_note()))
        reason = probe_reattaching(self._subject, self._client, self._key, self._question)
        if not reason:
            self._remember(replace(self._profile, streams=True))
            text = _("interrupted answers are reattached, exactly: the server keeps them")
            if strategy.stream_kind is StreamKind.EVENTS:
                text = _("interrupted answers are reattached, exactly: the provider stores them for some minutes")
            return Finding(FindingStatus.OK, CheckTopic.CONTINUATION, text)
        found = self._by_request()
        return replace(found, hints=(_("By reattaching: {what}.").format(what=reason), *found.hints))

    def _background_note(self) -> tuple[str, ...]:
        """How the Responses API can continue answers exactly."""
        if self._subject.endpoint.api is not Api.RESPONSES or self._subject.strategy.keeps_streams:
            return ()
        return (_("background = true continues them exactly; the provider then stores each answer for some minutes."),)

    def _by_request(self) -> Finding:
        """Request the rest in a new request."""
        sample = self._sample()
        if sample is None:
            text = _("not known: there was no answer to continue")
            return Finding(FindingStatus.WARNING, CheckTopic.CONTINUATION, text, as_hints(self._fallback_note()))
        reasons: dict[str, None] = {}
        for form, known in self._forms():
            found = self._by_prefill(sample, form, known)
            if isinstance(found, Finding):
                return found
            reasons[found] = None
        return self._by_instruction(sample, tuple(reasons))

    def _sample(self) -> Sample | None:
        """A sample of the first answer, or of another one if that is too short."""
        response = self._answer
        sample = make_sample(response) if response is not None else None
        if sample is not None or response is None or not response.complete or not response.text:
            return sample
        self._question = PROSE_QUESTION
        return make_sample(self._request(_ProbeRequest(self._question)))

    def _forms(self) -> Iterator[tuple[str, Continuation]]:
        """The prefill forms to try, with the names under which they are stored."""
        strategy = self._subject.strategy
        known = strategy.continuation
        if self._subject.endpoint.api is Api.RESPONSES:
            return
        if strategy.recover is Recover.INSTRUCT or (
            known.prefill is Prefill.NO and strategy.recover is not Recover.PREFILL
        ):
            return
        if known.prefill is Prefill.YES or known.params or known.message:
            yield "", known
            return
        for name, form in PREFILL_FORMS.items():
            yield name, replace(form, strips=known.strips)

    def _by_prefill(self, sample: Sample, form: str, known: Continuation) -> Finding | str:
        """Return the finding, or the reason why this form does not work."""
        response = self._request(_ProbeRequest(self._question, ResumeMode.PREFILL, sample, known))
        if response.fault is not None and not response.text:
            # the same question was answered without a prefill
            if response.fault.status in (400, 422):
                return _("By prefill: refused (status {status}).").format(status=response.fault.status)
            return self._inconclusive(response)
        outcome = sample.classify(response.text)
        if outcome is ContinuationOutcome.OTHER and not response.complete and not sample.enough(response.text):
            return self._inconclusive(response)
        if outcome is ContinuationOutcome.FULL_ECHO and not (known.echoes or self._server_echoes(sample, known)):
            outcome = ContinuationOutcome.RESTART
        hints: tuple[str, ...] = ()
        match outcome:
            case ContinuationOutcome.EXACT:
                text = _("interrupted answers continue by prefill, exactly")
            case ContinuationOutcome.LIKELY:
                text = _("interrupted answers continue by prefill")
                hints = (_("The words differ from the first answer, so this is likely, not proven."),)
            case ContinuationOutcome.FULL_ECHO:
                text = _("interrupted answers continue by prefill, exactly")
                hints = (_("The server repeats the text first; holytui removes the repetition."),)
            case _:
                return _("By prefill: {what}.").format(what=_outcome_text(outcome))
        echoes = outcome is ContinuationOutcome.FULL_ECHO
        self._remember(replace(self._profile, mode=ResumeMode.PREFILL, form=form, echoes=echoes))
        return Finding(FindingStatus.OK, CheckTopic.CONTINUATION, text, hints)

    def _server_echoes(self, sample: Sample, known: Continuation) -> bool:
        """Whether the server repeats the text, rather than the model restarting.

        Only a server repeats a text that the model would not write.
        """
        strange = sample.without_start()
        if strange is None:
            return False
        return strange.is_servers_echo(
            self._request(_ProbeRequest(self._question, ResumeMode.PREFILL, strange, known)).pieces
        )

    def _by_instruction(self, sample: Sample, reasons: tuple[str, ...]) -> Finding:
        strategy = self._subject.strategy
        if strategy.recover is not Recover.INSTRUCT:
            self._remember(ResumeProfile(ResumeMode.INSTRUCT, streams=self._profile.streams))
        response = self._request(_ProbeRequest(self._question, ResumeMode.INSTRUCT, sample))
        if response.fault is not None and not response.text:
            unknown = self._inconclusive(response)
            return replace(unknown, hints=(*reasons, *unknown.hints))
        doubt = _shortcoming(sample, join_reply(sample.partial, response))
        hints = (*reasons, *as_hints(_("By instruction: {what}.").format(what=doubt) if doubt else ""))
        if strategy.recover is Recover.PREFILL:
            hints = (*hints, _('recover = "prefill" does not work with this model; remove it.'))
            return Finding(FindingStatus.WARNING, CheckTopic.CONTINUATION, _("only by instruction"), hints)
        if not doubt:
            return Finding(
                FindingStatus.OK, CheckTopic.CONTINUATION, _("interrupted answers continue by instruction"), hints
            )
        if strategy.recover is Recover.INSTRUCT:
            text = _("interrupted answers continue by instruction where the reply fits")
        else:
            text = _("interrupted answers continue by instruction where the reply fits, else they start again")
        return Finding(FindingStatus.WARNING, CheckTopic.CONTINUATION, text, hints)

    def _inconclusive(self, response: ProbeResponse) -> Finding:
        """Report a request that failed for another reason; nothing is stored."""
        if response.fault is None:
            text = _("not known: no answer within {time}").format(time=seconds(response.seconds))
            return Finding(FindingStatus.WARNING, CheckTopic.CONTINUATION, text, as_hints(self._fallback_note()))
        problem = self._subject.problem(response.fault)
        text = _("not known: {reason}").format(reason=problem.title)
        return Finding(
            FindingStatus.WARNING,
            CheckTopic.CONTINUATION,
            text,
            (*as_hints(problem.hint), *as_hints(self._fallback_note())),
        )

    def _fallback_note(self) -> str:
        match self._subject.strategy.choose(_LONG_PARTIAL):
            case ResumeMode.PREFILL:
                return _("Until then interrupted answers continue by prefill.")
            case _:
                return _("Until then interrupted answers continue by instruction.")

    def _remember_api(self) -> None:
        if self._history is not None:
            with suppress(StoreError):  # found out again when a question is asked
                subject = self._subject
                remember_responses_api(subject.endpoint.base_url, subject.resolved.model.name, self._history)

    def _remember(self, profile: ResumeProfile) -> None:
        self._profile = profile
        if self._history is None:
            return
        if self._subject.resolved.ref.provider == GUIDE:
            return  # its address changes, so the entry would never be read
        if self._subject.endpoint.api is Api.RESPONSES:
            return  # it has one way only, and the entry would apply to chat completions
        key = resume_profile_key(self._subject.endpoint.base_url, self._subject.resolved.model.name)
        try:
            self._history.remember(key, str(profile))
        except StoreError:
            return  # found out again when an answer is resumed


def _usage_finding(response: ProbeResponse) -> Finding:
    if response.usage is not None:
        return Finding(FindingStatus.OK, CheckTopic.USAGE, _("usage reported"))
    if not response.complete:
        return skipped(CheckTopic.USAGE)
    hint = _("The server does not report token usage; holytui estimates it, marked with ~.")
    return Finding(FindingStatus.WARNING, CheckTopic.USAGE, _("usage not reported"), (hint,))


def _facts(response: ProbeResponse, flow: Flow) -> list[str]:
    """Facts about the received part of an answer."""
    if not response.arrivals:
        return []
    first, count = response.arrivals[0], len(response.arrivals)
    facts = []
    if response.status is not None:
        facts.append(_("status {status}").format(status=response.status))
    match flow:
        case Flow.BUFFERED:
            facts.append(_("buffered on the way"))
        case Flow.UNCLEAR:
            facts.append(_("too few pieces to tell whether it streams"))
        case Flow.AT_ONCE | Flow.HELD:
            facts.append(_("all of it came at once, so it is not known whether it streams"))
        case Flow.BURSTS:
            words = _("it came in {count} bursts, so it is not known whether it streams")
            facts.append(words.format(count=bursts(response.arrivals)))
        case Flow.STREAMED:
            time_ = seconds(response.arrivals[-1] - first)
            facts.append(_("streamed in {count} pieces over {time}").format(count=count, time=time_))
            gap = max((after - before for before, after in pairwise(response.arrivals)), default=0.0)
            facts.append(_("longest gap {ms} ms").format(ms=round(gap * 1000)))
    return facts


def _shortcoming(sample: Sample, reply: JoinedReply) -> str:
    """Why an instructed reply would not be joined silently; empty if it would."""
    outcome = sample.classify(reply.text)
    if reply.has_instruction:
        return _("it repeats the words of the instruction")
    if not reply.joins:
        return (
            _outcome_text(ContinuationOutcome.RESTART)
            if outcome is ContinuationOutcome.RESTART
            else _("it does not begin with the words it was asked for")
        )
    if outcome not in (ContinuationOutcome.EXACT, ContinuationOutcome.LIKELY):
        return _outcome_text(outcome)
    return "" if reply.has_end_marker else _("it does not mark where the answer ends")


def _outcome_text(outcome: ContinuationOutcome) -> str:
    match outcome:
        case ContinuationOutcome.PREAMBLE:
            return _("it continues after an introduction of its own")
        case ContinuationOutcome.TAIL_ECHO:
            return _("it repeats the end before it continues")
        case ContinuationOutcome.RESTART | ContinuationOutcome.FULL_ECHO:
            return _("it starts again")
        case _:
            return _("it sends something else")
