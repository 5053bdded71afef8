from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from holytui.bootstrap import missing_key
from holytui.config.presets import PRESETS
from holytui.config.schema import Config, Provider
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build

CONFIG = Config(
    default_model="work/x",
    providers=MappingProxyType(
        {
            "work": Provider("work", "https://x/v1", api_key_env="WORK_KEY"),
            "open": Provider("open", "https://x/v1"),
            "odd": Provider("odd", "", blocked="why"),
        }
    ),
)


@pytest.mark.parametrize(
    ("model", "environ", "name"),
    [
        ("", {}, "WORK_KEY"),
        ("", {"WORK_KEY": "sk-0123456"}, ""),
        ("openai/gpt", {}, PRESETS["openai"].key_env),
        ("open/x", {}, ""),
        ("guide/guide", {}, ""),
        ("odd/x", {}, ""),
        ("nobody/x", {}, ""),
    ],
)
def test_a_model_is_missing_its_key_if_the_variable_is_not_set(model: str, environ: dict[str, str], name: str) -> None:
    told = missing_key(CONFIG, model, environ)
    assert told.startswith(f"{name} is not set. Set it in the shell") if name else told == ""


async def test_the_screen_tells_it_before_the_first_question_and_in_an_open_conversation(build_harness: Build) -> None:
    harness = build_harness(config_with("http://127.0.0.1:9/v1"))
    lab = replace(harness.config.providers["lab"], api_key_env="NO_SUCH_KEY")
    harness.services = replace(
        harness.services, config=replace(harness.config, providers=MappingProxyType({"lab": lab}))
    )
    async with run_app(harness) as driver:
        await driver.wait_for_text("NO_SUCH_KEY is not set")
    talk = harness.history.create_conversation(title="t", model="lab/one")
    async with run_app(harness, conversation=talk.id) as driver:
        await driver.wait_until(lambda: "NO_SUCH_KEY is not set" in driver.status)
