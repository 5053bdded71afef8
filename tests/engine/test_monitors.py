from __future__ import annotations

import pytest

from holytui.engine.turn.monitors import LinkRate, RateMonitor, Silence, SilenceMonitor, SuspendMonitor, probe_delay


def test_probes_come_ever_more_rarely() -> None:
    assert [probe_delay(i, lambda: 0.5) for i in range(7)] == [1, 2, 4, 8, 15, 15, 15]


def test_probes_of_many_clients_spread() -> None:
    assert probe_delay(3, lambda: 0.0) == pytest.approx(6.0)
    assert probe_delay(3, lambda: 0.99) == pytest.approx(10.0, rel=0.01)


def test_a_sleeping_machine_shows_as_a_jump_of_the_wall_clock() -> None:
    watch = SuspendMonitor()
    assert not watch.jumped(10.0, 1000.0)
    assert not watch.jumped(20.0, 1011.0)
    assert watch.jumped(21.0, 1500.0)
    assert not watch.jumped(22.0, 1501.0)


def test_a_clock_set_back_is_no_sleep() -> None:
    watch = SuspendMonitor()
    watch.jumped(10.0, 1000.0)
    assert not watch.jumped(11.0, 500.0)


def test_silence_is_told_after_five_seconds_and_once_a_second() -> None:
    watch = SilenceMonitor(0.0, 0.0)
    assert watch.check(4.9) is None
    assert watch.check(5.0) == Silence(5.0, 5.0)
    assert watch.check(5.5) is None
    assert watch.check(6.0) == Silence(6.0, 6.0)


def test_keep_alives_end_the_silence_of_bytes_but_not_of_tokens() -> None:
    watch = SilenceMonitor(0.0, 0.0)
    watch.byte(7.0)
    assert watch.check(8.0) == Silence(1.0, 8.0)


def test_the_end_of_silence_is_told_once() -> None:
    watch = SilenceMonitor(0.0, 0.0)
    watch.check(6.0)
    watch.token(6.5)
    assert watch.check(6.6) == Silence(0.0, 0.0)
    assert watch.check(6.7) is None


def test_a_trickle_is_slow_and_a_flood_is_not() -> None:
    watch = RateMonitor()
    told = [watch.received(float(t), t * 20) for t in range(12)]
    assert told[:10] == [None] * 10
    assert told[10] == LinkRate(20.0)
    assert told[11] is None
    fast = RateMonitor()
    assert [fast.received(float(t), t * 5000) for t in range(30)] == [None] * 30


def test_a_link_that_comes_right_is_told() -> None:
    watch = RateMonitor()
    for t in range(12):
        watch.received(float(t), t * 20)
    assert LinkRate(None) in [watch.received(float(t), 220 + (t - 11) * 5000) for t in range(12, 24)]


def test_the_next_attempt_counts_from_zero() -> None:
    watch = RateMonitor()
    for t in range(9):
        watch.received(float(t), t * 5000)
    assert watch.received(11.0, 10) is None
