"""An answer on trial: one to a question whose answer is known, then its rest, asked for as if it had been cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.config.presets import GUIDE, Prefill
from holytui.config.schema import Recover, Stream
from holytui.engine import problems
from holytui.engine.findings import Finding, Mark, Topic, plain_url, seconds, some
from holytui.engine.hints import without_keys
from holytui.engine.ports import Client, Keys
from holytui.engine.recovery import How, Strategy, learn_key, request_for
from holytui.engine.retry import Remedy, classify
from holytui.engine.trial import QUESTION, Flow, Going, Heard, beginning_of, enough, flow, going_on, hear
from holytui.errors import KeyUnavailable, StoreError
from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.models import Problem, Role
from holytui.secret import Secret
from holytui.store.history import History
from holytui.wire.providers import Resolved
from holytui.wire.request import ChatMessage, ChatRequest, Endpoint, Timeouts

PROBE = 5.0
"""Seconds for opening a connection."""
_LONGEST = 60.0
"""Seconds for one request, whatever the configuration allows an answer."""
_TOKEN = 15.0
"""Seconds without a token after which a short answer that has begun counts as stalled."""
_LONG = "12345678" * 8
"""A partial answer that is long enough for every way to go on."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is on trial."""

    resolved: Resolved
    endpoint: Endpoint
    keys: Keys
    strategy: Strategy
    stream: Stream

    @property
    def host(self) -> str:
        """Host and port."""
        return plain_url(self.endpoint.base_url).partition("://")[2].partition("/")[0]

    @property
    def request(self) -> ChatRequest:
        """The question of the trial."""
        return ChatRequest(
            self.resolved.model.name, (ChatMessage(Role.USER, QUESTION),), dict(self.resolved.model.params)
        )

    @property
    def timeouts(self) -> Timeouts:
        """As configured, but no longer than a check may take."""
        stream = self.stream
        return Timeouts(
            min(stream.connect_timeout, PROBE * 2),
            min(stream.idle_timeout, _LONGEST),
            min(stream.first_token_timeout, _LONGEST),
            min(stream.token_timeout, _TOKEN),
        )

    def problem(self, fault: Fault) -> Problem:
        """`fault` in words, without the screen's keys."""
        problem = problems.problem_for(fault, host=self.host, key_place=self.keys.describe())
        return replace(problem, hint=without_keys(problem.hint))

    def bad(self, topic: Topic, fault: Fault) -> Finding:
        """`fault` as a finding."""
        problem = self.problem(fault)
        return Finding(Mark.BAD, topic, problem.title, some(problem.hint))


