from __future__ import annotations

from holytui.wire.transport.read_throttle import ReadThrottle


class Times:
    worked = 0.0
    now = 0.0


def _throttle(times: Times) -> ReadThrottle:
    return ReadThrottle(lambda: times.worked, lambda: times.now)


def test_an_ordinary_stream_is_never_held_up() -> None:
    times = Times()
    throttle = _throttle(times)
    for _ in range(10_000):
        times.worked += 0.0005
        times.now += 0.01
        assert throttle.pause() == 0


def test_a_burst_is_read_at_once() -> None:
    times = Times()
    throttle = _throttle(times)
    times.worked = times.now = 0.09
    assert throttle.pause() == 0


def test_a_flood_takes_a_tenth_of_a_processor() -> None:
    times = Times()
    throttle = _throttle(times)
    while times.now < 60:
        times.worked += 0.002
        times.now += 0.002 + throttle.pause()
    assert times.worked < 60 * 0.1 + 0.2
