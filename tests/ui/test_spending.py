from __future__ import annotations

from types import MappingProxyType

import pytest

from holytui.config.schema import Config, Model, Price, Provider
from holytui.models import Usage
from holytui.ui import spending

MODEL = Model("gpt-4", context=1000, price=Price(2.5, 10.0))
CONFIG = Config(
    providers=MappingProxyType({"p": Provider("p", "http://127.0.0.1/v1", models=MappingProxyType({"gpt-4": MODEL}))})
)


def test_a_million_tokens_cost_what_the_price_says() -> None:
    assert spending.cost(Usage(input=1_000_000, output=100_000), Price(2.5, 10.0)) == pytest.approx(3.5)


def test_cached_tokens_cost_their_own_price_if_there_is_one() -> None:
    used = Usage(input=1_000_000, cached=400_000)
    assert spending.cost(used, Price(2.0, 0.0, cached=0.5)) == pytest.approx(1.4)
    assert spending.cost(used, Price(2.0, 0.0)) == pytest.approx(2.0)


def test_the_context_is_filled_by_question_and_answer() -> None:
    assert spending.context_part(Usage(600, 350), MODEL) == pytest.approx(0.95)
    assert spending.context_part(Usage(600, 350), Model("x")) is None


@pytest.mark.parametrize("name", ["p/other", "q/gpt-4", "no slash", "guide/guide"])
def test_nothing_is_known_of_what_is_not_configured(name: str) -> None:
    assert spending.model_of(CONFIG, name) is None


def test_a_configured_model_is_found() -> None:
    assert spending.model_of(CONFIG, "p/gpt-4") is MODEL
