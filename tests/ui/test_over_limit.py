from __future__ import annotations

from dataclasses import replace

from holytui.config.schema import Limits
from tests.servers import DONE, READ, ScriptedServer, delta, event, sse_head
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build


def costly(text: str) -> list[object]:
    figures = {"prompt_tokens": 5, "completion_tokens": 7, "cost": 0.9}
    return [sse_head(), event(delta(text)), event(delta(None, "stop")), event({"choices": [], "usage": figures}), DONE]


async def test_a_question_beyond_the_limit_is_kept_and_sent_by_a_command(build_harness: Build) -> None:
    with ScriptedServer([READ, *costly("one.")]) as server:  # type: ignore[list-item]  # of steps
        config = replace(config_with(server.base_url), limits=Limits(per_conversation=0.5))
        async with run_app(build_harness(config)) as driver:
            await driver.ask("first")
            await driver.ask("second")
            await driver.wait_for_text("this conversation's limit of 0.5000 is reached, 0.9000 are spent")
            await driver.wait_for_text("Type /overlimit to send it anyway")
            assert len(server.requests) == 1
            await driver.act("app.details")
            await driver.wait_for_text("180 % of this conversation's limit spent")
            await driver.press("escape")
            await driver.type("/overlimit")
            await driver.press("enter")
            await driver.wait_until(lambda: len(server.requests) == 2)
            await driver.settle()
            assert "is reached" not in driver.text
