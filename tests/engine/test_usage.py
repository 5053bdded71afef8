from __future__ import annotations

import pytest

from holytui.engine.usage import ReceivedTokens, Tally, estimate_tokens
from holytui.models import Usage


def test_plain_text_has_a_token_for_four_characters() -> None:
    assert estimate_tokens("a" * 400) == 100
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1


def test_vietnamese_and_chinese_cost_more() -> None:
    assert estimate_tokens("đường truyền bị nghẽn rồi") > estimate_tokens("duong truyen bi nghen roi")
    assert estimate_tokens("断线之后继续") >= 5


@pytest.mark.parametrize("text", ["đường truyền", "断线之后继续", "plain", "👍", "a断b"])
def test_tokens_received_are_counted_as_they_arrive(text: str) -> None:
    whole = ReceivedTokens()
    whole.add(text * 9)
    assert whole.lower_bound == 1
    single = ReceivedTokens()
    for char in text * 9:
        single.add(char)
    assert single.lower_bound == min(len(text) * 9, estimate_tokens(text * 9))


def test_a_long_text_is_estimated_like_a_short_one() -> None:
    words = "断线 đường "
    assert estimate_tokens(words * 10_000) == pytest.approx(100 * estimate_tokens(words * 100), rel=0.01)


def test_figures_of_all_attempts_are_added() -> None:
    tally = Tally().with_attempt(Usage(10, 5), accepted=True).with_attempt(Usage(12, 7), accepted=True)
    assert tally.total(0, "text", "") == Usage(22, 12)


def test_an_attempt_without_figures_makes_the_sum_a_lower_bound() -> None:
    tally = Tally().with_attempt(None, accepted=True).with_attempt(Usage(12, 7), accepted=True)
    assert tally.total(0, "text", "") == Usage(12, 7, at_least=True)


def test_reported_costs_of_all_attempts_are_added() -> None:
    tally = Tally(Usage(1, 1, cost=0.5)).with_attempt(Usage(10, 5, cost=0.25), accepted=True)
    assert tally.with_attempt(Usage(12, 7, cost=1.0), accepted=True).total(0, "", "") == Usage(23, 13, cost=1.75)
    assert tally.with_attempt(None, accepted=True).total(0, "", "") == Usage(11, 6, cost=0.75, at_least=True)
    assert tally.with_attempt(Usage(1, 1), accepted=True).total(0, "", "") == Usage(12, 7, cost=0.75, at_least=True)


def test_an_attempt_that_was_never_accepted_costs_nothing() -> None:
    tally = Tally().with_attempt(None, accepted=False).with_attempt(Usage(12, 7), accepted=True)
    assert tally.total(0, "text", "") == Usage(12, 7)


def test_without_any_figures_the_text_is_counted() -> None:
    assert Tally().with_attempt(None, accepted=True).total(30, "a" * 40, "") == Usage(30, 10, estimated=True)


def test_nothing_used_is_no_usage() -> None:
    assert Tally().with_attempt(None, accepted=False).total(30, "", "") is None


def test_an_earlier_turn_of_the_answer_counts() -> None:
    assert Tally(Usage(1, 2)).with_attempt(Usage(10, 5), accepted=True).total(0, "", "") == Usage(11, 7)
    assert Tally(Usage(1, 2)).so_far(Usage(3, 4)) == Usage(4, 6)
