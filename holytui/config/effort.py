"""Levels of reasoning effort, and the request parameters that set them at each kind of server.

Sources are the documentations of the providers: OpenAI and Google `reasoning_effort`, OpenRouter `reasoning`, Anthropic
`thinking` with a budget of at least 1024 tokens below `max_tokens`, DeepSeek `thinking.type` with `reasoning_effort`,
Alibaba Cloud `enable_thinking` with `thinking_budget`, vLLM and llama.cpp `chat_template_kwargs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from holytui.config.schema import EffortFormat, Model, Provider
from holytui.errors import EffortUnknown
from holytui.i18n import N_, _
from holytui.models import EFFORT_PARAM
from holytui.text import nearest, sanitize_line


class Effort(StrEnum):
    """Effort that a model spends on reasoning."""

    OFF = "off"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


DEFAULT = "default"
"""Name of the absence of a level: the model's own effort."""

_LABELS = {Effort.OFF: N_("off"), Effort.LOW: N_("low"), Effort.MEDIUM: N_("medium"), Effort.HIGH: N_("high")}
_BUDGETS: Mapping[Effort, int] = MappingProxyType({Effort.LOW: 2_048, Effort.MEDIUM: 8_192, Effort.HIGH: 24_576})
_LEAST_BUDGET = 1_024


def describe(level: Effort | None) -> str:
    """Return the level in the user's language."""
    return _("default") if level is None else _(_LABELS[level])


def effort_of(params: Mapping[str, object]) -> Effort | None:
    """Return the level that request parameters name; None for the default, or another value."""
    value = params.get(EFFORT_PARAM)
    return Effort(value) if isinstance(value, str) and value in list(Effort) else None


def next_level(level: Effort | None) -> Effort | None:
    """Return the level that follows: default, low, medium, high, off."""
    order = (None, Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.OFF)
    return order[(order.index(level) + 1) % len(order)]


def parse_level(text: str) -> Effort | None:
    """Parse a level as typed, in either language; None for the default. Raises EffortUnknown."""
    name = text.strip().casefold()
    if name in (DEFAULT, describe(None)):
        return None
    for level in Effort:
        if name in (level.value, describe(level)):
            return level
    title = _("“{name}” is not a level of effort").format(name=sanitize_line(text.strip()))
    names = [*(level.value for level in Effort), DEFAULT]
    if (suggestion := nearest(name, names)) is not None:
        raise EffortUnknown(title, _('Did you mean "{name}"?').format(name=suggestion))
    raise EffortUnknown(title, _("The levels: {names}").format(names=", ".join(names)))


def with_level(params: Mapping[str, object], level: Effort | None) -> dict[str, object]:
    """Return the parameters of a conversation with this level; None removes it."""
    rest = {name: value for name, value in params.items() if name != EFFORT_PARAM}
    return rest if level is None else {**rest, EFFORT_PARAM: level.value}


def without_effort(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters without the level; another value of the parameter is the server's own."""
    if effort_of(params) is None:
        return dict(params)
    return {name: value for name, value in params.items() if name != EFFORT_PARAM}


def effort_params(
    level: Effort, provider: Provider, model: Model, preset: EffortFormat | None, params: Mapping[str, object]
) -> Mapping[str, object]:
    """Return the request parameters of a level; empty if the server has none. Objects are merged with `params`."""
    own = provider.effort_params.get(level)
    if isinstance(own, Mapping):
        chosen: Mapping[str, object] = own
    else:
        form = model.effort_format or provider.effort_format or preset or EffortFormat.REASONING_EFFORT
        chosen = _formatted(level, form, params.get("max_tokens"))
    return {name: _merged(params.get(name), value) for name, value in chosen.items()}


def _formatted(level: Effort, form: EffortFormat, limit: object) -> Mapping[str, object]:
    on, name = level is not Effort.OFF, "none" if level is Effort.OFF else level.value
    match form:
        case EffortFormat.REASONING_EFFORT:
            return {"reasoning_effort": name}
        case EffortFormat.REASONING:
            return {"reasoning": {"effort": name}}
        case EffortFormat.THINKING:
            if not on:
                return {"thinking": {"type": "disabled"}}
            return {"thinking": {"type": "enabled", "budget_tokens": _budget(level, limit)}}
        case EffortFormat.THINKING_TYPE:
            if not on:
                return {"thinking": {"type": "disabled"}}
            return {"thinking": {"type": "enabled"}, "reasoning_effort": name}
        case EffortFormat.ENABLE_THINKING:
            return (
                {"enable_thinking": True, "thinking_budget": _budget(level, limit)} if on else {"enable_thinking": on}
            )
        case EffortFormat.CHAT_TEMPLATE:
            return {"chat_template_kwargs": {"enable_thinking": on} | ({"reasoning_effort": name} if on else {})}
        case EffortFormat.NONE:
            return {}


def _budget(level: Effort, limit: object) -> int:
    """Return the tokens for reasoning, so that half of those allowed for the answer are left for its text."""
    budget = _BUDGETS[level]
    return max(_LEAST_BUDGET, min(budget, limit // 2)) if isinstance(limit, int) else budget


def _merged(before: object, value: object) -> object:
    return {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
