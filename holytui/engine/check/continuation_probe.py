"""An answer on trial: one to a question whose answer is known, then its rest, asked for as if it had been cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from holytui.config.presets import GUIDE, PREFILL_FORMS, Continuation, Prefill
from holytui.config.redact import plain_url
from holytui.config.schema import Recover, Stream
from holytui.engine.check.findings import Finding, Mark, Topic, seconds, some
from holytui.engine.check.flow import Flow, bursts, flow, held_back
from holytui.engine.check.probe import Heard, Replied, hear, replied
from holytui.engine.check.sample import PROSE_QUESTION, QUESTION, SHORT_QUESTION, Going, Sample, sample_of
from holytui.engine.ports import Client, Keys
from holytui.engine.resume.strategy import How, Learnt, Strategy, learn_key, request_for
from holytui.engine.turn import problems
from holytui.engine.turn.retry import Remedy, classify
from holytui.errors import KeyUnavailable, StoreError
from holytui.faults import Fault, FaultKind
from holytui.hints import KEYLESS
from holytui.i18n import _
from holytui.models import Problem, Role
from holytui.providers.resolve import Resolved
from holytui.secret import Secret
from holytui.store.history import History
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
        return replace(problem, hint=KEYLESS.render(problem.hint))

    def bad(self, topic: Topic, fault: Fault) -> Finding:
        """`fault` as a finding."""
        problem = self.problem(fault)
        return Finding(Mark.BAD, topic, problem.title, some(problem.hint))


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to ask: for an answer, or for the rest of `sample`."""

    question: str
    how: How | None = None
    sample: Sample | None = None
    continuation: Continuation = field(default_factory=Continuation)


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
        self._question = QUESTION
        self._answer: Heard | None = None
        self._defaults: dict[str, object] = {"temperature": 0}
        """The same answer each time tells most; parameters of the model take their place."""
        self._renewed = False
        self._key_trouble: KeyUnavailable | None = None

    def request(self) -> Finding:
        """Ask, and judge what comes and how."""
        heard = self._answer = self._hear(_Way(self._question))
        finding = self._judged(heard)
        if not self._renewed:
            return finding
        mark = finding.mark if finding.mark is Mark.BAD else Mark.DOUBTFUL
        said = _("The first key was refused; its source gave another, as it does while you chat.")
        return replace(finding, mark=mark, hints=(said, *finding.hints))

    def _judged(self, heard: Heard) -> Finding:
        came = self._flow(heard)
        facts = _facts(heard, came)
        if heard.end is None:
            text = _("not complete after {time}").format(time=seconds(heard.seconds))
            return Finding(Mark.DOUBTFUL, Topic.REQUEST, ", ".join([*facts, text]))
        if heard.fault is not None or not heard.complete:
            return self._failed(heard.fault or Fault(FaultKind.CLOSED), facts)
        if not heard.arrivals:
            hint = _("Is this a chat model?")
            return Finding(Mark.BAD, Topic.REQUEST, _("the answer is empty"), (hint,))
        hints = []
        if came is Flow.BUFFERED:
            hints.append(
                _("Something on the way, such as a proxy, holds answers back until their end. Turn off its buffering.")
            )
        if heard.usage is None:
            hints.append(_("The server does not report token usage; holytui estimates it, marked with ~."))
        end = heard.end.finish_reason
        facts.append(_("usage reported") if heard.usage is not None else _("usage not reported"))
        facts.append(_("end reported ({reason})").format(reason=end or "[DONE]"))
        return Finding(Mark.DOUBTFUL if hints else Mark.GOOD, Topic.REQUEST, ", ".join(facts), tuple(hints))

    def _failed(self, fault: Fault, facts: list[str]) -> Finding:
        bad = self._subject.bad(Topic.REQUEST, fault)
        before = some(_("Before that: {facts}.").format(facts=", ".join(facts)) if facts else "")
        if self._key_trouble is not None:
            return replace(bad, hints=(*before, self._key_trouble.title, *some(self._key_trouble.hint)))
        if classify(fault) in (Remedy.TRANSIENT, Remedy.STALE_FREE):
            again = _("In a chat, holytui retries by itself. Check again later to see whether this lasts.")
        else:
            again = "" if bad.hints else _("Check again later, or choose another model with -m.")
        return replace(bad, hints=(*before, *bad.hints, *some(again)))

    def _flow(self, heard: Heard) -> Flow:
        """How the answer came. Where one answer does not tell, two more do."""
        came = flow(heard.arrivals)
        if came is not Flow.HELD or not heard.complete:
            return came
        again = self._hear(_Way(self._question))  # the first wait may have been for the model to be loaded
        if flow(again.arrivals) is not Flow.HELD:
            return Flow.AT_ONCE
        short = self._hear(_Way(SHORT_QUESTION))
        return Flow.BUFFERED if short.complete and held_back(again.arrivals, short.arrivals) else Flow.AT_ONCE

    def _hear(self, way: _Way) -> Heard:
        """One request; once more with another key if that is refused, or without the parameter that is ours."""
        heard = self._send(way)
        if heard.fault is not None and self._is_ours(heard.fault):
            self._defaults = {}
            heard = self._send(way)
        if heard.fault is None or not self._is_key(heard.fault):
            return heard
        try:
            self._key = self._subject.keys.refresh(self._key)
        except KeyUnavailable as error:
            self._key_trouble = error
            return heard
        self._renewed = True
        return self._send(way)

    def _send(self, way: _Way) -> Heard:
        subject = self._subject
        model = subject.resolved.model
        asked = ChatRequest(model.name, (ChatMessage(Role.USER, way.question),), {**self._defaults, **model.params})
        request = request_for(asked, way.how, way.sample.partial if way.sample else "", way.continuation)
        endpoint = subject.endpoint
        if way.continuation.base_url:
            endpoint = replace(endpoint, base_url=way.continuation.base_url)
        began = self._clock()
        stream = self._client.open(endpoint, self._key, request, subject.timeouts)
        # the sign of the end stands at the end of a reply to an instruction
        sample = way.sample if way.how is How.PREFILL else None
        try:
            return hear(stream, self._clock, _LONGEST, sample.enough if sample else lambda _text: False, began)
        finally:
            stream.cancel()

    def _is_ours(self, fault: Fault) -> bool:
        """Whether it refuses the parameter that nobody has configured: some models have but one temperature."""
        said = f"{fault.param} {fault.message}".lower()
        return bool(self._defaults) and fault.status in (400, 422) and "temperature" in said

    def _is_key(self, fault: Fault) -> bool:
        by_command = self._subject.keys.supplied_by_command
        return classify(fault, key_by_command=by_command) is Remedy.EXPIRED_KEY

    # -- continuation

    def continuation(self) -> Finding:
        """Let the answer go on from its middle, in each way until one works, and remember that."""
        strategy = self._subject.strategy
        if strategy.choose(_LONG) is How.RESTART:
            text = _("cut answers start again, as configured")
            return Finding(Mark.GOOD, Topic.CONTINUATION, text)
        sample = self._sample()
        if sample is None:
            text = _("not known: there was no answer to continue")
            return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, some(self._known()))
        reasons: dict[str, None] = {}
        for form, known in self._forms():
            found = self._by_prefill(sample, form, known)
            if isinstance(found, Finding):
                return found
            reasons[found] = None
        return self._by_instruction(sample, tuple(reasons))

    def _sample(self) -> Sample | None:
        """Out of the first answer, or if that is too short, out of another one."""
        heard = self._answer
        sample = sample_of(heard) if heard is not None else None
        if sample is not None or heard is None or not heard.complete or not heard.text:
            return sample
        self._question = PROSE_QUESTION
        return sample_of(self._hear(_Way(self._question)))

    def _forms(self) -> Iterator[tuple[str, Continuation]]:
        """The forms of a prefill that are to be tried, by the names under which they are remembered."""
        strategy = self._subject.strategy
        known = strategy.continuation
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
        """The finding, or the reason why it does not work in this form."""
        heard = self._hear(_Way(self._question, How.PREFILL, sample, known))
        if heard.fault is not None and not heard.text:
            # the same question without a prefill was just answered
            if heard.fault.status in (400, 422):
                return _("By prefill: refused (status {status}).").format(status=heard.fault.status)
            return self._unknown(heard)
        going = sample.going_on(heard.text)
        if going is Going.OTHER and not heard.complete and not sample.enough(heard.text):
            return self._unknown(heard)
        if going is Going.ECHO_WHOLE and not (known.echoes or self._echoes(sample, known)):
            going = Going.ANEW
        hints: tuple[str, ...] = ()
        match going:
            case Going.EXACT:
                text = _("cut answers continue by prefill, exactly")
            case Going.LIKELY:
                text = _("cut answers continue by prefill")
                hints = (_("The words differ from the first answer, so this is likely, not proven."),)
            case Going.ECHO_WHOLE:
                text = _("cut answers continue by prefill, exactly")
                hints = (_("The server repeats the text first; holytui removes the repetition."),)
            case _:
                return _("By prefill: {what}.").format(what=_said(going))
        self._remember(Learnt(How.PREFILL, form, going is Going.ECHO_WHOLE))
        return Finding(Mark.GOOD, Topic.CONTINUATION, text, hints)

    def _echoes(self, sample: Sample, known: Continuation) -> bool:
        """Whether it is the server that says the text again, and not the model that begins anew: only a server says a
        text again that the model would not say."""
        strange = sample.without_beginning()
        if strange is None:
            return False
        return strange.is_servers_echo(self._hear(_Way(self._question, How.PREFILL, strange, known)).pieces)

    def _by_instruction(self, sample: Sample, reasons: tuple[str, ...]) -> Finding:
        strategy = self._subject.strategy
        if strategy.recover is not Recover.INSTRUCT:
            self._remember(Learnt(How.INSTRUCT))
        heard = self._hear(_Way(self._question, How.INSTRUCT, sample))
        if heard.fault is not None and not heard.text:
            unknown = self._unknown(heard)
            return replace(unknown, hints=(*reasons, *unknown.hints))
        doubt = _doubt(sample, replied(sample.partial, heard))
        hints = (*reasons, *some(_("By instruction: {what}.").format(what=doubt) if doubt else ""))
        if strategy.recover is Recover.PREFILL:
            hints = (*hints, _('recover = "prefill" does not work with this model; remove it.'))
            return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, _("only by instruction"), hints)
        if not doubt:
            return Finding(Mark.GOOD, Topic.CONTINUATION, _("cut answers continue by instruction"), hints)
        if strategy.recover is Recover.INSTRUCT:
            text = _("cut answers continue by instruction where the reply fits")
        else:
            text = _("cut answers continue by instruction where the reply fits, else they start again")
        return Finding(Mark.DOUBTFUL, Topic.CONTINUATION, text, hints)

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
                return _("Until then cut answers continue by prefill.")
            case _:
                return _("Until then cut answers continue by instruction.")

    def _remember(self, learnt: Learnt) -> None:
        if self._subject.resolved.ref.provider == GUIDE:
            return  # its address is another one each time, so nobody would ever read it
        key = learn_key(self._subject.endpoint.base_url, self._subject.resolved.model.name)
        try:
            self._history.remember(key, str(learnt))
        except StoreError:
            return  # the first cut answer finds it out again


