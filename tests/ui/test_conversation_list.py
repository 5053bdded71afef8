from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from holytui.errors import StoreError, StoreFull
from holytui.models import Conversation
from holytui.store.tags import TagChange
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
        await chat.conversations.delete([made.id])

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
        await chat.conversations.archive([first.id])
        await chat.conversations.delete([last.id])
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


async def test_marked_conversations_are_deleted_and_restored_together(harness: AppHarness) -> None:
    for title in ("d", "c", "b", "a"):
        harness.history.create_conversation(title=title)
    async with run_app(harness) as driver:
        await driver.focus_sidebar()
        await driver.press("home", "m", "m", "end", "space")
        await driver.wait_until(lambda: "3 conversations marked" in driver.status)
        await driver.act("sidebar.delete")
        await driver.wait_until(lambda: listed(driver) == ["c"])
        assert "3 conversations deleted" in driver.status
        assert not [one for one in driver.chat.sidebar.chosen if one.title != "c"]
        await driver.act("sidebar.undo")
        await driver.wait_until(lambda: listed(driver) == ["a", "b", "c", "d"])
        assert "3 conversations restored" in driver.status


async def test_marked_conversations_are_tagged_pinned_exported_and_archived_together(
    harness: AppHarness, tmp_path: Path
) -> None:
    for title in ("c", "b", "a"):
        harness.history.create_conversation(title=title)
    async with run_app(harness) as driver:
        await driver.focus_sidebar()
        await driver.press("home", "m", "m")
        await driver.press("t")
        await driver.type("work/ idea")
        await driver.press("enter")
        await driver.wait_for_text("▾ work")
        assert {one.title for one in driver.conversations() if one.tags == ("idea", "work/")} == {"a", "b"}
        await driver.press("p")
        await driver.wait_until(lambda: sum(one.pinned for one in driver.conversations()) == 2)
        await driver.press("x")
        await driver.press("ctrl+u")
        await driver.type(str(tmp_path / "both.jsonl"))
        await driver.press("enter")
        await driver.wait_until(lambda: (tmp_path / "both.jsonl").exists())
        assert len((tmp_path / "both.jsonl").read_text("utf-8").splitlines()) == 2
        await driver.press("a")
        await driver.wait_until(lambda: listed(driver) == ["c"])
        await driver.press("u")
        await driver.wait_until(lambda: listed(driver) == ["a", "b", "c"])


async def test_the_tag_command_changes_the_open_conversation(harness: AppHarness) -> None:
    made = harness.history.create_conversation(title="a")
    async with run_app(harness, conversation=made.id) as driver:
        await driver.type("/tag +work -old #Idea")
        await driver.press("enter")
        await driver.wait_for_text("tags: #idea #work")
        await driver.type("/tag two,words#here")
        await driver.press("enter")
        await driver.wait_for_text("is not a tag")
        assert driver.conversations()[0].tags == ("idea", "work")


async def test_collapsed_folders_stay_so_after_a_restart(harness: AppHarness) -> None:
    made = harness.history.create_conversation(title="a")
    harness.history.change_tags(made.id, TagChange(("work/",)))
    async with run_app(harness) as driver:
        await driver.focus_sidebar()
        await driver.press("o")
        await driver.wait_until(lambda: harness.history.recall("list.collapsed") == '["work"]')
    async with run_app(harness) as driver:
        await driver.wait_for_text("▸ work · 1")


async def test_a_folder_is_marked_as_a_whole(harness: AppHarness) -> None:
    for title in ("c", "b", "a"):
        made = harness.history.create_conversation(title=title)
        if title != "c":
            harness.history.change_tags(made.id, TagChange(("work/",)))
    async with run_app(harness) as driver:
        await driver.focus_sidebar()
        await driver.press("home", "o", "m")
        await driver.wait_until(lambda: "2 conversations marked" in driver.status)
        assert {one.title for one in driver.chat.sidebar.chosen} == {"a", "b"}
        await driver.press("m")
        await driver.wait_for_text("no conversation is marked")
