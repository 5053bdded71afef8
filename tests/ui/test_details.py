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
from tests.ui.conftest import Build
from tests.ui.house import Visitor, config_with, visit
from tests.ui.talks import TALK, furnish


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


def page(visitor: Visitor) -> DetailsPage:
    assert isinstance(visitor.app.screen, DetailsPage), visitor.text
    return visitor.app.screen


async def opened(visitor: Visitor) -> DetailsPage:
    await visitor.act("app.details")
    await visitor.sees("days")
    return page(visitor)


async def test_it_has_the_figures_of_this_conversation_and_of_all(build_house: Build) -> None:
    house = build_house(config_with("http://127.0.0.1:9/v1"))
    ask(house.history, "Another", "lab/two", Usage(4000, 40))
    here = ask(house.history, "This one", "lab/one", Usage(3100, 50))
    async with visit(house, (120, 60), conversation=here) as visitor:
        await opened(visitor)
        table = visitor.text.partition("how it ended")[2].partition("All conversations")[0]
        assert "lab/one" in table
        assert "lab/two" not in table
        assert "3150 of 8000" in visitor.text
        assert "127.0.0.1:9" in visitor.text
        assert "7100" in visitor.text.partition("in all")[2].splitlines()[0]
        await visitor.act("details.scope")
        await visitor.sees("Recent answers of all conversations")
        table = visitor.text.partition("how it ended")[2].partition("All conversations")[0]
        assert table.index("lab/one") < table.index("lab/two"), "the newest first"


async def test_at_rest_nothing_ticks(build_house: Build) -> None:
    house = build_house()
    furnish(house.history)
    async with visit(house, conversation=TALK) as visitor:
        shown = await opened(visitor)
        await visitor.calm()
        assert shown._ticker is None
        assert {timer.name for timer in shown._timers} <= {"screen_update"}, "Textual's own, which pauses"


async def test_it_follows_an_answer_and_lists_it_when_it_has_ended(build_house: Build) -> None:
    gate = threading.Event()
    script: list[Step] = [READ, chunked_head(), chunk(event(delta("Hel"))), gate, *answer("lo")[1:]]
    with ScriptedServer(script) as server:
        async with visit(build_house(config_with(server.base_url)), (120, 60)) as visitor:
            await visitor.type("go")
            await visitor.press("enter")
            await visitor.sees("Hel")
            shown = await opened(visitor)
            await visitor.sees("connection  receiving")
            await visitor.sees("no answer here yet")
            gate.set()
            await visitor.sees("connection  ready")
            await visitor.until(lambda: "1  complete" in visitor.text)
            await visitor.calm()
            assert shown._ticker is None


async def test_a_countdown_goes_on_here_and_ends_with_it(build_house: Build) -> None:
    script: list[Step] = [READ, whole("429 Too Many Requests", {"error": {"message": "later"}}, retry_after="100")]
    with ScriptedServer(script) as server:
        house = build_house(config_with(server.base_url))
        async with visit(house) as visitor:
            await visitor.type("go")
            await visitor.press("enter")
            await visitor.sees("retry 1/3 in 1 min")
            shown = await opened(visitor)
            await visitor.sees("connection  retry 1/3 in 1 min")
            assert shown._ticker is not None
            house.engine.stop_all()
            await visitor.until(lambda: shown._ticker is None)
            await visitor.calm()


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (120, 40), (200, 60)])
async def test_it_scrolls_to_its_end_at_any_size(build_house: Build, size: tuple[int, int]) -> None:
    house = build_house()
    furnish(house.history)
    async with visit(house, size, conversation=TALK) as visitor:
        await opened(visitor) if size[1] > 20 else await visitor.act("app.details")
        await visitor.sees("connection")
        await visitor.press("end")
        await visitor.sees("the terminal is written to by")
        for key in ("k", "j", "home"):
            await visitor.press(key)
        await visitor.sees("connection")


@pytest.mark.parametrize("key", ["escape", "q", "enter", "f6"])
async def test_several_keys_close_it(build_house: Build, key: str) -> None:
    async with visit(build_house()) as visitor:
        await opened(visitor)
        await visitor.press(key)
        await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))


async def test_the_users_own_keys_work_and_are_named(build_house: Build) -> None:
    house = build_house(keys=build_keymap({"details.scope": ("s",), "app.details": ("f10",)}))
    furnish(house.history)
    async with visit(house, conversation=TALK) as visitor:
        await opened(visitor)
        assert "s Scope" in visitor.text
        await visitor.press("s")
        await visitor.sees("Recent answers of all conversations")
        await visitor.press("f10")
        await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))


async def test_a_new_conversation_has_all_to_look_at_and_nothing_to_change_to(build_house: Build) -> None:
    async with visit(build_house()) as visitor:
        await opened(visitor)
        assert "Recent answers of all conversations" in visitor.text
        assert "Scope" not in visitor.text
        await visitor.act("details.scope")
        await visitor.calm()
        assert "Recent answers of all conversations" in visitor.text


async def test_a_history_that_cannot_be_read_is_told_and_the_rest_is_there(
    build_house: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(bounds: Sequence[float], conversation_id: str | None = None) -> Sequence[object]:
        raise StoreError("The disk has gone", "Look for it")

    house = build_house()
    monkeypatch.setattr(house.history, "usage_totals", fails)
    async with visit(house) as visitor:
        await visitor.act("app.details")
        await visitor.sees("The disk has gone")
        assert "Textual's own driver" in visitor.text


async def test_what_a_name_in_the_history_holds_is_shown_and_never_obeyed(build_house: Build) -> None:
    house = build_house()
    here = ask(house.history, "t", "[bold]lab[/] \x1b[31mone", Usage(1, 1))
    async with visit(house, (120, 60), conversation=here) as visitor:
        await opened(visitor)
        assert "[bold]lab[/]" in visitor.text
        assert "\x1b" not in visitor.text
