"""A history that refuses to be read or written is spoken of; it neither ends the screen nor loses a question."""

from __future__ import annotations

from typing import NoReturn

import pytest

from holytui.errors import StoreFull
from tests.ui.app_harness import AppHarness, run_app

WORDS = "no room on the disk"


def refuses(*_args: object, **_options: object) -> NoReturn:
    raise StoreFull(WORDS)


@pytest.mark.parametrize("action", ["sidebar.pin", "sidebar.archive", "sidebar.delete"])
async def test_what_cannot_be_done_to_a_conversation_is_said(
    action: str, harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 3")
        await driver.focus_sidebar()
        with monkeypatch.context() as patched:
            patched.setattr(harness.history, "update_conversation", refuses)
            patched.setattr(harness.history, "delete_conversation", refuses)
            await driver.act(action)
            await driver.wait_until(lambda: WORDS in driver.status)
        assert len(driver.conversations()) == 1


async def test_a_title_that_cannot_be_written_is_said(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 3")
        await driver.focus_sidebar()
        await driver.act("sidebar.rename")
        await driver.wait_for_text("Title of the conversation")
        with monkeypatch.context() as patched:
            patched.setattr(harness.history, "update_conversation", refuses)
            await driver.type("other")
            await driver.press("enter")
            await driver.wait_until(lambda: WORDS in driver.status)


@pytest.mark.parametrize("reading", ["conversations", "conversation"])
async def test_a_conversation_that_cannot_be_read_is_said(
    reading: str, harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 3")
        with monkeypatch.context() as patched:
            patched.setattr(harness.history, reading, refuses)
            await driver.focus_sidebar()
            await driver.press("enter")
            await driver.wait_until(lambda: WORDS in driver.status)


async def test_a_new_conversation_needs_no_list(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 3")
        with monkeypatch.context() as patched:
            patched.setattr(harness.history, "conversations", refuses)
            await driver.act("chat.new")
            await driver.wait_until(lambda: WORDS in driver.status)
        assert driver.chat.state.conversation.id == ""


async def test_an_unread_answer_is_shown_though_it_cannot_be_marked_as_read(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = harness.history.create_conversation(title="kept")
    harness.history.update_conversation(made.id, unread=True)
    async with run_app(harness) as driver:
        monkeypatch.setattr(harness.history, "update_conversation", refuses)
        await driver.focus_sidebar()
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.state.conversation.id == made.id)


async def test_a_question_goes_out_though_the_start_could_not_be_read(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(harness.history, "unfinished", refuses)
        async with run_app(harness) as driver:
            assert WORDS in driver.status
            await driver.ask("count to 3")
            await driver.wait_for_text("1, 2, 3")
