from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from holytui.ui.pages.plot import plot


def whole(value: float) -> str:
    return f"{value:.0f}"


def drawn(values: Sequence[float | None], width: int = 30, height: int = 4) -> list[str]:
    return [(row.axis + row.bars).rstrip() for row in plot(values, width, height, whole)]


def test_bars_stand_on_zero_and_the_highest_fills_the_plot() -> None:
    assert drawn([0, 8, 18, 24, 32], 16) == [
        "32 ┤        █",
        "18 ┤    ▂ █ █",
        "   │    █ █ █",
        " 0 ┤  █ █ █ █",
    ]


def test_one_value_needs_one_name() -> None:
    assert drawn([7.0]) == ["7 ┤██", "  │██", "  │██", "  │██"]


def test_equal_values_need_one_name() -> None:
    assert [line[:3] for line in drawn([7.0, 7.0, 7.2])] == ["7 ┤", "  │", "  │", "  │"]


def test_least_and_median_stand_beside_each_other_when_one_value_is_far_above() -> None:
    rows = plot([1, 2, 100], 20, 5, whole)
    assert [row.axis.strip(" ┤│") for row in rows] == ["100", "", "", "2", "1"]


def test_least_and_median_keep_their_order_at_the_top() -> None:
    rows = plot([98, 99, 100], 20, 5, whole)
    assert [row.axis.strip(" ┤│") for row in rows] == ["100", "99", "98", "", ""]


@pytest.mark.parametrize(("height", "names"), [(1, ["9"]), (2, ["9", "1"]), (3, ["9", "5", "1"])])
def test_in_a_low_plot_the_most_matters_most(height: int, names: list[str]) -> None:
    rows = plot([1, 5, 9], 20, height, whole)
    assert [row.axis.strip(" ┤│") for row in rows] == names


def test_what_is_not_known_is_a_point_and_zero_is_nothing() -> None:
    assert [row.bars for row in plot([None, 0, 4], 12, 2, whole)] == ["      ██", "··    ██"]


def test_the_smallest_value_above_zero_can_be_seen() -> None:
    assert plot([0.001, 1000], 12, 3, whole)[-1].bars.startswith("▁")


def test_nothing_known_has_no_axis() -> None:
    assert [row.axis for row in plot([None, None], 9, 2, whole)] == ["", ""]
    assert [row.bars.strip() for row in plot([], 9, 2, whole)] == ["", ""]


def test_of_too_many_values_the_last_are_shown_and_named() -> None:
    rows = plot([900.0, *([1.0] * 50), 5.0], 20, 3, whole)
    assert rows[0].axis == "5 ┤"
    assert rows[0].bars == " " * 16 + "█"
    assert rows[2].bars == "▅" * 16 + "█"


def test_an_axis_that_takes_more_than_half_is_left_out() -> None:
    rows = plot([1.0, 2.0], 10, 2, lambda value: f"{value:.0f} in all")
    assert [row.axis for row in rows] == ["", ""]


FINITE = st.floats(min_value=0, allow_nan=False, allow_infinity=False) | st.integers(0, 10**30).map(float)


@given(st.lists(st.none() | FINITE, max_size=60), st.integers(-2, 50), st.integers(-2, 9))
def test_it_never_exceeds_its_size(values: list[float | None], width: int, height: int) -> None:
    rows = plot(values, width, height, lambda value: f"{value:.3g} s")
    assert len(rows) == (height if width > 0 and height > 0 else 0)
    for row in rows:
        assert cell_len(row.axis + row.bars) <= width
        assert set(row.bars) <= set(" ▁▂▃▄▅▆▇█·")
    if rows and values and all(values):
        assert rows[0].bars.strip(), "the highest bar fills the plot"


@given(st.lists(FINITE, min_size=1, max_size=20), st.integers(3, 9))
def test_the_names_are_those_of_the_values_in_order(values: list[float], height: int) -> None:
    rows = plot(values, 80, height, repr)
    names = [float(text) for row in rows if (text := row.axis.strip(" ┤│"))]
    assert names == sorted(set(names), reverse=True)
    assert {max(values), min(values)} <= set(names) <= set(values)
