from __future__ import annotations

from holytui.engine.events import Delta, Reasoning, Replaced, TurnEvent, Waiting
from holytui.engine.runtime.publisher import INTERVAL, EventPublisher


class Hearing:
    """An outlet with a clock that the test moves."""

    def __init__(self, text: str = "") -> None:
        self.now = 0.0
        self.heard: list[TurnEvent] = []
        self.outlet = EventPublisher(self.heard.append, lambda: self.now, text)


def test_the_first_piece_is_told_at_once() -> None:
    hearing = Hearing()
    hearing.outlet.emit(Delta("t", "a"))
    assert hearing.heard == [Delta("t", "a")]
    assert hearing.outlet.due is None


def test_pieces_that_follow_quickly_are_told_together_when_they_are_due() -> None:
    hearing = Hearing()
    for text in "abc":
        hearing.outlet.emit(Delta("t", text))
    assert hearing.heard == [Delta("t", "a")]
    assert hearing.outlet.due == INTERVAL
    hearing.now = INTERVAL
    hearing.outlet.flush()
    assert hearing.heard == [Delta("t", "a"), Delta("t", "bc")]


def test_another_event_does_not_overtake_text() -> None:
    hearing = Hearing()
    hearing.outlet.emit(Delta("t", "a"))
    hearing.outlet.emit(Delta("t", "b"))
    hearing.outlet.emit(Waiting("t"))
    assert hearing.heard == [Delta("t", "a"), Delta("t", "b"), Waiting("t")]


def test_reasoning_and_answer_stay_apart_and_in_order() -> None:
    hearing = Hearing()
    for event in (Reasoning("t", "1"), Reasoning("t", "2"), Delta("t", "x"), Reasoning("t", "3")):
        hearing.outlet.emit(event)
    hearing.outlet.flush()
    assert hearing.heard == [Reasoning("t", "1"), Reasoning("t", "2"), Delta("t", "x"), Reasoning("t", "3")]


def test_what_was_told_is_known() -> None:
    hearing = Hearing("before ")
    hearing.outlet.emit(Delta("t", "a"))
    hearing.outlet.emit(Delta("t", "b"))
    assert hearing.outlet.text == "before a"
    hearing.outlet.emit(Replaced("t", "new", "", "v"))
    assert hearing.outlet.text == "new"
