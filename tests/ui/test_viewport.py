from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holytui.ui.transcript.scroll_math import Anchor, bottom, slack
from holytui.ui.transcript.viewport import Viewport

heights = st.lists(st.integers(1, 30), min_size=1, max_size=12)


def _made(tall: list[int], view: int) -> Viewport:
    made = Viewport(tall.__getitem__)
    made.count, made.height = len(tall), view
    made.show_end()
    return made


@given(heights, st.integers(4, 40), st.lists(st.integers(1, 12), max_size=12), st.booleans())
def test_what_is_selected_in_sight_does_not_move_the_text(
    tall: list[int], view: int, grows: list[int], beside: bool
) -> None:
    made = _made(tall, view)
    for lines in grows:
        tall[-1] += lines
        made.follow(free=slack(view, beside=beside))
    stood = made.anchor
    if tall[-1] <= view and stood <= Anchor(len(tall) - 1, 0):
        made.scroll_to(made.showing(len(tall) - 1))
        assert made.anchor == stood
    assert made.following


@given(heights, st.integers(4, 40), st.lists(st.integers(1, 12), max_size=12), st.integers(1, 50))
def test_down_is_never_up(tall: list[int], view: int, grows: list[int], step: int) -> None:
    made = _made(tall, view)
    for lines in grows:
        tall[-1] += lines
        made.follow(free=slack(view, beside=True))
    stood = made.anchor
    made.scroll_lines(step)
    assert made.anchor >= stood
    made.scroll_page(down=True)
    assert made.anchor >= stood


def test_the_end_is_let_go_and_what_comes_then_is_counted() -> None:
    tall = [5, 30]
    made = _made(tall, 10)
    made.scroll_lines(-3)
    assert (made.following, made.new_lines) == (False, 0)
    tall[1] += 4
    made.follow(free=slack(10))
    assert made.new_lines == 4
    made.scroll_lines(7)
    assert (made.following, made.new_lines) == (True, 0)


def test_another_size_keeps_the_place_between_the_ends() -> None:
    tall = [5, 30]
    made = _made(tall, 10)
    made.scroll_to(Anchor(1, 2))
    tall[1] = 8
    made.refit()
    assert made.anchor == bottom(2, tall.__getitem__, 10)


def test_another_size_leaves_nothing_blank_below_a_followed_end() -> None:
    tall = [5, 30]
    made = _made(tall, 10)
    tall[1] += 1
    made.follow(free=5)
    assert made.anchor == bottom(2, tall.__getitem__, 5)
    made.refit()
    assert made.anchor == bottom(2, tall.__getitem__, 10)


def test_a_tall_entry_is_scrolled_through() -> None:
    made = _made([5, 30, 5], 10)
    made.scroll_to(Anchor(1, 0))
    assert made.extends(1, 1)
    assert not made.extends(1, -1)
    assert not made.extends(0, 1)
    assert made.entry_at(0) == 1
    assert made.entry_at(99) is None
