"""What an answer cost, and how full the model's context is after it; both only where the configuration says enough."""

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


def model_of(config: Config, name: str) -> Model | None:
    """What is configured of `provider/model`; None if nothing is."""
    try:
        ref = ModelRef.parse(name)
    except ValueError:
        return None
    provider = config.providers.get(ref.provider)
    return provider.models.get(ref.name) if provider is not None else None


def cost(usage: Usage, price: Price) -> float:
    """In the user's currency; tokens from the provider's cache at their own price, if one is set."""
    cached = usage.cached if price.cached is not None else 0
    fresh = (usage.input - cached) * price.input + usage.output * price.output
    return (fresh + cached * (price.cached or 0.0)) / _MILLION


def context_part(tokens: int | None, model: Model | None) -> float | None:
    """The part of the model's context that so many tokens fill, 0 to 1 and above, if both are known."""
    return tokens / model.context if tokens is not None and model is not None and model.context else None


@dataclass(frozen=True, slots=True)
class Bill:
    """What several answers cost."""

    amount: float | None = None
    """In the user's currency; None when none of their models has a price."""
    unpriced: frozenset[str] = frozenset()
    """The models whose answers are not in it, as they have no price; the guide costs nothing."""
    at_least: bool = False
    estimated: bool = False


def bill(config: Config, spent: Iterable[UsageTotal]) -> Bill:
    """With the prices that the configuration has now."""
    amount: float | None = None
    unpriced: set[str] = set()
    used = Usage()
    for each in spent:
        model = model_of(config, each.model)
        if model is not None and model.price is not None:
            amount = (amount or 0.0) + cost(each.usage, model.price)
            used += each.usage
        elif not each.model.startswith(f"{GUIDE}/"):
            unpriced.add(each.model)
    return Bill(amount, frozenset(unpriced), used.at_least or bool(unpriced), used.estimated)


def amount(bill: Bill) -> str:
    """The sum, with what is to be said of it; `–` where nothing has a price."""
    if bill.amount is None:
        return "–"
    return fmt.about(at_least=bill.at_least, estimated=bill.estimated) + fmt.cost(bill.amount)


def without(bill: Bill) -> str:
    """How many models a sum leaves out."""
    count = len(bill.unpriced)
    return ngettext("without {count} unpriced model", "without {count} unpriced models", count).format(count=count)
