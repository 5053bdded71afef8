"""What is said on the way names the keys in force, and not those of the table."""

from __future__ import annotations

import pytest

from holytui.keymap import Where, build_keymap
from holytui.models import AnswerState, Message, Problem, Role
from holytui.ui.bindings import names
from holytui.ui.transcript.message_view import MessageView
from tests.ui.app_harness import run_app
from tests.ui.conftest import Build


async def test_who_edits_a_question_reads_how_to_leave_it(build_harness: Build) -> None:
    async with run_app(build_harness(keys=build_keymap({"chat.stop": ("alt+y",)}))) as driver:
        await driver.ask("count to 3")
        await driver.focus_log()
        await driver.act("message.edit")
        await driver.wait_until(lambda: "press Alt+Y to cancel" in driver.status)


CUT = Problem("It was cut", "Kept.\n{Press:message.resume} to get the rest.")


def lines(entry: MessageView) -> list[str]:
    return [entry.line(100, y).content.plain for y in range(entry.height(100))]


@pytest.mark.parametrize(
    ("keys", "end"),
    [
        ({"chat.stop": ("alt+y",)}, "ends. Press Alt+Y to take it back."),
        ({"chat.stop": ("f9",)}, "ends. Type /stop to take it back."),  # the prompt has F9 for itself
        ({"chat.stop": ()}, "ends. Type /stop to take it back."),
    ],
)
def test_an_answer_in_the_queue_says_how_to_take_it_back(keys: dict[str, tuple[str, ...]], end: str) -> None:
    entry = MessageView(Message("a", "c", None, Role.ASSISTANT, "", 1.0, state=AnswerState.QUEUED))
    entry.name_keys(names(build_keymap(keys), Where.PROMPT))
    assert any(line.endswith(end) for line in lines(entry))


def test_a_hint_that_is_laid_out_already_follows_the_focus() -> None:
    entry = MessageView(Message("a", "c", None, Role.ASSISTANT, "x", 1.0, state=AnswerState.INTERRUPTED, problem=CUT))
    entry.name_keys(names(build_keymap({}), Where.PROMPT))
    assert any("Type /continue to get the rest." in line for line in lines(entry))
    entry.name_keys(names(build_keymap({}), Where.LOG))
    assert any("Kept. Press c to get the rest." in line for line in lines(entry))


async def test_what_is_said_names_the_key_where_the_focus_is(build_harness: Build) -> None:
    async with run_app(build_harness()) as driver:
        driver.chat.say("{Press:message.resume} to get the rest")
        await driver.wait_until(lambda: "Type /continue to get the rest" in driver.status)
        await driver.focus_log()
        await driver.wait_until(lambda: "Press c to get the rest" in driver.status)
        driver.chat.prompt.focus()
        await driver.wait_until(lambda: "Type /continue to get the rest" in driver.status)
