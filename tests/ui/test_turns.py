from __future__ import annotations

import pytest

from holytui.engine.events import Connecting, Delta, Queued, Quiet, Retrying
from holytui.faults import Fault, FaultKind
from holytui.presentation.turn_view import TurnView


def test_the_time_to_the_first_token_is_that_of_the_server_not_of_the_line() -> None:
    turn = TurnView("t", "c", "a", started=100.0)
    turn.apply(Queued("t"), 100.0)
    turn.apply(Connecting("t", 1, "host"), 108.0)
    turn.apply(Delta("t", "text"), 108.5)
    assert turn.first_token_s == 0.5


def test_the_time_to_the_first_token_counts_the_attempts_that_brought_none() -> None:
    turn = TurnView("t", "c", "a", started=100.0)
    turn.apply(Connecting("t", 1, "host"), 100.0)
    turn.apply(Connecting("t", 2, "host"), 103.0)
    turn.apply(Delta("t", "text"), 104.0)
    assert turn.first_token_s == 4.0


def _streamed(turn: TurnView, start: float, seconds: int) -> float:
    """A token of four characters each tenth of a second; when it ends."""
    for step in range(seconds * 10 + 1):
        turn.apply(Delta("t", "word"), start + step / 10)
    return start + seconds


def test_the_rate_counts_the_time_in_which_text_came() -> None:
    turn = TurnView("t", "c", "a", started=0.0)
    turn.apply(Connecting("t", 1, "host"), 0.0)
    _streamed(turn, 5.0, 3)
    assert turn.rate.now == pytest.approx(10.0, rel=0.15)


def test_an_outage_does_not_count_for_the_rate_of_an_answer_that_was_resumed() -> None:
    turn = TurnView("t", "c", "a", started=0.0)
    turn.apply(Connecting("t", 1, "host"), 0.0)
    end = _streamed(turn, 1.0, 3)
    turn.apply(Delta("t", "word"), end + 0.5)
    turn.apply(Retrying("t", 1, 5, end + 90.0, Fault(FaultKind.IDLE)), end + 60.0)
    turn.apply(Connecting("t", 2, "host"), end + 90.0)
    turn.apply(Delta("t", "word " * 40), end + 95.0)  # held back until it was clear where it belongs
    assert turn.rate.now == pytest.approx(10.0, rel=0.15)
    _streamed(turn, end + 95.1, 3)
    assert turn.rate.past == pytest.approx((10.0,) * len(turn.rate.past), rel=0.15)
    assert len(turn.rate.past) >= 4


def test_a_connection_that_falls_silent_and_goes_on_does_not_count_either() -> None:
    turn = TurnView("t", "c", "a", started=0.0)
    turn.apply(Connecting("t", 1, "host"), 0.0)
    end = _streamed(turn, 1.0, 3)
    turn.apply(Quiet("t", 5.0, 5.0), end + 5.0)
    turn.apply(Delta("t", "word"), end + 20.0)
    turn.apply(Quiet("t", 0.0, 0.0), end + 20.0)
    turn.apply(Delta("t", "word"), end + 20.1)
    assert turn.rate.now == pytest.approx(10.0, rel=0.15)
