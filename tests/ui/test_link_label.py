from __future__ import annotations

import random
from itertools import pairwise

import pytest

from holytui import i18n
from holytui.terminal.diff.frame import Capabilities
from holytui.terminal.frame_pacer import LinkFigures
from holytui.ui.details.terminal_link import rows
from holytui.ui.status.link_label import LinkLabel


def figures(round_trip: float | None = None, written: int = 100, dropped: int = 0) -> LinkFigures:
    return LinkFigures(round_trip, 1234.5, written, dropped, 5_600_000)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.004, ""),
        (0.149, ""),
        (0.15, "link 150 ms"),
        (0.22, "link 200 ms"),
        (0.93, "link 1.0 s"),
        (2.2, "link 2.0 s"),
        (60.0, "link 10 s"),
    ],
)
def test_a_round_trip_is_told_from_where_it_is_felt(seconds: float | None, words: str) -> None:
    assert LinkLabel().words(figures(seconds)) == words


def test_the_first_round_trips_of_a_start_say_nothing_of_the_link() -> None:
    quality = LinkLabel()
    assert [quality.words(figures(0.2, written)) for written in (1, 23, 24)] == ["", "", "link 200 ms"]


def test_without_a_link_of_ours_nothing_is_said() -> None:
    assert LinkLabel().words(None) == ""


def test_words_on_the_edge_do_not_come_and_go() -> None:
    quality = LinkLabel()
    said = [quality.words(figures(seconds)) for seconds in (0.16, 0.14, 0.15, 0.11, 0.16, 0.09, 0.14, 0.149)]
    assert said == ["link 150 ms"] * 5 + [""] * 3


@pytest.mark.parametrize("base", [0.14, 0.17, 0.22, 0.35, 0.6, 1.2, 2.5])
def test_a_round_trip_that_wavers_by_a_sixth_changes_the_words_once_at_most(base: float) -> None:
    quality, chance = LinkLabel(), random.Random(1)
    said = [quality.words(figures(base * chance.uniform(0.85, 1.15))) for _ in range(500)]
    assert sum(one != other for one, other in pairwise(said)) <= 1


def test_a_link_that_really_changes_is_told_anew() -> None:
    quality = LinkLabel()
    assert [quality.words(figures(seconds)) for seconds in (0.2, 0.31, 0.9, 0.2, 0.05)] == [
        *("link 200 ms", "link 300 ms", "link 1.0 s", "link 200 ms", ""),
    ]


def test_frames_left_out_are_told_when_they_are_many_and_until_they_are_few() -> None:
    quality = LinkLabel()
    written = dropped = 0
    said = []
    for more_written, more_dropped in ((60, 1), (20, 40), (36, 24), (40, 20), (50, 10), (36, 24)):
        written, dropped = written + more_written, dropped + more_dropped
        said.append(quality.words(figures(0.01, written, dropped)))
    assert said == ["", *["frames dropped"] * 3, "", ""]


def test_a_few_frames_say_nothing_and_a_count_that_begins_anew_does_no_harm() -> None:
    quality = LinkLabel()
    assert quality.words(figures(None, 2, 20)) == ""
    assert quality.words(figures(None, 2, 80)) == "frames dropped"
    assert quality.words(figures(None, 1, 0)) == ""
    assert quality.words(figures(None, 70, 0)) == ""


def test_a_long_round_trip_says_it_all() -> None:
    assert LinkLabel().words(figures(0.4, 30, 90)) == "link 400 ms"


def test_all_that_is_known_of_the_link() -> None:
    told = rows(figures(0.0421, 1500, 500), Capabilities(sync=True, bce=True))
    assert told == [
        ("round trip", ["42 ms"]),
        ("bytes", ["1.2 kB a second now", "5.6 MB in all"]),
        ("frames", ["1,500 written", "500 dropped for newer ones (25 %)"]),
        ("it can", ["synchronized updates", "scroll regions", "erasing in colour"]),
        ("it cannot", ["repeated characters", "side margins", "hyperlinks"]),
    ]


def test_a_terminal_that_never_answers() -> None:
    told = dict(rows(figures(None, 3, 0), None))
    assert told["round trip"] == ["the terminal does not answer"]
    assert told["frames"] == ["3 written"]


def test_numbers_follow_the_language() -> None:
    i18n.set_language("vi")
    assert "1,2 kB" in rows(figures(1.25), None)[1][1][0]
    assert rows(figures(1.25), None)[0][1] == ["1,2 s"]
