"""Doubtful ends on the screen: as they come, and when their conversation is opened later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from holytui.config.schema import Recover
from holytui.keymap import build_keymap
from holytui.models import Role
from tests.servers import FIN, READ, Script, ScriptedServer, Step, answer, delta, event, sse_head
from tests.ui.conftest import Build
from tests.ui.house import Visitor, config_with, visit

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
    recover: Recover, scripts: Sequence[Script], words: tuple[str, ...], build_house: Build
) -> None:
    with ScriptedServer(*scripts) as server:
        config = config_with(server.base_url)
        house = build_house(replace(config, stream=replace(config.stream, recover=recover)))
        async with visit(house) as visitor:
            await visitor.ask("hello")
            for each in words:
                await visitor.sees(each)
            assert visitor.text.count("▲") == 1 + (len(words) > 1 and words[1].startswith("an "))
    (talk,) = house.history.conversations()
    async with visit(build_house(config), conversation=talk.id) as visitor:
        for each in words:
            await visitor.sees(each)


@pytest.mark.parametrize("script", [[READ, *answer("Whole.")], [READ, *answer("Whole.", finish=None)]])
async def test_nothing_is_told_of_an_answer_that_is_whole(script: Script, build_house: Build) -> None:
    with ScriptedServer(script) as server:
        async with visit(build_house(config_with(server.base_url))) as visitor:
            await visitor.ask("hello")
            await visitor.sees("Whole.")
            assert "▲" not in visitor.text


async def _at_the_answer(visitor: Visitor) -> None:
    await visitor.to_log()
    await visitor.act("log.last")


async def test_both_sides_of_a_seam_are_in_the_details(build_house: Build) -> None:
    with ScriptedServer(CUT_SHORT, [READ, *answer(REST)]) as server:
        config = config_with(server.base_url)
        config = replace(config, stream=replace(config.stream, recover=Recover.INSTRUCT))
        async with visit(build_house(config), (120, 50)) as visitor:
            await visitor.ask("hello")
            await _at_the_answer(visitor)
            await visitor.act("message.details")
            await visitor.sees("Before request 2:")
            after = visitor.text.partition("Before request 2:")[2]
            assert CUT in after.partition("After request 2")[0]
            assert REST in after.partition("After request 2")[2]


async def test_the_keys_in_force_are_named(build_house: Build) -> None:
    with ScriptedServer([READ, *answer("Half", finish="length")], [READ, *answer(" a sentence.")]) as server:
        keys = build_keymap({"message.resume": ("z",)})
        async with visit(build_house(config_with(server.base_url), keys=keys)) as visitor:
            await visitor.ask("hello")
            await visitor.sees("Type /continue to get the rest")
            await _at_the_answer(visitor)
            await visitor.sees("Press z to get the rest")
            await visitor.act("message.resume")
            await visitor.until(lambda: len(server.requests) == 2)
            await visitor.calm()
            assert "length limit" not in visitor.text
    branch = visitor.house.history.branch(visitor.conversations()[0].id)
    assert [one.finish_reason for one in branch if one.role is Role.ASSISTANT] == ["stop"]
