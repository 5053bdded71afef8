from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import NoReturn

import pytest

from holytui.errors import StoreError, StoreFull
from holytui.models import Conversation
from holytui.ui.sidebar.pane import FilterLine
from tests.ui.house import House, Visitor, visit


def at_cursor(visitor: Visitor) -> str:
    found = visitor.chat.sidebar.selected
    return found.title if found is not None else ""


def listed(visitor: Visitor) -> list[str]:
    return [row.title for row in visitor.chat.sidebar._rows if isinstance(row, Conversation)]


async def test_when_one_is_deleted_the_cursor_goes_to_the_next_and_not_to_the_top(house: House) -> None:
    for title in ("e", "d", "c", "b", "a"):
        house.history.create_conversation(title=title)
    async with visit(house) as visitor:
        await visitor.to_sidebar()
        await visitor.press("home", "j", "j")
        assert at_cursor(visitor) == "c"
        await visitor.act("sidebar.delete")
        await visitor.until(lambda: "c" not in listed(visitor))
        assert at_cursor(visitor) == "d"
        await visitor.press("end")
        await visitor.act("sidebar.archive")
        await visitor.until(lambda: "e" not in listed(visitor))
        assert at_cursor(visitor) == "d"
        assert visitor.chat.sidebar.has_focus


async def test_an_older_reading_of_the_list_is_not_shown_over_a_newer_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go = threading.Event(), threading.Event()
    real = house.history.conversations

    def slowly(*, archived: bool = False) -> Sequence[Conversation]:
        found = real(archived=archived)
        read.set()
        assert go.wait(10)
        return found

    async with visit(house) as visitor:
        with monkeypatch.context() as patched:
            patched.setattr(house.history, "conversations", slowly)
            older = asyncio.create_task(visitor.chat.conversations.refresh())
            await visitor.until(read.is_set)
        house.history.create_conversation(title="new")
        await visitor.chat.conversations.refresh()
        assert listed(visitor) == ["new"]
        go.set()
        await older
        assert listed(visitor) == ["new"]


async def test_what_could_not_be_brought_back_now_can_be_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.history.create_conversation(title="kept")
    async with visit(house) as visitor:
        chat = visitor.chat
        await chat.conversations.delete(made.id)

        def refuses(*_args: object) -> NoReturn:
            raise StoreFull("no room")

        with monkeypatch.context() as patched:
            patched.setattr(house.history, "restore_conversation", refuses)
            with pytest.raises(StoreFull):
                await chat.conversations.undo()
        assert await chat.conversations.undo()
        assert [one.id for one in visitor.conversations()] == [made.id]


async def test_what_is_gone_for_good_is_not_in_the_way_of_what_was_taken_before(house: House) -> None:
    first, last = (house.history.create_conversation(title=title) for title in ("first", "last"))
    async with visit(house) as visitor:
        chat = visitor.chat
        await chat.conversations.archive(first.id)
        await chat.conversations.delete(last.id)
        house.history.purge_deleted(before=9e9)
        with pytest.raises(StoreError):
            await chat.conversations.undo()
        assert await chat.conversations.undo()
        assert [one.id for one in visitor.conversations()] == [first.id]


async def test_the_line_of_the_filter_stands_there_only_while_it_filters(house: House) -> None:
    house.history.create_conversation(title="kept")
    async with visit(house) as visitor:
        line = visitor.chat.query_one(FilterLine)
        await visitor.to_sidebar()
        for typed, stays in (("", False), ("ke", True)):
            await visitor.act("sidebar.filter")
            await visitor.until(lambda: line.display and line.has_focus)
            await visitor.type(typed)
            await visitor.press("enter")
            await visitor.until(lambda: visitor.chat.sidebar.has_focus)
            assert line.display is stays
        await visitor.act("sidebar.filter")
        await visitor.press("escape")
        await visitor.until(lambda: visitor.chat.sidebar.has_focus)
        assert (line.display, line.value) == (False, "")
