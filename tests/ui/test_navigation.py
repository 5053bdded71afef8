"""Another conversation is opened while something of the one before is still being read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest

from holytui.ui.composer import draft_store
from holytui.ui.composer.draft_store import Draft
from holytui.ui.transcript import loading
from tests.ui.app_harness import AppHarness, run_app

P = ParamSpec("P")
T = TypeVar("T")


class Gate:
    """Holds the first call of a function back until it may go on."""

    def __init__(self) -> None:
        self._reached, self._go = threading.Event(), threading.Event()

    def before(self, function: Callable[P, T]) -> Callable[P, T]:
        def held(*args: P.args, **options: P.kwargs) -> T:
            if not self._reached.is_set():
                self._reached.set()
                assert self._go.wait(10)
            return function(*args, **options)

        return held

    @property
    def reached(self) -> bool:
        return self._reached.is_set()

    def open(self) -> None:
        self._go.set()


async def test_who_begins_a_new_conversation_is_not_taken_to_one_that_was_still_being_read(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with run_app(harness) as driver:
        await driver.ask("count to 3")
        await driver.act("chat.new")
        monkeypatch.setattr(loading, "load_conversation", gate.before(loading.load_conversation))
        old = asyncio.create_task(driver.chat.navigator.open(driver.conversations()[0].id))
        await driver.wait_until(lambda: gate.reached)
        await driver.chat.run("chat.new")
        gate.open()
        await old
        assert driver.chat.state.conversation.id == ""
        await driver.type("here")
        assert driver.chat.prompt.text == "here"


async def test_of_two_conversations_the_one_that_was_chosen_last_is_shown(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    first, last = (harness.history.create_conversation(title=title).id for title in ("first", "last"))
    async with run_app(harness) as driver:
        monkeypatch.setattr(loading, "load_conversation", gate.before(loading.load_conversation))
        slow = asyncio.create_task(driver.chat.navigator.open(first))
        await driver.wait_until(lambda: gate.reached)
        await driver.chat.navigator.open(last)
        gate.open()
        await slow
        assert driver.chat.state.conversation.id == last


async def test_figures_of_an_answer_are_not_shown_in_the_conversation_that_was_opened_since(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with run_app(harness) as driver:
        monkeypatch.setattr(harness.history, "message", gate.before(harness.history.message))
        await driver.type("count to 3")
        await driver.press("enter")
        await driver.wait_until(lambda: gate.reached and not driver.chat.state.turns)
        await driver.act("chat.new")
        await driver.wait_until(lambda: not driver.chat.state.conversation.id)
        gate.open()
        await driver.settle()
        assert driver.chat.status_bar.status.usage is None


async def test_what_was_written_for_a_new_conversation_waits_for_one_when_the_start_shows_another(
    harness: AppHarness,
) -> None:
    draft_store.save(harness.history, "", Draft("not sent yet"))
    made = harness.history.create_conversation(title="old")
    async with run_app(harness, conversation=made.id) as driver:
        assert driver.chat.prompt.text == ""
        await driver.act("chat.new")
        assert driver.chat.prompt.text == "not sent yet"
        await driver.type("!")
    assert draft_store.load(harness.history, "") == Draft("not sent yet!")


async def test_what_was_sent_is_not_in_the_prompt_of_the_next_new_conversation(harness: AppHarness) -> None:
    draft_store.save(harness.history, "", Draft("count to 3"))
    async with run_app(harness) as driver:
        assert driver.chat.prompt.text == "count to 3"
        await driver.press("enter")
        await driver.wait_until(lambda: not driver.chat.prompt.text)
        await driver.settle()
        await driver.wait_until(lambda: draft_store.load(harness.history, "") == Draft())
        await driver.act("chat.new")
        assert driver.chat.prompt.text == ""
        await driver.type("count to 4")
        await driver.focus_sidebar()
        await driver.press("end", "enter")
        await driver.wait_until(lambda: driver.chat.state.conversation.id)
        await driver.act("chat.new")
        assert driver.chat.prompt.text == "count to 4"
        await driver.press("enter")
        await driver.wait_until(lambda: not driver.chat.prompt.text)
        await driver.settle()
        await driver.wait_until(lambda: draft_store.load(harness.history, "") == Draft())
        await driver.act("chat.new")
        assert driver.chat.prompt.text == ""
