from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextvars import Context, ContextVar

import pytest

from holytui.terminal.hangup import Cause, HangupWatch


class Driver:
    def __init__(self) -> None:
        self.on_lost: Callable[[], None] | None = None
        self.calls: list[str] = []

    def detach(self, *, restore: bool) -> None:
        self.calls.append("restore" if restore else "leave")


@pytest.mark.parametrize(
    ("number", "cause", "call"),
    [(signal.SIGHUP, Cause.HANGUP, "leave"), (signal.SIGTERM, Cause.TERMINATE, "restore")],
)
def test_a_signal_cuts_the_driver_off_and_tells_once(number: signal.Signals, cause: Cause, call: str) -> None:
    driver = Driver()
    told: list[tuple[Cause, list[str]]] = []

    async def run() -> None:
        done = asyncio.Event()

        def tell(cause: Cause) -> None:
            told.append((cause, list(driver.calls)))
            done.set()

        with HangupWatch(driver, tell):
            os.kill(os.getpid(), number)
            await asyncio.wait_for(done.wait(), 10)
            assert driver.on_lost is not None
            driver.on_lost()
        assert driver.on_lost is None

    asyncio.run(run())
    assert told == [(cause, [call])], "the driver is cut off before the app is told"


def test_who_is_told_has_the_context_of_who_asked() -> None:
    name: ContextVar[str] = ContextVar("name")
    driver = Driver()
    heard: list[str] = []

    async def run() -> None:
        name.set("app")
        watch = HangupWatch(driver, lambda cause: heard.append(f"{name.get('nobody')} {cause}"))
        assert driver.on_lost is not None
        lost = driver.on_lost
        Context().run(lost)
        watch.close()

    asyncio.run(run())
    assert heard == ["app gone"]
