"""The table of handlers and the table of keys have the same actions."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from textual.widget import Widget

from holytui.bootstrap import Services
from holytui.errors import StoreError
from holytui.keymap import ACTIONS, Where
from holytui.models import Role
from holytui.terminal.hangup import Cause
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.check.page import CheckPage
from holytui.ui.composer.prompt import Prompt
from holytui.ui.details.page import DetailsPage
from holytui.ui.lifecycle.hangup import HangupHandler
from holytui.ui.sidebar.list_widget import Sidebar
from holytui.ui.state import ChatState
from holytui.ui.transcript.log import MessageLog
from holytui.ui.tree.page import TreePage
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app

OWNERS: Mapping[Where, type[Any]] = {
    Where.APP: ChatScreen,
    Where.PROMPT: Prompt,
    Where.LOG: MessageLog,
    Where.SIDEBAR: Sidebar,
    Where.DETAILS: DetailsPage,
    Where.CHECK: CheckPage,
    Where.TREE: TreePage,
}
BY_KEY = {"prompt.send", "prompt.newline"}
"""`Prompt.on_key` does these itself, as it must act before the next key."""


async def test_every_action_has_one_handler_or_one_method_of_its_widget(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        handlers = set(driver.chat.wiring.handlers)
    own = (
        {action.id for action in ACTIONS if hasattr(OWNERS[action.where], "action_" + action.id.replace(".", "_"))}
        | BY_KEY
        | {"details.scope", "check.again", "check.copy"}
    )
    assert handlers | own == {action.id for action in ACTIONS}
    assert handlers & own == set()


async def test_an_action_that_needs_the_history_says_that_it_is_being_opened(harness: AppHarness) -> None:
    go = threading.Event()
    app = harness.app()

    def opening() -> Services:
        assert go.wait(10)
        return harness.services

    app._chat._opening = opening
    async with app.run_test(size=(120, 40)) as pilot:
        driver = ScreenDriver(pilot, harness)
        await driver.act("history.search")
        await driver.wait_for_text("the history is being opened")
        await driver.act("app.help")  # which needs none
        await driver.wait_for_text("Help")
        go.set()
        await driver.wait_until(lambda: app._chat.state.is_open)


async def test_after_a_failed_opening_the_reason_is_given_again(harness: AppHarness) -> None:
    app = harness.app()

    def opening() -> Services:
        raise StoreError("the disk is on strike")

    app._chat._opening = opening
    async with app.run_test(size=(120, 40)) as pilot:
        driver = ScreenDriver(pilot, harness)
        await driver.wait_for_text("the disk is on strike")
        driver.chat.say("something else")
        await driver.act("model.pick")
        await driver.wait_for_text("the disk is on strike")


async def test_a_question_for_a_conversation_that_was_left_follows_the_ones_before_it(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    add = harness.history.add_message

    def slowly(*args: Any, **options: Any) -> Any:
        assert go.wait(10)
        return add(*args, **options)

    async with run_app(harness) as driver:
        monkeypatch.setattr(harness.history, "add_message", slowly)
        for question in ("count to 1", "count to 2"):
            await driver.type(question)
            await driver.press("enter")
        await driver.act("chat.new")
        await driver.type("count to 3")
        await driver.press("enter")
        go.set()
        await driver.settle()
        asked = sorted(
            [message.text for message in harness.history.branch(one.id) if message.role is Role.USER]
            for one in driver.conversations()
        )
    assert asked == [["count to 1", "count to 2"], ["count to 3"]]


async def test_the_queue_is_idle_only_when_no_question_is_being_stored(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, reached = threading.Event(), threading.Event()
    add = harness.history.add_message

    def slowly(*args: Any, **options: Any) -> Any:
        reached.set()
        assert go.wait(10)
        return add(*args, **options)

    async with run_app(harness) as driver:
        monkeypatch.setattr(harness.history, "add_message", slowly)
        await driver.type("count to 1")
        await driver.press("enter")
        await driver.wait_until(reached.is_set)
        settled = asyncio.create_task(driver.chat.settled())
        await driver.pilot.pause()
        assert not settled.done()
        go.set()
        await settled
        assert not driver.chat.send_queue.unsent()


async def test_the_queue_is_not_idle_between_two_questions(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = {"count to 1": threading.Event(), "count to 2": threading.Event()}
    add, texts = harness.history.add_message, list[str]()

    def slowly(conversation_id: str, role: Role, text: str, **options: Any) -> Any:
        if role is Role.USER:
            texts.append(text)
            assert gates[text].wait(10)
        return add(conversation_id, role, text, **options)

    async with run_app(harness) as driver:
        monkeypatch.setattr(harness.history, "add_message", slowly)
        for question in gates:
            await driver.type(question)
            await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.send_queue._running == 2)
        gates["count to 1"].set()
        await driver.wait_until(lambda: driver.chat.send_queue._running == 1)
        settled = asyncio.create_task(driver.chat.settled())
        await driver.pilot.pause()
        assert not settled.done()
        gates["count to 2"].set()
        await settled


async def test_figures_are_painted_at_most_twice_a_second(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_app(harness) as driver:
        status, clock, painted = driver.chat.status, [time.monotonic() + 10], list[bool]()
        monkeypatch.setattr(status, "_clock", lambda: clock[0])
        refresh = status.refresh

        def counted(*, progress: bool) -> None:
            painted.append(True)
            refresh(progress=progress)

        monkeypatch.setattr(status, "refresh", counted)
        status.refresh_figures()
        for _ in range(8):
            clock[0] += 0.06
            status.refresh_figures()
        assert len(painted) == 1
        clock[0] += 0.06
        status.refresh_figures()
        assert len(painted) == 2


async def test_a_hang_up_ends_the_app_only_when_questions_are_stored() -> None:
    stored, exits = asyncio.Event(), list[int]()

    class FakeApp:
        _driver, is_headless = None, True

        def exit(self, *, return_code: int) -> None:
            exits.append(return_code)

    async def settled() -> None:
        await stored.wait()

    handler = HangupHandler(FakeApp(), ChatState("guide/guide"), settled)  # type: ignore[arg-type]  # all that it uses
    ending = asyncio.create_task(handler._end(Cause.HANGUP))
    for _ in range(5):
        await asyncio.sleep(0)
    assert exits == []
    stored.set()
    await ending
    assert exits == [129]


def test_a_result_for_a_conversation_that_was_left_is_stale() -> None:
    state = ChatState("guide/guide")
    state.show("c1")
    before = state.conversation
    state.set_leaf("a2")
    assert state.is_current(before)
    state.show("c1")
    assert not state.is_current(before)
    assert (state.conversation.id, state.conversation.leaf) == ("c1", None)


def test_widgets_are_known_by_their_place() -> None:
    assert set(OWNERS) == set(Where)
    assert all(issubclass(OWNERS[where], Widget) for where in Where)
