from __future__ import annotations

from dataclasses import replace

from holytui.ui.dialogs.dialogs import LineDialog, Picker
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build

PROMPTS = {"translate": "Translate into {language} for {reader}:", "code": 'Write {"a": {{b}}}'}


async def test_a_saved_prompt_is_written_into_the_question(build_harness: Build) -> None:
    async with run_app(build_harness(replace(config_with(), prompts=PROMPTS))) as driver:
        await driver.type("/prompt translate language=French")
        await driver.press("enter")
        await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
        await driver.wait_for_text("reader in the prompt “translate”")
        await driver.type("a child")
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.prompt.text == "Translate into French for a child:")


async def test_a_system_prompt_with_variables_asks_for_each(build_harness: Build) -> None:
    async with run_app(build_harness(replace(config_with(), prompts=PROMPTS))) as driver:
        await driver.act("chat.system")
        await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
        await driver.pick("translate")
        for value in ("French", "children"):
            await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
            await driver.type(value)
            await driver.press("enter")
        await driver.wait_until(
            lambda: driver.chat.state.new_conversation.system == "Translate into French for children:"
        )
        await driver.act("chat.system")
        await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
        await driver.pick("code")
        await driver.wait_until(lambda: driver.chat.state.new_conversation.system == PROMPTS["code"])
