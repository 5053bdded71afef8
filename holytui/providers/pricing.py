"""Cost of answers and use of the model's context, where prices and context sizes are configured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui import formatting as fmt
from holytui.config.presets import GUIDE
from holytui.config.schema import Config, Model, Price
from holytui.i18n import ngettext
from holytui.models import ModelRef, Usage

if TYPE_CHECKING:
    from holytui.store.values import UsageTotal

_MILLION = 1_000_000


def find_model(config: Config, name: str) -> Model | None:
    """Return the configured model named `provider/model`; None if there is none."""
    try:
        ref = ModelRef.parse(name)
    except ValueError:
        return None
    provider = config.providers.get(ref.provider)
    return provider.models.get(ref.name) if provider is not None else None


def cost(usage: Usage, price: Price) -> float:
    """Return the cost in the user's currency; cached tokens at their own price, if one is set."""
    cached = usage.cached if price.cached is not None else 0
    uncached = (usage.input - cached) * price.input + usage.output * price.output
    return (uncached + cached * (price.cached or 0.0)) / _MILLION


def answer_cost(usage: Usage, model: Model | None) -> float | None:
    """Return the cost of an answer as its provider reported it, else at the configured price; None if unknown."""
    if usage.cost is not None:
        return usage.cost
    return cost(usage, model.price) if model is not None and model.price is not None else None


def context_fraction(tokens: int | None, model: Model | None) -> float | None:
    """Return the used fraction of the model's context (may exceed 1); None if tokens or context are unknown."""
    return tokens / model.context if tokens is not None and model is not None and model.context else None


@dataclass(frozen=True, slots=True)
class CostTotal:
    """Total cost of several answers."""

    amount: float | None = None
    """Reported by the provider, else at the configured price; None if neither is known for any answer."""
    unpriced: frozenset[str] = frozenset()
    """Models without a price, whose answers are not included. The guide is free and not among them."""
    at_least: bool = False
    estimated: bool = False


def total_cost(config: Config, spent: Iterable[UsageTotal]) -> CostTotal:
    """Return the total of the costs that providers reported, and of the rest at the configured prices."""
    amount: float | None = None
    unpriced: set[str] = set()
    used = Usage()
    for each in spent:
        model, unreported = find_model(config, each.model), each.without_cost
        if each.usage.cost is not None:
            amount = (amount or 0.0) + each.usage.cost
            used += each.usage
            if unreported is None or not (unreported.input or unreported.output):
                continue
        if model is not None and model.price is not None:
            amount = (amount or 0.0) + cost(unreported or each.usage, model.price)
            used += each.usage
        elif not each.model.startswith(f"{GUIDE}/"):
            unpriced.add(each.model)
    return CostTotal(amount, frozenset(unpriced), used.at_least or bool(unpriced), used.estimated)


def format_total(total: CostTotal) -> str:
    """Format the total with `≥` or `~` where it is inexact; `–` if no model has a price."""
    if total.amount is None:
        return "–"
    return fmt.inexact_mark(at_least=total.at_least, estimated=total.estimated) + fmt.cost(total.amount)


def unpriced_note(total: CostTotal) -> str:
    """Return the note on models without a price."""
    count = len(total.unpriced)
    return ngettext("without {count} unpriced model", "without {count} unpriced models", count).format(count=count)
