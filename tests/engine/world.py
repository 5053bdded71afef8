"""A world for the pure machine: it carries out effects on values, and checks at every step what must always hold."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from holytui.engine.events import Delta, Ended, Reasoning, Replaced, TurnEvent
from holytui.engine.turn.answer import PriorAnswer
from holytui.engine.turn.effects import (
    CancelAttempt,
    ClearTimers,
    Emit,
    EndStream,
    Input,
    Journal,
    Moment,
    OpenAttempt,
    Probe,
    RefreshKey,
    Remember,
    SaveAttempt,
    SaveEnding,
    SaveStream,
    SaveVariant,
    SetTimer,
    Start,
    Timer,
)
from holytui.engine.turn.machine import TurnMachine, TurnPlan
from holytui.models import AnswerState, Attempt, DeltaKind
from holytui.store.assembly import assemble, assemble_reasoning, seams


@dataclass
class World:
    """A turn, what it has asked for, and what a reader of the journal would see."""

    plan: TurnPlan = field(default_factory=lambda: TurnPlan("t", "a", "api.example"))
    jitter: float = 0.5

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.turn = TurnMachine(self.plan, random=lambda: self.jitter, new_id=lambda: f"attempt-{next(numbers)}")
        self.events: list[TurnEvent] = []
        self.rows: dict[str, Attempt] = {}
        self.raw: dict[tuple[str, DeltaKind], str] = {}
        self.opened: list[OpenAttempt] = []
        self.in_flight = False
        self.timers: dict[Timer, float] = {}
        self.probes = 0
        self.refreshes = 0
        self.streams: list[str] = []
        self.released: list[str] = []
        self.forgotten: list[str] = []
        self.remembered: list[str] = []
        self.variants: list[str] = []
        self.settled: SaveEnding | None = None
        self.shown = self.plan.prior.text
        self.reasoning = self.plan.prior.reasoning
        if self.plan.prior.text or self.plan.prior.reasoning:
            self.rows["before"] = Attempt("before", "a", 1, 0.0)
            self.raw["before", DeltaKind.CONTENT] = self.plan.prior.text
            self.raw["before", DeltaKind.REASONING] = self.plan.prior.reasoning
        self.now = 100.0

    @classmethod
    def started(cls, **fields: object) -> World:
        """With its first request sent."""
        world = cls(TurnPlan("t", "a", "api.example", **fields))  # type: ignore[arg-type]  # each test knows its fields
        world.step(Start())
        return world

    @classmethod
    def resumed(cls, text: str, **fields: object) -> World:
        """A turn that goes on with `text`."""
        return cls.started(prior=PriorAnswer(text, attempts=1), **fields)

    def step(self, *inputs: Input) -> None:
        """Feed and check."""
        for happened in inputs:
            self.now += 0.01
            ended = self.turn.ended
            before = dict(self.raw)
            effects = self.turn.step(happened, Moment(self.now, 1_000_000 + self.now))
            assert not (ended and effects), "something was done after the end"
            for effect in effects:
                self._carry_out(effect)
            assert all(self.raw[key].startswith(text) for key, text in before.items()), "journalled text was lost"
            self.check()

    def check(self) -> None:
        """What a reader of the journal sees is what is shown."""
        rows = list(self.rows.values())
        content = [(row, self.raw.get((row.id, DeltaKind.CONTENT), "")) for row in rows]
        thoughts = [(row, self.raw.get((row.id, DeltaKind.REASONING), "")) for row in rows]
        # what may be the beginning of our own words is journalled, and not shown until it is clear
        assert assemble(content) == self.shown + self.turn.answer.held
        assert self.shown == self.turn.answer.text
        assert self.turn.answer.length == len(self.shown)
        assert assemble_reasoning(thoughts) == self.reasoning == self.turn.answer.reasoning
        if not self.plan.prior.seams:
            assert seams(content) == self.turn.answer.seams
        ends = [event for event in self.events if isinstance(event, Ended)]
        assert len(ends) == self.turn.ended
        assert not ends or self.events[-1] is ends[0]
        assert (self.settled is not None) == self.turn.ended

    def _carry_out(self, effect: object) -> None:
        match effect:
            case Emit(event):
                self._emit(event)
            case Journal(attempt_id, kind, text):
                assert attempt_id in self.rows, "text of an attempt that nobody knows"
                self.raw[attempt_id, kind] = self.raw.get((attempt_id, kind), "") + text
            case SaveAttempt(attempt, begins):
                assert (attempt.id not in self.rows) == begins
                self.rows[attempt.id] = attempt
            case SaveVariant(attempt, text, reasoning):
                self.variants.append(self.shown)
                self.rows[attempt.id] = attempt
                self._emit(Replaced("t", text, reasoning, "variant"))
            case OpenAttempt():
                assert not self.in_flight, "two attempts at once"
                assert not effect.stream_id or effect.stream_id == self.streams[-1], "a stream that is not on disk"
                self.opened.append(effect)
                self.in_flight = True
            case CancelAttempt():
                self.in_flight = False
            case SaveEnding():
                assert self.settled is None
                self.settled = effect
            case _:
                self._note(effect)

    def _note(self, effect: object) -> None:
        match effect:
            case SetTimer(timer, seconds):
                self.timers[timer] = seconds
            case ClearTimers():
                self.timers.clear()
            case Probe():
                self.probes += 1
            case RefreshKey():
                self.refreshes += 1
            case SaveStream(attempt_id, stream_id):
                assert attempt_id in self.rows
                self.streams.append(stream_id)
            case EndStream(stream_id, release):
                (self.released if release else self.forgotten).append(stream_id)
            case Remember(learnt):
                self.remembered.append(str(learnt))

    def _emit(self, event: TurnEvent) -> None:
        if isinstance(event, Ended):
            assert self.settled is not None, "an end was told before it was durable"
        self.events.append(event)
        match event:
            case Delta(_, text):
                self.shown += text
                total = "".join(text for (_, kind), text in self.raw.items() if kind is DeltaKind.CONTENT)
                assert text in total, "shown before it was journalled"
            case Reasoning(_, text):
                self.reasoning += text
            case Replaced(_, text, reasoning, _variant):
                self.shown, self.reasoning = text, reasoning

    def state(self) -> AnswerState:
        """The turn's state, as a call so that no type checker takes it for settled."""
        return self.turn.state

    def names(self) -> list[str]:
        """The events' names, without text."""
        return [type(event).__name__ for event in self.events if not isinstance(event, Delta | Reasoning)]
