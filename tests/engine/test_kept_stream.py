"""The state machine with a server that keeps streams: which faults keep a stream, and what it costs."""

from __future__ import annotations

import pytest

from holytui.config.schema import Stream
from holytui.engine.events import Failed, Finished, Joined, Resuming
from holytui.engine.resume.strategy import ResumeMode, Strategy
from holytui.engine.turn.effects import KeyFailed, KeyRefreshed, ProbeDue, ProbeResult, RetryDue, StopRequested
from holytui.engine.turn.kept_stream import KeptStream
from holytui.engine.turn.problems import asks_first
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, DeltaKind, StreamPosition, Usage
from holytui.wire.events import MISMATCH, Accepted, Connected, End, Piece, UsageSeen, Verdict
from holytui.wire.request import Reattach
from tests.engine.test_turn import DONE, OPEN, PREFILL, REFUSED, RESET, drop, failing, status
from tests.engine.world import World

TEXT = "A sentence that is long enough to be continued, because it has well over sixty-four characters in it"
KEEPING = Strategy(reattach=True)
CUT = End(Verdict.CUT, RESET)
CLOSED = End(Verdict.CUT, Fault(FaultKind.CLOSED))


def piece(text: str, offset: int, before: int) -> Piece:
    return Piece(DeltaKind.CONTENT, text, StreamPosition(offset, before))


def cut_once(**fields: object) -> World:
    """An answer that was cut after `TEXT`, and is reattached."""
    world = World.started(**{"strategy": KEEPING, **fields})
    world.step(*OPEN, piece(TEXT, 0, 0), piece("!", 300, len(TEXT)))
    drop(world, CUT)
    world.step(RetryDue())
    return world


def test_a_cut_answer_is_reattached_from_the_last_position_with_the_text_after_it() -> None:
    world = cut_once()
    opened = world.opened[-1]
    assert (opened.mode, opened.stream_id, world.state()) == (ResumeMode.REATTACH, "", AnswerState.RESUMING)
    assert opened.reattach is not None
    assert opened.reattach.stream_id == world.opened[0].stream_id == world.streams[0]
    assert (opened.reattach.position, opened.reattach.content) == (StreamPosition(300, len(TEXT)), "!")
    assert Resuming("t", "reattach", len(TEXT) + 1) in world.events


def test_a_reattached_answer_is_one_answer_with_one_usage() -> None:
    world = cut_once()
    world.step(*OPEN, piece(" More.", 400, len(TEXT) + 1), UsageSeen(Usage(10, 20)))
    drop(world, DONE)
    end = world.events[-1]
    assert isinstance(end, Finished)
    assert (end.usage, end.attempts, world.shown) == (Usage(10, 20), 2, TEXT + "! More.")
    assert not any(isinstance(event, Joined) for event in world.events)
    assert world.remembered == ["keeps"]
    assert (world.forgotten, world.released) == (world.streams, [])


def test_an_answer_that_is_too_long_is_not_generated_on() -> None:
    world = World.started(strategy=KEEPING)
    world.step(*OPEN, piece(TEXT, 0, 0), End(Verdict.CUT, Fault(FaultKind.TOO_LONG), status=200))
    assert (world.state(), world.shown) == (AnswerState.INTERRUPTED, TEXT)
    assert (world.forgotten, world.released) == ([], world.streams)


def test_a_cut_before_the_first_token_is_reattached_too() -> None:
    world = World.started(strategy=KEEPING)
    world.step(*OPEN)
    drop(world, CUT)
    world.step(RetryDue())
    assert (world.opened[-1].mode, world.state()) == (ResumeMode.REATTACH, AnswerState.CONNECTING)


def test_a_request_that_never_went_out_is_sent_again() -> None:
    world = World.started(strategy=KEEPING)
    drop(world, failing(REFUSED))
    world.step(ProbeDue(), ProbeResult(None))
    assert [each.mode for each in world.opened] == [None, None]
    assert len(set(world.streams)) == 2


@pytest.mark.parametrize(
    "refused", [status(429), status(500), status(401), End(Verdict.FAULT, Fault(FaultKind.IN_BAND))]
)
def test_a_request_that_the_server_ended_with_an_error_has_no_stream(refused: End) -> None:
    world = World.started(strategy=KEEPING)
    world.step(Connected())
    drop(world, refused)
    world.step(RetryDue(), KeyRefreshed())
    assert [each.mode for each in world.opened] == [None, None]
    assert world.released == []


@pytest.mark.parametrize("again", [status(500), status(429), failing(Fault(FaultKind.IDLE)), CUT])
def test_a_passing_fault_of_the_link_leaves_the_stream(again: End) -> None:
    world = cut_once()
    drop(world, again)
    world.step(RetryDue())
    assert [each.mode for each in world.opened[1:]] == [ResumeMode.REATTACH] * 2


def test_an_outage_and_a_refused_key_leave_the_stream() -> None:
    world = cut_once()
    drop(world, failing(REFUSED))
    world.step(ProbeDue(), ProbeResult(None))
    drop(world, status(401))
    world.step(KeyRefreshed())
    assert [each.mode for each in world.opened[1:]] == [ResumeMode.REATTACH] * 3


