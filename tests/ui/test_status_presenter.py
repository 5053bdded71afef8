from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from textual import events

from holytui.config.schema import Model, Price, Provider
from holytui.models import AnswerState, Attempt, Conversation, Image, Message, Role, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.turn_view import TurnView
from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.values import Bundle
from holytui.ui.status.presenter import ContextEstimate, context_tokens
from tests.servers import READ, RST, STALL, ScriptedServer, Step, answer, chunk, chunked_head, delta, event
from tests.ui.app_harness import TIMEOUT, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import NOON

QUESTION = Message("q", "c", None, Role.USER, "a" * 400, NOON)
ANSWER = Message("a", "c", "q", Role.ASSISTANT, "b" * 400, NOON, usage=Usage(1000, 500, reasoning=200), attempts=1)
LATER = Message("q2", "c", "a", Role.USER, "c" * 400, NOON)
EACH = 104
"""Tokens of a message of 400 letters."""
WRITTEN = "d" * 40, 14


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqliteHistory]:
    with SqliteHistory(tmp_path / "history.db") as opened:
        yield opened


def weighed(history: SqliteHistory, *messages: Message) -> tuple[int | None, int]:
    return context_tokens(history, messages, WRITTEN[0])


def test_what_the_server_told_is_taken_and_the_rest_is_counted(history: SqliteHistory) -> None:
    assert weighed(history, QUESTION, ANSWER) == (1300, 1300 + WRITTEN[1])
    assert weighed(history, QUESTION, ANSWER, LATER)[1] == 1300 + EACH + WRITTEN[1]


@pytest.mark.parametrize(
    "unknown", [replace(ANSWER, usage=None), replace(ANSWER, usage=Usage(9999, 9999, estimated=True))]
)
def test_without_figures_of_the_server_all_is_counted(history: SqliteHistory, unknown: Message) -> None:
    assert weighed(history, QUESTION, unknown) == (None, 2 * EACH + WRITTEN[1])
    told = replace(ANSWER, id="b", usage=Usage(3000, 0))
    assert weighed(history, QUESTION, told, LATER, unknown) == (None, 3000 + 2 * EACH + WRITTEN[1])


def test_an_answer_that_failed_is_not_sent_and_does_not_count(history: SqliteHistory) -> None:
    failed = replace(ANSWER, state=AnswerState.FAILED)
    assert weighed(history, QUESTION, failed) == (None, EACH + WRITTEN[1])


def test_images_weigh_what_they_cost_a_model_that_sees_them(history: SqliteHistory) -> None:
    shown = replace(QUESTION, images=(Image("a.png", "image/png", 3_000_000, 1024, 1024, "0" * 64),))
    blind = context_tokens(history, [shown], "")[1]
    assert context_tokens(history, [shown], "", sees=True)[1] > blind + 500


def test_nothing_is_nothing(history: SqliteHistory) -> None:
    assert context_tokens(history, (), "") == (None, 0)


def test_of_several_requests_the_last_one_tells_how_full_the_context_is(history: SqliteHistory) -> None:
    talk = history.create_conversation(title="t")
    question = history.add_message(talk.id, Role.USER, "?", parent_id=None)
    told = replace(ANSWER, conversation_id=talk.id, parent_id=question.id, usage=Usage(9000, 900), attempts=2)
    attempts = [Attempt(f"t{number}", "a", number, NOON, usage=Usage(4500 + number, 400)) for number in (1, 2)]
    history.add_bundle(Bundle(talk, [question, told], [(each, {}) for each in attempts]))
    (stored,) = [message for message in history.branch(talk.id, "a") if message.role is Role.ASSISTANT]
    assert weighed(history, question, stored)[0] == 4902


# -- on the screen

LONG = "word " * 7000
"""About 8,750 tokens; the model has 8,000."""


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.ui.composer.drafts._DRAFT_AFTER", 0.01)


