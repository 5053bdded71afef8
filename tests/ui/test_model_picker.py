"""The list of models: own ones first, then servers to ask, then the guide and its faults under a heading."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from holytui.ui.chat.model_picker import refusal
from holytui.ui.dialogs.dialogs import Picker
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build

HEADING = "The guide with one fault"


def rows(driver: ScreenDriver) -> list[str]:
    options = driver.app.screen.query_one(OptionList).options
    return [str(option.prompt).strip("› ").split("   ")[0].strip() for option in options]


async def open_picker(driver: ScreenDriver) -> None:
    await driver.act("model.pick")
    await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))


async def test_own_models_and_servers_stand_before_the_guide(build_harness: Build) -> None:
    async with run_app(build_harness(config_with("http://127.0.0.1:9/v1"))) as driver:
        await open_picker(driver)
        found = rows(driver)
        assert found[:3] == ["lab/one", "lab/two", "ask lab for its models…"]
        assert found[3].startswith("connect a provider…")
        assert found[4] == "guide/guide"
        assert found[5].startswith(HEADING)
        assert all(row.startswith("guide/") for row in found[6:])
        await driver.press("escape")


async def test_a_heading_is_stepped_over_and_never_found(build_harness: Build) -> None:
    async with run_app(build_harness()) as driver:
        await open_picker(driver)
        options = driver.app.screen.query_one(OptionList)
        heading = next(at for at, row in enumerate(rows(driver)) if row.startswith(HEADING))
        await driver.press(*["down"] * (heading - (options.highlighted or 0)))
        assert options.highlighted == heading + 1
        await driver.press("up")
        assert options.highlighted == heading - 1
        await driver.type("fault")
        assert not any(row.startswith(HEADING) for row in rows(driver))
        await driver.press("escape")


async def test_a_model_of_no_provider_is_refused_where_it_is_typed(build_harness: Build) -> None:
    async with run_app(build_harness()) as driver:
        before = driver.chat.state.model
        await open_picker(driver)
        await driver.type("ollamaclear/x")
        await driver.wait_for_text('No provider "ollamaclear" is configured')
        await driver.press("enter")
        assert driver.chat.state.model == before
        if isinstance(driver.app.screen, Picker):
            await driver.press("escape")


@pytest.mark.parametrize(("model", "refused"), [("ollama/llama3.2", False), ("lab/any", False), ("nobody/x", True)])
def test_a_provider_that_is_configured_or_well_known_is_taken(model: str, refused: bool) -> None:
    assert bool(refusal(config_with("http://127.0.0.1:9/v1"), model)) is refused
