from __future__ import annotations

from holytui.wire.transport.pace import Pace


class Times:
    worked = 0.0
    now = 0.0


def _pace(times: Times) -> Pace:
    return Pace(lambda: times.worked, lambda: times.now)


def test_an_ordinary_stream_is_never_held_up() -> None:
    times = Times()
    pace = _pace(times)
    for _ in range(10_000):
        times.worked += 0.0005
        times.now += 0.01
        assert pace.pause() == 0


def test_a_burst_is_read_at_once() -> None:
    times = Times()
    pace = _pace(times)
    times.worked = times.now = 0.09
    assert pace.pause() == 0


def test_a_flood_takes_a_tenth_of_a_processor() -> None:
    times = Times()
    pace = _pace(times)
    while times.now < 60:
        times.worked += 0.002
        times.now += 0.002 + pace.pause()
    assert times.worked < 60 * 0.1 + 0.2
