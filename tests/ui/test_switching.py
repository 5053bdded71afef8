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
from tests.ui.house import House, visit

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
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with visit(house) as visitor:
        await visitor.ask("count to 3")
        await visitor.act("chat.new")
        monkeypatch.setattr(loading, "load_conversation", gate.before(loading.load_conversation))
        old = asyncio.create_task(visitor.chat.navigator.open(visitor.conversations()[0].id))
        await visitor.until(lambda: gate.reached)
        await visitor.chat.run("chat.new")
        gate.open()
        await old
        assert visitor.chat.state.conversation.id == ""
        await visitor.type("here")
        assert visitor.chat.prompt.text == "here"


async def test_of_two_conversations_the_one_that_was_chosen_last_is_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    first, last = (house.history.create_conversation(title=title).id for title in ("first", "last"))
    async with visit(house) as visitor:
        monkeypatch.setattr(loading, "load_conversation", gate.before(loading.load_conversation))
        slow = asyncio.create_task(visitor.chat.navigator.open(first))
        await visitor.until(lambda: gate.reached)
        await visitor.chat.navigator.open(last)
        gate.open()
        await slow
        assert visitor.chat.state.conversation.id == last


async def test_figures_of_an_answer_are_not_shown_in_the_conversation_that_was_opened_since(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    async with visit(house) as visitor:
        monkeypatch.setattr(house.history, "message", gate.before(house.history.message))
        await visitor.type("count to 3")
        await visitor.press("enter")
        await visitor.until(lambda: gate.reached and not visitor.chat.state.turns)
        await visitor.act("chat.new")
        await visitor.until(lambda: not visitor.chat.state.conversation.id)
        gate.open()
        await visitor.calm()
        assert visitor.chat.status_bar.status.usage is None


async def test_what_was_written_for_a_new_conversation_waits_for_one_when_the_start_shows_another(house: House) -> None:
    draft_store.save(house.history, "", Draft("not sent yet"))
    made = house.history.create_conversation(title="old")
    async with visit(house, conversation=made.id) as visitor:
        assert visitor.chat.prompt.text == ""
        await visitor.act("chat.new")
        assert visitor.chat.prompt.text == "not sent yet"
        await visitor.type("!")
    assert draft_store.load(house.history, "") == Draft("not sent yet!")


async def test_what_was_sent_is_not_in_the_prompt_of_the_next_new_conversation(house: House) -> None:
    draft_store.save(house.history, "", Draft("count to 3"))
    async with visit(house) as visitor:
        assert visitor.chat.prompt.text == "count to 3"
        await visitor.press("enter")
        await visitor.until(lambda: not visitor.chat.prompt.text)
        await visitor.calm()
        await visitor.until(lambda: draft_store.load(house.history, "") == Draft())
        await visitor.act("chat.new")
        assert visitor.chat.prompt.text == ""
        await visitor.type("count to 4")
        await visitor.to_sidebar()
        await visitor.press("end", "enter")
        await visitor.until(lambda: visitor.chat.state.conversation.id)
        await visitor.act("chat.new")
        assert visitor.chat.prompt.text == "count to 4"
        await visitor.press("enter")
        await visitor.until(lambda: not visitor.chat.prompt.text)
        await visitor.calm()
        await visitor.until(lambda: draft_store.load(house.history, "") == Draft())
        await visitor.act("chat.new")
        assert visitor.chat.prompt.text == ""
