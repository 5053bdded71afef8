from __future__ import annotations

import pytest

from holytui.terminal.frame_pacer import FASTEST, FASTEST_AFTER_KEY, FramePacer, LinkFigures


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> FramePacer:
    return FramePacer(clock)


def frame(pace: FramePacer, count: int = 60) -> None:
    pace.frame_written(count, requested=pace.requests_status)


def test_the_first_change_after_a_rest_goes_at_once(pace: FramePacer, clock: Clock) -> None:
    assert pace.delay() == 0
    frame(pace)
    clock.now += 10
    pace.answered()
    assert pace.delay() == 0


def test_frames_come_no_faster_than_thirty_a_second(pace: FramePacer) -> None:
    frame(pace)
    pace.answered()
    assert pace.delay() == pytest.approx(FASTEST)


def test_what_is_typed_is_shown_sooner(pace: FramePacer) -> None:
    frame(pace)
    pace.answered()
    assert pace.delay(after_key=True) == pytest.approx(FASTEST_AFTER_KEY)


def test_a_big_frame_is_waited_for(pace: FramePacer, clock: Clock) -> None:
    frame(pace, 4000)
    clock.now += 0.2
    assert pace.delay(after_key=True) == pytest.approx(0.8)
    pace.answered()
    assert pace.delay() == 0


def test_small_frames_may_be_under_way_together_but_not_many(pace: FramePacer, clock: Clock) -> None:
    for _ in range(3):
        frame(pace)
        clock.now += 0.05
        assert pace.delay() == 0
    frame(pace)
    clock.now += 0.05
    assert pace.delay() > 0.5


def test_the_rate_falls_with_the_round_trip(pace: FramePacer, clock: Clock) -> None:
    for _ in range(40):
        frame(pace)
        clock.now += 0.4
        pace.answered()
    frame(pace)
    assert pace.delay() == pytest.approx(0.1, rel=0.05)


def test_a_terminal_that_never_answered_is_soon_not_asked_any_more(pace: FramePacer, clock: Clock) -> None:
    for _ in range(3):
        assert pace.requests_status
        frame(pace, 2000)
        clock.now += 9
        assert pace.delay() == 0
    assert not pace.requests_status
    frame(pace, 2000)
    assert pace.delay() == pytest.approx(FASTEST)


def test_a_line_that_stalls_gets_fewer_and_fewer_frames(pace: FramePacer, clock: Clock) -> None:
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
    assert pace.requests_status
    pace.answered()
    clock.now += 1
    assert pace.delay() == 0


def test_a_late_answer_to_nothing_is_ignored(pace: FramePacer) -> None:
    pace.answered()
    assert pace.figures(0).round_trip is None


def test_figures_count_what_was_written(pace: FramePacer, clock: Clock) -> None:
    frame(pace, 100)
    clock.now += 0.25
    pace.answered()
    pace.bytes_written(50)
    figures = pace.figures(3)
    assert figures.round_trip == pytest.approx(0.25)
    assert (figures.bytes_total, figures.frames_written, figures.frames_dropped) == (150, 1, 3)
    assert figures.bytes_per_s == pytest.approx(30)


def test_a_line_is_thin_by_its_round_trip_and_its_bytes() -> None:
    def thinness(round_trip: float | None, bytes_per_s: float = 0.0) -> float:
        return LinkFigures(round_trip, bytes_per_s, 0, 0, 0).thinness

    assert [thinness(0.001, 1e6), thinness(0.04), thinness(0.095), thinness(0.2), thinness(None)] == [
        0.0, 0.0, pytest.approx(0.5), 1.0, 1.0,
    ]  # fmt: skip
    assert thinness(0.05, 10_000) == 1.0


def test_an_answer_is_expected_in_its_time_then_late_then_never() -> None:
    now = [0.0]
    pace = FramePacer(lambda: now[0])
    assert pace.expected() is None
    pace.frame_written(100, requested=True)
    assert pace.expected() == pytest.approx(1.0)
    now[0] = 1.5
    pace.delay()
    assert pace.expected() == 0.0
    pace.answered()
    assert pace.expected() is None
    pace.frame_written(100, requested=True)
    now[0] = 62.0
    assert pace.expected() is None
