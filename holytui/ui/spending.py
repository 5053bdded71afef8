"""What an answer cost, and how full the model's context is after it; both only where the configuration says enough."""

from __future__ import annotations

from holytui.config.schema import Config, Model, Price
from holytui.models import ModelRef, Usage

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


def context_part(usage: Usage, model: Model) -> float | None:
    """The part of the context that the conversation fills with this answer in it, 0 to 1 and above."""
    return (usage.input + usage.output) / model.context if model.context else None
