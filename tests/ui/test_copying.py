from __future__ import annotations

import pytest

from holytui.models import AnswerState, Role
from tests.ui.house import House, visit


@pytest.mark.parametrize(
    ("size", "told"),
    [(12_000, ""), (13_000, "mosh passes on only the first 12 KB"), (900_000, "too long for the terminal")],
)
async def test_a_copy_says_how_far_it_goes(house: House, size: int, told: str) -> None:
    history = house.history
    talk = history.create_conversation(title="long")
    question = history.add_message(talk.id, Role.USER, "?", parent_id=None)
    answer = history.add_message(talk.id, Role.ASSISTANT, "x" * size, parent_id=question.id)
    history.set_state(answer.id, AnswerState.COMPLETE)
    async with visit(house, (300, 30), conversation=talk.id) as visitor:
        await visitor.act("chat.copy")
        await visitor.until(lambda: f"{size} bytes" in visitor.status)
        assert ("▲" in visitor.status) == bool(told)
        assert told in visitor.status
