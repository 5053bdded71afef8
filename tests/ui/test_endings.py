"""Doubtful ends on the screen: as they come, and when their conversation is opened later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from holytui.config.schema import Recover
from holytui.keymap import build_keymap
from holytui.models import Role
from tests.servers import FIN, READ, Script, ScriptedServer, Step, answer, delta, event, sse_head
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build

CUT = "The first way is to take the lock before"
OTHER = "Another answer altogether: keep one writer thread, give it a queue, and let nobody else touch the file."
REST = "Sure thing! Here is what else one could say of it."
TOOL = event(delta(tool_calls=[{"index": 0, "id": "t", "type": "function", "function": {"name": "f"}}]))
CUT_SHORT: list[Step] = [READ, sse_head(), event(delta(CUT)), FIN]


def _ends(*pieces: bytes) -> list[Step]:
    return [READ, sse_head(), *pieces, event(delta(finish="stop")), event("[DONE]")]


CASES: list[tuple[str, Recover, Sequence[Script], tuple[str, ...]]] = [
    (
        "length",
        Recover.AUTO,
        [[READ, *answer("Half", finish="length")]],
        ("a length limit", "Type /continue to"),
    ),
    (
        "filtered",
        Recover.AUTO,
        [[READ, *answer("Half", finish="content_filter")]],
        ("content filter", "Type /edit to"),
    ),
    ("filtered whole", Recover.AUTO, [[READ, *answer(finish="content_filter")]], ("content filter", "an empty answer")),
    ("empty", Recover.AUTO, [[READ, *answer()]], ("The model sent an empty answer", "Type /retry to ask again")),
    ("reasoning", Recover.AUTO, [_ends(event(delta(reasoning_content="Hm")))], ("its reasoning, but no answer",)),
    (
        "tools",
        Recover.AUTO,
        [_ends(event(delta("Text.")), TOOL)],
        ("then called tools", "Press F2 to choose another model"),
    ),
    ("unknown", Recover.AUTO, [[READ, *answer("Half", finish="odd")]], ("unknown reason: odd", "Type /continue to")),
    (
        "seam",
        Recover.INSTRUCT,
        [CUT_SHORT, [READ, *answer(REST, " It is so. It is so.", " [END]")]],
        ("at a seam, after “The", "Type /attempts to see"),
    ),
    (
        "again",
        Recover.RESTART,
        [CUT_SHORT, [READ, *answer(OTHER)]],
        ("The answer started again", "Type /variant to see"),
    ),
]


@pytest.mark.parametrize(("recover", "scripts", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_it_is_told_under_the_answer_at_once_and_later(
    recover: Recover, scripts: Sequence[Script], words: tuple[str, ...], build_harness: Build
) -> None:
    with ScriptedServer(*scripts) as server:
        config = config_with(server.base_url)
        harness = build_harness(replace(config, stream=replace(config.stream, recover=recover)))
        async with run_app(harness) as driver:
            await driver.ask("hello")
            for each in words:
                await driver.wait_for_text(each)
            assert driver.text.count("▲") == 1 + (len(words) > 1 and words[1].startswith("an "))
    (talk,) = harness.history.conversations()
    async with run_app(build_harness(config), conversation=talk.id) as driver:
        for each in words:
            await driver.wait_for_text(each)


@pytest.mark.parametrize("script", [[READ, *answer("Whole.")], [READ, *answer("Whole.", finish=None)]])
async def test_nothing_is_told_of_an_answer_that_is_whole(script: Script, build_harness: Build) -> None:
    with ScriptedServer(script) as server:
        async with run_app(build_harness(config_with(server.base_url))) as driver:
            await driver.ask("hello")
            await driver.wait_for_text("Whole.")
            assert "▲" not in driver.text


async def _at_the_answer(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("log.last")


async def test_both_sides_of_a_seam_are_in_the_details(build_harness: Build) -> None:
    with ScriptedServer(CUT_SHORT, [READ, *answer(REST)]) as server:
        config = config_with(server.base_url)
        config = replace(config, stream=replace(config.stream, recover=Recover.INSTRUCT))
        async with run_app(build_harness(config), (120, 50)) as driver:
            await driver.ask("hello")
            await _at_the_answer(driver)
            await driver.act("message.details")
            await driver.wait_for_text("Before request 2:")
            after = driver.text.partition("Before request 2:")[2]
            assert CUT in after.partition("After request 2")[0]
            assert REST in after.partition("After request 2")[2]


async def test_the_keys_in_force_are_named(build_harness: Build) -> None:
    with ScriptedServer([READ, *answer("Half", finish="length")], [READ, *answer(" a sentence.")]) as server:
        keys = build_keymap({"message.resume": ("z",)})
        async with run_app(build_harness(config_with(server.base_url), keys=keys)) as driver:
            await driver.ask("hello")
            await driver.wait_for_text("Type /continue to get the rest")
            await _at_the_answer(driver)
            await driver.wait_for_text("Press z to get the rest")
            await driver.act("message.resume")
            await driver.wait_until(lambda: len(server.requests) == 2)
            await driver.settle()
            assert "length limit" not in driver.text
    branch = driver.harness.history.branch(driver.conversations()[0].id)
    assert [one.finish_reason for one in branch if one.role is Role.ASSISTANT] == ["stop"]
