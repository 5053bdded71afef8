from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from holytui.config.schema import Config, Model, Price, Provider
from holytui.models import Usage
from holytui.providers import pricing
from holytui.store.values import UsageTotal

MODEL = Model("gpt-4", context=1000, price=Price(2.5, 10.0))
CONFIG = Config(
    providers=MappingProxyType({"p": Provider("p", "http://127.0.0.1/v1", models=MappingProxyType({"gpt-4": MODEL}))})
)


def test_a_million_tokens_cost_what_the_price_says() -> None:
    assert pricing.cost(Usage(input=1_000_000, output=100_000), Price(2.5, 10.0)) == pytest.approx(3.5)


def test_cached_tokens_cost_their_own_price_if_there_is_one() -> None:
    used = Usage(input=1_000_000, cached=400_000)
    assert pricing.cost(used, Price(2.0, 0.0, cached=0.5)) == pytest.approx(1.4)
    assert pricing.cost(used, Price(2.0, 0.0)) == pytest.approx(2.0)


def test_the_context_is_filled_by_question_and_answer() -> None:
    assert pricing.context_fraction(Usage(600, 450, reasoning=100).context_tokens, MODEL) == pytest.approx(0.95)
    assert pricing.context_fraction(950, Model("x")) is pricing.context_fraction(None, MODEL) is None


@pytest.mark.parametrize("name", ["p/other", "q/gpt-4", "no slash", "guide/guide"])
def test_nothing_is_known_of_what_is_not_configured(name: str) -> None:
    assert pricing.find_model(CONFIG, name) is None


def test_a_configured_model_is_found() -> None:
    assert pricing.find_model(CONFIG, "p/gpt-4") is MODEL


def spent(model: str, usage: Usage) -> UsageTotal:
    return UsageTotal(0, model, 1, usage, 1)


def test_a_bill_has_the_prices_of_now_and_says_what_it_leaves_out() -> None:
    found = pricing.total_cost(
        CONFIG,
        [
            spent("p/gpt-4", Usage(1_000_000, 0)),
            spent("p/gpt-4", Usage(0, 100_000, estimated=True)),
            spent("p/other", Usage(5, 5)),
            spent("gone/model", Usage(5, 5)),
            spent("guide/cut", Usage(5, 5)),
        ],
    )
    assert found == pricing.CostTotal(3.5, frozenset({"p/other", "gone/model"}), at_least=True, estimated=True)
    assert pricing.format_total(found) == "≥3.50"
    assert pricing.unpriced_note(found) == "without 2 unpriced models"


def test_a_bill_of_priced_models_only_is_exact_unless_their_figures_are_not() -> None:
    assert pricing.format_total(pricing.total_cost(CONFIG, [spent("p/gpt-4", Usage(1_000_000, 0))])) == "2.50"
    assert (
        pricing.format_total(pricing.total_cost(CONFIG, [spent("p/gpt-4", Usage(1_000_000, estimated=True))]))
        == "~2.50"
    )
    assert (
        pricing.format_total(pricing.total_cost(CONFIG, [spent("p/gpt-4", Usage(1_000_000, at_least=True))])) == "≥2.50"
    )


def test_nothing_priced_is_no_amount_and_the_guide_is_no_unpriced_model() -> None:
    found = pricing.total_cost(CONFIG, [spent("guide/guide", Usage(5, 5))])
    assert found == pricing.CostTotal()
    assert pricing.format_total(found) == "–"


def test_a_reported_cost_is_preferred_to_the_configured_price() -> None:
    model = pricing.find_model(CONFIG, "p/gpt-4")
    assert pricing.answer_cost(Usage(1_000_000, 0, cost=0.5), model) == 0.5
    assert pricing.answer_cost(Usage(1_000_000, 0), model) == pytest.approx(2.5)
    assert pricing.answer_cost(Usage(1_000_000, 0), None) is None
    priced = replace(spent("p/gpt-4", Usage(2_000_000, 0, cost=0.5)), without_cost=Usage(1_000_000, 0))
    unpriced = spent("p/other", Usage(5, 5, cost=0.25))
    total = pricing.total_cost(CONFIG, [priced, unpriced])
    assert total.amount == pytest.approx(3.25)
    assert (total.unpriced, total.at_least) == (frozenset(), False)
    partly = replace(unpriced, without_cost=Usage(1, 1))
    assert pricing.total_cost(CONFIG, [partly]) == pricing.CostTotal(0.25, frozenset({"p/other"}), at_least=True)
