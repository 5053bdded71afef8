from __future__ import annotations

import pytest

from holytui.models import AnswerState, Role
from tests.ui.app_harness import AppHarness, run_app


@pytest.mark.parametrize(
    ("size", "told"),
    [(12_000, ""), (13_000, "mosh passes on only the first 12 KB"), (900_000, "too long for the terminal")],
)
async def test_a_copy_says_how_far_it_goes(harness: AppHarness, size: int, told: str) -> None:
    history = harness.history
    talk = history.create_conversation(title="long")
    question = history.add_message(talk.id, Role.USER, "?", parent_id=None)
    answer = history.add_message(talk.id, Role.ASSISTANT, "x" * size, parent_id=question.id)
    history.set_state(answer.id, AnswerState.COMPLETE)
    async with run_app(harness, (300, 30), conversation=talk.id) as driver:
        await driver.act("chat.copy")
        await driver.wait_until(lambda: f"{size} bytes" in driver.status)
        assert ("▲" in driver.status) == bool(told)
        assert told in driver.status
