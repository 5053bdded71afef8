"""Plays a user who asks on and on, through the real screen without a terminal, and checks what was kept."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

from textual import events

from benchmarks.soak.answers import Trouble, text, trouble
from holytui.config.schema import Config, Model, Recover
from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.bindings import textual_key
from tests.ui.app_harness import TIMEOUT, ScreenDriver, config_with

PER_TALK = 20
_TICK = 0.003
_HELP_EVERY = 50
_BACK_EVERY = 70


@contextmanager
def served() -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.soak.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.terminate()


def config(base_url: str) -> Config:
    """One model, which continues a text that it is given."""
    whole = config_with(base_url)
    model = Model("one", context=8_000, recover=Recover.PREFILL)
    lab = replace(whole.providers["lab"], models=MappingProxyType({"one": model}))
    return replace(whole, providers=MappingProxyType({"lab": lab}))


class Player(ScreenDriver):
    """A driver who does not wait for the processor to be idle after each key, only for what he waits for."""

    async def wait_until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + TIMEOUT
        while not true():
            assert time.monotonic() < end, f"it did not come to be so:\n{self.text}"
            await asyncio.sleep(_TICK)

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(events.Key(textual_key(key), key if len(key) == 1 else None))
        await asyncio.sleep(_TICK)

    async def calm(self) -> None:
        await self.wait_until(lambda: not self.busy)
        await asyncio.sleep(_TICK)
        await self.wait_until(lambda: not self.busy)


async def ask(driver: Player, number: int) -> None:
    """One question and its answer, with what a user does meanwhile."""
    if number % PER_TALK == 0:
        await driver.act("chat.new")
        await driver.settle()
    await driver.type(str(number))
    await driver.wait_until(lambda: driver.chat.prompt.text == str(number))
    await driver.press("enter")
    if trouble(number) is Trouble.STOP:
        await driver.wait_for_text(f"word{number}x0")
        await driver.act("chat.stop")
    await driver.wait_until(lambda: not driver.chat.prompt.text)
    await driver.settle()
    if number % _HELP_EVERY == 0:
        await look_at_help(driver)
    if number % _BACK_EVERY == 0:
        await driver.focus_sidebar()
        await driver.press("end", "enter")
        await driver.settle()
        await driver.act("chat.new")
        await driver.settle()
        driver.chat.prompt.focus()
        await driver.wait_until(lambda: driver.chat.prompt.has_focus)


async def look_at_help(driver: Player) -> None:
    """Open the help and close it."""
    await driver.act("app.help")
    await driver.wait_until(lambda: driver.app.screen is not driver.chat)
    await driver.press("escape")
    await driver.wait_until(lambda: driver.app.screen is driver.chat)
    await driver.settle()


def wrong(history: SqliteHistory) -> list[int]:
    """The numbers of the answers that are not what was sent, or not in the state that they should be in."""
    out = []
    for talk in history.conversations():
        number = -1
        for message in history.branch(talk.id):
            if message.role is Role.USER:
                number = int(message.text)
                continue
            stopped = trouble(number) is Trouble.STOP
            state = AnswerState.STOPPED if stopped else AnswerState.COMPLETE
            whole = text(number)
            good = whole.startswith(message.text) and message.text if stopped else message.text == whole
            if message.state is not state or not good:
                out.append(number)
    return sorted(out)
