from __future__ import annotations

import pytest

from holytui.config.presets import Continuation, Prefill
from holytui.config.schema import Recover, Stream
from holytui.engine.ending import Ending
from holytui.engine.events import (
    Failed,
    Finished,
    ImagesLeftOut,
    Interrupted,
    Joined,
    Offline,
    Online,
    Retrying,
    Stopped,
    UsageKnown,
)
from holytui.engine.resume.strategy import ResumeMode, Strategy
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
    Timer,
)
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, DeltaKind, Join, Usage
from holytui.wire.events import Accepted, Connected, End, Piece, Received, UsageSeen, Verdict
from tests.engine.world import World

S = AnswerState
TEXT = "A sentence that is long enough to be continued, because it has well over sixty-four characters in it"
PREFILL = Strategy(continuation=Continuation(Prefill.YES))
RESET = Fault(FaultKind.RESET)
REFUSED = Fault(FaultKind.REFUSED)
DONE = End(Verdict.COMPLETE, finish_reason="stop", total_bytes=9, status=200)


def said(text: str) -> Piece:
    return Piece(DeltaKind.CONTENT, text)


def thought(text: str) -> Piece:
    return Piece(DeltaKind.REASONING, text)


def failing(fault: Fault) -> End:
    return End(Verdict.FAULT, fault)


def status(code: int, word: str = "", message: str = "") -> End:
    return failing(Fault(FaultKind.STATUS, message, code, word))


CUT = End(Verdict.CUT, RESET)
OPEN = (Connected(), Accepted(200))


def drop(world: World, end: End) -> None:
    """The attempt under way ends."""
    world.in_flight = False
    world.step(end)


def test_an_answer_comes_and_is_complete() -> None:
    world = World.started()
    world.step(*OPEN, said("Hel"), said("lo"), UsageSeen(Usage(3, 2)))
    drop(world, DONE)
    assert world.shown == "Hello"
    assert world.names() == ["Connecting", "Waiting", "UsageKnown", "Finished"]
    ending = Ending(AnswerState.COMPLETE, "stop", "Hello")
    assert world.events[-1] == Finished("t", Usage(3, 2), 1, "stop", ending=ending)


def test_what_is_left_out_is_told_once_before_the_first_request() -> None:
    world = World.started(left_out=2, strategy=PREFILL)
    world.step(*OPEN, said(TEXT))
    drop(world, CUT)
    world.step(RetryDue())
    assert world.events[0] == ImagesLeftOut("t", 2)
    assert world.names().count("ImagesLeftOut") == 1
    assert world.names().count("Connecting") == 2


def test_an_answer_that_only_calls_tools_fails_with_words_about_it() -> None:
    world = World.started()
    world.step(*OPEN)
    drop(world, End(Verdict.COMPLETE, finish_reason="tool_calls", tool_calls=True))
    assert isinstance(world.events[-1], Failed)


def test_a_cut_answer_goes_on_by_prefill() -> None:
    world = World.started(strategy=PREFILL)
    world.step(*OPEN, said(TEXT))
    drop(world, CUT)
    assert world.state() is S.RETRYING
    world.step(RetryDue())
    assert world.state() is S.RESUMING
    assert (world.opened[-1].mode, world.opened[-1].partial) == (ResumeMode.PREFILL, TEXT)
    world.step(*OPEN, said(" and more"))
    drop(world, DONE)
    assert world.shown == TEXT + " and more"
    assert Joined("t", len(TEXT), Join.EXACT) in world.events


def test_a_clean_end_without_done_is_a_cut() -> None:
    world = World.started()
    world.step(*OPEN, said(TEXT))
    drop(world, End(Verdict.CUT))
    assert world.state() is S.RETRYING


def test_a_refused_prefill_falls_to_an_instruction_at_once_and_for_good() -> None:
    world = World.resumed(TEXT, strategy=PREFILL, stream=Stream(max_retries=0))
    drop(world, status(400, message="This model does not support assistant message prefill"))
    assert [each.mode for each in world.opened] == [ResumeMode.PREFILL, ResumeMode.INSTRUCT]
    assert world.remembered == ["instruct"]


def test_a_prefill_refused_for_an_unknown_reason_is_not_held_against_the_endpoint() -> None:
    world = World.resumed(TEXT, strategy=PREFILL)
    drop(world, status(400, message="bad"))
    assert world.remembered == []
    drop(world, status(400, message="bad"))
    assert world.state() is S.FAILED


