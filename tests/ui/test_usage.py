from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui import i18n
from holytui.config.schema import Config, Model, Price, Provider
from holytui.models import AnswerState, Role, Usage
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.values import UsageTotal
from holytui.ui.details import usage
from tests.store.samples import attempt_for

HOUR = 3600.0
PRICED = Model("gpt-4", price=Price(2.5, 10.0))
CONFIG = Config(
    providers=MappingProxyType({"p": Provider("p", "http://127.0.0.1/v1", models=MappingProxyType({"gpt-4": PRICED}))})
)
DAYS = usage.days_until(date(2026, 3, 30), 3)
SPENT = [
    UsageTotal(0, "p/gpt-4", 3, Usage(1000, 2000), 5),
    UsageTotal(2, "guide/guide", 1, Usage(10, 20, estimated=True), 1),
    UsageTotal(2, "p/gpt-4", 2, Usage(100_000, 100, at_least=True), 2),
    UsageTotal(2, "q/other", 1, Usage(5, 5), 4),
]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_the_last_days_end_with_today() -> None:
    assert usage.days_until(date(2026, 3, 1), 3) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert len(usage.days_until(date(2026, 3, 1))) == 30


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("UTC", date(2026, 3, 29), 24),
        ("Asia/Ho_Chi_Minh", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ],
)
def test_a_day_is_the_users_and_as_long_as_it_is(
    zone: Callable[[str], None], name: str, day: date, hours: float
) -> None:
    zone(name)
    days = [day - timedelta(days=1), day, day + timedelta(days=1)]
    bounds = usage.midnights(days)
    assert [(after - before) / HOUR for before, after in pairwise(bounds)] == [24, hours, 24]
    assert [datetime.fromtimestamp(bound).astimezone().date() for bound in bounds] == [*days, days[-1] + timedelta(1)]


def test_answers_are_counted_on_the_users_day_when_the_clock_changes(
    zone: Callable[[str], None], tmp_path: Path
) -> None:
    zone("Europe/Berlin")
    now = [0.0]
    days = usage.days_until(date(2026, 3, 30), 3)
    with SqliteHistory(tmp_path / "history.db", clock=lambda: now[0]) as history:
        talk = history.create_conversation(title="t").id
        # 00:30 and 23:30 of a day of 23 hours, then 00:30 of the next: 24 hours after the first it is tomorrow
        for at in ("2026-03-29T00:30+01:00", "2026-03-29T23:30+02:00", "2026-03-30T00:30+02:00"):
            now[0] = datetime.fromisoformat(at).timestamp()
            question = history.add_message(talk, Role.USER, "?", parent_id=None)
            answer = history.add_message(
                talk, Role.ASSISTANT, "", parent_id=question.id, model="a/b", state=AnswerState.QUEUED
            )
            history.begin_attempt(attempt_for(answer.id))
            history.finish(replace(answer, state=AnswerState.COMPLETE, usage=Usage(1, 1)))
        found = history.usage_totals(usage.midnights(days))
    assert [(days[each.span], each.answers) for each in found] == [(date(2026, 3, 29), 2), (date(2026, 3, 30), 1)]


def drawn(width: int = 100) -> list[str]:
    return [line.plain for line in usage.lines(CONFIG, SPENT, DAYS, width)]


def test_models_are_added_up_and_those_without_a_price_are_named() -> None:
    assert drawn()[:6] == [
        "model        answers     in    out  retries     cost",
        "p/gpt-4            5  ≥101k  ≥2100        2  ≥0.2735",
        "guide/guide        1    ~10    ~20        0        –",
        "q/other            1      5      5        3        –",
        "in all             7  ≥101k  ≥2125        5  ≥0.2735",
        "the cost is without 1 unpriced model",
    ]


def test_days_are_listed_newest_first_each_with_its_models() -> None:
    lines = drawn()
    assert lines[lines.index("2026-03-28 – 2026-03-30") + 2 :] == [
        "day                  answers     in   out  retries     cost",
        "2026-03-30                 4  ≥100k  ≥125        3  ≥0.2510",
        "  guide/guide              1    ~10   ~20        0        –",
        "  p/gpt-4                  2  ≥100k  ≥100        0  ≥0.2510",
        "  q/other                  1      5     5        3        –",
        "2026-03-28  p/gpt-4        3   1000  2000        2   0.0225",
    ]


def test_the_plot_is_of_the_cost_and_of_tokens_where_nothing_has_a_price() -> None:
    assert "cost a day" in drawn()
    free = [each for each in SPENT if each.model != "p/gpt-4"]
    lines = [line.plain for line in usage.lines(CONFIG, free, DAYS, 100)]
    assert "tokens a day" in lines
    assert "no model here has a price in the configuration" in lines


def test_with_no_answer_there_is_nothing_to_add_up() -> None:
    assert [line.plain for line in usage.lines(CONFIG, [], DAYS, 100)] == ["no answer in these days"]


def test_dates_and_numbers_follow_the_language() -> None:
    i18n.set_language("vi")
    words = "\n".join(drawn())
    assert "30/03/2026" in words
    assert "≥0,2735" in words


def test_columns_go_by_rank_and_cost_stays_longest() -> None:
    heads = {width: drawn(width)[0].split() for width in (60, 48, 40, 30, 24)}
    assert heads[60][1:] == ["answers", "in", "out", "retries", "cost"]
    assert heads[40][-1] == heads[30][-1] == "cost"
    assert heads[24] == ["model", "cost"]


@given(st.integers(0, 210))
def test_no_line_is_wider_than_the_page(width: int) -> None:
    assert [line for line in drawn(width) if len(line) > width] == []
