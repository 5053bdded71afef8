from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.presets import Continuation, Prefill
from holytui.config.schema import Recover, Stream
from holytui.engine.resume.strategy import ResumeMode, ResumeProfile, Strategy
from holytui.engine.turn.effects import (
    ClockJumped,
    Input,
    InternalFailure,
    KeyFailed,
    KeyRefreshed,
    ProbeDue,
    ProbeResult,
    RetryDue,
    RetryRequested,
    Start,
    StopRequested,
)
from holytui.engine.turn.machine import TurnPlan
from holytui.engine.turn.retry import FaultClass, classify
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, DeltaKind, Usage
from holytui.wire.events import Accepted, Connected, End, Piece, Received, UsageSeen, Verdict
from tests.engine.world import World

FAULTS = st.builds(
    Fault,
    st.sampled_from(FaultKind),
    st.just(""),
    st.sampled_from([None, 400, 401, 403, 429, 500]),
    st.sampled_from(["", "rate_limit", "insufficient_quota"]),
    st.sampled_from([None, 0.0, 3.0, 500.0]),
)
PIECES = st.builds(Piece, st.sampled_from(DeltaKind), st.text("abc \n`", max_size=30))
ENDS = st.one_of(
    st.builds(End, st.just(Verdict.FAULT), FAULTS),
    st.builds(End, st.just(Verdict.CUT), st.none() | FAULTS),
    st.just(End(Verdict.CUT)),
    st.sampled_from([End(Verdict.COMPLETE, finish_reason="stop"), End(Verdict.COMPLETE, tool_calls=True)]),
    st.just(End(Verdict.CANCELLED)),
)
REST = st.one_of(
    st.sampled_from(
        [
            Connected(),
            Accepted(200),
            Received(5),
            UsageSeen(Usage(1, 2)),
            RetryDue(),
            ProbeDue(),
            ProbeResult(None),
            ProbeResult(Fault(FaultKind.DNS)),
            KeyRefreshed(),
            RetryRequested(),
            ClockJumped(),
            Start(),
        ]
    )
)
RARE = st.sampled_from([StopRequested(), KeyFailed("a", "b"), InternalFailure("x")])
INPUTS = st.one_of(PIECES, PIECES, REST, REST, ENDS, RARE)
STRATEGIES = st.builds(
    Strategy,
    st.sampled_from(Recover),
    st.builds(Continuation, st.sampled_from(Prefill), echoes=st.none() | st.booleans()),
    st.builds(
        ResumeProfile,
        st.sampled_from([None, ResumeMode.INSTRUCT, ResumeMode.PREFILL]),
        echoes=st.none() | st.booleans(),
    ),
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(INPUTS, max_size=40), STRATEGIES, st.integers(0, 3), st.integers(1, 5), st.text("ab ", max_size=30))
def test_whatever_happens_the_journal_grows_and_the_end_is_one(
    inputs: list[Input], strategy: Strategy, retries: int, attempts: int, kept: str
) -> None:
    stream = Stream(max_retries=retries, max_attempts=attempts)
    world = (
        World.resumed(kept, strategy=strategy, stream=stream)
        if kept
        else World.started(strategy=strategy, stream=stream)
    )
    free = paid = 0
    for happened in inputs:
        before, opened = world.turn.state, len(world.opened)
        if isinstance(happened, End):
            world.in_flight = world.in_flight and before in (S.RETRYING, S.OFFLINE, S.REFRESHING)
        world.step(happened)  # checks what must always hold
        if len(world.opened) > opened:
            paid += before is S.RETRYING
            free += before is not S.RETRYING
    assert paid <= attempts - 1


S = AnswerState
WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "\n", "```", "- x", "12", "👩‍💻", "ữ"]), min_size=30
)


@settings(max_examples=150, deadline=None)
@given(
    WORDS,
    st.lists(st.integers(1, 60), max_size=6),
    st.sampled_from([ResumeMode.PREFILL, ResumeMode.RESTART]),
    st.integers(1, 9),
)
def test_an_exact_server_gives_its_text_whole_however_often_it_is_cut(
    words: list[str], cuts: list[int], how: ResumeMode, step: int
) -> None:
    whole = " ".join(words)
    recover = Recover.PREFILL if how is ResumeMode.PREFILL else Recover.RESTART
    world = World.started(strategy=Strategy(recover), stream=Stream(max_retries=99, max_attempts=99))
    reply = ""
    for length in [*cuts, len(whole)]:
        opened = world.opened[-1]
        start = len(opened.partial) if opened.mode is ResumeMode.PREFILL else 0
        reply = whole[start : start + length]
        world.step(Connected(), Accepted(200))
        world.step(*(Piece(DeltaKind.CONTENT, reply[i : i + step]) for i in range(0, len(reply), step)))
        world.in_flight = False
        if length == len(whole):
            world.step(End(Verdict.COMPLETE, finish_reason="stop"))
        else:
            world.step(End(Verdict.CUT, Fault(FaultKind.RESET)), RetryDue())
    # nothing more after words that are no sentence is no proof of the end
    assert world.turn.state is S.COMPLETE or (world.turn.state is S.INTERRUPTED and not reply.strip())
    assert world.shown == whole or world.turn.answer.seams


@settings(max_examples=100, deadline=None)
@given(st.lists(FAULTS, max_size=30), st.integers(0, 4), st.integers(1, 6))
def test_no_more_is_sent_than_the_budget_allows(faults: list[Fault], retries: int, attempts: int) -> None:
    world = World(TurnPlan("t", "a", "h", Stream(max_retries=retries, max_attempts=attempts)))
    world.step(Start())
    free = 0
    for fault in faults:
        if world.turn.ended:
            break
        remedy = classify(fault)
        free += remedy in (FaultClass.OFFLINE, FaultClass.EXPIRED_KEY, FaultClass.STALE_CONNECTION)
        world.in_flight = False
        world.step(End(Verdict.FAULT, fault), RetryDue(), ProbeDue(), ProbeResult(None), KeyRefreshed())
    assert len(world.opened) <= 1 + min(retries, attempts - 1) + free
