from __future__ import annotations

import pytest

from holytui.terminal.pace import FASTEST, HURRIED, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock)


def frame(pace: Pace, count: int = 60) -> None:
    pace.wrote(count, asked=pace.asks)


def test_the_first_change_after_a_rest_goes_at_once(pace: Pace, clock: Clock) -> None:
    assert pace.delay() == 0
    frame(pace)
    clock.now += 10
    pace.answered()
    assert pace.delay() == 0


def test_frames_come_no_faster_than_thirty_a_second(pace: Pace) -> None:
    frame(pace)
    pace.answered()
    assert pace.delay() == pytest.approx(FASTEST)


def test_what_is_typed_is_shown_sooner(pace: Pace) -> None:
    frame(pace)
    pace.answered()
    assert pace.delay(hurried=True) == pytest.approx(HURRIED)


def test_a_big_frame_is_waited_for(pace: Pace, clock: Clock) -> None:
    frame(pace, 4000)
    clock.now += 0.2
    assert pace.delay(hurried=True) == pytest.approx(0.8)
    pace.answered()
    assert pace.delay() == 0


def test_small_frames_may_be_under_way_together_but_not_many(pace: Pace, clock: Clock) -> None:
    for _ in range(3):
        frame(pace)
        clock.now += 0.05
        assert pace.delay() == 0
    frame(pace)
    clock.now += 0.05
    assert pace.delay() > 0.5


def test_the_rate_falls_with_the_round_trip(pace: Pace, clock: Clock) -> None:
    for _ in range(40):
        frame(pace)
        clock.now += 0.4
        pace.answered()
    frame(pace)
    assert pace.delay() == pytest.approx(0.1, rel=0.05)


def test_a_terminal_that_never_answered_is_soon_not_asked_any_more(pace: Pace, clock: Clock) -> None:
    for _ in range(3):
        assert pace.asks
        frame(pace, 2000)
        clock.now += 9
        assert pace.delay() == 0
    assert not pace.asks
    frame(pace, 2000)
    assert pace.delay() == pytest.approx(FASTEST)


def test_a_line_that_stalls_gets_fewer_and_fewer_frames(pace: Pace, clock: Clock) -> None:
    frame(pace)
    clock.now += 0.1
    pace.answered()
    started = clock.now
    frames = 0
    while clock.now < started + 60:
        wait = pace.delay()
        if wait:
            clock.now += wait
            continue
        frame(pace, 1100)
        frames += 1
    assert frames < 14
    assert pace.asks
    pace.answered()
    clock.now += 1
    assert pace.delay() == 0


def test_a_late_answer_to_nothing_is_ignored(pace: Pace) -> None:
    pace.answered()
    assert pace.figures(0).round_trip is None


def test_figures_count_what_was_written(pace: Pace, clock: Clock) -> None:
    frame(pace, 100)
    clock.now += 0.25
    pace.answered()
    pace.sent(50)
    figures = pace.figures(3)
    assert figures.round_trip == pytest.approx(0.25)
    assert (figures.bytes_total, figures.frames_written, figures.frames_dropped) == (150, 1, 3)
    assert figures.bytes_per_s == pytest.approx(30)
