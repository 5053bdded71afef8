from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holytui.ui.transcript import scroll_math
from holytui.ui.transcript.scroll_math import Anchor

heights = st.lists(st.integers(1, 30), min_size=1, max_size=30)


def _line(anchor: Anchor, tall: list[int]) -> int:
    """The number of the line at the top, counted from the first of all."""
    return sum(tall[: anchor.index]) + anchor.offset


@given(heights, st.integers(1, 40))
def test_the_bottom_shows_the_last_line_last(tall: list[int], view: int) -> None:
    anchor = scroll_math.bottom(len(tall), tall.__getitem__, view)
    assert _line(anchor, tall) == max(0, sum(tall) - view)


@given(heights, st.integers(1, 40), st.lists(st.integers(-50, 50), max_size=20))
def test_scrolling_counts_lines_and_stays_between_the_ends(tall: list[int], view: int, steps: list[int]) -> None:
    anchor, expected, last = Anchor(), 0, max(0, sum(tall) - view)
    for step in steps:
        anchor = scroll_math.moved(anchor, step, len(tall), tall.__getitem__, view)
        expected = max(0, min(last, expected + step))
        assert _line(anchor, tall) == expected
        assert anchor.offset < tall[anchor.index]


@given(heights, st.integers(1, 40), st.data())
def test_every_line_of_the_view_is_found_where_it_is(tall: list[int], view: int, data: st.DataObject) -> None:
    top = data.draw(st.integers(0, max(0, sum(tall) - view)))
    anchor = scroll_math.moved(Anchor(), top, len(tall), tall.__getitem__, view)
    for y in range(view):
        found = scroll_math.at(anchor, y, len(tall), tall.__getitem__)
        if top + y >= sum(tall):
            assert found is None
        else:
            assert found is not None
            assert sum(tall[: found[0]]) + found[1] == top + y


@given(heights, st.integers(1, 40), st.data())
def test_showing_an_entry_brings_it_into_the_view(tall: list[int], view: int, data: st.DataObject) -> None:
    top = data.draw(st.integers(0, max(0, sum(tall) - view)))
    target = data.draw(st.integers(0, len(tall) - 1))
    anchor = scroll_math.moved(Anchor(), top, len(tall), tall.__getitem__, view)
    shown = scroll_math.showing(anchor, target, len(tall), tall.__getitem__, view)
    first = sum(tall[:target]) - _line(shown, tall)
    if tall[target] <= view:
        assert first >= 0
        assert first + tall[target] <= view
    else:
        assert -tall[target] < first < view
    assert _line(shown, tall) <= max(0, sum(tall) - view)


def test_heights_out_of_sight_are_not_asked_for() -> None:
    asked: set[int] = set()

    def height(index: int) -> int:
        asked.add(index)
        return 3

    scroll_math.bottom(10_000, height, 30)
    assert asked == set(range(9_990, 10_000))


@given(heights, st.integers(4, 40), st.lists(st.integers(1, 12), max_size=30), st.booleans(), st.floats(0, 1))
def test_a_followed_end_stays_in_sight_and_the_log_moves_seldom(
    tall: list[int], view: int, grows: list[int], beside: bool, thinness: float
) -> None:
    free = scroll_math.slack(view, beside=beside, thinness=thinness)
    anchor = scroll_math.bottom(len(tall), tall.__getitem__, view)
    moves = 0
    for lines in grows:
        tall[-1] += lines
        after = scroll_math.followed(anchor, len(tall), tall.__getitem__, view, free=free)
        below = _line(after, tall) + view - sum(tall)
        assert 0 <= below <= max(free, view - sum(tall))
        assert after >= anchor
        moves += after > anchor
        anchor = after
    assert moves <= sum(grows) / (free + 1) + 1
    assert scroll_math.followed(anchor, len(tall), tall.__getitem__, view) == scroll_math.bottom(
        len(tall), tall.__getitem__, view
    )


def test_as_few_lines_are_free_as_the_link_allows() -> None:
    assert [scroll_math.slack(30, beside=True, thinness=each) for each in (0.0, 0.5, 1.0)] == [0, 8, 15]
    assert [scroll_math.slack(30, thinness=each) for each in (0.0, 0.5, 1.0)] == [0, 4, 7]
