"""The state machine of one answer: inputs in, effects out.

It has no threads, clock, randomness, network or disk; `runtime/runner.py` supplies them. `transitions.TABLE` maps each
state and input to a method of `TurnMachine`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from holytui.config.schema import Stream
from holytui.engine.ending import with_tool_calls_reason
from holytui.engine.events import (
    Connecting,
    Failed,
    Finished,
    ImagesLeftOut,
    Interrupted,
    Offline,
    Online,
    ParamsLeftOut,
    Refreshing,
    Resuming,
    Retrying,
    Stopped,
    UsageKnown,
    Waiting,
)
from holytui.engine.resume.strategy import ResumeMode, Strategy
from holytui.engine.resume.text_end import can_end, goes_beyond
from holytui.engine.turn import problems
from holytui.engine.turn.answer import AnswerBuilder, PriorAnswer
from holytui.engine.turn.effects import (
    CancelAttempt,
    ClearTimers,
    Effect,
    Emit,
    Input,
    InternalFailure,
    KeyFailed,
    Moment,
    OpenAttempt,
    Probe,
    ProbeResult,
    RefreshKey,
    SaveEnding,
    SetState,
    SetTimer,
    StopRequested,
    SwitchApi,
    Timer,
)
from holytui.engine.turn.kept_stream import KeptStream, StreamFate, StreamKeeper, new_stream_id
from holytui.engine.turn.learning import LearntStrategy
from holytui.engine.turn.outage import Outage
from holytui.engine.turn.retry import PROGRESS, Budget, FaultClass, classify, delay, exceeds_context
from holytui.engine.turn.transitions import TABLE
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Problem, StreamKind
from holytui.wire.events import Accepted, End, Piece, Received, StreamNamed, UsageSeen, Verdict

_TRUNCATING_REASONS = frozenset({"length", "max_tokens", "content_filter"})
"""Finish reasons that themselves report a truncated text."""


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """The fixed data of a turn."""

    turn_id: str
    answer_id: str
    host: str
    stream: Stream = field(default_factory=Stream)
    strategy: Strategy = field(default_factory=Strategy)
    prior: PriorAnswer = field(default_factory=PriorAnswer)
    key_by_command: bool = False
    key_place: str = ""
    prompt_tokens: int = 0
    """Estimated; used only where the server reports no usage."""
    probe_scale: float = 1.0
    """Factor on the probe schedule."""
    left_out: int = 0
    """Images not sent because the model does not accept them."""
    kept_stream: KeptStream | None = None
    """The stream that the server keeps for the answer, if it was interrupted."""
    responses: Strategy | None = None
    """The strategy for the Responses API, if that may be asked where chat completions are refused (`api = "auto"`)."""
    max_tokens: int = 0
    """Tokens after which the answer is interrupted; 0: no limit."""


class TurnMachine:
    """The state machine. Call `step` from one thread only."""

    def __init__(
        self,
        plan: TurnPlan,
        *,
        random: Callable[[], float],
        new_id: Callable[[], str],
        new_stream: Callable[[], str] = new_stream_id,
    ) -> None:
        self.plan = plan
        self.state = AnswerState.QUEUED
        reattachable = plan.kept_stream is not None and plan.kept_stream.usable
        self.answer = AnswerBuilder(plan.turn_id, plan.answer_id, plan.prior, new_id, unsettled=reattachable)
        self._streams = StreamKeeper(plan.kept_stream, new_stream)
        self._random = random
        self._learnt = LearntStrategy(plan.strategy, plan.responses)
        self._budget = Budget.for_stream(plan.stream)
        self._mode: ResumeMode | None = None
        self._tried: frozenset[ResumeMode] = frozenset()
        self._had_text = bool(plan.prior.text)
        self._left_out: tuple[str, ...] = ()
        self._key_refreshed = False
        self._refusal: Fault | None = None
        """The fault that refused the key."""
        self._stale_retry_used = False
        self._outage = Outage(plan.stream.offline_limit, random, plan.probe_scale)

    @property
    def ended(self) -> bool:
        """The state is final."""
        return self.state.final

    def step(self, event: Input, at: Moment) -> list[Effect]:
        """Return the effects of `event`, in order."""
        handler: Callable[[Input, Moment], list[Effect]] = getattr(self, TABLE[self.state][type(event)])
        return handler(event, at)

    @property
    def _strategy(self) -> Strategy:
        return self._learnt.current

    # -- beginning an attempt

    def start(self, _event: Input, at: Moment) -> list[Effect]:
        """Send the first request, or ask for the rest of a stored answer."""
        effects: list[Effect] = (
            [Emit(ImagesLeftOut(self.plan.turn_id, self.plan.left_out))] if self.plan.left_out else []
        )
        return [*effects, *self._open(at)]

    def _open(self, at: Moment) -> list[Effect]:
        if self._is_over_limit:
            return self._reach_token_limit()
        if self._streams.can_reattach and self.answer.is_appending:
            return self._reattach(at)
        text = self.answer.text[: self.answer.trusted]
        self._mode = (self._strategy.choose(text, self._tried) or ResumeMode.RESTART) if text else None
        self.state = AnswerState.RESUMING if self._mode is not None else AnswerState.CONNECTING
        effects: list[Effect] = [ClearTimers(), SetState(self.state)]
        effects += self.answer.begin(self._mode, at, self._strategy, allow_guess=self._is_last_mode(text))
        if self._mode is not None:
            effects.append(Emit(Resuming(self.plan.turn_id, self._mode.value, self.answer.length)))
        effects.append(Emit(Connecting(self.plan.turn_id, self.answer.attempts, self.plan.host)))
        assert self.answer.attempt is not None
        keep = self._strategy.stream_kind if self._strategy.keeps_streams else None
        stream_id, saved = self._streams.begin(self.answer.attempt.id, keep)
        background = keep is StreamKind.EVENTS
        return [*effects, *saved, OpenAttempt(self.answer.attempts, self._mode, text, stream_id, background)]

    @property
    def _is_over_limit(self) -> bool:
        return 0 < self.plan.max_tokens <= self.answer.output_tokens

    def _reach_token_limit(self) -> list[Effect]:
        return self._end_at_limit(problems.token_limit(self.plan.max_tokens, self.answer.length))

    def _end_at_limit(self, problem: Problem) -> list[Effect]:
        """Interrupt the answer at a limit of its length; a server that keeps its stream must not generate on."""
        return [*self._streams.end(release=True), *self._interrupt(problem)]

    def _reattach(self, at: Moment) -> list[Effect]:
        """Read on the stream of the last request, which the server keeps; `_mode` stays that of the request."""
        answer, turn_id, mode = self.answer, self.plan.turn_id, ResumeMode.REATTACH
        has_text = bool(answer.length or answer.reasoning_length)
        self.state = AnswerState.RESUMING if has_text else AnswerState.CONNECTING
        effects: list[Effect] = [ClearTimers(), SetState(self.state), *answer.reattach(at)]
        if has_text:
            effects.append(Emit(Resuming(turn_id, mode.value, answer.length)))
        effects.append(Emit(Connecting(turn_id, answer.attempts, self.plan.host)))
        return [*effects, OpenAttempt(answer.attempts, mode, "", reattach=self._streams.reattach())]

    def _is_last_mode(self, text: str) -> bool:
        """Whether an unproven join must be accepted.

        So it is if no other mode is left, or the server is known to continue exactly.
        """
        if self._mode is None or (self._mode is ResumeMode.PREFILL and self._strategy.exact):
            return True
        return self._strategy.choose(text, self._tried | {self._mode}) is None or self._budget.spent

    # -- an attempt under way

    def connected(self, _event: Input, at: Moment) -> list[Effect]:
        """Reset the probes; report the end of an outage."""
        self._streams.connected()
        away = self._outage.end(at)
        return [] if away is None else [Emit(Online(self.plan.turn_id, away))]

    def accepted(self, event: Accepted, at: Moment) -> list[Effect]:
        """Record the status and wait for the first token."""
        effects = self.connected(event, at)
        self.answer.record_status(event.status)
        self._streams.accepted()
        if event.left_out and event.left_out != self._left_out:
            self._left_out = event.left_out  # reported once, not with each request of the answer
            effects.append(Emit(ParamsLeftOut(self.plan.turn_id, event.left_out)))
        if event.keeps_streams and not self._strategy.keeps_streams:
            effects += self._learnt.streams(kept=True, only_if_unknown=True)
        effects += self._learnt.accepted()
        if self.state is AnswerState.CONNECTING:
            self.state = AnswerState.WAITING
            effects += [SetState(self.state), Emit(Waiting(self.plan.turn_id))]
        return effects

    def stream_named(self, event: StreamNamed, _at: Moment) -> list[Effect]:
        """Store the name that the server gave to the answer in the background."""
        assert self.answer.attempt is not None
        return self._streams.named(self.answer.attempt.id, event.stream_id)

    def record_bytes(self, event: Received, _at: Moment) -> list[Effect]:
        """Record the number of bytes received."""
        self.answer.record_bytes(event.total)
        return []

    def add_piece(self, event: Piece, at: Moment) -> list[Effect]:
        """Journal the text, then show it; hold the start of a continuation back until its join is decided."""
        if self._is_over_limit:
            return [*self._abort_attempt(None, at), *self._reach_token_limit()]
        before = self.answer.length
        effects = self.answer.add(event, at, self._streams.add(event))
        self._had_text = True
        gained = self.answer.length - before
        if self._streams.reattaching:
            effects += self._learnt.streams(kept=True)
            # the least new text, also reasoning, brings the stream nearer to its end, and costs no prompt
            gained = max(gained, PROGRESS)
        self._count_progress(gained)
        if self.answer.rejected:
            effects += [CancelAttempt(), *self.answer.interrupt(End(Verdict.CANCELLED), None, at)]
            return effects + self._try_next_mode(at)
        if self.state is not AnswerState.STREAMING and not self.answer.joining:
            self.state = AnswerState.STREAMING
            effects.insert(0, SetState(self.state))
        return effects + self._learnt.echoed(self.answer.echoed)

    def _count_progress(self, characters: int) -> None:
        if characters <= 0:
            return
        if self._budget.progress + characters >= PROGRESS:
            self._key_refreshed = self._stale_retry_used = False
            self._tried = frozenset()
        self._budget = self._budget.gained(characters)

    def report_usage(self, event: UsageSeen, _at: Moment) -> list[Effect]:
        """Report the usage of all attempts so far."""
        return [Emit(UsageKnown(self.plan.turn_id, self.answer.record_usage(event.usage)))]

    def attempt_ended(self, event: End, at: Moment) -> list[Effect]:
        """Decide whether the answer is complete, is requested again, or has failed."""
        match event.verdict:
            case Verdict.COMPLETE:
                return self._complete(event, at)
            case Verdict.CANCELLED:
                return [*self.answer.interrupt(event, None, at), *self._stop()]
            case Verdict.CUT | Verdict.FAULT:
                fault = event.fault or Fault(FaultKind.CLOSED)
                return self._attempt_failed(event, fault, at)

    def _attempt_failed(self, end: End, fault: Fault, at: Moment) -> list[Effect]:
        attempt = self.answer.attempt
        fate = self._streams.fate(fault, has_text=attempt is not None and attempt.first_token_at is not None)
        effects = self.answer.interrupt(end, fault, at, kept=fate in (StreamFate.KEPT, StreamFate.UNREADABLE))
        if fate is StreamFate.KEPT:
            return effects + self._handle_fault(fault, at)
        if fate is StreamFate.UNREADABLE:
            return effects + self._open(at)
        if fate is StreamFate.NONE:
            return [*effects, *self._streams.end(release=False), *self._handle_fault(fault, at)]
        if fate is StreamFate.UNSUPPORTED:
            effects += self._learnt.streams(kept=False)
        # the request itself has not failed: another one follows at once, outside the budget
        may_run = fate is StreamFate.FORGOTTEN and fault.status != 404
        return [*effects, *self._streams.end(release=may_run), *self._open(at)]

    def _complete(self, end: End, at: Moment) -> list[Effect]:
        end = with_tool_calls_reason(end)
        effects = [*self.answer.complete(end, at), *self._streams.end(release=False)]
        if end.tool_calls and not self.answer.length:
            return effects + self._end(AnswerState.FAILED, problems.only_tools(self.plan.host), end.finish_reason)
        if not self._is_proven(end):
            return effects + self._try_next_mode(at)
        return effects + self._end(AnswerState.COMPLETE, None, end.finish_reason)

    def _is_proven(self, end: End) -> bool:
        """Whether the end of a continuation is the end of the answer.

        Models and servers often stop at once when asked to continue, or after the interrupted sentence. Weak models
        write the end marker there too; after an instruction some repeat themselves until their tokens run out.
        """
        if self._mode is None or (end.finish_reason in _TRUNCATING_REASONS and self._mode is not ResumeMode.INSTRUCT):
            return True
        text = self.answer.text
        match self._mode:
            case ResumeMode.PREFILL:
                return self.answer.gained or (self._strategy.exact and end.finish_reason == "stop" and can_end(text))
            case ResumeMode.INSTRUCT:
                return self.answer.has_end_marker and can_end(text) and goes_beyond(self.answer.added)
            case ResumeMode.RESTART | ResumeMode.REATTACH:
                return self.answer.is_placed

    def _try_next_mode(self, at: Moment) -> list[Effect]:
        """Try the next mode within the budget: the last one did not reach a proven end."""
        assert self._mode is not None
        self._tried |= {self._mode}
        self.answer.distrust_last_attempt()
        text = self.answer.text[: self.answer.trusted]
        if self._budget.spent or self._strategy.choose(text, self._tried) is None:
            return self._interrupt(problems.unproven_end(host=self.plan.host, kept=self.answer.length))
        self._budget = self._budget.retried()
        return self._open(at)

    # -- after a fault

    def _handle_fault(self, fault: Fault, at: Moment) -> list[Effect]:
        by_prefill = self._mode is ResumeMode.PREFILL and not self._streams.reattaching
        if by_prefill and fault.status in (400, 422) and not exceeds_context(fault):
            return self._learnt.prefill_failed(fault) + self._open(at)
        if self._learnt.switch_api(fault):
            return [SwitchApi(), *self._open(at)]
        kind = classify(fault, key_by_command=self.plan.key_by_command, had_text=self._had_text)
        if kind is FaultClass.FINAL or (kind is FaultClass.EXPIRED_KEY and self._key_refreshed):
            return self._fail(fault)
        if kind is FaultClass.ANSWER_LIMIT:
            return self._end_at_limit(self._problem(fault))
        if kind is FaultClass.EXPIRED_KEY:
            self._key_refreshed = True
            self._refusal = fault
            self.state = AnswerState.REFRESHING
            return [SetState(self.state), Emit(Refreshing(self.plan.turn_id)), RefreshKey()]
        if self._strategy.asks_first and self.answer.length:
            return self._interrupt(problems.asks_first(fault, host=self.plan.host, kept=self.answer.length))
        if kind is FaultClass.OFFLINE:
            return self._go_offline(fault, at)
        if kind is FaultClass.STALE_CONNECTION and not self._stale_retry_used:
            self._stale_retry_used = True
            return self._open(at)
        return self._retry(fault, at)

    def _retry(self, fault: Fault, at: Moment) -> list[Effect]:
        if self._budget.spent:
            return self._interrupt(self._problem(fault, retries=self._budget.consecutive))
        number = self._budget.consecutive + 1
        wait = delay(self.plan.stream, number, fault, self._random)
        if wait is None:
            return self._interrupt(
                problems.excessive_wait(fault, host=self.plan.host, kept=self.answer.length),
            )
        self._budget = self._budget.retried()
        self.state = AnswerState.RETRYING
        event = Retrying(self.plan.turn_id, number, self.plan.stream.max_retries, at.now + wait, fault)
        return [SetState(self.state), Emit(event), SetTimer(Timer.RETRY, wait)]

    def _go_offline(self, fault: Fault, at: Moment) -> list[Effect]:
        self.state = AnswerState.OFFLINE
        return [SetState(self.state), *self._await_probe(fault, at)]

    def _await_probe(self, fault: Fault, at: Moment) -> list[Effect]:
        wait = self._outage.next_probe(at)
        if wait is None:
            return self._interrupt(self._problem(fault))
        event = Offline(self.plan.turn_id, self._outage.since or at.wall, at.now + wait, fault)
        return [Emit(event), SetTimer(Timer.PROBE, wait)]

    # -- waiting

    def send_again(self, _event: Input, at: Moment) -> list[Effect]:
        """Send the request again: the wait is over, the user asked for it, or the network may have changed."""
        return self._open(at)

    def probe(self, _event: Input, _at: Moment) -> list[Effect]:
        """Probe the endpoint."""
        return [Probe()]

    def probe_ended(self, event: ProbeResult, at: Moment) -> list[Effect]:
        """Send the request again if the endpoint is reachable, else wait for the next probe."""
        fault = event.fault
        if fault is None or classify(fault) is not FaultClass.OFFLINE:
            return self._open(at)  # the endpoint responds: the request itself shows best what is wrong
        return self._await_probe(fault, at)

    def key_refreshed(self, _event: Input, at: Moment) -> list[Effect]:
        """Send the request again with the new key, outside the retry budget."""
        return self._open(at)

    def key_failed(self, event: KeyFailed, at: Moment) -> list[Effect]:
        """Fail: there is no usable key. The problem names the place to configure one."""
        effects = self._abort_attempt(None, at)
        return effects + self._end(
            AnswerState.FAILED, problems.key_unavailable(event.title, event.hint, self.answer.length, self._refusal)
        )

    # -- the end

    def stop(self, event: StopRequested, at: Moment) -> list[Effect]:
        """Stop or interrupt the answer: cancel the attempt, keep the text."""
        end = self._stop() if event.problem is None else self._interrupt(event.problem)
        return [*self._abort_attempt(None, at), *end]

    def fail_internally(self, event: InternalFailure, at: Moment) -> list[Effect]:
        """Fail because of an internal error; keep the text."""
        problem = problems.internal(event.error, self.answer.length)
        return [*self._abort_attempt(problem.fault, at), *self._end(AnswerState.FAILED, problem)]

    def ignore(self, _event: Input, _at: Moment) -> list[Effect]:
        """Ignore an input that no longer matters in this state."""
        return []

    def _abort_attempt(self, fault: Fault | None, at: Moment) -> list[Effect]:
        if self.answer.attempt is None:
            return []
        return [CancelAttempt(), *self.answer.interrupt(End(Verdict.CANCELLED), fault, at)]

    def _stop(self) -> list[Effect]:
        return self._end(AnswerState.STOPPED, None)

    def _fail(self, fault: Fault) -> list[Effect]:
        return self._end(AnswerState.FAILED, self._problem(fault))

    def _interrupt(self, problem: Problem) -> list[Effect]:
        return self._end(AnswerState.INTERRUPTED, problem)

    def _problem(self, fault: Fault, retries: int = 0) -> Problem:
        return problems.problem_for(
            fault, host=self.plan.host, kept=self.answer.length, retries=retries, key_place=self.plan.key_place
        )

    def _end(self, state: AnswerState, problem: Problem | None, finish_reason: str = "") -> list[Effect]:
        """End the turn: store the end durably, then emit it."""
        self.state = state
        answer, turn_id = self.answer, self.plan.turn_id
        answer.settle()
        # an answer that can be continued keeps its stream
        ended = [] if state in (AnswerState.INTERRUPTED, AnswerState.FAILED) else self._streams.end(release=True)
        usage = answer.tally.total(self.plan.prompt_tokens, answer.text, answer.reasoning)
        event: Finished | Stopped | Interrupted | Failed
        if problem is None:
            event = (
                Finished(turn_id, usage, answer.attempts, finish_reason)
                if state is AnswerState.COMPLETE
                else Stopped(turn_id, usage, answer.attempts)
            )
        else:
            kind = Failed if state is AnswerState.FAILED else Interrupted
            event = kind(turn_id, usage, answer.attempts, problem)
        event = replace(event, ending=answer.ending(state, finish_reason))
        return [ClearTimers(), *ended, SaveEnding(state, problem, finish_reason, usage), Emit(event)]
