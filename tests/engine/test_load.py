"""Too much text, and too little memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from sys import getsizeof

import pytest

from holytui.engine.events import Delta, Failed, Finished, Interrupted, Retrying
from holytui.engine.runtime import planner
from holytui.engine.turn.machine import TurnMachine
from holytui.engine.turn.problems import duration
from holytui.engine.turn.text_buffer import TextBuffer
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Message, Problem
from holytui.store.sqlite import writer
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.sqlite.writer import Timing
from holytui.wire.events import Accepted, Connected, End, Verdict
from holytui.wire.response.body import AnswerBody
from tests.engine.bench import QUICK, Bench
from tests.engine.world import World
from tests.servers import READ, Peer, ScriptedServer, answer, delta, event, sse_head

LIMITED = replace(QUICK, max_answer_bytes=50)


def _endless(peer: Peer) -> None:
    while True:
        peer.sock.sendall(event(delta("word ")) * 50)


def test_an_endless_answer_is_left_interrupted_and_not_asked_for_again(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, sse_head(), _endless]) as server,
        Bench(tmp_path, server.base_url, stream=LIMITED) as bench,
    ):
        message, end, _ = bench.ask()
        assert isinstance(end, Interrupted)
        assert end.problem.fault is not None
        assert end.problem.fault.kind is FaultKind.TOO_LONG
        assert message.state is AnswerState.INTERRUPTED
        shown = "".join(each.text for each in bench.events if isinstance(each, Delta))
        assert message.text == shown
        assert set(message.text.split()) == {"word"}
        assert len(message.text) > 50
        assert len(server.requests) == 1
        assert not bench.of(Retrying)


def test_a_person_may_let_it_go_on_for_as_much_again(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, sse_head(), _endless], [READ, *answer("the end.")]) as server,
        Bench(tmp_path, server.base_url, stream=LIMITED) as bench,
    ):
        message, _, _ = bench.ask()
        turn = bench.engine.resume(message.id)
        bench.end_of(turn)
        assert bench.message(message.id).state is AnswerState.COMPLETE
        assert len(server.requests) == 2


def test_too_long_an_event_interrupts_the_turn_without_a_retry() -> None:
    world = World.started()
    world.step(Connected(), Accepted(200), End(Verdict.CUT, Fault(FaultKind.TOO_LONG), status=200))
    assert world.turn.state is AnswerState.INTERRUPTED
    assert len(world.opened) == 1


def test_no_wait_is_told_in_more_digits_than_anybody_reads() -> None:
    assert len(duration(1e308)) < 30
    assert duration(36_000) == "10 hours"


def test_a_million_pieces_are_kept_as_few() -> None:
    pieces = TextBuffer("begin ")
    for _ in range(100_000):
        pieces.add("abcd")
    assert len(pieces._blocks) + len(pieces._last) < 1_200
    assert pieces.text() == "begin " + "abcd" * 100_000
    assert pieces.text() is pieces.text()


# -- no memory


def _no_memory(*_arguments: object, **_more: object) -> None:
    raise MemoryError


def test_no_memory_on_the_wire_ends_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnswerBody, "feed", _no_memory)
    with ScriptedServer([READ, *answer("x")]) as server, Bench(tmp_path, server.base_url) as bench:
        _, end, _ = bench.ask()
        assert isinstance(end, Failed)
        assert "MemoryError" in end.problem.title


@pytest.mark.parametrize("place", ["step", "attempt_ended", "_end"])
def test_no_memory_in_the_turn_ends_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(TurnMachine, place, _no_memory)
    with ScriptedServer([READ, *answer("x")]) as server, Bench(tmp_path, server.base_url) as bench:
        turn = bench.engine.ask("why?")
        assert isinstance(bench.end_of(turn), Failed)


def test_no_memory_before_the_turn_ends_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner.TurnPlanner, "plan", _no_memory)
    with Bench(tmp_path, "http://127.0.0.1:9/v1") as bench:
        turn = bench.engine.ask("why?")
        assert isinstance(bench.end_of(turn), Failed)
        bench.engine.close()
        assert not bench.engine.active()


def test_no_memory_in_the_history_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = writer.merged
    failures = iter([True, True])

    def merged(batch: Sequence[writer.PendingDelta]) -> list[tuple[str, str, int, str]]:
        if next(failures, False):
            raise MemoryError
        return real(batch)

    monkeypatch.setattr(writer, "merged", merged)
    told: list[str | None] = []
    well = threading.Event()

    def trouble(problem: Problem | None) -> None:
        told.append(problem.title if problem else None)
        if problem is None:
            well.set()

    history = SqliteHistory(tmp_path / "history.db", on_write_problem=trouble, timing=Timing(batch=0.001, retry=0.005))
    with ScriptedServer([READ, *answer("kept")]) as server, Bench(tmp_path, server.base_url, history=history) as bench:
        message, _, _ = bench.ask()
        assert message.text == "kept"
        assert well.wait(10)
        assert told[0] is not None
        assert "memory" in told[0]


# -- few copies


def _growing() -> TextBuffer:
    pieces = TextBuffer("đầu ")
    for number in range(3_000):
        pieces.add("👍" if number % 7 == 0 else "ab")
    return pieces


def test_a_text_is_shared_only_with_an_equal_one() -> None:
    pieces = _growing()
    equal = "".join([_growing().text()])
    for other in (equal[:-1], equal + "x", equal[:-1] + "x", "x" + equal[1:], equal[:500] + "x" + equal[501:]):
        pieces.share(other)
        assert pieces.text() == equal
        pieces = _growing()
    pieces.share(equal)
    assert pieces.text() is equal
    pieces.add("more")
    pieces.share(equal)
    assert pieces.text() == equal + "more"


def test_a_text_that_nobody_reads_takes_the_memory_of_its_utf_8() -> None:
    pieces = TextBuffer()
    for _ in range(64):
        pieces.add("a" * 10_000 + "👍")
        pieces.add("b")
    for _ in range(2_000):
        pieces.add("c")
    held = sum(map(getsizeof, pieces._blocks)) + sum(map(getsizeof, pieces._last))
    assert len(pieces) == 642_128
    assert held < 1.2 * len(pieces)


def test_the_end_of_an_answer_and_its_listeners_share_one_text(tmp_path: Path) -> None:
    texts: list[tuple[str, str] | None] = []
    with ScriptedServer([READ, *answer("all ", "of ", "it")]) as server, Bench(tmp_path, server.base_url) as bench:
        stored: list[str] = []
        finish = bench.history.finish

        def watched(message: Message) -> None:
            texts.append(bench.engine.live_text(message.id))
            stored.append(message.text)
            finish(message)

        bench.history.finish = watched  # type: ignore[method-assign]
        _, end, _ = bench.ask()
        assert isinstance(end, Finished)
        assert texts[0] is not None
        assert texts[0][0] == "all of it"
        assert texts[0][0] is stored[0] is end.ending.text
