from __future__ import annotations

from types import MappingProxyType

import pytest

from holytui import i18n
from holytui.config.effort import (
    Effort,
    describe,
    effort_of,
    effort_params,
    next_level,
    parse_level,
    with_level,
    without_effort,
)
from holytui.config.presets import PRESETS
from holytui.config.schema import Api, Config, EffortFormat, Model, Provider
from holytui.errors import EffortUnknown
from holytui.providers.resolve import resolve

OWN = Provider("own", "https://llm.example/v1")


@pytest.mark.parametrize(
    ("form", "high", "off"),
    [
        (EffortFormat.REASONING_EFFORT, {"reasoning_effort": "high"}, {"reasoning_effort": "none"}),
        (EffortFormat.REASONING, {"reasoning": {"effort": "high"}}, {"reasoning": {"effort": "none"}}),
        (
            EffortFormat.THINKING,
            {"thinking": {"type": "enabled", "budget_tokens": 24_576}},
            {"thinking": {"type": "disabled"}},
        ),
        (
            EffortFormat.THINKING_TYPE,
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            {"thinking": {"type": "disabled"}},
        ),
        (
            EffortFormat.ENABLE_THINKING,
            {"enable_thinking": True, "thinking_budget": 24_576},
            {"enable_thinking": False},
        ),
        (
            EffortFormat.CHAT_TEMPLATE,
            {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "high"}},
            {"chat_template_kwargs": {"enable_thinking": False}},
        ),
        (EffortFormat.NONE, {}, {}),
    ],
)
def test_each_format_has_parameters_for_a_level_and_for_off(
    form: EffortFormat, high: dict[str, object], off: dict[str, object]
) -> None:
    assert effort_params(Effort.HIGH, OWN, Model("m"), form, {}) == high
    assert effort_params(Effort.OFF, OWN, Model("m"), form, {}) == off


@pytest.mark.parametrize(
    ("model", "form"),
    [
        ("openai/gpt-5.1", "reasoning_effort"),
        ("openrouter/x/y", "reasoning"),
        ("anthropic/claude-sonnet-4-5", "thinking"),
        ("deepseek/deepseek-v4-pro", "thinking"),
        ("vllm/qwen", "chat_template_kwargs"),
        ("holysheep/gpt-5", "reasoning_effort"),
    ],
)
def test_a_well_known_provider_has_its_own_format(model: str, form: str) -> None:
    assert form in resolve(Config(), model).effort_params(Effort.LOW, {})


def test_the_guide_has_no_effort() -> None:
    assert resolve(Config(), "guide/guide").effort_params(Effort.LOW, {}) == {}


def test_the_responses_api_of_a_local_server_has_the_format_of_that_api() -> None:
    local = PRESETS["llamacpp"].provider()
    config = Config(providers={"llamacpp": Provider("llamacpp", local.base_url, api=Api.RESPONSES)})
    assert resolve(config, "llamacpp/m").effort_params(Effort.LOW, {}) == {"reasoning_effort": "low"}


def test_a_model_overrides_its_provider_and_a_provider_its_preset() -> None:
    provider = Provider("own", "https://llm.example/v1", effort_format=EffortFormat.REASONING)
    assert effort_params(Effort.LOW, provider, Model("m"), EffortFormat.THINKING, {}) == {
        "reasoning": {"effort": "low"}
    }
    model = Model("m", effort_format=EffortFormat.ENABLE_THINKING)
    assert "enable_thinking" in effort_params(Effort.LOW, provider, model, None, {})


def test_parameters_of_a_level_in_the_configuration_come_first() -> None:
    provider = Provider("own", "https://llm.example/v1", effort_params=MappingProxyType({"off": {"think": False}}))
    assert effort_params(Effort.OFF, provider, Model("m"), None, {}) == {"think": False}
    assert effort_params(Effort.LOW, provider, Model("m"), None, {}) == {"reasoning_effort": "low"}


def test_objects_keep_the_fields_that_are_set_elsewhere() -> None:
    given = {"reasoning": {"exclude": True, "effort": "minimal"}}
    mapped = effort_params(Effort.HIGH, OWN, Model("m"), EffortFormat.REASONING, given)
    assert mapped == {"reasoning": {"exclude": True, "effort": "high"}}


@pytest.mark.parametrize(("limit", "budget"), [(100_000, 24_576), (4_000, 2_000), (500, 1_024)])
def test_half_of_the_tokens_are_left_for_the_text(limit: int, budget: int) -> None:
    mapped = effort_params(Effort.HIGH, OWN, Model("m"), EffortFormat.THINKING, {"max_tokens": limit})
    assert mapped == {"thinking": {"type": "enabled", "budget_tokens": budget}}


def test_a_key_goes_through_all_levels_and_back() -> None:
    seen = [None]
    while (level := next_level(seen[-1])) is not None:
        seen.append(level)  # type: ignore[arg-type]  # the first element is None
    assert seen == [None, Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.OFF]


def test_a_level_is_named_in_either_language() -> None:
    assert parse_level(" HIGH ") is Effort.HIGH
    assert parse_level("default") is None
    try:
        i18n.set_language("vi")
        assert parse_level(describe(Effort.MEDIUM)) is Effort.MEDIUM
        assert parse_level("medium") is Effort.MEDIUM
    finally:
        i18n.set_language("en")


def test_an_unknown_level_is_reported_with_the_nearest_one() -> None:
    with pytest.raises(EffortUnknown) as near:
        parse_level("hihg")
    assert near.value.hint == 'Did you mean "high"?'
    with pytest.raises(EffortUnknown, match="“42” is not a level of effort") as far:
        parse_level("42")
    assert "off, low, medium, high, default" in far.value.hint


def test_another_value_of_the_parameter_is_sent_as_it_is() -> None:
    assert effort_of({"effort": "max"}) is None
    assert without_effort({"effort": "max", "a": 1}) == {"effort": "max", "a": 1}
    assert without_effort({"effort": "low", "a": 1}) == {"a": 1}
    assert with_level({"effort": "low", "a": 1}, None) == {"a": 1}
    assert with_level({"a": 1}, Effort.OFF) == {"a": 1, "effort": "off"}
