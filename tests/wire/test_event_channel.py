"""The times after which an attempt is overdue, by a clock that the test moves."""

from __future__ import annotations

import contextlib
import random
import signal
import threading

import pytest

from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind
from holytui.wire.events import Connected, End, Piece, Received, Verdict
from holytui.wire.request import Timeouts
from holytui.wire.transport.event_channel import _MAX_EVENTS, EventChannel

TIMES = Timeouts(connect=10, idle=60, first_token=300, token=90)
CUT = End(Verdict.CUT, None, "", 5, 200)
PIECE = Piece(DeltaKind.CONTENT, "a")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel(clock: Clock) -> EventChannel:
    return EventChannel(TIMES, clock)


def connect(channel: EventChannel) -> None:
    channel.mark_sending()
    channel.mark_sent()
    assert channel.get(0) == Connected()


def fault_after(channel: EventChannel, clock: Clock, seconds: float) -> Fault | None:
    """What ends it just after `seconds`, and nothing just before."""
    clock.now += seconds - 0.001
    assert channel.get(0) is None
    clock.now += 0.002
    end = channel.get(0)
    assert isinstance(end, End)
    assert channel.closed
    assert channel.timed_out
    return end.fault


def test_connecting_has_an_end(channel: EventChannel, clock: Clock) -> None:
    assert fault_after(channel, clock, 30) == Fault(FaultKind.CONNECT_TIMEOUT)


def test_sending_a_large_request_may_take_long(channel: EventChannel, clock: Clock) -> None:
    channel.mark_sending()
    assert channel.get(0) == Connected()
    clock.now += 3600
    assert channel.get(0) is None
    channel.mark_sent()
    assert fault_after(channel, clock, 60) == Fault(FaultKind.IDLE)


def test_bytes_feed_the_idle_timer_but_not_the_first_token(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    for _ in range(5):
        clock.now += 50
        channel.put([], CUT)
        assert channel.get(0) is None
    assert fault_after(channel, clock, 50) == Fault(FaultKind.NO_TOKEN)


def test_after_a_token_the_next_one_is_due_sooner(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    channel.put([PIECE], CUT, token=True)
    assert channel.get(0) == PIECE
    clock.now += 45
    channel.put([], CUT)
    assert fault_after(channel, clock, 45) == Fault(FaultKind.NO_TOKEN)


def test_an_overdue_answer_is_cut_and_keeps_what_is_known(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    channel.put([], CUT)
    clock.now += 61
    assert channel.get(0) == End(Verdict.CUT, Fault(FaultKind.IDLE), "", 5, 200)
    assert channel.get(0) is None


def test_what_came_is_read_before_it_is_overdue(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    channel.put([PIECE], CUT)
    clock.now += 1000
    assert channel.get(0) == PIECE
    assert isinstance(channel.get(0), End)


def test_a_presumed_end_comes_in_its_time(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    done = End(Verdict.COMPLETE, None, "stop")
    channel.set_default_end(done, 3.0)
    clock.now += 2.9
    assert channel.get(0) is None
    clock.now += 0.2
    assert channel.get(0) == done


def test_a_presumption_can_be_taken_back(channel: EventChannel, clock: Clock) -> None:
    connect(channel)
    channel.set_default_end(End(Verdict.FAULT), 3.0)
    channel.set_default_end(None)
    clock.now += 4
    assert channel.get(0) is None


def test_only_the_first_end_counts(channel: EventChannel) -> None:
    channel.finish(CUT)
    channel.finish(End(Verdict.COMPLETE))
    assert [channel.get(0), channel.get(0)] == [CUT, None]


def test_nothing_is_read_after_a_cancel(channel: EventChannel) -> None:
    connect(channel)
    channel.put([PIECE], CUT)
    assert channel.cancel()
    channel.put([PIECE], CUT)
    channel.finish(CUT)
    assert channel.get(0) == End(Verdict.CANCELLED, None, "", 5, 200)
    assert channel.get(0) is None
    assert not channel.cancel()


def test_a_slow_reader_holds_the_writer_back_and_is_not_blamed_on_the_server(
    channel: EventChannel, clock: Clock
) -> None:
    connect(channel)
    channel.put([Received(1)] * _MAX_EVENTS, CUT)
    writer = threading.Thread(target=channel.put, args=([PIECE], CUT))
    writer.start()
    pause = threading.Event()
    while not channel._writer_waits:
        pause.wait(0.001)
    clock.now += 1000
    assert [channel.get(0) for _ in range(_MAX_EVENTS)] == [Received(1)] * _MAX_EVENTS
    writer.join(5)
    assert channel.get(5) == PIECE
    assert channel.get(0) is None


def test_a_flood_that_is_slowed_down_waits_no_longer_for_its_token(channel: EventChannel, clock: Clock) -> None:
    class Room(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            clock.now += 10
            return super().wait(timeout)

    channel._writable = Room(channel._lock)
    connect(channel)
    begun, end = clock.now, None
    while end is None:
        channel.put([], CUT)
        channel.pause(0.0001)
        end = channel.get(0)
        assert clock.now <= begun + TIMES.first_token + 20
    assert isinstance(end, End)
    assert end.fault == Fault(FaultKind.NO_TOKEN)


def test_a_cancel_frees_a_writer_that_is_held_back(channel: EventChannel) -> None:
    channel.put([Received(1)] * _MAX_EVENTS, CUT)
    writer = threading.Thread(target=channel.put, args=([PIECE], CUT))
    writer.start()
    channel.cancel()
    writer.join(5)
    assert not writer.is_alive()


def test_a_waiting_reader_is_woken(channel: EventChannel) -> None:
    woken: list[object] = []
    reader = threading.Thread(target=lambda: woken.append(channel.get(5)))
    reader.start()
    channel.cancel()
    reader.join(5)
    assert woken == [End(Verdict.CANCELLED)]


def test_few_long_pieces_make_the_writer_wait_as_many_short_ones_do(channel: EventChannel) -> None:
    connect(channel)
    channel.put([Piece(DeltaKind.CONTENT, "a" * 2_000_000)], CUT, token=True)
    done = threading.Event()

    def write() -> None:
        channel.put([PIECE], CUT, token=True)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.05)
    while not isinstance(channel.get(1), Piece):
        pass
    assert done.wait(10)
    thread.join()


def test_an_interrupt_of_the_reader_at_any_moment_leaves_no_lock_held() -> None:
    """Ctrl+C in the main thread: 300 interrupts within 100 µs, while a writer is at work."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    channel = EventChannel(TIMES, lambda: 0.0)
    connect(channel)
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            channel.put([PIECE], CUT)
            ended.wait(0.00002)

    writer = threading.Thread(target=write, daemon=True)
    before = signal.signal(signal.SIGALRM, interrupt)
    chance = random.Random(1)
    writer.start()
    try:
        for _ in range(300):
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00001, 0.0001))
                while True:
                    channel.get(0.00002)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        ended.set()
        assert channel._lock.acquire(timeout=5)
        channel._lock.release()
    assert channel.cancel()
    writer.join(5)
    assert not writer.is_alive()
