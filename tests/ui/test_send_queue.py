from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from holytui.bootstrap import Services
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.errors import StoreError, StoreFull
from holytui.models import Role
from holytui.ui.composer import draft_store, send_queue
from holytui.ui.composer.draft_store import Draft
from holytui.ui.composer.submit import Question, submit
from holytui.ui.transcript import live_answers
from holytui.ui.transcript.loading import LoadedConversation, load_conversation
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app


def asked(driver: ScreenDriver) -> list[str]:
    (conversation,) = driver.conversations()
    branch = driver.harness.history.branch(conversation.id)
    return [message.text for message in branch if message.role is Role.USER]


async def test_questions_can_be_put_when_the_current_folder_is_gone(
    harness: AppHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    async with run_app(harness) as driver:
        gone.rmdir()
        await driver.ask("count to 3, not @here")
        await driver.wait_for_text("1, 2, 3")
        await driver.type("and @he")
        await driver.settle()
        assert driver.chat.prompt.text == "and @he"


async def test_a_question_that_waited_for_the_history_goes_out_before_one_that_did_not(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, first, go = threading.Event(), threading.Event(), threading.Event()

    def slowly(services: Services, question: Question) -> StartedTurn:
        if not first.is_set():
            first.set()
            assert go.wait(10)
        return submit(services, question)

    monkeypatch.setattr(send_queue, "submit", slowly)
    app = harness.app()

    def opening() -> Services:
        assert opened.wait(10)
        return harness.services

    app._chat._opening = opening
    async with app.run_test(size=(120, 40)) as pilot:
        driver = ScreenDriver(pilot, harness)
        for question in ("count to 1", "count to 2"):
            await driver.type(question)
            await driver.press("enter")
        opened.set()
        await driver.wait_until(first.is_set)
        await driver.type("count to 3")
        await driver.press("enter")
        go.set()
        await driver.settle()
        assert asked(driver) == ["count to 1", "count to 2", "count to 3"]


async def test_who_leaves_before_the_history_is_open_finds_what_was_sent_and_written_at_the_next_start(
    harness: AppHarness,
) -> None:
    opened = threading.Event()
    draft_store.save(harness.history, "", Draft("from before"))

    def opening() -> Services:
        assert opened.wait(10)
        return harness.services

    app = harness.app()
    app._chat._opening = opening
    async with app.run_test(size=(120, 40)) as pilot:
        driver = ScreenDriver(pilot, harness)
        await driver.type("count to 1")
        await driver.press("enter")
        await driver.wait_until(lambda: "one moment" in driver.status)
        await driver.type("count to 2")
        await driver.wait_until(lambda: app._chat.prompt.text == "count to 2")
    opened.set()
    app.keep_unsent(harness.services)
    async with run_app(harness) as driver:
        assert driver.chat.prompt.text == "from before\ncount to 1\ncount to 2"
        assert not driver.conversations()


async def test_who_leaves_while_one_question_is_put_finds_the_next_one_at_the_next_start(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, go, done = threading.Event(), threading.Event(), threading.Event()

    def slowly(services: Services, question: Question) -> StartedTurn:
        first.set()
        assert go.wait(10)
        try:
            return submit(services, question)
        finally:
            done.set()

    monkeypatch.setattr(send_queue, "submit", slowly)
    app = harness.app()
    async with app.run_test(size=(120, 40)) as pilot:
        driver = ScreenDriver(pilot, harness)
        await driver.wait_until(lambda: app._chat.state.is_open)
        await driver.type("count to 1")
        await driver.press("enter")
        await driver.wait_until(first.is_set)
        await driver.type("count to 2")
        await driver.press("enter")
        await driver.wait_until(lambda: len(app._chat.send_queue.unsent()) == 2)
    go.set()
    await asyncio.to_thread(done.wait, 10)
    await driver.wait_until(lambda: app._chat.send_queue.unsent() == ["count to 2"])
    app.keep_unsent(harness.services)
    assert asked(driver) == ["count to 1"]
    assert draft_store.load(harness.history, "").text == "count to 2"


async def test_who_leaves_before_the_history_is_open_and_wrote_nothing_leaves_no_trace(harness: AppHarness) -> None:
    draft_store.save(harness.history, "", Draft("from before"))
    harness.app().keep_unsent(harness.services)
    assert draft_store.load(harness.history, "") == Draft("from before")


async def test_a_question_that_was_put_is_not_given_back_when_it_cannot_be_shown(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 1")

        def refuses(*_args: object) -> LoadedConversation:
            raise StoreError("the disk is slow")

        with monkeypatch.context() as patched:
            patched.setattr(live_answers, "load_conversation", refuses)
            await driver.type("count to 2")
            await driver.press("enter")
            await driver.wait_until(lambda: len(asked(driver)) == 2)
            await driver.settle()
        assert driver.chat.prompt.text == ""


async def test_a_question_that_is_refused_is_given_back(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_args: object) -> StartedTurn:
        raise StoreFull("no room")

    monkeypatch.setattr(send_queue, "submit", refuses)
    async with run_app(harness) as driver:
        await driver.type("count to 2")
        await driver.press("enter")
        await driver.wait_until(lambda: "no room" in driver.status)
        assert driver.chat.prompt.text == "count to 2"


async def test_what_is_shown_is_never_older_than_the_last_question(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[threading.Event] = []
    read = threading.Semaphore(0)

    def slowly(*args: object) -> LoadedConversation | None:
        found = load_conversation(*args)  # type: ignore[arg-type]  # passed on as they are
        mine = threading.Event()
        reads.append(mine)
        read.release()
        assert mine.wait(10)
        return found

    async with run_app(harness) as driver:
        await driver.ask("count to 1")
        with monkeypatch.context() as patched:
            patched.setattr(live_answers, "load_conversation", slowly)
            for question in ("count to 2", "count to 3"):
                await driver.type(question)
                await driver.press("enter")
                await asyncio.to_thread(read.acquire)
            patched.setattr(live_answers, "load_conversation", load_conversation)
            reads[1].set()  # the newer one is shown first
            await driver.wait_until(lambda: "count to 3" in driver.text)
            reads[0].set()
            await driver.settle()
        shown = [entry.message.text for entry in driver.chat.log_view.views if entry.message.role is Role.USER]
        assert shown == ["count to 1", "count to 2", "count to 3"]
