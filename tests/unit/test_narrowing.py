"""The picker's search: the same result as going through all choices at once, in pieces of bounded work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.fuzzy import FuzzySearch, Matcher

from holytui.text import fold
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.fuzzy import FuzzyQuery
from holytui.ui.dialogs.narrowing import Narrowing

TEXTS = st.text("ab -/_éİΣ", max_size=10)
TYPED = st.text("ab -éİΣ", min_size=1, max_size=4).map(str.strip).filter(bool)


def never() -> bool:
    return False


def straightforward(choices: Sequence[Choice], typed: str) -> list[Choice]:
    matcher = Matcher(fold(typed))
    scored = [(matcher.match(fold(f"{choice.label} {choice.remark}")), choice) for choice in choices if choice.value]
    return [choice for score, choice in sorted(scored, key=lambda pair: -pair[0]) if score > 0]


@settings(max_examples=50)
@given(TYPED, TEXTS)
@example("ab", "a b b b")  # of places near the end Textual takes only the first
@example("ab", "ba")
def test_the_score_is_textuals(typed: str, text: str) -> None:
    assert FuzzyQuery(typed).score(text.lower()) == FuzzySearch().match(typed, text)[0]


@settings(max_examples=50)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12), st.lists(TYPED, min_size=1, max_size=4), st.integers(1, 12))
def test_the_best_are_those_of_the_straightforward_search(
    rows: list[tuple[str, str]], typed: list[str], most: int
) -> None:
    choices = [Choice("" if n % 5 == 4 else str(n), label, remark) for n, (label, remark) in enumerate(rows)]
    narrowing = Narrowing(choices, most)
    for letters in (*typed, typed[0] + typed[-1], typed[0]):
        narrowing.set_query(letters)
        assert narrowing.advance(never)
        expected = straightforward(choices, letters)
        assert list(narrowing.result.best) == expected[:most]
        assert narrowing.result.count == len(expected)


def models(count: int) -> list[Choice]:
    return [Choice(f"m{n % 97}/x{n}", f"m{n % 97}/x{n}") for n in range(count)]


def counted(narrowing: Narrowing, work: Callable[[], object]) -> int:
    before = narrowing.looked_at
    work()
    return narrowing.looked_at - before


def test_no_piece_looks_at_more_than_500_choices() -> None:
    narrowing = Narrowing(models(20_000), 200)
    narrowing.set_query("x1")
    pieces = 0
    while True:
        before = narrowing.looked_at
        ended = narrowing.advance(lambda: True)
        pieces += 1
        assert narrowing.looked_at - before <= 500
        if ended:
            break
    assert pieces == 40
    assert len(narrowing.result.best) == 200


def test_longer_letters_are_looked_for_in_what_was_found_and_shorter_ones_are_known() -> None:
    narrowing = Narrowing(models(20_000), 200)
    narrowing.set_query("1999")
    narrowing.advance(never)
    among = narrowing.result.count
    narrowing.set_query("19999")
    assert counted(narrowing, lambda: narrowing.advance(never)) == among < 100
    narrowing.set_query("1999")
    assert counted(narrowing, lambda: narrowing.advance(never)) == among
    narrowing.set_query("y")
    assert counted(narrowing, lambda: narrowing.advance(never)) == 20_000
    assert narrowing.result.count == 0


def test_letters_that_came_while_others_were_looked_for_count_alone() -> None:
    narrowing = Narrowing(models(5_000), 200)
    narrowing.set_query("x")
    assert not narrowing.advance(lambda: True)
    narrowing.set_query("x4999")
    narrowing.advance(never)
    assert [choice.value for choice in narrowing.result.best] == ["m52/x4999"]


@pytest.mark.parametrize(("typed", "exact"), [("m1/x1", True), ("m1/x", False), ("M1/X1", False)])
def test_it_is_known_whether_just_what_is_typed_can_be_picked(typed: str, *, exact: bool) -> None:
    narrowing = Narrowing(models(300), 2)
    narrowing.set_query(typed)
    narrowing.advance(never)
    assert narrowing.result.exact is exact


def test_letters_that_occur_often_take_no_longer_than_a_look_at_each_pair() -> None:
    assert FuzzyQuery("abababab" + "c").score("ab " * 60 + "c") > 0  # 10**13 combinations
