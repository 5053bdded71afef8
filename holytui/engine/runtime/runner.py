"""Runs one turn on a thread of its own: carries out its effects, and gives it what happens in the world."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from holytui.engine.events import Failed, Quiet, Replaced, Slow, StoreTrouble, TurnEvent
from holytui.engine.ports import Client, Clock
from holytui.engine.resume.strategy import Learnt, learn_key
from holytui.engine.runtime.publisher import Outlet
from holytui.engine.runtime.recorder import RETRY, Records
from holytui.engine.runtime.requester import Courier, Job, KeyReady, describe
from holytui.engine.turn import problems
from holytui.engine.turn.effects import (
    Broken,
    CancelAttempt,
    ClearTimers,
    ClockJumped,
    Effect,
    Emit,
    Input,
    Journal,
    KeepVariant,
    KeyFailed,
    Moment,
    OpenAttempt,
    Probe,
    ProbeDue,
    RefreshKey,
    Remember,
    RetryDue,
    SaveAttempt,
    SetState,
    SetTimer,
    Settle,
    Start,
    StopAsked,
    Timer,
)
from holytui.engine.turn.machine import Plan, Turn
from holytui.engine.turn.monitors import QuietWatch, SleepWatch, SlowWatch
from holytui.errors import HolytuiError
from holytui.models import Problem
from holytui.store.history import History
from holytui.wire.events import End, Piece, Received, Verdict

_log = logging.getLogger(__name__)

_TICK = 1.0
_LAST_TRIES = 20


@dataclass(frozen=True, slots=True)
class _Trouble:
    problem: Problem | None


class Runner:
    """Drives `turn` to its end. `put` and `stop` are for any thread, `run` is the thread."""

    def __init__(
        self, turn: Turn, job: Job, *, history: History, client: Client, clock: Clock, tell: Callable[[TurnEvent], None]
    ) -> None:
        self.turn = turn
        self.job = job
        self._history = history
        self._clock = clock
        self.outlet = Outlet(tell, clock.monotonic, job.message.text, job.message.reasoning)
        self._records = Records(history, self._trouble)
        self._records_due = 0.0
        self._inbox: queue.SimpleQueue[Input | KeyReady | _Trouble] = queue.SimpleQueue()
        self._courier = Courier(job, client, self.put, self._came)
        self._timers: dict[Timer, float] = {}
        self._sleep = SleepWatch()
        self._quiet: QuietWatch | None = None
        self._slow = SlowWatch()
        self._started = clock.monotonic()
        self._abandoned = threading.Event()
        self._last_words = failed_by_defect(turn.plan.turn_id)

    @classmethod
    def of(
        cls,
        plan: Plan,
        job: Job,
        *,
        history: History,
        client: Client,
        clock: Clock,
        tell: Callable[[TurnEvent], None],
        random: Callable[[], float],
        new_id: Callable[[], str],
        obstacle: HolytuiError | None = None,
    ) -> Runner:
        """A runner with a new turn. `obstacle` keeps it from beginning: the answer fails with it."""
        turn = Turn(plan, random=random, new_id=new_id)
        runner = cls(turn, job, history=history, client=client, clock=clock, tell=tell)
        if obstacle is not None:
            runner.put(KeyFailed(obstacle.title, obstacle.hint))
        return runner

    # -- for any thread

    @property
    def troubled(self) -> bool:
        """Something could not be written yet."""
        return self._records.troubled

    def journal_trouble(self, problem: Problem | None) -> None:
        """The history cannot write what is journalled (None: it can again)."""
        self._inbox.put(_Trouble(problem))

    def put(self, happened: Input | KeyReady) -> None:
        """Tell the turn."""
        self._inbox.put(happened)

    def stop(self, asked: StopAsked) -> None:
        """Stop the answer. Returns at once."""
        self._inbox.put(asked)
        self._courier.cancel()

    def abandon(self) -> None:
        """The program ends: do not go on trying to write what could not be written."""
        self._abandoned.set()

    # -- on the thread

    def run(self) -> None:
        """From the beginning to the last event."""
        try:
            self._drain()
            self._feed(Start())
            while not self.turn.ended:
                self._once()
        except Exception as error:  # noqa: BLE001 - the thread's edge: a defect ends this answer, visibly, and no other
            self._break(error)
        finally:
            self._courier.cancel()
            self._tell_the_end()
        self._write_the_rest()

    def _tell_the_end(self) -> None:
        """Whoever waits for the last event must have one, also when no memory was left to make it."""
        if not self.outlet.ended:
            self.outlet.tell_last(self._last_words)

    def _once(self) -> None:
        self._drain()
        if self.turn.ended:
            return
        happened = self._wait(self._patience())
        if self._sleep.jumped(self._clock.monotonic(), self._clock.wall()):
            self._feed(ClockJumped())
        if happened is not None:
            self._take(happened)
        self._look_at_clocks()

    def _drain(self) -> None:
        """What others put in comes before what the wire has: a stop means now."""
        while not self.turn.ended and not self._inbox.empty():
            self._take(self._inbox.get_nowait())

    def _wait(self, patience: float) -> Input | KeyReady | _Trouble | None:
        if self._courier.stream is not None:
            return self._courier.stream.wait(patience)
        try:
            return self._inbox.get(timeout=patience)
        except queue.Empty:
            return None

    def _patience(self) -> float:
        now = self._clock.monotonic()
        due = [*self._timers.values(), now + _TICK]
        if self.outlet.due is not None:
            due.append(self.outlet.due)
        return max(0.0, min(due) - now)

    def _take(self, happened: Input | KeyReady | _Trouble) -> None:
        now = self._clock.monotonic()
        if isinstance(happened, _Trouble):
            self.outlet.emit(StoreTrouble(self.turn.plan.turn_id, happened.problem))
            return
        if isinstance(happened, KeyReady):
            if self._courier.send(happened):
                self._quiet, self._slow = QuietWatch(now, now), SlowWatch()
            return
        if isinstance(happened, End):
            if happened.verdict is Verdict.CANCELLED:
                self._drain()  # it ended because it was stopped; who stopped it, and why, is in the inbox already
            self._let_go()
        if self._quiet is not None:
            if isinstance(happened, Piece):
                self._quiet.token(now)
            else:
                self._quiet.byte(now)
        if isinstance(happened, Received) and (rate := self._slow.received(now, happened.total)) is not None:
            self.outlet.emit(Slow(self.turn.plan.turn_id, rate.value))
        self._feed(happened)

    def _look_at_clocks(self) -> None:
        if self.turn.ended:
            return
        now = self._clock.monotonic()
        for timer, due in list(self._timers.items()):
            if due <= now and self._timers.pop(timer, None) is not None:
                self._feed(RetryDue() if timer is Timer.RETRY else ProbeDue())
        if self.outlet.due is not None and self.outlet.due <= now:
            self.outlet.flush()
        if self._quiet is not None and (silence := self._quiet.check(now)) is not None:
            self.outlet.emit(Quiet(self.turn.plan.turn_id, silence.no_byte, silence.no_token))
        if self._records.troubled and self._records_due <= now:
            self._records_due = now + RETRY
            self._records.try_again()

    def _came(self) -> int:
        answer, before = self.turn.answer, self.job.message
        came = answer.length + answer.reasoning_length - len(before.text) - len(before.reasoning)
        return max(0, came)  # a continuation may have taken the place of some of what was there

    def _feed(self, happened: Input) -> None:
        at = Moment(self._clock.monotonic(), self._clock.wall())
        for effect in self.turn.step(happened, at):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Emit():
                self.outlet.emit(effect.event)
            case Journal() | SaveAttempt() | SetState() | Remember() | KeepVariant() | Settle():
                self._record(effect)
            case OpenAttempt():
                self._courier.open(effect)
            case CancelAttempt():
                self._courier.cancel()
                self._let_go()
            case SetTimer():
                self._timers[effect.timer] = self._clock.monotonic() + effect.seconds
            case ClearTimers():
                self._timers.clear()
            case Probe():
                self._courier.probe()
            case RefreshKey():
                self._courier.refresh()

    def _let_go(self) -> None:
        self._courier.let_go()
        self._quiet = None

    # -- the record

    def _record(self, effect: Journal | SaveAttempt | SetState | Remember | KeepVariant | Settle) -> None:
        match effect:
            case Journal():
                self._records.journal(effect.attempt_id, effect.kind, effect.text)
            case SaveAttempt():
                self._records.save(effect.attempt, begins=effect.begins)
            case SetState():
                self._records.do(lambda: self._history.set_state(self.job.message.id, effect.state))
            case Remember():
                self._records.do(lambda: self._remember(effect.learnt))
            case KeepVariant():
                self._replace(effect)
            case Settle():
                self._settle(effect)

    def _remember(self, learnt: Learnt) -> None:
        key = learn_key(self.job.endpoint.base_url, self.job.request.model)
        self._history.remember(key, str(learnt))

    def _replace(self, effect: KeepVariant) -> None:
        variant = self._records.variant_of(self.job.message.id)
        self._records.save(effect.attempt, begins=False)
        self.outlet.emit(Replaced(self.turn.plan.turn_id, effect.text, effect.reasoning, variant))

    def _settle(self, effect: Settle) -> None:
        answer, message = self.turn.answer, self.job.message
        now = self._clock.monotonic()
        told = replace(
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
            reasoning_s=_thinking(answer.first_thought_at, answer.first_content_at or now, message.reasoning_s),
        )
        self.outlet.flush()
        self._records.finish(told)

    def _trouble(self, problem: Problem | None) -> None:
        if problem is not None:
            self._records_due = self._clock.monotonic() + RETRY
        if not self.turn.ended:
            self.outlet.emit(StoreTrouble(self.turn.plan.turn_id, problem))

    def _break(self, error: Exception) -> None:
        error.__traceback__ = None if isinstance(error, MemoryError) else error.__traceback__  # it holds what is large
        try:
            _log.error("an answer ended by a defect: %s", describe(error))
            _log.debug("where it was", exc_info=error)
            at = Moment(self._clock.monotonic(), self._clock.wall())
            effects = self.turn.step(Broken(describe(error)), at)
        except MemoryError:
            return  # the last event was made beforehand
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception as second:  # noqa: BLE001 - whatever else is broken, the last event must be told
                _log.error("and then: %s", describe(second))

    def _write_the_rest(self) -> None:
        """The answer has ended but could not all be written: a full disk or a locked file may come right soon."""
        for _round in range(_LAST_TRIES):
            if not self._records.troubled:
                break
            last = self._abandoned.wait(RETRY)
            self._records.try_again()
            if last:
                break


def failed_by_defect(turn_id: str) -> Failed:
    """The last event of an answer for which no other one could be made."""
    return Failed(turn_id, None, 1, problems.internal("MemoryError", 1))


def _since(started: float, at: float | None, before: float | None) -> float | None:
    if before is not None:
        return before
    return None if at is None else at - started


def _thinking(began: float | None, ended: float, before: float | None) -> float | None:
    if began is None:
        return before
    return max(0.0, ended - began) + (before or 0.0)
