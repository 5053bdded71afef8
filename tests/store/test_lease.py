from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from holytui.errors import StoreBusy
from holytui.models import AnswerState
from holytui.store.sqlite.lease import HEARTBEAT_TIMEOUT, Lease, Owner, is_alive, start_time_of, this_owner
from holytui.store.sqlite.writer import Timing
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask, attempt_for

HERE = Owner("t1", "here", 100, "boot", "555")


@pytest.mark.parametrize(
    ("owner", "age", "starts", "expected"),
    [
        pytest.param(replace(HERE, token="t2"), 9999.0, "555", True, id="same process, old heartbeat"),
        pytest.param(replace(HERE, token="t2", pid=7), 0.0, None, False, id="process gone"),
        pytest.param(replace(HERE, token="t2", pid=7), 0.0, "556", False, id="its id given out again"),
        pytest.param(replace(HERE, boot_id="before"), 0.0, "555", False, id="machine restarted"),
        pytest.param(replace(HERE, host="there"), HEARTBEAT_TIMEOUT, None, True, id="elsewhere, heard of lately"),
        pytest.param(replace(HERE, host="there"), HEARTBEAT_TIMEOUT + 1, "555", False, id="elsewhere, silent"),
    ],
)
def test_an_owner_is_alive_when_its_process_is(owner: Owner, age: float, starts: str | None, expected: bool) -> None:
    lease = Lease("m", "c", owner, 1000.0)
    assert is_alive(lease, HERE, 1000.0 + age, lambda pid: starts) is expected


def test_this_process_is_alive_and_a_reaped_one_is_not() -> None:
    here = this_owner()
    assert start_time_of(os.getpid()) == here.started
    assert is_alive(Lease("m", "c", here, 0.0), here, 1e9)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert start_time_of(child.pid) not in (None, "")
        child.kill()
    assert start_time_of(child.pid) is None


def test_two_histories_of_one_process_are_two_owners() -> None:
    assert this_owner() != this_owner()


def elsewhere(opener: Opener, asked_by: str) -> None:
    """Make the lease look as if a process on another machine had it."""
    history = opener()
    history._writer.call(lambda db: db.execute("UPDATE lease SET host = ?, pid = 1", (asked_by,)).rowcount)
    history.close()


def test_an_owner_that_slept_may_still_end_what_nobody_took_over(opener: Opener) -> None:
    now = [1000.0]
    one, two = opener(clock=lambda: now[0]), opener(clock=lambda: now[0])
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "half")
    one.flush()
    elsewhere(opener, "far away")
    now[0] += HEARTBEAT_TIMEOUT + 1
    (cut,) = two.unfinished()
    assert cut.text == "half"
    one.finish(replace(asked.answer, text="half and half", state=AnswerState.COMPLETE))
    found = two.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.state) == ("half and half", AnswerState.COMPLETE)


def test_an_owner_that_slept_does_not_overwrite_what_was_ended_elsewhere(opener: Opener) -> None:
    now = [1000.0]
    one, two = opener(clock=lambda: now[0]), opener(clock=lambda: now[0])
    asked = ask(one)
    elsewhere(opener, "far away")
    now[0] += HEARTBEAT_TIMEOUT + 1
    (cut,) = two.unfinished()
    two.begin_attempt(attempt_for(cut.id, 2))
    with pytest.raises(StoreBusy):
        one.finish(replace(asked.answer, text="old", state=AnswerState.COMPLETE))
    two.finish(replace(cut, text="new and longer", state=AnswerState.COMPLETE))
    with pytest.raises(StoreBusy):
        one.finish(replace(asked.answer, text="old", state=AnswerState.COMPLETE))
    found = one.message(asked.answer.id)
    assert found is not None
    assert found.text == "new and longer"


def test_the_owner_gives_signs_of_life_while_it_has_answers(opener: Opener) -> None:
    now = [1000.0]
    history = opener(clock=lambda: now[0], timing=Timing(heartbeat=0.005))
    asked = ask(history)
    now[0] = 2000.0

    def heartbeats() -> list[tuple[float]]:
        with history._readers.view() as view:
            return view.execute("SELECT heartbeat FROM lease").fetchall()

    while heartbeats() != [(2000.0,)]:
        history.version()
    history.finish(replace(asked.answer, state=AnswerState.COMPLETE))
    assert heartbeats() == []