def test_the_budget_ends_in_interrupted_and_keeps_the_text() -> None:
    world = World.started(stream=Stream(max_retries=2), strategy=PREFILL)
    world.step(*OPEN, said("Some text"))
    for _ in range(2):
        drop(world, CUT)
        world.step(RetryDue(), *OPEN)
    drop(world, CUT)
    assert isinstance(world.events[-1], Interrupted)
    assert len(world.opened) == 3
    assert world.shown == "Some text"


def test_progress_renews_the_budget_but_not_beyond_all_attempts() -> None:
    world = World.started(stream=Stream(max_retries=1, max_attempts=4), strategy=PREFILL)
    for part in range(4):
        world.step(*OPEN, said(f" {part} of it: " + TEXT.replace("e", str(part))))
        drop(world, CUT)
        world.step(RetryDue())
    assert len(world.opened) == 4
    assert world.state() is S.INTERRUPTED


def test_offline_costs_no_budget() -> None:
    world = World.started(stream=Stream(max_retries=0))
    drop(world, failing(REFUSED))
    assert world.state() is S.OFFLINE
    for _ in range(20):
        world.step(ProbeDue(), ProbeResult(REFUSED))
    assert world.probes == 20
    world.step(ProbeDue(), ProbeResult(None), Connected())
    assert world.state() is S.CONNECTING
    assert isinstance(world.events[-1], Online)


def test_offline_is_told_once_with_one_beginning() -> None:
    world = World.started()
    drop(world, failing(REFUSED))
    world.step(ProbeDue(), ProbeResult(None))
    drop(world, failing(REFUSED))
    offline = [event for event in world.events if isinstance(event, Offline)]
    assert len({event.since for event in offline}) == 1
    assert offline[1].due - offline[0].due > 0


def test_a_server_that_answers_the_probe_with_another_fault_is_there() -> None:
    world = World.started()
    drop(world, failing(REFUSED))
    world.step(ProbeDue(), ProbeResult(Fault(FaultKind.TLS)))
    assert world.state() is S.CONNECTING


def test_a_stale_connection_is_tried_again_once_for_free() -> None:
    world = World.started(stream=Stream(max_retries=0))
    drop(world, failing(Fault(FaultKind.STALE)))
    assert world.state() is S.CONNECTING
    drop(world, failing(Fault(FaultKind.STALE)))
    assert world.state() is S.INTERRUPTED


def test_an_expired_key_is_renewed_once_outside_the_budget() -> None:
    world = World.started(stream=Stream(max_retries=0), key_place="the place")
    drop(world, status(401))
    assert world.state() is S.REFRESHING
    world.step(KeyRefreshed())
    drop(world, status(401))
    assert world.state() is S.FAILED
    last = world.events[-1]
    assert isinstance(last, Failed)
    assert "the place" in last.problem.hint
    assert world.refreshes == 1


def test_an_expired_key_in_the_middle_of_an_answer_loses_nothing() -> None:
    world = World.started(strategy=PREFILL)
    world.step(*OPEN, said(TEXT))
    drop(world, failing(Fault(FaultKind.IN_BAND, status=401)))
    world.step(KeyRefreshed(), *OPEN, said(" end"))
    drop(world, DONE)
    assert world.shown == TEXT + " end"


def test_a_key_that_cannot_be_had_fails_with_its_words() -> None:
    for opened in (False, True):
        world = World.started()
        world.step(*(OPEN if opened else ()), KeyFailed("no key", "set it"))
        last = world.events[-1]
        assert isinstance(last, Failed)
        assert (last.problem.title, last.problem.hint) == ("no key", "set it")


def test_a_wait_longer_than_allowed_is_told_instead_of_waited_for() -> None:
    world = World.started()
    drop(world, failing(Fault(FaultKind.STATUS, status=429, retry_after=500.0)))
    last = world.events[-1]
    assert isinstance(last, Interrupted)
    assert "8 minutes" in last.problem.title


def test_retry_after_sets_the_wait() -> None:
    world = World.started()
    drop(world, failing(Fault(FaultKind.STATUS, status=429, retry_after=7.0)))
    assert world.timers == {Timer.RETRY: 7.0}
    retrying = world.events[-1]
    assert isinstance(retrying, Retrying)
    assert (retrying.number, retrying.limit) == (1, 3)


def test_ask_leaves_a_cut_answer_to_the_user_but_repeats_a_request_without_text() -> None:
    asking = Strategy(Recover.ASK)
    world = World.started(strategy=asking)
    drop(world, CUT)
    assert world.state() is S.RETRYING
    world.step(RetryDue(), *OPEN, said(TEXT))
    drop(world, CUT)
    assert world.state() is S.INTERRUPTED


