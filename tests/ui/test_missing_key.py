from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from holytui.bootstrap import missing_key
from holytui.config.presets import PRESETS
from holytui.config.schema import Config, Provider
from tests.ui.conftest import Build
from tests.ui.house import config_with, visit

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


async def test_the_screen_tells_it_before_the_first_question_and_in_an_open_conversation(build_house: Build) -> None:
    house = build_house(config_with("http://127.0.0.1:9/v1"))
    lab = replace(house.config.providers["lab"], api_key_env="NO_SUCH_KEY")
    house.services = replace(house.services, config=replace(house.config, providers=MappingProxyType({"lab": lab})))
    async with visit(house) as visitor:
        await visitor.sees("NO_SUCH_KEY is not set")
    talk = house.history.create_conversation(title="t", model="lab/one")
    async with visit(house, conversation=talk.id) as visitor:
        await visitor.until(lambda: "NO_SUCH_KEY is not set" in visitor.status)
