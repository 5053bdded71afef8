"""Runs active answers: a thread each, one at a time per conversation, the others queued."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from holytui.engine.events import CostUnknown, Ended, Failed, LimitNear, Queued, TurnEvent
from holytui.engine.ports import Client, Clock
from holytui.engine.runtime.planner import TurnPlanner, placeholder_plan
from holytui.engine.runtime.runner import Runner, failed_by_defect
from holytui.engine.runtime.stream_releaser import StreamReleaser
from holytui.engine.runtime.turn_options import TurnOptions
from holytui.engine.spending import Admission, SpendingLimits
from holytui.engine.turn.effects import Input, KeyFailed, RetryRequested, StopRequested
from holytui.engine.turn.machine import TurnMachine
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import AnswerState, Message, Problem
from holytui.store.history import History

_log = logging.getLogger(__name__)

Listener = Callable[[TurnEvent], None]


@dataclass(frozen=True, slots=True)
class StartedTurn:
    """The ids of a turn that was started or queued."""

    turn_id: str
    conversation_id: str
    question_id: str
    answer_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The current state of an active answer."""

    turn_id: str
    conversation_id: str
    state: AnswerState
    length: int
    """Characters of the text."""
    reasoning_length: int
    attempts: int


@dataclass(slots=True)
class _ActiveTurn:
    """An answer from its question to its last event."""

    started: StartedTurn
    message: Message
    fallback_end: Failed
    """Created in advance, as memory may have run out when it is needed."""
    options: TurnOptions
    runner: Runner | None = None
    thread: threading.Thread | None = None
    stop: StopRequested | None = None
    """The requested stop, possibly set before the runner exists."""


