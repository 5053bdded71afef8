"""An answer that has ended before its conversation is shown with it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from holytui.engine.ending import Ending
from holytui.models import AnswerState, Message, Role
from holytui.presentation.turn_view import TurnView
from holytui.store.history import History
from holytui.ui.transcript import live_answers
from holytui.ui.transcript.loading import LoadedConversation, load_conversation
from tests.servers import READ, ScriptedServer, answer
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build


async def test_an_answer_that_ended_while_its_conversation_was_read_is_shown_whole(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    with ScriptedServer([READ, *answer("The whole ", "answer.")]) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            ended = threading.Event()
            settle = live_answers.LiveAnswers._settle

            async def settled(self: live_answers.LiveAnswers, turn: TurnView, ending: Ending) -> None:
                await settle(self, turn, ending)
                ended.set()

            def slowly(history: History, conversation_id: str, leaf: str | None) -> LoadedConversation | None:
                opened = load_conversation(history, conversation_id, leaf)
                if not go.is_set():
                    go.set()
                    assert ended.wait(10)
                return opened

            monkeypatch.setattr(live_answers.LiveAnswers, "_settle", settled)
            monkeypatch.setattr(live_answers, "load_conversation", slowly)
            await driver.ask("go")
            assert "The whole answer." in driver.text
            assert "receiving" not in driver.text


class OneAnswer:
    """A history with one stored answer."""

    def __init__(self, answer: Message | None) -> None:
        self.answer = answer
        self.read: list[bool] = []

    def message(self, _message_id: str, *, texts: bool = True) -> Message | None:
        self.read.append(texts)
        return self.answer and (self.answer if texts else replace(self.answer, text="", reasoning=""))


def stored(answer: Message | None, ending: Ending | None) -> tuple[Message | None, list[bool]]:
    """The answer as it is shown, and whether its texts were read at each look at the history."""
    kept = OneAnswer(answer)
    history: Any = kept
    return live_answers._stored(history, "a", ending), kept.read


def test_an_ended_answer_has_the_texts_of_its_ending_which_are_not_read_again() -> None:
    answer = Message("a", "c", None, Role.ASSISTANT, "the text", 1.0, reasoning="a thought", model="m/m")
    text, reasoning = "".join(("the ", "text")), "".join(("a ", "thought"))
    shown, read = stored(answer, Ending(AnswerState.COMPLETE, text=text, reasoning=reasoning))
    assert shown == answer
    assert shown is not None
    assert shown.text is text
    assert shown.reasoning is reasoning
    assert read == [False]
    shown, read = stored(answer, Ending(AnswerState.COMPLETE, reasoning=reasoning))
    assert shown == replace(answer, text="")
    assert read == [False]


def test_an_answer_whose_state_is_another_one_by_now_is_read_whole() -> None:
    answer = Message("a", "c", None, Role.ASSISTANT, "the text and more", 1.0, model="m/m")
    assert stored(answer, Ending(AnswerState.INTERRUPTED, text="the text")) == (answer, [False, True])


def test_an_answer_without_the_texts_of_its_ending_is_read_whole() -> None:
    answer = Message("a", "c", None, Role.ASSISTANT, "the text", 1.0, model="m/m")
    assert stored(answer, Ending(AnswerState.COMPLETE)) == (answer, [True])
    assert stored(answer, None) == (answer, [True])


def test_an_answer_that_is_gone_is_none() -> None:
    assert stored(None, Ending(AnswerState.COMPLETE, text="the text")) == (None, [False])
    assert stored(None, None) == (None, [True])
