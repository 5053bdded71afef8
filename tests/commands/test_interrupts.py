from __future__ import annotations

import os
import signal
import threading

import pytest

from holytui.commands.interrupts import repeated_interrupts


class Finalised:
    """Is interrupted where Python can only drop the exception."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):  # let the handler run here
            pass


def interrupted_while_finalised(again: float) -> None:
    with repeated_interrupts(again):
        Finalised()
        threading.Event().wait(20)


def interrupted() -> None:
    with repeated_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(20)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_comes_again() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_finalised(0.01)


def test_after_the_block_the_handlers_are_as_before() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    timer = signal.getitimer(signal.ITIMER_REAL)  # a test runner may have one
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(timer[0])
    assert signal.getitimer(signal.ITIMER_REAL)[1] == timer[1]
