from __future__ import annotations

from holytui.engine.events import Connecting, Delta, Queued
from holytui.ui.turns import TurnView


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
