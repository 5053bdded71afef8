"""An answer that another machine receives, as the shared history has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from holytui.models import AnswerState
from holytui.store.sharing import RemoteAnswer, SharingState, SharingStatus
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import CONTENT, Asked, ask, finish
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app


@dataclass
class FakeSharing:
    """What the replicator tells the screen."""

    status: SharingStatus = field(default_factory=lambda: SharingStatus(SharingState.CURRENT))
    remote_answers: Mapping[str, RemoteAnswer] = field(default_factory=dict)
    merged: int = 0
    watched: str = ""

    def watch(self, conversation_id: str) -> None:
        self.watched = conversation_id

    def close(self) -> None:
        """Nothing to end."""

    def show(self, asked: Asked, text: str) -> None:
        answer = replace(asked.answer, state=AnswerState.STREAMING, text=text)
        self.remote_answers = {answer.id: RemoteAnswer("laptop", asked.question, answer)}


def share(harness: AppHarness) -> FakeSharing:
    sharing = FakeSharing()
    services: Any = sharing
    harness.services = replace(harness.services, sharing=services)
    return sharing


def receive(here: SqliteHistory, there: SqliteHistory) -> None:
    batch = there.replica.changes(here.replica.vector())
    assert batch.complete
    here.replica.apply(batch)


@pytest.fixture(autouse=True)
def _poll_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIST_INTERVAL", "TEXT_INTERVAL"):
        monkeypatch.setattr(f"holytui.ui.chat.history_watcher.{name}", 0.05)


def leaf(driver: ScreenDriver) -> str | None:
    return driver.chat.state.conversation.leaf


async def test_it_is_watched_ends_and_is_continued_here(harness: AppHarness, tmp_path: Path) -> None:
    sharing, here = share(harness), harness.history
    with SqliteHistory(tmp_path / "there" / "history.db") as there:
        first = ask(there, "First?")
        there.journal(first.attempt.id, CONTENT, "One.")
        there.set_state(first.answer.id, AnswerState.COMPLETE)
        receive(here, there)
        async with run_app(harness, conversation=first.conversation_id) as driver:
            await driver.wait_for_text("One.")
            assert "shared" in driver.status
            asked = ask(there, "And then?", first.conversation_id)
            sharing.show(asked, "Because")
            await driver.wait_for_text("Because")
            assert sharing.watched == first.conversation_id
            assert "And then?" in driver.text
            assert "laptop is receiving this answer" in driver.status
            sharing.show(asked, "Because of")
            await driver.wait_for_text("Because of")
            # silent: taken for dead, until it is heard again
            sharing.remote_answers = {}
            await driver.wait_for_text("interrupted")
            sharing.show(asked, "Because of it")
            await driver.wait_for_text("Because of it")
            await driver.wait_until(lambda: "interrupted" not in driver.text)
            there.journal(asked.attempt.id, CONTENT, "Because of it all.")
            there.set_state(asked.answer.id, AnswerState.COMPLETE)
            receive(here, there)
            sharing.remote_answers, sharing.merged = {}, 1
            await driver.wait_for_text("Because of it all.")
            await driver.wait_until(lambda: leaf(driver) == asked.answer.id)
            await driver.ask("What can you do?")
            assert [each.id for each in here.branch(first.conversation_id)][2:4] == [asked.question.id, asked.answer.id]


async def test_an_outage_is_reported_once_and_its_end_shown(harness: AppHarness) -> None:
    sharing = share(harness)
    async with run_app(harness) as driver:
        sharing.status = SharingStatus(SharingState.OFFLINE, 12, 0.0, "The database is away. Wait.")
        await driver.wait_until(lambda: "The database is away. Wait." in driver.status)
        driver.chat.status.refresh()
        sharing.status = replace(sharing.status, reason="It is still away")
        await driver.wait_until(lambda: "sharing offline since 1970-01-01 00:00 · 12 behind" in driver.status)
        assert "away" not in driver.status
        sharing.status = SharingStatus(SharingState.CURRENT)
        await driver.wait_until(lambda: "○ ready  guide/guide  shared" in driver.status)


async def test_an_answer_to_another_question_is_not_put_below_this_one(harness: AppHarness, tmp_path: Path) -> None:
    sharing, here = share(harness), harness.history
    with SqliteHistory(tmp_path / "there" / "history.db") as there:
        first = ask(there, "First?")
        finish(there, first, None)
        receive(here, there)
        elsewhere = ask(there, "Elsewhere?", first.conversation_id)
        here.add_message(first.conversation_id, first.question.role, "Mine", parent_id=first.answer.id)
        async with run_app(harness, conversation=first.conversation_id) as driver:
            sharing.show(elsewhere, "Because")
            await driver.wait_until(lambda: sharing.watched == first.conversation_id)
            await driver.wait_for_text("Mine")
            assert "Because" not in driver.text
