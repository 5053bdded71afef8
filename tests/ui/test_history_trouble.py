"""A history that refuses to be read or written is spoken of; it neither ends the screen nor loses a question."""

from __future__ import annotations

from typing import NoReturn

import pytest

from holytui.errors import StoreFull
from tests.ui.house import House, visit

WORDS = "no room on the disk"


def refuses(*_args: object, **_options: object) -> NoReturn:
    raise StoreFull(WORDS)


@pytest.mark.parametrize("action", ["sidebar.pin", "sidebar.archive", "sidebar.delete"])
async def test_what_cannot_be_done_to_a_conversation_is_said(
    action: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 3")
        await visitor.to_sidebar()
        with monkeypatch.context() as patched:
            patched.setattr(house.history, "update_conversation", refuses)
            patched.setattr(house.history, "delete_conversation", refuses)
            await visitor.act(action)
            await visitor.until(lambda: WORDS in visitor.status)
        assert len(visitor.conversations()) == 1


async def test_a_title_that_cannot_be_written_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 3")
        await visitor.to_sidebar()
        await visitor.act("sidebar.rename")
        await visitor.sees("Title of the conversation")
        with monkeypatch.context() as patched:
            patched.setattr(house.history, "update_conversation", refuses)
            await visitor.type("other")
            await visitor.press("enter")
            await visitor.until(lambda: WORDS in visitor.status)


@pytest.mark.parametrize("reading", ["conversations", "conversation"])
async def test_a_conversation_that_cannot_be_read_is_said(
    reading: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 3")
        with monkeypatch.context() as patched:
            patched.setattr(house.history, reading, refuses)
            await visitor.to_sidebar()
            await visitor.press("enter")
            await visitor.until(lambda: WORDS in visitor.status)


async def test_a_new_conversation_needs_no_list(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 3")
        with monkeypatch.context() as patched:
            patched.setattr(house.history, "conversations", refuses)
            await visitor.act("chat.new")
            await visitor.until(lambda: WORDS in visitor.status)
        assert visitor.chat.state.conversation.id == ""


async def test_an_unread_answer_is_shown_though_it_cannot_be_marked_as_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.history.create_conversation(title="kept")
    house.history.update_conversation(made.id, unread=True)
    async with visit(house) as visitor:
        monkeypatch.setattr(house.history, "update_conversation", refuses)
        await visitor.to_sidebar()
        await visitor.press("enter")
        await visitor.until(lambda: visitor.chat.state.conversation.id == made.id)


async def test_a_question_goes_out_though_the_start_could_not_be_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(house.history, "unfinished", refuses)
        async with visit(house) as visitor:
            assert WORDS in visitor.status
            await visitor.ask("count to 3")
            await visitor.sees("1, 2, 3")