@pytest.mark.usefixtures("_no_pause")
async def test_a_question_that_is_too_long_is_told_while_it_is_written_and_the_notice_stays(
    build_harness: Build,
) -> None:
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1"))) as driver:
        driver.chat.say("a notice")
        driver.chat.prompt.set_text(LONG)
        await driver.wait_until(lambda: "context over: ~109 %" in driver.status)
        assert "a notice" in driver.status
        driver.chat.prompt.set_text("short")
        await driver.wait_until(lambda: "context over" not in driver.status)


@pytest.mark.usefixtures("_no_pause")
async def test_a_paste_that_stands_folded_in_the_prompt_weighs_what_it_holds(build_harness: Build) -> None:
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1"))) as driver:
        driver.app.post_message(events.Paste(LONG))
        await driver.wait_until(lambda: "context over: ~109 %" in driver.status)
        assert len(driver.chat.prompt.text) < 100


async def test_a_question_that_is_too_long_is_told_when_it_was_sent_at_once(build_harness: Build) -> None:
    script: list[Step] = [READ, chunked_head(), chunk(event(delta("Hel"))), STALL]
    with ScriptedServer(script) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            driver.chat.prompt.set_text(LONG)
            await driver.press("enter")
            await driver.wait_until(lambda: "context over: ~" in driver.status)
            assert len(server.requests) <= 1
            harness.engine.stop_all()
            await driver.settle()