@pytest.mark.parametrize(
    ("end", "remembered", "released"),
    [
        (status(404, message="Stream not found or expired"), [], 0),
        (status(404, message="File Not Found"), ["forgets"], 0),
        (status(405), ["forgets"], 0),
        (status(400, message="Stream offset lost"), [], 1),
        (failing(Fault(FaultKind.GARBLED, code=MISMATCH)), [], 1),
        (failing(Fault(FaultKind.NOT_A_STREAM)), [], 1),
    ],
)
def test_without_its_stream_the_next_way_follows_at_once(end: End, remembered: list[str], released: int) -> None:
    world = cut_once(strategy=Strategy(continuation=PREFILL.continuation, reattach=True))
    drop(world, end)
    assert world.opened[-1].mode is ResumeMode.PREFILL
    assert world.opened[-1].partial == TEXT + "!"
    assert (world.remembered, len(world.released)) == (remembered, released)


def test_a_stream_that_ends_twice_at_the_same_place_is_given_up() -> None:
    world = cut_once()
    for _ in range(2):
        world.step(*OPEN)
        drop(world, CLOSED)
        world.step(RetryDue())
    assert world.opened[-1].mode is ResumeMode.INSTRUCT


@pytest.mark.parametrize("kind", list(DeltaKind))
def test_any_new_text_of_a_stream_is_progress(kind: DeltaKind) -> None:
    world = cut_once()
    for number in range(4):
        at = StreamPosition(400 + number, len(TEXT) + 1, 0)
        world.step(*OPEN, Piece(kind, "a", at))
        drop(world, CUT)
        assert world.state() == AnswerState.RETRYING
        world.step(RetryDue())
    assert [each.mode for each in world.opened[1:]] == [ResumeMode.REATTACH] * 5


def test_a_lost_stream_counts_once_in_the_usage() -> None:
    world = cut_once(strategy=Strategy(continuation=PREFILL.continuation, reattach=True))
    drop(world, status(404, message="Stream not found or expired"))
    world.step(*OPEN, piece(" More.", 0, 0), UsageSeen(Usage(30, 5)))
    drop(world, DONE)
    assert isinstance(end := world.events[-1], Finished)
    assert end.usage == Usage(30, 7, at_least=True)  # two pieces came before


def test_a_stream_left_by_an_earlier_process_is_read_on_first() -> None:
    left = KeptStream("left", StreamPosition(300, 5), TEXT)
    world = World.resumed(TEXT, strategy=KEEPING, kept_stream=left)
    assert world.opened[0].mode is ResumeMode.REATTACH
    assert world.opened[0].reattach == Reattach("left", StreamPosition(300, 5), TEXT[5:], "")
    world.step(*OPEN, piece(" More.", 400, len(TEXT)), UsageSeen(Usage(10, 20)))
    drop(world, DONE)
    assert isinstance(end := world.events[-1], Finished)
    assert (end.usage, world.shown) == (Usage(10, 20), TEXT + " More.")


def test_a_forgotten_stream_of_an_earlier_process_makes_the_usage_a_lower_bound() -> None:
    left = KeptStream("left", StreamPosition(300, 5), TEXT)
    world = World.resumed(TEXT, strategy=Strategy(continuation=PREFILL.continuation, reattach=True), kept_stream=left)
    drop(world, status(404, message="Stream not found or expired"))
    assert world.opened[-1].mode is ResumeMode.PREFILL
    world.step(*OPEN, piece(" More.", 0, 0), UsageSeen(Usage(30, 5)))
    drop(world, DONE)
    assert isinstance(end := world.events[-1], Finished)
    assert end.usage == Usage(30, 5, at_least=True)


def test_a_stream_that_does_not_end_the_answer_is_released() -> None:
    left = KeptStream("left", StreamPosition(), usable=False)
    world = World.resumed(TEXT, strategy=KEEPING, kept_stream=left)
    assert world.opened[0].mode is ResumeMode.INSTRUCT
    assert world.released == ["left"]


def test_a_gateway_that_gave_up_waiting_may_have_left_a_stream() -> None:
    world = World.started(strategy=KEEPING)
    world.step(Connected())
    drop(world, status(504))
    world.step(RetryDue())
    assert world.opened[-1].mode is ResumeMode.REATTACH
    drop(world, status(404))
    assert [each.mode for each in world.opened] == [None, ResumeMode.REATTACH, None]
    assert world.remembered == []


def test_a_stop_releases_the_stream_and_an_interruption_keeps_it() -> None:
    world = cut_once()
    world.step(StopRequested())
    assert world.released == world.streams
    world = cut_once()
    world.step(StopRequested(asks_first(RESET, host="", kept=1)))
    assert (world.released, world.forgotten) == ([], [])


def test_a_failure_keeps_the_stream_for_the_user() -> None:
    world = cut_once()
    world.in_flight = False
    world.step(KeyFailed("no key", ""))
    assert isinstance(world.events[-1], Failed)
    assert (world.released, world.forgotten) == ([], [])


def test_a_server_that_names_itself_is_remembered_unless_it_failed_before() -> None:
    world = World.started()
    world.step(Connected(), Accepted(200, keeps_streams=True))
    assert world.remembered == ["keeps"]
    profile = KEEPING.with_streams(kept=False).profile
    world = World.started(strategy=Strategy(profile=profile))
    world.step(Connected(), Accepted(200, keeps_streams=True))
    assert world.remembered == []


def test_a_spent_budget_leaves_the_answer_interrupted_with_its_stream() -> None:
    world = World.started(strategy=KEEPING, stream=Stream(max_retries=0))
    world.step(*OPEN, piece(TEXT, 0, 0))
    drop(world, CUT)
    assert world.state() is AnswerState.INTERRUPTED
    assert (world.released, world.forgotten) == ([], [])