class Scheduler:
    """Starts, queues and stops answers. All methods are thread-safe and return at once, except `close`."""

    def __init__(
        self,
        planner: TurnPlanner,
        history: History,
        client: Client,
        *,
        clock: Clock,
        random: Callable[[], float],
        new_id: Callable[[], str],
        releaser: StreamReleaser,
        limits: SpendingLimits,
    ) -> None:
        self._planner = planner
        self._limits = limits
        self._releaser = releaser
        self._history = history
        self._client = client
        self._clock = clock
        self._random = random
        self._new_id = new_id
        self._lock = threading.RLock()
        self._listeners: tuple[Listener, ...] = ()
        self._live: dict[str, _ActiveTurn] = {}
        self._queues: dict[str, deque[_ActiveTurn]] = {}
        self._closing = False

    # -- listening

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event; return a function that unsubscribes.

        It is called on worker threads, in order for each turn.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(active for active in self._listeners if active is not listener)

        return unsubscribe

    def _publish(self, event: TurnEvent) -> None:
        for listener in self._listeners:
            listener(event)

    # -- the queues of the conversations

    def submit(self, message: Message, question_id: str, options: TurnOptions) -> StartedTurn:
        """Fill `message` as soon as its conversation is free. An active answer is left as it is."""
        started = StartedTurn(self._new_id(), message.conversation_id, question_id, message.id)
        live = _ActiveTurn(started, message, failed_by_defect(started.turn_id), options)
        with self._lock:
            if self._closing:
                raise HolytuiError(_("holytui is closing"))
            if message.id in self._live:
                return self._live[message.id].started
            self._live[message.id] = live
            queue = self._queues.setdefault(message.conversation_id, deque())
            queue.append(live)
            first = queue[0] is live
        if first:
            self._start(live)
        else:
            self._publish(Queued(started.turn_id))
        return started

    def _start(self, live: _ActiveTurn) -> None:
        with self._lock:
            if live.thread is not None:
                return
            live.thread = threading.Thread(target=self._run_thread, args=(live,), name="holytui-answer", daemon=True)
        live.thread.start()

    def _run_thread(self, live: _ActiveTurn) -> None:
        """Thread function of an answer."""
        try:
            runner = self._runner_for(live)
            with self._lock:
                live.runner = runner
                stop = live.stop
            if stop is not None:
                runner.stop(stop)
            runner.run()
        except Exception as error:  # noqa: BLE001 - listeners must get a last event
            _log.error("an answer could not be started: %s", type(error).__name__)
            self._deregister(live)
            self._publish(live.fallback_end)
        finally:
            self._start_next(live)

    def _runner_for(self, live: _ActiveTurn) -> Runner:
        """Plan now rather than when the question was asked: the branch may have grown since."""
        try:
            plan, request = self._planner.plan(live.message, live.started.turn_id, live.options)
            obstacle: Input | None = self._hold(live)
        except HolytuiError as error:
            plan, request = placeholder_plan(live.message, live.started.turn_id)
            obstacle = KeyFailed(error.title, error.hint)
        runner = Runner(
            TurnMachine(plan, random=self._random, new_id=self._new_id),
            request,
            history=self._history,
            client=self._client,
            clock=self._clock,
            publish=self._deregister_then_publish(live),
            releaser=self._releaser,
        )
        if obstacle is not None:
            runner.post(obstacle)  # the answer ends with it
        return runner

    def _hold(self, live: _ActiveTurn) -> StopRequested | None:
        """Report what the limits of spending require; return the input that holds an answer beyond one."""
        admission = Admission() if live.options.over_limit else self._limits.admit(live.message)
        if admission.problem is not None:
            return StopRequested(admission.problem)
        for one in admission.warnings:
            self._publish(LimitNear(live.started.turn_id, one))
        if admission.unpriced:
            self._publish(CostUnknown(live.started.turn_id, admission.unpriced))
        return None

    def _deregister_then_publish(self, live: _ActiveTurn) -> Listener:
        """Deregister before publishing `Ended`, so that listeners find the answer in the history."""

        def publish(event: TurnEvent) -> None:
            if isinstance(event, Ended):
                self._deregister(live)
            self._publish(event)

        return publish

    def _deregister(self, live: _ActiveTurn) -> None:
        with self._lock:
            has_pending = live.runner is not None and live.runner.has_pending
            if not has_pending and self._live.get(live.message.id) is live:
                del self._live[live.message.id]

    def _start_next(self, live: _ActiveTurn) -> None:
        with self._lock:
            if self._live.get(live.message.id) is live:
                del self._live[live.message.id]
            queue = self._queues.get(live.message.conversation_id, deque())
            if live in queue:
                queue.remove(live)
            next_turn = queue[0] if queue else None
            if not queue:
                self._queues.pop(live.message.conversation_id, None)
        if next_turn is not None:
            self._start(next_turn)

    def withdraw(self, turn_id: str) -> _ActiveTurn | None:
        """Remove a queued answer; None if it has started. No event is published."""
        with self._lock:
            live = self._by_turn(turn_id)
            if live is None or live.thread is not None or live.stop is not None:
                return None
            queue = self._queues[live.message.conversation_id]
            if queue[0] is live:
                return None
            queue.remove(live)
            del self._live[live.message.id]
            return live

    def requeue(self, live: _ActiveTurn) -> None:
        """Queue a withdrawn answer again, behind all others."""
        with self._lock:
            self._live[live.message.id] = live
            queue = self._queues.setdefault(live.message.conversation_id, deque())
            queue.append(live)
            first = queue[0] is live
        if first:
            self._start(live)

    # -- active answers

    def stop(self, turn_id: str, problem: Problem | None = None) -> None:
        """Stop an answer and keep its text; `Stopped`, or `Interrupted` with `problem`, follows within 100 ms."""
        with self._lock:
            live = self._by_turn(turn_id)
            if live is None:
                return
            live.stop = live.stop or StopRequested(problem)
            runner, stop = live.runner, live.stop
        if runner is not None:
            runner.stop(stop)
        self._start(live)

    def stop_all(self, problem: Problem | None = None) -> None:
        """Stop every answer."""
        with self._lock:
            turns = [live.started.turn_id for live in self._live.values()]
        for turn_id in turns:
            self.stop(turn_id, problem)

    def retry_now(self, turn_id: str) -> None:
        """Retry now instead of waiting for a retry or the network."""
        with self._lock:
            live = self._by_turn(turn_id)
        if live is not None and live.runner is not None:
            live.runner.post(RetryRequested())

    def active(self) -> Mapping[str, Snapshot]:
        """Active answers by message id."""
        with self._lock:
            return {answer_id: _snapshot(live) for answer_id, live in self._live.items()}

    def live_text(self, answer_id: str) -> tuple[str, str] | None:
        """Text and reasoning of an active answer as listeners know them; None if it is not active."""
        with self._lock:
            live = self._live.get(answer_id)
            if live is None:
                return None
            if live.runner is None:
                return live.message.text, live.message.reasoning
            return live.runner.publisher.text, live.runner.publisher.reasoning

    def started(self, answer_id: str) -> StartedTurn | None:
        """The turn of an active answer."""
        with self._lock:
            live = self._live.get(answer_id)
            return live.started if live is not None else None

    def store_trouble(self, problem: Problem | None) -> None:
        """Report a problem of the journal (None: resolved) to all answers' listeners."""
        with self._lock:
            runners = [live.runner for live in self._live.values() if live.runner is not None]
        for runner in runners:
            runner.report_store_problem(problem)

    def _by_turn(self, turn_id: str) -> _ActiveTurn | None:
        return next((live for live in self._live.values() if live.started.turn_id == turn_id), None)

    # -- the end

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers and keep their text; wait at most `timeout` seconds."""
        with self._lock:
            self._closing = True
            live = list(self._live.values())
        self.stop_all()
        until = time.monotonic() + timeout
        for active in live:
            if active.runner is not None and active.runner.turn.ended:
                active.runner.abandon()
            if active.thread is not None and active.thread is not threading.current_thread():
                active.thread.join(max(0.0, until - time.monotonic()))
            if active.runner is not None:
                active.runner.abandon()


def _snapshot(live: _ActiveTurn) -> Snapshot:
    started, runner = live.started, live.runner
    if runner is None:
        length, reasoning_length = len(live.message.text), len(live.message.reasoning)
        return Snapshot(
            started.turn_id,
            started.conversation_id,
            AnswerState.QUEUED,
            length,
            reasoning_length,
            live.message.attempts,
        )
    answer = runner.turn.answer
    return Snapshot(
        started.turn_id,
        started.conversation_id,
        runner.turn.state,
        answer.length,
        answer.reasoning_length,
        answer.attempts,
    )
