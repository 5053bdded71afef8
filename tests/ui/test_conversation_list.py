from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import NoReturn

import pytest

from holytui.errors import StoreError, StoreFull
from holytui.models import Conversation
from holytui.ui.sidebar.pane import FilterLine
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app


def at_cursor(driver: ScreenDriver) -> str:
    found = driver.chat.sidebar.selected
    return found.title if found is not None else ""


def listed(driver: ScreenDriver) -> list[str]:
    return [row.title for row in driver.chat.sidebar._rows if isinstance(row, Conversation)]


async def test_when_one_is_deleted_the_cursor_goes_to_the_next_and_not_to_the_top(harness: AppHarness) -> None:
    for title in ("e", "d", "c", "b", "a"):
        harness.history.create_conversation(title=title)
    async with run_app(harness) as driver:
        await driver.focus_sidebar()
        await driver.press("home", "j", "j")
        assert at_cursor(driver) == "c"
        await driver.act("sidebar.delete")
        await driver.wait_until(lambda: "c" not in listed(driver))
        assert at_cursor(driver) == "d"
        await driver.press("end")
        await driver.act("sidebar.archive")
        await driver.wait_until(lambda: "e" not in listed(driver))
        assert at_cursor(driver) == "d"
        assert driver.chat.sidebar.has_focus


async def test_an_older_reading_of_the_list_is_not_shown_over_a_newer_one(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go = threading.Event(), threading.Event()
    real = harness.history.conversations

    def slowly(*, archived: bool = False) -> Sequence[Conversation]:
        found = real(archived=archived)
        read.set()
        assert go.wait(10)
        return found

    async with run_app(harness) as driver:
        with monkeypatch.context() as patched:
            patched.setattr(harness.history, "conversations", slowly)
            older = asyncio.create_task(driver.chat.conversations.refresh())
            await driver.wait_until(read.is_set)
        harness.history.create_conversation(title="new")
        await driver.chat.conversations.refresh()
        assert listed(driver) == ["new"]
        go.set()
        await older
        assert listed(driver) == ["new"]


async def test_what_could_not_be_brought_back_now_can_be_later(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = harness.history.create_conversation(title="kept")
    async with run_app(harness) as driver:
        chat = driver.chat
        await chat.conversations.delete(made.id)

        def refuses(*_args: object) -> NoReturn:
            raise StoreFull("no room")

        with monkeypatch.context() as patched:
            patched.setattr(harness.history, "restore_conversation", refuses)
            with pytest.raises(StoreFull):
                await chat.conversations.undo()
        assert await chat.conversations.undo()
        assert [one.id for one in driver.conversations()] == [made.id]


async def test_what_is_gone_for_good_is_not_in_the_way_of_what_was_taken_before(harness: AppHarness) -> None:
    first, last = (harness.history.create_conversation(title=title) for title in ("first", "last"))
    async with run_app(harness) as driver:
        chat = driver.chat
        await chat.conversations.archive(first.id)
        await chat.conversations.delete(last.id)
        harness.history.purge_deleted(before=9e9)
        with pytest.raises(StoreError):
            await chat.conversations.undo()
        assert await chat.conversations.undo()
        assert [one.id for one in driver.conversations()] == [first.id]


async def test_the_line_of_the_filter_stands_there_only_while_it_filters(harness: AppHarness) -> None:
    harness.history.create_conversation(title="kept")
    async with run_app(harness) as driver:
        line = driver.chat.query_one(FilterLine)
        await driver.focus_sidebar()
        for typed, stays in (("", False), ("ke", True)):
            await driver.act("sidebar.filter")
            await driver.wait_until(lambda: line.display and line.has_focus)
            await driver.type(typed)
            await driver.press("enter")
            await driver.wait_until(lambda: driver.chat.sidebar.has_focus)
            assert line.display is stays
        await driver.act("sidebar.filter")
        await driver.press("escape")
        await driver.wait_until(lambda: driver.chat.sidebar.has_focus)
        assert (line.display, line.value) == (False, "")
