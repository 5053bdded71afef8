"""Runs one turn on its own thread: carries out its effects and feeds it inputs."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.engine.events import Failed, Quiet, Replaced, Slow, StoreTrouble, TurnEvent
from holytui.engine.learnt_api import remember_responses_api
from holytui.engine.ports import Client, Clock
from holytui.engine.resume.strategy import ResumeProfile, resume_profile_key
from holytui.engine.runtime.publisher import EventPublisher
from holytui.engine.runtime.recorder import RETRY_INTERVAL, Recorder
from holytui.engine.runtime.requester import AnswerRequest, KeyReady, Requester, describe
from holytui.engine.runtime.stream_releaser import StreamReleaser
from holytui.engine.turn import problems
from holytui.engine.turn.effects import (
    CancelAttempt,
    ClearTimers,
    ClockJumped,
    Effect,
    Emit,
    EndStream,
    Input,
    InternalFailure,
    Journal,
    Moment,
    OpenAttempt,
    Probe,
    ProbeDue,
    RefreshKey,
    Remember,
    RememberApi,
    RetryDue,
    SaveAttempt,
    SaveEnding,
    SaveStream,
    SaveVariant,
    SetState,
    SetTimer,
    Start,
    StopRequested,
    SwitchApi,
    Timer,
)
from holytui.engine.turn.machine import TurnMachine
from holytui.engine.turn.monitors import RateMonitor, SilenceMonitor, SuspendMonitor
from holytui.models import Problem, StoredStream
from holytui.store.history import History
from holytui.wire.events import Accepted, End, Piece, Received, Verdict

_log = logging.getLogger(__name__)

_TICK = 1.0
_FINAL_TRIES = 20


@dataclass(frozen=True, slots=True)
class _StoreProblem:
    problem: Problem | None


class Runner:
    """Runs `turn` to its end.

    `post`, `stop`, `abandon` and `report_store_problem` are thread-safe; `run` is the thread.
    """

    def __init__(
        self,
        turn: TurnMachine,
        request: AnswerRequest,
        *,
        history: History,
        client: Client,
        clock: Clock,
        publish: Callable[[TurnEvent], None],
        releaser: StreamReleaser,
    ) -> None:
        self.turn = turn
        self._releaser = releaser
        self.request = request
        self._history = history
        self._clock = clock
        self.publisher = EventPublisher(publish, clock.monotonic, request.message.text, request.message.reasoning)
        self._recorder = Recorder(history, self._on_store_problem)
        self._retry_at = 0.0
        self._inbox: queue.SimpleQueue[Input | KeyReady | _StoreProblem] = queue.SimpleQueue()
        self._requester = Requester(request, client, self.post, self._received)
        self._timers: dict[Timer, float] = {}
        self._suspend = SuspendMonitor()
        self._silence: SilenceMonitor | None = None
        self._rate = RateMonitor()
        self._started = clock.monotonic()
        self._abandoned = threading.Event()
        self._fallback_end = failed_by_defect(turn.plan.turn_id)

    # -- for any thread

    @property
    def has_pending(self) -> bool:
        """Writes are queued."""
        return self._recorder.has_pending

    def report_store_problem(self, problem: Problem | None) -> None:
        """Report that the history cannot write the journal (None: resolved)."""
        self._inbox.put(_StoreProblem(problem))

    def post(self, event: Input | KeyReady) -> None:
        """Queue an input."""
        self._inbox.put(event)

    def stop(self, asked: StopRequested) -> None:
        """Stop the answer. Returns at once."""
        self._inbox.put(asked)
        self._requester.cancel()

    def abandon(self) -> None:
        """Give up retrying failed writes, as the program is exiting."""
        self._abandoned.set()

    # -- on the thread

    def run(self) -> None:
        """Run to the last event."""
        try:
            self._drain()
            self._advance(Start())
            while not self.turn.ended:
                self._step()
        except Exception as error:  # noqa: BLE001 - a defect ends this answer visibly, and no other
            self._fail(error)
        finally:
            self._requester.cancel()
            self._ensure_end()
        self._write_pending()

    def _ensure_end(self) -> None:
        """Publish a last event in any case; this one was created in advance, as memory may have run out."""
        if not self.publisher.ended:
            self.publisher.emit_last(self._fallback_end)

    def _step(self) -> None:
        self._drain()
        if self.turn.ended:
            return
        event = self._wait(self._time_to_next_timer())
        if self._suspend.jumped(self._clock.monotonic(), self._clock.wall()):
            self._advance(ClockJumped())
        if event is not None:
            self._handle(event)
        self._check_timers()

    def _drain(self) -> None:
        """Handle queued inputs before events of the wire, so that a stop takes effect at once."""
        while not self.turn.ended and not self._inbox.empty():
            self._handle(self._inbox.get_nowait())

    def _wait(self, timeout: float) -> Input | KeyReady | _StoreProblem | None:
        if self._requester.stream is not None:
            return self._requester.stream.wait(timeout)
        try:
            return self._inbox.get(timeout=timeout)
        except queue.Empty:
            return None

    def _time_to_next_timer(self) -> float:
        now = self._clock.monotonic()
        due = [*self._timers.values(), now + _TICK]
        if self.publisher.due is not None:
            due.append(self.publisher.due)
        return max(0.0, min(due) - now)

    def _handle(self, event: Input | KeyReady | _StoreProblem) -> None:
        now = self._clock.monotonic()
        if isinstance(event, _StoreProblem):
            self.publisher.emit(StoreTrouble(self.turn.plan.turn_id, event.problem))
            return
        if isinstance(event, KeyReady):
            if self._requester.send(event):
                self._silence, self._rate = SilenceMonitor(now, now), RateMonitor()
            return
        if isinstance(event, End):
            if event.verdict is Verdict.CANCELLED:
                self._drain()  # the stop that cancelled it is in the inbox already, with its reason
            self._end_attempt()
        if isinstance(event, Accepted):
            self._releaser.link_is_up()
        if self._silence is not None:
            if isinstance(event, Piece):
                self._silence.token(now)
            else:
                self._silence.byte(now)
        if isinstance(event, Received) and (rate := self._rate.received(now, event.total)) is not None:
            self.publisher.emit(Slow(self.turn.plan.turn_id, rate.value))
        self._advance(event)

    def _check_timers(self) -> None:
        if self.turn.ended:
            return
        now = self._clock.monotonic()
        for timer, due in list(self._timers.items()):
            if due <= now and self._timers.pop(timer, None) is not None:
                self._advance(RetryDue() if timer is Timer.RETRY else ProbeDue())
        if self.publisher.due is not None and self.publisher.due <= now:
            self.publisher.flush()
        if self._silence is not None and (silence := self._silence.check(now)) is not None:
            self.publisher.emit(Quiet(self.turn.plan.turn_id, silence.no_byte, silence.no_token))
        if self._recorder.has_pending and self._retry_at <= now:
            self._retry_at = now + RETRY_INTERVAL
            self._recorder.retry()

    def _received(self) -> int:
        answer, before = self.turn.answer, self.request.message
        received = answer.length + answer.reasoning_length - len(before.text) - len(before.reasoning)
        return max(0, received)  # a continuation may have replaced earlier text

    def _advance(self, event: Input) -> None:
        at = Moment(self._clock.monotonic(), self._clock.wall())
        if isinstance(event, End | StopRequested):
            self._share_text()
        for effect in self.turn.step(event, at):
            self._carry_out(effect)

    def _share_text(self) -> None:
        """Let the turn and the listeners hold one text, as there are more copies while the end is written."""
        self.publisher.flush()
        self.turn.answer.share(self.publisher.text, self.publisher.reasoning)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Emit():
                self.publisher.emit(effect.event)
            case Journal() | SaveAttempt() | SetState() | Remember() | SaveVariant() | SaveEnding():
                self._record(effect)
            case SaveStream() | EndStream():
                self._record_stream(effect)
            case OpenAttempt():
                self._requester.open(effect)
            case SwitchApi():
                self._requester.switch_api()
            case RememberApi():
                self._recorder.write(self._remember_api)
            case CancelAttempt():
                self._requester.cancel()
                self._end_attempt()
            case SetTimer():
                self._timers[effect.timer] = self._clock.monotonic() + effect.seconds
            case ClearTimers():
                self._timers.clear()
            case Probe():
                self._requester.probe()
            case RefreshKey():
                self._requester.refresh()

    def _end_attempt(self) -> None:
        self._requester.clear()
        self._silence = None

    # -- records

    def _record(self, effect: Journal | SaveAttempt | SetState | Remember | SaveVariant | SaveEnding) -> None:
        match effect:
            case Journal():
                self._recorder.journal(effect.attempt_id, effect.kind, effect.text, effect.mark)
            case SaveAttempt():
                self._recorder.save(effect.attempt, begins=effect.begins)
            case SetState():
                self._recorder.write(lambda: self._history.set_state(self.request.message.id, effect.state))
            case Remember():
                self._recorder.write(lambda: self._remember(effect.profile))
            case SaveVariant():
                self._replace(effect)
            case SaveEnding():
                self._save_ending(effect)

    def _record_stream(self, effect: SaveStream | EndStream) -> None:
        streams, request = self._history.streams, self.request
        match effect:
            case SaveStream(attempt_id, stream_id, kind):
                model, base_url = request.message.model, request.endpoint.base_url
                ids = stream_id, request.message.id, attempt_id
                stream = StoredStream(*ids, model, base_url, self._clock.wall(), kind=kind)
                self._recorder.write(lambda: streams.begin(stream))
            case EndStream(stream_id, release=True):
                self._recorder.write(lambda: streams.release(stream_id))
                self._releaser.run()
            case EndStream(stream_id):
                self._recorder.write(lambda: streams.forget(stream_id))

    def _remember(self, profile: ResumeProfile) -> None:
        key = resume_profile_key(self.request.endpoint.base_url, self.request.chat.model)
        self._history.remember(key, str(profile))

    def _remember_api(self) -> None:
        remember_responses_api(self.request.endpoint.base_url, self.request.chat.model, self._history)

    def _replace(self, effect: SaveVariant) -> None:
        variant = self._recorder.save_variant(self.request.message.id)
        self._recorder.save(effect.attempt, begins=False)
        self.publisher.emit(Replaced(self.turn.plan.turn_id, effect.text, effect.reasoning, variant))

    def _save_ending(self, effect: SaveEnding) -> None:
        answer, message = self.turn.answer, self.request.message
        now = self._clock.monotonic()
        ended = replace(
            message,
            text=answer.text,
            reasoning=answer.reasoning,
            state=effect.state,
            problem=effect.problem,
            finish_reason=effect.finish_reason,
            usage=effect.usage,
            attempts=answer.attempts,
            seams=answer.seams,
            begun_again=answer.begun_again,
            first_token_s=_since(self._started, answer.first_token_at, message.first_token_s),
            duration_s=now - self._started + (message.duration_s or 0.0),
            reasoning_s=_reasoning_seconds(
                answer.first_reasoning_at, answer.first_content_at or now, message.reasoning_s
            ),
        )
        self.publisher.flush()
        self._recorder.finish(ended)

    def _on_store_problem(self, problem: Problem | None) -> None:
        if problem is not None:
            self._retry_at = self._clock.monotonic() + RETRY_INTERVAL
        if not self.turn.ended:
            self.publisher.emit(StoreTrouble(self.turn.plan.turn_id, problem))

    def _fail(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            error.__traceback__ = None  # its frames keep large objects alive
        try:
            _log.error("an answer failed with an internal error: %s", type(error).__name__)
            _log.debug("traceback", exc_info=error)
            at = Moment(self._clock.monotonic(), self._clock.wall())
            effects = self.turn.step(InternalFailure(describe(error)), at)
        except MemoryError:
            return  # `_fallback_end` is published instead
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception as second:  # noqa: BLE001 - the last event must still be published
                _log.error("while ending it: %s", type(second).__name__)

    def _write_pending(self) -> None:
        """Retry the remaining writes for a while: a full disk or a locked file may recover."""
        for _round in range(_FINAL_TRIES):
            if not self._recorder.has_pending:
                break
            last = self._abandoned.wait(RETRY_INTERVAL)
            self._recorder.retry()
            if last:
                break


def failed_by_defect(turn_id: str) -> Failed:
    """The last event of an answer for which no other could be created."""
    return Failed(turn_id, None, 1, problems.internal("MemoryError", 1))


def _since(started: float, at: float | None, before: float | None) -> float | None:
    if before is not None:
        return before
    return None if at is None else at - started


def _reasoning_seconds(began: float | None, ended: float, before: float | None) -> float | None:
    if began is None:
        return before
    return max(0.0, ended - began) + (before or 0.0)