async def test_the_warning_goes_when_the_server_has_told_how_it_is(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holytui.ui.composer.drafts._DRAFT_AFTER", 1000.0)  # no pause in typing does it
    gate = threading.Event()
    with ScriptedServer([READ, gate, *answer("So.")]) as server:
        async with run_app(build_harness(config_with(server.base_url))) as driver:
            driver.chat.prompt.set_text(LONG)
            await driver.press("enter")
            await driver.wait_until(lambda: "context over: ~" in driver.status)
            gate.set()
            await driver.wait_until(lambda: "context 0 %" in driver.status)


async def test_what_was_weighed_too_late_is_not_shown(build_harness: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, weighing = threading.Event(), threading.Event()

    def gated(
        history: History, messages: Sequence[Message], written: str, *, sees: bool = False
    ) -> tuple[int | None, int]:
        if written == LONG:
            weighing.set()
            slow.wait(TIMEOUT)
        return context_tokens(history, messages, written, sees=sees)

    monkeypatch.setattr("holytui.ui.status.presenter.context_tokens", gated)
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1"))) as driver:
        driver.chat.prompt.set_text(LONG)
        driver.chat.status.estimate_context()
        await driver.wait_until(weighing.is_set)
        driver.chat.prompt.set_text("short")
        before = driver.chat.status._estimate
        driver.chat.status.estimate_context()
        await driver.wait_until(lambda: driver.chat.status._estimate is not before)
        slow.set()
        await driver.settle()
        assert "context over" not in driver.status


async def test_a_model_whose_context_is_not_known_is_not_warned_of(build_harness: Build) -> None:
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1")), model="lab/two") as driver:
        driver.chat.prompt.set_text(LONG)
        driver.chat.status.estimate_context()
        await driver.settle()
        assert "context" not in driver.status
        await driver.act("model.pick")
        await driver.pick("lab/one")
        await driver.wait_until(lambda: "context over: ~109 %" in driver.status)


@pytest.mark.usefixtures("_no_pause")
async def test_an_edited_question_is_weighed_in_its_own_place(build_harness: Build) -> None:
    harness = build_harness(config_with("http://127.0.0.1:9/v1"))
    talk = harness.history.create_conversation(title="t", model="lab/one")
    messages: list[Message] = []
    for text in ("one", LONG):
        parent = messages[-1].id if messages else None
        messages.append(harness.history.add_message(talk.id, Role.USER, text, parent_id=parent))
    async with run_app(harness, conversation=talk.id) as driver:
        driver.chat.prompt.set_text("?")
        await driver.wait_until(lambda: "context over" in driver.status)
        driver.chat.drafts.edit(messages[1])
        driver.chat.prompt.set_text("shorter")
        await driver.wait_until(lambda: "context over" not in driver.status)


async def test_the_cost_is_that_of_the_model_that_answered(build_harness: Build) -> None:
    lab = Provider(
        "lab",
        "http://127.0.0.1:9/v1",
        models=MappingProxyType({"one": Model("one", price=Price(2.0, 8.0)), "two": Model("two")}),
    )
    harness = build_harness(replace(config_with(lab.base_url), providers=MappingProxyType({"lab": lab})))
    talk = Conversation("c", "t", NOON, NOON, leaf_id="a", model="lab/two")
    told = replace(ANSWER, model="lab/one", usage=Usage(1_000_000, 0))
    harness.history.add_bundle(Bundle(talk, [QUESTION, told]))
    async with run_app(harness, conversation="c") as driver:
        assert driver.chat.state.model == "lab/two"
        assert driver.chat.status_bar.status.cost == 2.0


async def test_after_several_requests_the_gauge_has_the_figures_of_the_last(build_harness: Build) -> None:
    harness = build_harness(config_with("http://127.0.0.1:9/v1"))
    told = replace(ANSWER, model="lab/one", usage=Usage(9000, 900), attempts=2)
    attempts = [Attempt(f"t{number}", "a", number, NOON, usage=Usage(3600, 400)) for number in (1, 2)]
    talk = Conversation("c", "t", NOON, NOON, leaf_id="a", model="lab/one")
    harness.history.add_bundle(Bundle(talk, [QUESTION, told], [(each, {}) for each in attempts]))
    async with run_app(harness, conversation="c") as driver:
        await driver.wait_until(lambda: "context 50 %" in driver.status)


async def test_after_a_cut_the_usage_is_never_below_what_is_on_hand(build_harness: Build) -> None:
    words = [f"word{number} " for number in range(40)]
    head: list[Step] = [READ, chunked_head(), *(chunk(event(delta(word))) for word in words[:30]), RST]
    rest: list[Step] = [
        READ,
        *answer("".join(words[:30]), *words[30:], "So it ends. ", "It does. ", "It does. ", "[END]"),
    ]
    with ScriptedServer(head, rest) as server:
        async with run_app(build_harness(config_with(server.base_url))) as driver:
            driver.chat.prompt.set_text("Go on")
            await driver.press("enter")
            await driver.settle()
            shown = driver.chat.status_bar.status.usage
            assert shown is not None
            assert shown.at_least
            assert shown.output == 30 + 7  # what came before the cut, and what the server told of the rest
            assert "↓ ≥37" in driver.status


async def test_what_was_said_is_not_painted_over_by_an_answer_that_goes_on(build_harness: Build) -> None:
    harness = build_harness()
    async with run_app(harness) as driver:
        clock = [100.0]
        chat = driver.chat
        chat.status._clock = lambda: clock[0]
        turn = TurnView("t", "c", "a", 0.0, connection=Connection(Level.BUSY, "receiving"))
        chat.say("copied somewhere")
        assert chat.status._status(turn, progress=True).connection.words(0) == "copied somewhere"
        assert chat.status._status(turn).connection.words(0) == "receiving"
        trouble = replace(turn, connection=Connection(Level.WARNING, "retry 1/3"))
        assert chat.status._status(trouble, progress=True).connection.words(0) == "retry 1/3"
        clock[0] += 5
        assert chat.status._status(turn, progress=True).connection.words(0) == "receiving"
        chat.say("again")
        chat.status.forget_notice()
        assert chat.status._status(turn, progress=True).connection.words(0) == "receiving"


async def test_the_weight_of_another_conversation_is_not_shown(build_harness: Build) -> None:
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1")), model="lab/one") as driver:
        bar = driver.chat.status
        bar._estimate = ContextEstimate(driver.chat.state.conversation.version, 4000, 6000)
        assert (bar._status().context, bar._status().ahead) == (0.5, 0.75)
        driver.chat.state.show()
        assert (bar._status().context, bar._status().ahead) == (None, None)
