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
from holytui.wire.transport.event_channel import _CAPACITY, Mailbox

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
def box(clock: Clock) -> Mailbox:
    return Mailbox(TIMES, clock)


def connect(box: Mailbox) -> None:
    box.sending()
    box.sent()
    assert box.get(0) == Connected()


def fault_after(box: Mailbox, clock: Clock, seconds: float) -> Fault | None:
    """What ends it just after `seconds`, and nothing just before."""
    clock.now += seconds - 0.001
    assert box.get(0) is None
    clock.now += 0.002
    end = box.get(0)
    assert isinstance(end, End)
    assert box.closed
    assert box.overdue
    return end.fault


def test_connecting_has_an_end(box: Mailbox, clock: Clock) -> None:
    assert fault_after(box, clock, 30) == Fault(FaultKind.CONNECT_TIMEOUT)


def test_sending_a_large_request_may_take_long(box: Mailbox, clock: Clock) -> None:
    box.sending()
    assert box.get(0) == Connected()
    clock.now += 3600
    assert box.get(0) is None
    box.sent()
    assert fault_after(box, clock, 60) == Fault(FaultKind.IDLE)


def test_bytes_feed_the_idle_timer_but_not_the_first_token(box: Mailbox, clock: Clock) -> None:
    connect(box)
    for _ in range(5):
        clock.now += 50
        box.put([], CUT)
        assert box.get(0) is None
    assert fault_after(box, clock, 50) == Fault(FaultKind.NO_TOKEN)


def test_after_a_token_the_next_one_is_due_sooner(box: Mailbox, clock: Clock) -> None:
    connect(box)
    box.put([PIECE], CUT, token=True)
    assert box.get(0) == PIECE
    clock.now += 45
    box.put([], CUT)
    assert fault_after(box, clock, 45) == Fault(FaultKind.NO_TOKEN)


def test_an_overdue_answer_is_cut_and_keeps_what_is_known(box: Mailbox, clock: Clock) -> None:
    connect(box)
    box.put([], CUT)
    clock.now += 61
    assert box.get(0) == End(Verdict.CUT, Fault(FaultKind.IDLE), "", 5, 200)
    assert box.get(0) is None


def test_what_came_is_read_before_it_is_overdue(box: Mailbox, clock: Clock) -> None:
    connect(box)
    box.put([PIECE], CUT)
    clock.now += 1000
    assert box.get(0) == PIECE
    assert isinstance(box.get(0), End)


def test_a_presumed_end_comes_in_its_time(box: Mailbox, clock: Clock) -> None:
    connect(box)
    done = End(Verdict.COMPLETE, None, "stop")
    box.presume(done, 3.0)
    clock.now += 2.9
    assert box.get(0) is None
    clock.now += 0.2
    assert box.get(0) == done


def test_a_presumption_can_be_taken_back(box: Mailbox, clock: Clock) -> None:
    connect(box)
    box.presume(End(Verdict.FAULT), 3.0)
    box.presume(None)
    clock.now += 4
    assert box.get(0) is None


def test_only_the_first_end_counts(box: Mailbox) -> None:
    box.finish(CUT)
    box.finish(End(Verdict.COMPLETE))
    assert [box.get(0), box.get(0)] == [CUT, None]


def test_nothing_is_read_after_a_cancel(box: Mailbox) -> None:
    connect(box)
    box.put([PIECE], CUT)
    assert box.cancel()
    box.put([PIECE], CUT)
    box.finish(CUT)
    assert box.get(0) == End(Verdict.CANCELLED, None, "", 5, 200)
    assert box.get(0) is None
    assert not box.cancel()


def test_a_slow_reader_holds_the_writer_back_and_is_not_blamed_on_the_server(box: Mailbox, clock: Clock) -> None:
    connect(box)
    box.put([Received(1)] * _CAPACITY, CUT)
    writer = threading.Thread(target=box.put, args=([PIECE], CUT))
    writer.start()
    pause = threading.Event()
    while not box._writer_waits:
        pause.wait(0.001)
    clock.now += 1000
    assert [box.get(0) for _ in range(_CAPACITY)] == [Received(1)] * _CAPACITY
    writer.join(5)
    assert box.get(5) == PIECE
    assert box.get(0) is None


def test_a_flood_that_is_slowed_down_waits_no_longer_for_its_token(box: Mailbox, clock: Clock) -> None:
    class Room(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            clock.now += 10
            return super().wait(timeout)

    box._room = Room(box._lock)
    connect(box)
    begun, end = clock.now, None
    while end is None:
        box.put([], CUT)
        box.pause(0.0001)
        end = box.get(0)
        assert clock.now <= begun + TIMES.first_token + 20
    assert isinstance(end, End)
    assert end.fault == Fault(FaultKind.NO_TOKEN)


def test_a_cancel_frees_a_writer_that_is_held_back(box: Mailbox) -> None:
    box.put([Received(1)] * _CAPACITY, CUT)
    writer = threading.Thread(target=box.put, args=([PIECE], CUT))
    writer.start()
    box.cancel()
    writer.join(5)
    assert not writer.is_alive()


def test_a_waiting_reader_is_woken(box: Mailbox) -> None:
    woken: list[object] = []
    reader = threading.Thread(target=lambda: woken.append(box.get(5)))
    reader.start()
    box.cancel()
    reader.join(5)
    assert woken == [End(Verdict.CANCELLED)]


def test_few_long_pieces_make_the_writer_wait_as_many_short_ones_do(box: Mailbox) -> None:
    connect(box)
    box.put([Piece(DeltaKind.CONTENT, "a" * 2_000_000)], CUT, token=True)
    done = threading.Event()

    def write() -> None:
        box.put([PIECE], CUT, token=True)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.05)
    while not isinstance(box.get(1), Piece):
        pass
    assert done.wait(10)
    thread.join()


def test_an_interrupt_of_the_reader_at_any_moment_leaves_no_lock_held() -> None:
    """Ctrl+C in the main thread: 300 interrupts within 100 µs, while a writer is at work."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    box = Mailbox(TIMES, lambda: 0.0)
    connect(box)
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            box.put([PIECE], CUT)
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
                    box.get(0.00002)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        ended.set()
        assert box._lock.acquire(timeout=5)
        box._lock.release()
    assert box.cancel()
    writer.join(5)
    assert not writer.is_alive()