class AnswerTrial:
    """`request` comes first, `continuation` then goes on with its answer. `clock` is in seconds."""

    def __init__(
        self,
        subject: Subject,
        client: Client,
        history: History,
        key: Secret | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subject = subject
        self._client = client
        self._history = history
        self._key = key
        self._clock = clock
        self._partial = ""
        self._renewed = False
        self._key_trouble: KeyUnavailable | None = None

    def request(self) -> Finding:
        """Ask, and judge what comes and how."""
        heard = self._hear(None, "")
        self._partial = beginning_of(heard.text, whole=heard.complete)
        finding = self._judged(heard)
        if not self._renewed:
            return finding
        mark = finding.mark if finding.mark is Mark.BAD else Mark.DOUBTFUL
        said = _("The first key was refused; its source gave another, as it does while you chat.")
        return replace(finding, mark=mark, hints=(said, *finding.hints))

    def _judged(self, heard: Heard) -> Finding:
        facts = _facts(heard)
        if heard.end is None:
            text = _("still not at its end after {time}").format(time=seconds(heard.seconds))
            return Finding(Mark.DOUBTFUL, Topic.REQUEST, ", ".join([*facts, text]))
        if heard.fault is not None or not heard.complete:
            return self._failed(heard.fault or Fault(FaultKind.CLOSED), facts)
        if not heard.arrivals:
            hint = _("Is this a model for chatting?")
            return Finding(Mark.BAD, Topic.REQUEST, _("the answer is empty"), (hint,))
        hints = []
        if flow(heard.arrivals) is Flow.BUFFERED:
            hints.append(
                _("Something on the way, such as a proxy, keeps the answer until it is whole. Turn its buffering off.")
            )
        if heard.usage is None:
            hints.append(_("The server does not tell the usage; holytui estimates it, shown with ~."))
        end = heard.end.finish_reason
        facts.append(_("usage told") if heard.usage is not None else _("usage not told"))
        facts.append(_("end told ({reason})").format(reason=end or "[DONE]"))
        return Finding(Mark.DOUBTFUL if hints else Mark.GOOD, Topic.REQUEST, ", ".join(facts), tuple(hints))

    def _failed(self, fault: Fault, facts: list[str]) -> Finding:
        bad = self._subject.bad(Topic.REQUEST, fault)
        before = some(_("Before that: {facts}.").format(facts=", ".join(facts)) if facts else "")
        if self._key_trouble is not None:
            return replace(bad, hints=(*before, self._key_trouble.title, *some(self._key_trouble.hint)))
        if classify(fault) in (Remedy.TRANSIENT, Remedy.STALE_FREE):
            again = _("While you chat holytui tries again by itself. Check again later to see whether it stays so.")
        else:
            again = "" if bad.hints else _("Check again later, or another model with -m.")
        return replace(bad, hints=(*before, *bad.hints, *some(again)))

    def _hear(self, how: How | None, partial: str) -> Heard:
        """One request; once more with another key if that is refused."""
        heard = self._send(how, partial)
        if heard.fault is None or not self._is_key(heard.fault):
            return heard
        try:
            self._key = self._subject.keys.refresh(self._key)
        except KeyUnavailable as error:
            self._key_trouble = error
            return heard
        self._renewed = True
        return self._send(how, partial)

    def _send(self, how: How | None, partial: str) -> Heard:
        subject = self._subject
        continuation = subject.resolved.continuation
        request = request_for(subject.request, how, partial, continuation)
        endpoint = subject.endpoint
        if how is How.PREFILL and continuation.base_url:
            endpoint = replace(endpoint, base_url=continuation.base_url)
        began = self._clock()
        stream = self._client.open(endpoint, self._key, request, subject.timeouts)
        try:
            sufficient = enough if how is not None else lambda _text: False
            return hear(stream, self._clock, _LONGEST, sufficient, began)
        finally:
            stream.cancel()

    def _is_key(self, fault: Fault) -> bool:
        by_command = self._subject.keys.supplied_by_command
        return classify(fault, key_by_command=by_command) is Remedy.EXPIRED_KEY

    # -- continuation

    def continuation(self) -> Finding:
        """Let the answer go on from its middle, and remember what works."""
        strategy = self._subject.strategy
        if strategy.choose(_LONG) is How.RESTART:
            text = _("cut answers are asked for again from the start, as the configuration says")
            return Finding(Mark.GOOD, Topic.CONTINUATION, text)
        if not self._partial:
            text = _("not known: there was no answer to go on with")
            return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, some(self._known()))
        refusal = ""
        if strategy.recover is Recover.PREFILL or (
            strategy.recover is not Recover.INSTRUCT and strategy.continuation.prefill is not Prefill.NO
        ):
            finding, refusal = self._by_prefill()
            if finding is not None:
                return finding
        return self._by_instruction(refusal)

    def _by_prefill(self) -> tuple[Finding | None, str]:
        """The finding, or None and the reason why it does not work."""
        heard = self._hear(How.PREFILL, self._partial)
        if heard.fault is not None and not heard.text:
            # the same question without a prefill was just answered
            if heard.fault.status in (400, 422):
                return None, _("By prefill: refused (status {status}).").format(status=heard.fault.status)
            return self._unknown(heard), ""
        going = going_on(self._partial, heard.text, echoes=True)
        if going is Going.EXACT:
            self._remember(How.PREFILL)
            return Finding(Mark.GOOD, Topic.CONTINUATION, _("cut answers go on by prefill, exactly")), ""
        if going is Going.OTHER and not heard.complete and not enough(heard.text):
            return self._unknown(heard), ""
        return None, _("By prefill: {what}.").format(what=_said(going))

    def _by_instruction(self, refusal: str) -> Finding:
        self._remember(How.INSTRUCT)
        heard = self._hear(How.INSTRUCT, self._partial)
        hints = some(refusal)
        if heard.fault is not None and not heard.text:
            return replace(self._unknown(heard), hints=(*hints, *self._unknown(heard).hints))
        going = going_on(self._partial, heard.text)
        if self._subject.strategy.recover is Recover.PREFILL:
            hints = (*hints, _('recover = "prefill" is configured, and does not suit this model; remove it.'))
            return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, _("only by instruction"), hints)
        text = _("cut answers go on by instruction, the seam is marked")
        if going in (Going.EXACT, Going.ECHO):
            return Finding(Mark.GOOD, Topic.CONTINUATION, text, hints)
        what = _("By instruction: {what}.").format(what=_said(going))
        return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, (*hints, what))

    def _unknown(self, heard: Heard) -> Finding:
        """Nothing is learnt from a request that failed for another reason."""
        if heard.fault is None:
            text = _("not known: no answer within {time}").format(time=seconds(heard.seconds))
            return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, some(self._known()))
        problem = self._subject.problem(heard.fault)
        text = _("not known: {reason}").format(reason=problem.title)
        return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, (*some(problem.hint), *some(self._known())))

    def _known(self) -> str:
        match self._subject.strategy.choose(_LONG):
            case How.PREFILL:
                return _("Until then cut answers go on by prefill.")
            case _:
                return _("Until then cut answers go on by instruction.")

    def _remember(self, how: How) -> None:
        if self._subject.resolved.ref.provider == GUIDE:
            return  # its address is another one each time, so nobody would ever read it
        key = learn_key(self._subject.endpoint.base_url, self._subject.resolved.model.name)
        try:
            self._history.remember(key, how.value)
        except StoreError:
            return  # the first cut answer finds it out again


def _facts(heard: Heard) -> list[str]:
    """What came of an answer, if anything did."""
    if not heard.arrivals:
        return []
    first, count = heard.arrivals[0], len(heard.arrivals)
    facts = [_("first token after {time}").format(time=seconds(first))]
    if heard.status is not None:
        facts.append(_("status {status}").format(status=heard.status))
    match flow(heard.arrivals):
        case Flow.BUFFERED:
            facts.append(_("buffered on the way"))
        case Flow.UNCLEAR:
            facts.append(_("too few pieces to tell whether it streams"))
        case Flow.STREAMED:
            time_ = seconds(heard.arrivals[-1] - first)
            facts.append(_("streamed in {count} pieces over {time}").format(count=count, time=time_))
    return facts


def _said(going: Going) -> str:
    match going:
        case Going.EXACT:
            return _("it goes on exactly")
        case Going.WORDS:
            return _("it goes on after words of its own")
        case Going.ECHO:
            return _("it says the end again before it goes on")
        case Going.ANEW:
            return _("it begins again from the start")
        case Going.OTHER:
            return _("it says something else")