def test_an_answer_in_a_fixed_form_is_begun_again() -> None:
    world = World.resumed('{"a": 1, "b', strategy=Strategy(structured=True))
    assert world.opened[-1].mode is ResumeMode.RESTART
    world.step(*OPEN, said('{"a": 1, "b": 2}'))
    drop(world, DONE)
    assert world.shown == '{"a": 1, "b": 2}'
    assert world.variants == []


def test_another_answer_keeps_the_first_as_a_variant() -> None:
    world = World.resumed("The old answer, cut", strategy=Strategy(Recover.RESTART))
    world.step(*OPEN, said("A new answer that is "), said("longer than the old"))
    drop(world, DONE)
    assert world.shown == "A new answer that is longer than the old"
    assert world.variants == ["The old answer, cut"]


def test_reasoning_that_was_cut_is_thought_anew() -> None:
    world = World.started()
    world.step(*OPEN, thought("hmm, so"))
    drop(world, CUT)
    world.step(RetryDue())
    assert world.opened[-1].mode is None
    world.step(*OPEN, thought("let me"), thought(" see"), said("Yes."))
    drop(world, DONE)
    assert (world.reasoning, world.shown) == ("let me see", "Yes.")
    assert "hmm, so" in world.raw.values()


def test_a_web_page_instead_of_an_answer_is_final() -> None:
    world = World.started()
    drop(world, failing(Fault(FaultKind.NOT_A_STREAM, status=200)))
    assert world.state() is S.FAILED


def test_usage_is_told_as_a_sum_and_as_a_lower_bound() -> None:
    world = World.started(strategy=PREFILL)
    world.step(*OPEN, said(TEXT))
    drop(world, CUT)
    world.step(RetryDue(), *OPEN, said(" x"), UsageSeen(Usage(10, 4)))
    assert world.events[-1] == UsageKnown("t", Usage(10, 5, at_least=True))


HERE: dict[S, list[Input]] = {
    S.QUEUED: [],
    S.CONNECTING: [Start()],
    S.WAITING: [Start(), *OPEN],
    S.STREAMING: [Start(), *OPEN, said(TEXT)],
    S.RETRYING: [Start(), *OPEN, said(TEXT), CUT],
    S.RESUMING: [Start(), *OPEN, said(TEXT), CUT, RetryDue()],
    S.OFFLINE: [Start(), failing(REFUSED)],
    S.REFRESHING: [Start(), status(401)],
}


def brought_to(state: S) -> World:
    world = World()
    for happened in HERE[state]:
        if isinstance(happened, End):
            world.in_flight = False
        world.step(happened)
    assert world.state() is state
    return world


@pytest.mark.parametrize("state", list(HERE))
def test_stop_ends_it_in_every_state_and_keeps_the_text(state: S) -> None:
    world = brought_to(state)
    text = world.shown
    world.step(StopRequested())
    assert isinstance(world.events[-1], Stopped)
    assert world.shown == text
    assert not world.in_flight
    assert world.timers == {}
    world.step(said("late"), DONE, RetryDue(), StopRequested())
    assert isinstance(world.events[-1], Stopped)


@pytest.mark.parametrize("state", list(HERE))
def test_a_defect_ends_it_in_every_state_and_keeps_the_text(state: S) -> None:
    world = brought_to(state)
    text = world.shown
    world.step(InternalFailure("KeyError: 'x'"))
    last = world.events[-1]
    assert isinstance(last, Failed)
    assert last.problem.fault is not None
    assert last.problem.fault.kind is FaultKind.INTERNAL
    assert world.shown == text


@pytest.mark.parametrize("state", [S.RETRYING, S.OFFLINE])
@pytest.mark.parametrize("happened", [RetryRequested(), ClockJumped()])
def test_a_wait_can_be_cut_short(state: S, happened: Input) -> None:
    world = brought_to(state)
    world.step(happened)
    assert world.in_flight
    assert world.timers == {}


def test_a_cut_while_the_join_is_undecided_shows_nothing_twice() -> None:
    world = World.resumed(TEXT, strategy=Strategy())
    world.step(*OPEN, said(TEXT[-30:-10]))
    drop(world, CUT)
    assert world.shown == TEXT
    world.step(RetryDue(), *OPEN, said(TEXT[-30:] + " and on"))
    drop(world, DONE)
    assert world.shown == TEXT + " and on"


def test_a_stopped_attempt_knows_how_many_bytes_came() -> None:
    world = World.started()
    world.step(*OPEN, Received(123), said("x"), StopRequested())
    assert world.rows["attempt-1"].bytes_received == 123


def test_a_cancelled_attempt_is_a_stop() -> None:
    world = World.started()
    drop(world, End(Verdict.CANCELLED))
    assert isinstance(world.events[-1], Stopped)
