from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.status import Status, TokenRate
from holytui.providers.pricing import CostTotal
from holytui.store.values import AnswerStats, UsageTotal
from holytui.ui.details.answers import OpenFigures, answer_plots, answer_table, gauge, now_lines, short

NOON = 1_582_891_200.0
TODAY = date(2020, 2, 28)
WHOLE = AnswerStats(NOON, "holysheep/gpt-4", AnswerState.COMPLETE, "stop", None, Usage(10, 60), 1, 0.8, 3.8)
CUT = replace(
    WHOLE,
    at=NOON - 86_400,
    state=AnswerState.INTERRUPTED,
    finish_reason="",
    fault=Fault(FaultKind.RESET),
    usage=None,
    requests=4,
    first_token_s=None,
)
HERE = OpenFigures(
    Status(
        connection=Connection(Level.BUSY, "waiting for the first token · {time}", since=90.0),
        model="holysheep/gpt-4",
        usage=Usage(1200, 34),
        cost=0.0123,
        context=0.42,
        rate=TokenRate(31.0, (10.0, 31.0)),
        first_token_s=0.8,
    ),
    "api.holysheep.ai",
    128_000,
    [UsageTotal(0, "a/b", 2, Usage(5000, 100, at_least=True), 3), UsageTotal(0, "c/d", 1, Usage(1, 1), 1)],
    CostTotal(1.5, frozenset({"c/d"}), at_least=True),
)


def plain(here: OpenFigures, width: int) -> list[str]:
    return [line.plain.rstrip() for line in now_lines(here, width, 100.0)]


def test_now_is_told_in_full_where_there_is_room() -> None:
    assert plain(HERE, 110) == [
        "connection  waiting for the first token · 10 s",
        "model       holysheep/gpt-4",
        "endpoint    api.holysheep.ai",
        "tokens      ↑ 1200 ↓ 34 for the last answer · ↑ ≥5001 ↓ ≥101 in this conversation",
        "speed       31 tok/s ▃█ · first token after 0.8 s",
        "cost        0.0123 for the last answer · ≥1.50 for this conversation · without 1 unpriced model",
        "context     █████████████░░░░░░░░░░░░░░░░░  42 %  53.8k of 128k",
    ]


def test_a_narrow_page_has_whole_figures_only() -> None:
    assert plain(HERE, 40)[3:] == [
        "tokens      ↑ 1200 ↓ 34 for the last an…",
        "speed       31 tok/s ▃█",
        "cost        0.0123 for the last answer",
        "context     42 %  53.8k of 128k",
    ]


def test_what_is_not_known_is_a_dash() -> None:
    assert [line.split()[-1] for line in plain(OpenFigures(Status(), ""), 60)] == ["ready", *["–"] * 6]


@pytest.mark.parametrize(
    ("context", "ahead", "bar"),
    [
        (0.5, None, "█████░░░░░  50 %  64.0k of 128k"),
        (0.0, 0.3, "░░░░░░░░░░  0 %  0 of 128k"),
        (0.5, 0.9, "█████████░  ~90 %  ~115k of 128k"),
        (None, 2.0, "██████████  ~200 %  ~256k of 128k"),
        (1.2, None, "██████████  120 %  154k of 128k"),
        (0.5, None, "50 %"),
    ],
)
def test_the_gauge_is_a_bar_with_its_numbers(context: float | None, ahead: float | None, bar: str) -> None:
    assert gauge(Status(context=context, ahead=ahead), 128_000, len(bar)).plain == bar


@given(st.none() | st.floats(0, 1e9), st.none() | st.floats(0, 1e9), st.integers(0, 60))
def test_the_gauge_never_exceeds_its_width(context: float | None, ahead: float | None, width: int) -> None:
    assert gauge(Status(context=context, ahead=ahead), 128_000, width).cell_length <= max(1, width)


# -- the last answers


def test_the_table_has_the_newest_answer_first() -> None:
    assert [line.plain for line in answer_table([CUT, WHOLE], 110, TODAY)] == [
        "            time  model            first  whole  tok/s  requests  how it ended",
        "           12:00  holysheep/gpt-4  0.8 s  3.8 s     20         1  complete",
        "2020-02-27 12:00  holysheep/gpt-4      –  3.8 s      –         4  interrupted · connection reset",
    ]


def test_a_narrow_table_keeps_time_model_and_end() -> None:
    assert [line.plain for line in answer_table([CUT, WHOLE], 50, TODAY)][1:] == [
        "           12:00  holysheep/g…  0.8 s  complete",
        "2020-02-27 12:00  holysheep/g…      –  interrupte…",
    ]


def test_an_answer_that_reached_its_limit_says_so() -> None:
    long = replace(WHOLE, finish_reason="length")
    assert answer_table([long], 110, TODAY)[1].plain.endswith("complete · length")


def test_three_plots_stand_beside_each_other_or_below() -> None:
    answers = [WHOLE, CUT, WHOLE]
    assert len(answer_plots(answers, 116)) == 6
    assert len(answer_plots(answers, 58)) == 13
    assert len(answer_plots(answers, 30)) == 20


@given(
    st.lists(st.sampled_from([WHOLE, CUT, replace(WHOLE, first_token_s=1e300, duration_s=5e-324)]), max_size=130),
    st.integers(0, 210),
)
def test_no_line_is_wider_than_the_page(answers: list[AnswerStats], width: int) -> None:
    lines = [*answer_plots(answers, width), *answer_table(answers, width, TODAY), *now_lines(HERE, width, 100.0)]
    assert [line.plain for line in lines if line.cell_length > width] == []


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (3.0, "3"), (4.25, "4.2"), (31.4, "31"), (12_345.0, "12.3k"), (1e15, "1000000000M")],
)
def test_numbers_on_an_axis_are_short(value: float, words: str) -> None:
    assert short(value) == words
