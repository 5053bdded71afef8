"""What is said on the way names the keys in force, and not those of the table."""

from __future__ import annotations

import pytest

from holytui.keymap import build
from holytui.models import AnswerState, Message, Role
from holytui.ui.bindings import first_key
from holytui.ui.entry import Entry
from tests.ui.conftest import Build
from tests.ui.house import visit


def test_a_key_or_else_a_command_is_named() -> None:
    assert first_key(build({}), "chat.stop") == "Esc"
    assert first_key(build({"chat.stop": ("f9", "f10")}), "chat.stop") == "F9"
    assert first_key(build({"model.pick": ()}), "model.pick") == "/model"
    assert first_key(build({"prompt.newline": ()}), "prompt.newline") == "–"


async def test_who_edits_a_question_reads_how_to_leave_it(build_house: Build) -> None:
    async with visit(build_house(keys=build({"chat.stop": ("f9",)}))) as visitor:
        await visitor.ask("count to 3")
        await visitor.to_log()
        await visitor.act("message.edit")
        await visitor.until(lambda: "F9 leaves it" in visitor.status)


@pytest.mark.parametrize(("key", "end"), [("F9", "ends · F9 takes it back"), ("", "before it ends")])
def test_an_answer_in_the_queue_says_how_to_take_it_back(key: str, end: str) -> None:
    entry = Entry(Message("a", "c", None, Role.ASSISTANT, "", 1.0, state=AnswerState.QUEUED))
    entry.keys = {"chat.stop": key}
    lines = [entry.line(100, y).content.plain for y in range(entry.height(100))]
    assert any(line.endswith(end) for line in lines)
