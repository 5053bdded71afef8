"""Every action through its key, in every place and state: what it does when nothing else happens, and that it does no
harm while an answer streams, waits for a retry, or the server is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from holytui.keymap import ACTIONS, BY_ID, Where
from holytui.models import AnswerState, Role
from holytui.paths import runtime_dir
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.details.page import DetailsPage
from holytui.ui.dialogs.dialogs import LineDialog, PageDialog, Picker
from holytui.ui.dialogs.search import SearchDialog
from holytui.ui.themes.picker import ThemePicker
from tests.servers import READ, STALL, ScriptedServer, Step, chunk, chunked_head, delta, event, whole
from tests.ui.conftest import Build
from tests.ui.house import House, Visitor, config_with, visit
from tests.ui.talks import CUT, TALK, furnish

Check = Callable[[Visitor], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def checks(action_id: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        assert action_id not in CHECKS
        CHECKS[action_id] = check
        return check

    return keep


def copied() -> str:
    file = runtime_dir() / "last-copy.txt"
    return file.read_text("utf-8") if file.exists() else ""


def selected(visitor: Visitor) -> str:
    entry = visitor.chat.log_view.selected
    assert entry is not None
    return entry.message.id


async def select(visitor: Visitor, message_id: str) -> None:
    await visitor.to_log()
    visitor.chat.log_view.reveal(message_id)
    await visitor.pilot.pause()


async def goes_to(visitor: Visitor, kind: type[object]) -> None:
    await visitor.until(lambda: isinstance(visitor.app.screen, kind))
    await visitor.press("escape")
    await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))


# -- everywhere


@checks("chat.stop")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("chat.stop")
    assert visitor.chat.prompt.has_focus


@checks("chat.interrupt")
async def _(visitor: Visitor) -> None:
    visitor.chat.prompt.put("draft")
    await visitor.act("chat.interrupt")
    assert visitor.chat.prompt.text == ""
    await visitor.act("chat.interrupt")
    await visitor.until(lambda: "Ctrl+D to quit" in visitor.status)


@checks("app.help")
async def _(visitor: Visitor) -> None:
    await visitor.act("app.help")
    await visitor.sees("Everywhere")
    await visitor.sees("PgDn Scroll  Esc Close")
    await goes_to(visitor, PageDialog)


@checks("model.pick")
async def _(visitor: Visitor) -> None:
    await visitor.act("model.pick")
    await visitor.until(lambda: isinstance(visitor.app.screen, Picker))
    await visitor.pick("guide/slow")
    await visitor.until(lambda: visitor.chat.state.model == "guide/slow")
    await visitor.until(lambda: "guide/slow" in visitor.status)


@checks("chat.system")
async def _(visitor: Visitor) -> None:
    await visitor.act("chat.system")
    await visitor.until(lambda: isinstance(visitor.app.screen, Picker))
    await visitor.pick("pirate")
    await visitor.sees("the system prompt applies from the next question on")
    conversation = visitor.house.history.conversation(TALK)
    assert conversation is not None
    assert conversation.system == "Answer as a pirate would."
    assert visitor.chat.log_view.views[0].message.role is Role.SYSTEM


@checks("sidebar.toggle")
async def _(visitor: Visitor) -> None:
    shown = visitor.chat.sidebar.display and not visitor.chat.has_class("-no-sidebar")
    await visitor.act("sidebar.toggle")
    assert visitor.chat.has_class("-no-sidebar") is shown
    assert visitor.chat.sidebar.has_focus is not shown
    await visitor.act("sidebar.toggle")
    assert visitor.chat.has_class("-no-sidebar") is not shown


@checks("chat.new")
async def _(visitor: Visitor) -> None:
    await visitor.act("chat.new")
    await visitor.until(lambda: visitor.chat.state.conversation.id == "")
    await visitor.sees("Questions go to")


@checks("app.palette")
async def _(visitor: Visitor) -> None:
    await visitor.act("app.palette")
    await visitor.until(lambda: isinstance(visitor.app.screen, Picker))
    await visitor.pick("copy whole")
    await visitor.until(lambda: "How do I print?" in copied())


@checks("app.details")
async def _(visitor: Visitor) -> None:
    await visitor.act("app.details")
    await visitor.sees("Recent answers here")
    await goes_to(visitor, DetailsPage)


@checks("chat.copy")
async def _(visitor: Visitor) -> None:
    await visitor.act("chat.copy")
    await visitor.until(lambda: "Once upon a" in copied())


@checks("history.search")
async def _(visitor: Visitor) -> None:
    await visitor.act("history.search")
    await visitor.until(lambda: isinstance(visitor.app.screen, SearchDialog))
    await visitor.type("shell")
    await visitor.sees("And in a shell?")
    await visitor.sees("1 place")
    await visitor.press("enter")
    await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))
    await visitor.until(lambda: selected(visitor) == "0190-question-2")


@checks("app.focus")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    await visitor.act("app.focus")
    assert visitor.chat.log_view.has_focus
    await visitor.act("app.focus")
    assert visitor.chat.prompt.has_focus is visitor.chat.has_class("-no-sidebar")
    await visitor.press("escape")


@checks("app.repaint")
async def _(visitor: Visitor) -> None:
    before = visitor.text
    await visitor.act("app.repaint")
    assert visitor.text.splitlines()[:3] == before.splitlines()[:3]


@checks("app.mouse")
async def _(visitor: Visitor) -> None:
    await visitor.act("app.mouse")
    await visitor.until(lambda: "the mouse is" in visitor.status)


@checks("app.theme")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    await visitor.type("/theme")
    await visitor.press("enter")
    await visitor.until(lambda: isinstance(visitor.app.screen, ThemePicker))
    await visitor.pick("light")
    await visitor.until(lambda: visitor.app.theme == "holytui-light")
    await visitor.sees("theme holytui-light, written into")


@checks("app.quit")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    visitor.chat.prompt.put("ab")
    await visitor.press("home")
    await visitor.act("app.quit")
    assert visitor.chat.prompt.text == "b"
    await visitor.act("app.quit")
    assert visitor.app.is_running
    await visitor.act("app.quit")
    await visitor.until(lambda: visitor.app._exit)


# -- in the prompt


@checks("prompt.send")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    before = len(visitor.chat.log_view.views)
    await visitor.type("hello")
    await visitor.act("prompt.send")
    await visitor.until(lambda: len(visitor.chat.log_view.views) == before + 2)
    assert visitor.chat.prompt.text == ""


@checks("prompt.newline")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    visitor.chat.prompt.put("a")
    for number in range(len(BY_ID["prompt.newline"].keys)):
        await visitor.act("prompt.newline", number)
    await visitor.type("b")
    assert visitor.chat.prompt.text == "a\n\nb"
    visitor.chat.prompt.put("")


@checks("prompt.editor")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    await visitor.act("prompt.editor")
    await visitor.until(lambda: "this terminal cannot be lent" in visitor.status)


@checks("prompt.attach")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    await visitor.act("prompt.attach")
    await visitor.until(lambda: "names no file" in visitor.status)


@checks("prompt.older")
async def _(visitor: Visitor) -> None:
    visitor.chat.set_focus(visitor.chat.prompt)
    visitor.chat.prompt.put("draft")
    await visitor.act("prompt.older")
    assert visitor.chat.prompt.text in ("Tell me a long story", "hello")
    await visitor.act("prompt.newer")
    assert visitor.chat.prompt.text == "draft"
    visitor.chat.prompt.put("")


CHECKS["prompt.newer"] = CHECKS["prompt.older"]


# -- in the messages


@checks("log.next")
async def _(visitor: Visitor) -> None:
    for number in range(2):
        await select(visitor, "0190-question-1")
        await visitor.act("log.next", number)
        await visitor.until(lambda: selected(visitor) == "0190-answer-1b")


@checks("log.previous")
async def _(visitor: Visitor) -> None:
    for number in range(2):
        await select(visitor, "0190-question-2")
        await visitor.act("log.previous", number)
        await visitor.until(lambda: selected(visitor) != "0190-question-2")


@checks("log.first")
async def _(visitor: Visitor) -> None:
    for number in range(2):
        await select(visitor, CUT)
        await visitor.act("log.first", number)
        await visitor.until(lambda: selected(visitor) == visitor.chat.log_view.views[0].message.id)


@checks("log.last")
async def _(visitor: Visitor) -> None:
    for number in range(2):
        await select(visitor, "0190-question-1")
        await visitor.act("log.last", number)
        await visitor.until(lambda: selected(visitor) == visitor.chat.log_view.views[-1].message.id)
        assert visitor.chat.log_view.following


@checks("log.next_question")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-question-1")
    await visitor.act("log.next_question")
    assert selected(visitor) == "0190-question-2"


@checks("log.previous_question")
async def _(visitor: Visitor) -> None:
    await select(visitor, CUT)
    await visitor.act("log.previous_question")
    assert selected(visitor) == "0190-question-3"


@checks("log.page_up")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("log.last")
    await visitor.act("log.page_up")
    await visitor.act("log.page_down")
    await visitor.until(lambda: visitor.chat.log_view.following)


CHECKS["log.page_down"] = CHECKS["log.page_up"]


@checks("message.copy")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-question-2")
    await visitor.act("message.copy")
    await visitor.until(lambda: copied() == "And in a shell?")


@checks("chat.copy_all")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("chat.copy_all")
    await visitor.until(lambda: "And in a shell?" in copied() and "Once upon a" in copied())


@checks("chat.export")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("chat.export")
    await goes_to(visitor, LineDialog)


@checks("message.copy_code")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-1b")
    await visitor.act("message.copy_code", 0)
    await visitor.until(lambda: copied().strip() == 'print("one")')
    await visitor.act("message.copy_code", 1)
    await visitor.until(lambda: copied().strip() == "echo two")
    await visitor.act("message.copy_code", 8)
    await visitor.until(lambda: "this message has 2 code blocks" in visitor.status)


@checks("message.edit")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-1b")
    await visitor.act("message.edit")
    await visitor.until(lambda: visitor.chat.prompt.text == "How do I print?")
    await visitor.press("escape")
    assert visitor.chat.prompt.text == ""


@checks("message.retry")
async def _(visitor: Visitor) -> None:
    await select(visitor, CUT)
    await visitor.act("message.retry")
    await visitor.until(lambda: len(visitor.house.history.variants(CUT)) > 1)


@checks("message.resume")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.resume")
    await visitor.until(lambda: "this answer was not cut" in visitor.status)
    await select(visitor, CUT)
    await visitor.act("message.resume")
    await visitor.until(lambda: visitor.house.history.message(CUT).state is not AnswerState.INTERRUPTED)  # type: ignore[union-attr]  # it is there


@checks("chat.resume_all")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("chat.resume_all")
    await visitor.until(lambda: "no answer was cut when holytui last ended" in visitor.status)


@checks("message.fork")
async def _(visitor: Visitor) -> None:
    before = visitor.chat.state.conversation.id
    await select(visitor, "0190-answer-1b")
    await visitor.act("message.fork")
    await visitor.until(lambda: visitor.chat.state.conversation.id not in ("", before))
    assert [entry.message.text for entry in visitor.chat.log_view.views][-2:][0] == "How do I print?"
    assert len(visitor.house.history.branch(TALK)) >= 6


@checks("message.variant")
async def _(visitor: Visitor) -> None:
    for action in ("message.variant", "message.variant_back"):
        await visitor.chat.navigator.open(TALK)
        await select(visitor, "0190-answer-1b")
        await visitor.act(action)
        await visitor.until(lambda: "An older answer." in visitor.text)
        await select(visitor, "0190-answer-1")
        await visitor.act(action)
        await visitor.until(lambda: visitor.chat.log_view.view_of("0190-answer-1b") is not None)


CHECKS["message.variant_back"] = CHECKS["message.variant"]


@checks("message.details")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.details")
    await visitor.sees("connection reset")
    await goes_to(visitor, PageDialog)


@checks("message.reasoning")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-1b")
    await visitor.act("message.reasoning")
    await visitor.sees("Perhaps twice.")
    await visitor.act("message.reasoning")
    await visitor.until(lambda: "Perhaps twice." not in visitor.text)


@checks("message.undo_seam")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.undo_seam")
    await visitor.sees("Use echo,Use")


@checks("message.links")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.links")
    await visitor.until(lambda: "no links" in visitor.status)


@checks("message.pager")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.pager")
    await visitor.until(lambda: "this terminal cannot be lent" in visitor.status)


@checks("message.print")
async def _(visitor: Visitor) -> None:
    await select(visitor, "0190-answer-2")
    await visitor.act("message.print")
    await visitor.until(lambda: "this terminal cannot be lent" in visitor.status)


@checks("log.search")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("log.search")
    await visitor.sees("Search in this conversation")
    await goes_to(visitor, SearchDialog)


async def find(visitor: Visitor, query: str) -> None:
    await visitor.to_log()
    await visitor.act("log.search")
    await visitor.until(lambda: isinstance(visitor.app.screen, SearchDialog))
    await visitor.type(query)
    await visitor.sees("2 places")
    await visitor.press("enter")
    await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))
    await visitor.calm()


@checks("log.next_match")
async def _(visitor: Visitor) -> None:
    await find(visitor, "echo")
    before = selected(visitor)
    await visitor.act("log.next_match")
    assert {before, selected(visitor)} == {"0190-answer-1b", "0190-answer-2"}
    await visitor.act("log.next_match")
    assert selected(visitor) == before


@checks("log.previous_match")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("log.previous_match")
    await goes_to(visitor, SearchDialog)
    await find(visitor, "echo")
    before = selected(visitor)
    await visitor.act("log.previous_match")
    assert {before, selected(visitor)} == {"0190-answer-1b", "0190-answer-2"}


@checks("log.prompt")
async def _(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("log.prompt")
    assert visitor.chat.prompt.has_focus


# -- in the list


@checks("sidebar.filter")
async def _(visitor: Visitor) -> None:
    await visitor.to_sidebar()
    await visitor.act("sidebar.filter")
    await visitor.type("nothing like it")
    await visitor.until(lambda: visitor.chat.sidebar.selected is None)
    await visitor.press("enter")
    await visitor.until(lambda: visitor.chat.sidebar.has_focus)
    await visitor.act("sidebar.filter")
    await visitor.press("down")
    await visitor.until(lambda: visitor.chat.sidebar.has_focus)
    await visitor.act("sidebar.filter")
    await visitor.press("escape")
    await visitor.until(lambda: visitor.chat.sidebar.selected is not None)
    await visitor.until(lambda: visitor.chat.sidebar.has_focus)


@checks("sidebar.rename")
async def _(visitor: Visitor) -> None:
    await visitor.to_sidebar()
    await visitor.act("sidebar.rename")
    await visitor.until(lambda: isinstance(visitor.app.screen, LineDialog))
    await visitor.type("!")
    await visitor.press("enter")
    await visitor.until(lambda: any(one.title.endswith("!") for one in visitor.conversations()))


@checks("sidebar.pin")
async def _(visitor: Visitor) -> None:
    await visitor.to_sidebar()
    await visitor.act("sidebar.pin")
    await visitor.until(lambda: any(one.pinned for one in visitor.conversations()))
    await visitor.sees("Pinned")


@checks("sidebar.archive")
async def _(visitor: Visitor) -> None:
    await visitor.to_sidebar()
    before = len(visitor.conversations())
    await visitor.act("sidebar.archive")
    await visitor.until(lambda: visitor.house.history.conversations(archived=True))
    await visitor.sees("archived · press u to undo")
    await visitor.act("sidebar.undo")
    await visitor.until(lambda: len(visitor.conversations()) == before)


@checks("sidebar.archived")
async def _(visitor: Visitor) -> None:
    history = visitor.house.history
    away = history.create_conversation(title="put away once")
    history.update_conversation(away.id, archived=True)
    await visitor.to_sidebar()
    await visitor.act("sidebar.archived")
    await visitor.sees("Archive")
    await visitor.sees("put away once")
    await visitor.press("home")
    await visitor.act("sidebar.archive")
    await visitor.until(lambda: not history.conversations(archived=True))
    await visitor.act("sidebar.archived")
    await visitor.sees("Today")
    history.delete_conversation(away.id)


@checks("sidebar.delete")
async def _(visitor: Visitor) -> None:
    before = len(visitor.conversations())
    for number in range(2):
        await visitor.to_sidebar()
        await visitor.act("sidebar.delete", number)
        await visitor.until(lambda: len(visitor.conversations()) == before - 1)
        await visitor.sees("press u to bring it back")
        await visitor.act("sidebar.undo")
        await visitor.until(lambda: len(visitor.conversations()) == before)


CHECKS["sidebar.undo"] = CHECKS["sidebar.delete"]


# -- on the page with the details


@checks("details.scope")
async def _(visitor: Visitor) -> None:
    await visitor.act("app.details")
    await visitor.sees("Recent answers here")
    await visitor.act("details.scope")
    await visitor.sees("Recent answers of all conversations")
    await visitor.act("details.scope")
    await visitor.sees("Recent answers here")
    await goes_to(visitor, DetailsPage)


# -- the tests


def test_every_action_has_a_check() -> None:
    assert set(CHECKS) == set(BY_ID)


@asynccontextmanager
async def furnished(house: House, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Visitor]:
    furnish(house.history)
    async with visit(house, size, conversation=TALK) as visitor:
        yield visitor


LARGER = [(120, 40), (200, 60)]
ALONE = {"app.quit", "chat.new", "sidebar.archive"}
"""These take the conversation away that the others need."""


@pytest.mark.parametrize("action_id", sorted(ALONE))
async def test_what_ends_or_empties_the_screen(house: House, action_id: str) -> None:
    async with furnished(house) as visitor:
        await CHECKS[action_id](visitor)


@pytest.mark.parametrize("where", list(Where))
@pytest.mark.parametrize("size", [(60, 20), *(pytest.param(size, marks=pytest.mark.long) for size in LARGER)])
async def test_every_action_does_what_it_says_at_any_size(house: House, where: Where, size: tuple[int, int]) -> None:
    async with furnished(house, size) as visitor:
        done: set[Check] = set()
        for action in ACTIONS:
            check = CHECKS[action.id]
            if action.where is not where or action.id in ALONE or check in done:
                continue
            done.add(check)
            house.history.update_conversation(TALK, leaf_id=CUT)
            await visitor.chat.navigator.open(TALK)
            try:
                await check(visitor)
            except AssertionError as error:
                error.add_note(f"in the check of {action.id}")
                raise
            await visitor.calm()
            assert len(visitor.text.splitlines()) <= size[1]


# -- while an answer is on its way


async def press_all(visitor: Visitor, where: Where) -> None:
    """Every key of a place, each from where it acts; dialogs are left again."""
    chat = visitor.chat
    for action in ACTIONS:
        if action.where is not where or action.id in ("chat.stop", "chat.resume_all"):
            continue
        for number in range(len(action.keys)):
            await chat.navigator.open(TALK)
            place = {Where.LOG: chat.log_view, Where.SIDEBAR: chat.sidebar}.get(where, chat.prompt)
            chat.set_class(False, "-no-sidebar")
            chat.set_focus(place)
            chat.prompt.put("x")
            await visitor.act(action.id, number)
            while not isinstance(visitor.app.screen, ChatScreen):
                await visitor.press("escape")
            if chat.drafts.editing is not None:
                await visitor.press("escape")
    assert visitor.app.is_running


STREAMING: list[Step] = [READ, chunked_head(), chunk(event(delta("Hel"))), chunk(event(delta("lo"))), STALL]
RETRYING: list[Step] = [READ, whole("429 Too Many Requests", {"error": {"message": "later"}}, retry_after="100")]


@asynccontextmanager
async def under_way(
    build_house: Build, server: ScriptedServer, words: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Visitor]:
    """In the middle of an answer of `server`, when its words are on the screen."""
    house = build_house(config_with(server.base_url))
    furnish(house.history)
    async with visit(house, size, conversation=TALK) as visitor:
        visitor.chat.state.model = "lab/one"
        await visitor.type("go")
        await visitor.press("enter")
        await visitor.sees(words)
        yield visitor
        house.engine.stop_all()
        await visitor.calm()


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_streams(build_house: Build, where: Where) -> None:
    with ScriptedServer(STREAMING) as server:
        async with under_way(build_house, server, "Hello") as visitor:
            turn = visitor.chat.state.turn
            assert turn is not None
            await press_all(visitor, where)
            assert visitor.house.engine.live_text(turn.answer_id) == ("Hello", "")
            assert visitor.house.engine.active()[turn.answer_id].state is AnswerState.STREAMING
            assert len(server.requests) == 1
        assert visitor.house.history.message(turn.answer_id).text == "Hello"  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_waits_for_a_retry(build_house: Build, where: Where) -> None:
    with ScriptedServer(RETRYING) as server:
        async with under_way(build_house, server, "retry 1/3 in 1 min") as visitor:
            turn = visitor.chat.state.turn
            assert turn is not None
            await press_all(visitor, where)
            assert visitor.house.engine.active()[turn.answer_id].state is AnswerState.RETRYING
            assert len(server.requests) == 1


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_waits_for_the_network(build_house: Build, where: Where) -> None:
    with ScriptedServer(STREAMING) as server:
        server.shut()
        async with under_way(build_house, server, "offline since") as visitor:
            turn = visitor.chat.state.turn
            assert turn is not None
            await press_all(visitor, where)
            assert visitor.house.engine.active()[turn.answer_id].state is AnswerState.OFFLINE


@pytest.mark.parametrize("size", [(60, 20), (120, 40), (200, 60)])
async def test_stop_keeps_what_has_come(build_house: Build, size: tuple[int, int]) -> None:
    with ScriptedServer(STREAMING) as server:
        async with under_way(build_house, server, "Hello", size) as visitor:
            await visitor.act("chat.stop")
            await visitor.sees("stopped by you; the text so far is kept")
            assert "Hello" in visitor.text


async def test_enter_tries_again_at_once_while_a_retry_waits(build_house: Build) -> None:
    with ScriptedServer(RETRYING, STREAMING) as server:
        async with under_way(build_house, server, "retry 1/3 in 1 min") as visitor:
            await visitor.act("prompt.send")
            await visitor.sees("Hello")


async def test_enter_tries_again_at_once_while_the_server_is_away(build_house: Build) -> None:
    with ScriptedServer(STREAMING) as server:
        server.shut()
        async with under_way(build_house, server, "offline since") as visitor:
            server.open()
            await visitor.act("prompt.send")
            await visitor.sees("Hello")
