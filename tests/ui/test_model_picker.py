"""The list of models: own ones first, then servers to ask, then the guide and its faults under a heading."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from holytui.ui.chat.model_picker import refusal
from holytui.ui.dialogs.dialogs import Picker
from tests.ui.conftest import Build
from tests.ui.house import Visitor, config_with, visit

HEADING = "The guide with one fault"


def rows(visitor: Visitor) -> list[str]:
    options = visitor.app.screen.query_one(OptionList).options
    return [str(option.prompt).strip("› ").split("   ")[0].strip() for option in options]


async def open_picker(visitor: Visitor) -> None:
    await visitor.act("model.pick")
    await visitor.until(lambda: isinstance(visitor.app.screen, Picker))


async def test_own_models_and_servers_stand_before_the_guide(build_house: Build) -> None:
    async with visit(build_house(config_with("http://127.0.0.1:9/v1"))) as visitor:
        await open_picker(visitor)
        found = rows(visitor)
        assert found[:3] == ["lab/one", "lab/two", "ask lab for its models…"]
        assert found[3].startswith("connect a provider…")
        assert found[4] == "guide/guide"
        assert found[5].startswith(HEADING)
        assert all(row.startswith("guide/") for row in found[6:])
        await visitor.press("escape")


async def test_a_heading_is_stepped_over_and_never_found(build_house: Build) -> None:
    async with visit(build_house()) as visitor:
        await open_picker(visitor)
        options = visitor.app.screen.query_one(OptionList)
        heading = next(at for at, row in enumerate(rows(visitor)) if row.startswith(HEADING))
        await visitor.press(*["down"] * (heading - (options.highlighted or 0)))
        assert options.highlighted == heading + 1
        await visitor.press("up")
        assert options.highlighted == heading - 1
        await visitor.type("fault")
        assert not any(row.startswith(HEADING) for row in rows(visitor))
        await visitor.press("escape")


async def test_a_model_of_no_provider_is_refused_where_it_is_typed(build_house: Build) -> None:
    async with visit(build_house()) as visitor:
        before = visitor.chat.state.model
        await open_picker(visitor)
        await visitor.type("ollamaclear/x")
        await visitor.sees('No provider "ollamaclear" is configured')
        await visitor.press("enter")
        assert visitor.chat.state.model == before
        if isinstance(visitor.app.screen, Picker):
            await visitor.press("escape")


@pytest.mark.parametrize(("model", "refused"), [("ollama/llama3.2", False), ("lab/any", False), ("nobody/x", True)])
def test_a_provider_that_is_configured_or_well_known_is_taken(model: str, refused: bool) -> None:
    assert bool(refusal(config_with("http://127.0.0.1:9/v1"), model)) is refused
