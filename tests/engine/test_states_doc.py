from __future__ import annotations

from pathlib import Path

import pytest

from holytui.engine.turn.effects import Input
from holytui.engine.turn.machine import TurnMachine
from holytui.engine.turn.transitions import IGNORED, INPUTS, TABLE
from holytui.models import AnswerState
from tests.engine.states_table import render

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_page_of_states_is_made_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == render()


def test_every_input_has_an_entry_in_every_state() -> None:
    assert set(INPUTS) == set(Input.__args__)
    for state in AnswerState:
        assert set(TABLE[state]) == set(INPUTS)


def test_every_entry_is_a_method_that_says_what_it_does() -> None:
    for row in TABLE.values():
        for name in row.values():
            assert getattr(TurnMachine, name).__doc__


@pytest.mark.parametrize("state", [state for state in AnswerState if state.final])
def test_nothing_matters_after_the_end(state: AnswerState) -> None:
    assert set(TABLE[state].values()) == {IGNORED}
