from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from holytui.errors import StoreError
from holytui.keymap import build_keymap
from holytui.models import AnswerState, Role, Usage
from holytui.store.history import History
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.details.page import DetailsPage
from tests.servers import READ, ScriptedServer, Step, answer, chunk, chunked_head, delta, event, whole
from tests.store.samples import attempt_for
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import TALK, add_sample


def ask(history: History, title: str, model: str, usage: Usage) -> str:
    """An answer that was asked for here, in a conversation of its own."""
    talk = history.create_conversation(title=title, model=model)
    question = history.add_message(talk.id, Role.USER, "?", parent_id=None)
    reply = history.add_message(
        talk.id, Role.ASSISTANT, "", parent_id=question.id, model=model, state=AnswerState.QUEUED
    )
    history.begin_attempt(attempt_for(reply.id))
    ended = replace(reply, text="So.", state=AnswerState.COMPLETE, usage=usage, duration_s=2.0, first_token_s=0.5)
    history.finish(ended)
    return talk.id


def page(driver: ScreenDriver) -> DetailsPage:
    assert isinstance(driver.app.screen, DetailsPage), driver.text
    return driver.app.screen


async def opened(driver: ScreenDriver) -> DetailsPage:
    await driver.act("app.details")
    await driver.wait_for_text("days")
    return page(driver)


async def test_it_has_the_figures_of_this_conversation_and_of_all(build_harness: Build) -> None:
    harness = build_harness(config_with("http://127.0.0.1:9/v1"))
    ask(harness.history, "Another", "lab/two", Usage(4000, 40))
    here = ask(harness.history, "This one", "lab/one", Usage(3100, 50))
    async with run_app(harness, (120, 60), conversation=here) as driver:
        await opened(driver)
        table = driver.text.partition("how it ended")[2].partition("All conversations")[0]
        assert "lab/one" in table
        assert "lab/two" not in table
        assert "3150 of 8000" in driver.text
        assert "127.0.0.1:9" in driver.text
        assert "7100" in driver.text.partition("in all")[2].splitlines()[0]
        await driver.act("details.scope")
        await driver.wait_for_text("Recent answers of all conversations")
        table = driver.text.partition("how it ended")[2].partition("All conversations")[0]
        assert table.index("lab/one") < table.index("lab/two"), "the newest first"


async def test_at_rest_nothing_ticks(build_harness: Build) -> None:
    harness = build_harness()
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        shown = await opened(driver)
        await driver.settle()
        assert shown._ticker is None
        assert {timer.name for timer in shown._timers} <= {"screen_update"}, "Textual's own, which pauses"


async def test_it_follows_an_answer_and_lists_it_when_it_has_ended(build_harness: Build) -> None:
    gate = threading.Event()
    script: list[Step] = [READ, chunked_head(), chunk(event(delta("Hel"))), gate, *answer("lo")[1:]]
    with ScriptedServer(script) as server:
        async with run_app(build_harness(config_with(server.base_url)), (120, 60)) as driver:
            await driver.type("go")
            await driver.press("enter")
            await driver.wait_for_text("Hel")
            shown = await opened(driver)
            await driver.wait_for_text("connection  receiving")
            await driver.wait_for_text("no answer here yet")
            gate.set()
            await driver.wait_for_text("connection  ready")
            await driver.wait_until(lambda: "1  complete" in driver.text)
            await driver.settle()
            assert shown._ticker is None


async def test_a_countdown_goes_on_here_and_ends_with_it(build_harness: Build) -> None:
    script: list[Step] = [READ, whole("429 Too Many Requests", {"error": {"message": "later"}}, retry_after="100")]
    with ScriptedServer(script) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            await driver.type("go")
            await driver.press("enter")
            await driver.wait_for_text("retry 1/3 in 1 min")
            shown = await opened(driver)
            await driver.wait_for_text("connection  retry 1/3 in 1 min")
            assert shown._ticker is not None
            harness.engine.stop_all()
            await driver.wait_until(lambda: shown._ticker is None)
            await driver.settle()


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (120, 40), (200, 60)])
async def test_it_scrolls_to_its_end_at_any_size(build_harness: Build, size: tuple[int, int]) -> None:
    harness = build_harness()
    add_sample(harness.history)
    async with run_app(harness, size, conversation=TALK) as driver:
        await opened(driver) if size[1] > 20 else await driver.act("app.details")
        await driver.wait_for_text("connection")
        await driver.press("end")
        await driver.wait_for_text("the terminal is written to by")
        for key in ("k", "j", "home"):
            await driver.press(key)
        await driver.wait_for_text("connection")


@pytest.mark.parametrize("key", ["escape", "q", "enter", "f6"])
async def test_several_keys_close_it(build_harness: Build, key: str) -> None:
    async with run_app(build_harness()) as driver:
        await opened(driver)
        await driver.press(key)
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))


async def test_the_users_own_keys_work_and_are_named(build_harness: Build) -> None:
    harness = build_harness(keys=build_keymap({"details.scope": ("s",), "app.details": ("alt+y",)}))
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        await opened(driver)
        assert "s Scope" in driver.text
        await driver.press("s")
        await driver.wait_for_text("Recent answers of all conversations")
        await driver.press("alt+y")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))


async def test_a_new_conversation_has_all_to_look_at_and_nothing_to_change_to(build_harness: Build) -> None:
    async with run_app(build_harness()) as driver:
        await opened(driver)
        assert "Recent answers of all conversations" in driver.text
        assert "Scope" not in driver.text
        await driver.act("details.scope")
        await driver.settle()
        assert "Recent answers of all conversations" in driver.text


async def test_a_history_that_cannot_be_read_is_told_and_the_rest_is_there(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[object]:
        raise StoreError("The disk has gone", "Look for it")

    harness = build_harness()
    monkeypatch.setattr(harness.history, "usage_totals", fails)
    async with run_app(harness) as driver:
        await driver.act("app.details")
        await driver.wait_for_text("The disk has gone")
        assert "Textual's own driver" in driver.text


async def test_what_a_name_in_the_history_holds_is_shown_and_never_obeyed(build_harness: Build) -> None:
    harness = build_harness()
    here = ask(harness.history, "t", "[bold]lab[/] \x1b[31mone", Usage(1, 1))
    async with run_app(harness, (120, 60), conversation=here) as driver:
        await opened(driver)
        assert "[bold]lab[/]" in driver.text
        assert "\x1b" not in driver.text