def _facts(heard: Heard, came: Flow) -> list[str]:
    """What came of an answer, if anything did."""
    if not heard.arrivals:
        return []
    first, count = heard.arrivals[0], len(heard.arrivals)
    facts = [_("first token after {time}").format(time=seconds(first))]
    if heard.status is not None:
        facts.append(_("status {status}").format(status=heard.status))
    match came:
        case Flow.BUFFERED:
            facts.append(_("buffered on the way"))
        case Flow.UNCLEAR:
            facts.append(_("too few pieces to tell whether it streams"))
        case Flow.AT_ONCE | Flow.HELD:
            facts.append(_("all of it came at once, so it is not known whether it streams"))
        case Flow.BURSTS:
            words = _("it came in {count} bursts, so it is not known whether it streams")
            facts.append(words.format(count=bursts(heard.arrivals)))
        case Flow.STREAMED:
            time_ = seconds(heard.arrivals[-1] - first)
            facts.append(_("streamed in {count} pieces over {time}").format(count=count, time=time_))
    return facts


def _doubt(sample: Sample, reply: Replied) -> str:
    """Why a reply to the instruction would not do; empty if it would."""
    going = sample.going_on(reply.text)
    if reply.own_words:
        return _("it repeats the words of the instruction")
    if not reply.proven:
        return _said(Going.ANEW) if going is Going.ANEW else _("it does not begin with the words it was asked for")
    if going not in (Going.EXACT, Going.LIKELY):
        return _said(going)
    return "" if reply.signed else _("it does not say where the answer ends")


def _said(going: Going) -> str:
    match going:
        case Going.WORDS:
            return _("it continues after an introduction of its own")
        case Going.ECHO:
            return _("it repeats the end before it continues")
        case Going.ANEW | Going.ECHO_WHOLE:
            return _("it starts again")
        case _:
            return _("it says something else")
