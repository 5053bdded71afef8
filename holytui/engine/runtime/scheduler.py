"""The answers on their way: a thread for each, one at a time in each conversation, the others waiting in line."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from holytui.engine.events import Ended, Failed, Queued, TurnEvent
from holytui.engine.ports import Client, Clock
from holytui.engine.runtime.planner import TurnPlanner, placeholder_plan
from holytui.engine.runtime.requester import describe
from holytui.engine.runtime.runner import Runner, failed_by_defect
from holytui.engine.turn.effects import RetryRequested, StopRequested
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import AnswerState, Message, Problem
from holytui.store.history import History

_log = logging.getLogger(__name__)

Listener = Callable[[TurnEvent], None]


@dataclass(frozen=True, slots=True)
class StartedTurn:
    """Where the answer to a question will be."""

    turn_id: str
    conversation_id: str
    question_id: str
    answer_id: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An answer on its way, as of now."""

    turn_id: str
    conversation_id: str
    state: AnswerState
    length: int
    """Characters of its text."""
    reasoning_length: int
    attempts: int


@dataclass(slots=True)
class _ActiveTurn:
    """One answer from its question to its last event."""

    started: StartedTurn
    message: Message
    fallback_end: Failed
    """Made beforehand, as there may be no memory for it when it is needed."""
    by_user: bool = False
    """The user asked for a cut answer to go on."""
    runner: Runner | None = None
    thread: threading.Thread | None = None
    stop: StopRequested | None = None
    """It is to be stopped; perhaps before its runner is there."""


class Scheduler:
    """All methods may be called from any thread and return at once, except `close`."""

    def __init__(
        self,
        planner: TurnPlanner,
        history: History,
        client: Client,
        *,
        clock: Clock,
        random: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._planner = planner
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
        """Call `listener` with every event, on worker threads, in order for each turn; returns how to end that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return unsubscribe

    def _publish(self, event: TurnEvent) -> None:
        for listener in self._listeners:
            listener(event)

    # -- one after another in each conversation

    def submit(self, message: Message, question_id: str, *, by_user: bool) -> StartedTurn:
        """Have the answer `message` filled, as soon as it is its turn. If it is on its way already, so it stays."""
        started = StartedTurn(self._new_id(), message.conversation_id, question_id, message.id)
        live = _ActiveTurn(started, message, failed_by_defect(started.turn_id), by_user)
        with self._lock:
            if self._closing:
                raise HolytuiError(_("holytui is being closed"))
            if message.id in self._live:
                return self._live[message.id].started
            self._live[message.id] = live
            line = self._queues.setdefault(message.conversation_id, deque())
            line.append(live)
            first = line[0] is live
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
        """The worker's thread."""
        try:
            runner = self._runner_for(live)
            with self._lock:
                live.runner = runner
                stop = live.stop
            if stop is not None:
                runner.stop(stop)
            runner.run()
        except Exception as error:  # noqa: BLE001 - the thread's edge: whoever waits for the end must hear of one
            _log.error("an answer could not begin: %s", describe(error))
            self._deregister(live)
            self._publish(live.fallback_end)
        finally:
            self._start_next(live)

    def _runner_for(self, live: _ActiveTurn) -> Runner:
        """Everything is looked up now, not when the question was put: the branch may have grown meanwhile."""
        try:
            plan, request = self._planner.plan(live.message, live.started.turn_id, by_user=live.by_user)
            obstacle = None
        except HolytuiError as error:
            plan, request = placeholder_plan(live.message, live.started.turn_id)
            obstacle = error
        return Runner.of(
            plan,
            request,
            history=self._history,
            client=self._client,
            clock=self._clock,
            publish=self._deregister_then_publish(live),
            random=self._random,
            new_id=self._new_id,
            obstacle=obstacle,
        )

    def _deregister_then_publish(self, live: _ActiveTurn) -> Listener:
        """Whoever hears of the end finds the answer in the history, not among those on their way."""

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
            line = self._queues.get(live.message.conversation_id, deque())
            if live in line:
                line.remove(live)
            following = line[0] if line else None
            if not line:
                self._queues.pop(live.message.conversation_id, None)
        if following is not None:
            self._start(following)

    def withdraw(self, turn_id: str) -> _ActiveTurn | None:
        """Take an answer out of the line that nobody works on yet; None if somebody does. No event tells of it."""
        with self._lock:
            live = self._by_turn(turn_id)
            if live is None or live.thread is not None or live.stop is not None:
                return None
            line = self._queues[live.message.conversation_id]
            if line[0] is live:
                return None
            line.remove(live)
            del self._live[live.message.id]
            return live

    def requeue(self, live: _ActiveTurn) -> None:
        """It could not be withdrawn: it waits again, behind all others."""
        with self._lock:
            self._live[live.message.id] = live
            line = self._queues.setdefault(live.message.conversation_id, deque())
            line.append(live)
            first = line[0] is live
        if first:
            self._start(live)

    # -- while they are on their way

    def stop(self, turn_id: str, problem: Problem | None = None) -> None:
        """Stop an answer; what has come is kept. Its `Stopped`, or `Interrupted` with the problem, follows within
        100 ms."""
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
        """Do not wait any longer for a retry or for the network: try now."""
        with self._lock:
            live = self._by_turn(turn_id)
        if live is not None and live.runner is not None:
            live.runner.post(RetryRequested())

    def active(self) -> Mapping[str, Snapshot]:
        """The answers on their way, by message id."""
        with self._lock:
            return {answer_id: _snapshot(live) for answer_id, live in self._live.items()}

    def live_text(self, answer_id: str) -> tuple[str, str] | None:
        """Text and reasoning of an answer on its way, as listeners know them."""
        with self._lock:
            live = self._live.get(answer_id)
            if live is None:
                return None
            if live.runner is None:
                return live.message.text, live.message.reasoning
            return live.runner.publisher.text, live.runner.publisher.reasoning

    def started(self, answer_id: str) -> StartedTurn | None:
        """The turn that fills this answer now."""
        with self._lock:
            live = self._live.get(answer_id)
            return live.started if live is not None else None

    def store_trouble(self, problem: Problem | None) -> None:
        """For the history to call from its own thread: tell all answers' listeners that the journal has trouble."""
        with self._lock:
            runners = [live.runner for live in self._live.values() if live.runner is not None]
        for runner in runners:
            runner.report_store_problem(problem)

    def _by_turn(self, turn_id: str) -> _ActiveTurn | None:
        return next((live for live in self._live.values() if live.started.turn_id == turn_id), None)

    # -- the end

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers, keep their texts; at most `timeout` seconds."""
        with self._lock:
            self._closing = True
            live = list(self._live.values())
        self.stop_all()
        until = time.monotonic() + timeout
        for each in live:
            if each.runner is not None and each.runner.turn.ended:
                each.runner.abandon()
            if each.thread is not None and each.thread is not threading.current_thread():
                each.thread.join(max(0.0, until - time.monotonic()))
            if each.runner is not None:
                each.runner.abandon()


def _snapshot(live: _ActiveTurn) -> Snapshot:
    started, runner = live.started, live.runner
    if runner is None:
        length, thought = len(live.message.text), len(live.message.reasoning)
        return Snapshot(
            started.turn_id, started.conversation_id, AnswerState.QUEUED, length, thought, live.message.attempts
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
