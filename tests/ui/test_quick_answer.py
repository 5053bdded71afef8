"""An answer that has ended before its conversation is shown with it."""

from __future__ import annotations

import threading

import pytest

from holytui.engine.ending import Ending
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
