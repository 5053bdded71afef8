from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from holytui.config.presets import GUIDE, PRESETS, Continuation, Prefill, Preset, continuation, preset_of
from holytui.config.schema import Api, Config, Model, Provider
from holytui.config.urls import is_secure
from holytui.errors import ModelUnknown
from holytui.models import ModelRef
from holytui.providers.resolve import find_local, known_models, resolve, usable_presets

WORK = Provider(
    "work",
    "https://work.example/v1",
    chat_path="/chat",
    headers=MappingProxyType({"X-Team": "a"}),
    proxy="http://p:1",
    ca_file="/ca",
    allow_insecure=True,
    models=MappingProxyType({"org/m": Model("org/m", context=9)}),
)
HOME = Provider(
    "home", "http://127.0.0.1:1/v1", models=MappingProxyType({"m1": Model("m1"), "shared": Model("shared")})
)
MORE = Provider("more", "https://more.example/v1", models=MappingProxyType({"shared": Model("shared")}))
CONFIG = Config(default_model="work/org/m", providers=MappingProxyType({"work": WORK, "home": HOME, "more": MORE}))


def test_a_configured_model_goes_where_its_provider_is() -> None:
    found = resolve(CONFIG, "work/org/m")
    assert found == resolve(CONFIG, ModelRef("work", "org/m"))
    assert (found.model.context, found.provider, found.preset) == (9, WORK, None)
    endpoint = found.endpoint
    assert endpoint.url == "https://work.example/v1/chat"
    assert (endpoint.provider, endpoint.proxy, endpoint.ca_file) == ("work", "http://p:1", "/ca")
    assert endpoint.allow_insecure
    assert endpoint.headers == {"X-Team": "a"}


def test_any_model_of_a_configured_provider_may_be_named() -> None:
    assert resolve(CONFIG, "work/new").model == Model("new")


def test_any_model_of_a_well_known_provider_may_be_named_without_configuration() -> None:
    found = resolve(Config(), "holysheep/gpt-4o")
    assert found.endpoint.url == "https://api.holysheep.ai/v1/chat/completions"
    assert found.provider.api_key_env == "HOLYSHEEP_API_KEY"
    assert found.preset is PRESETS["holysheep"]


def test_what_is_configured_goes_before_the_preset_of_that_name() -> None:
    own = Provider("openai", "https://gateway.example/v1")
    found = resolve(Config(providers=MappingProxyType({"openai": own})), "openai/x")
    assert found.endpoint.base_url == "https://gateway.example/v1"


def test_a_model_may_be_asked_by_another_api_than_its_provider() -> None:
    models = {"a": Model("a"), "b": Model("b", api=Api.CHAT)}
    config = Config(providers={"p": Provider("p", "https://h/v1", models=models, api=Api.RESPONSES)})
    found = [resolve(config, name).endpoint.api for name in ("p/a", "p/b", "p/new")]
    assert found == [Api.RESPONSES, Api.CHAT, Api.RESPONSES]
    assert resolve(config, "p/a").endpoint.url == "https://h/v1/responses"


def test_the_responses_api_continues_no_text_whoever_serves_it() -> None:
    server = replace(PRESETS["llamacpp"].provider(), api=Api.RESPONSES)
    assert resolve(Config(providers={"llamacpp": server}), "llamacpp/m").continuation.prefill is Prefill.NO


@pytest.mark.parametrize("fault", ["guide", "cut", "stall", "anything"])
def test_the_guide_is_always_known_and_its_address_is_not(fault: str) -> None:
    found = resolve(Config(), f"guide/{fault}")
    assert (found.endpoint.base_url, found.model.name, found.provider.name) == ("", fault, GUIDE)
    assert found.continuation.prefill is Prefill.YES


@pytest.mark.parametrize(
    ("short", "ref"), [("guide", "guide/guide"), ("work", "work/org/m"), ("m1", "home/m1"), (" m1 ", "home/m1")]
)
def test_a_name_that_can_mean_one_model_only_is_enough(short: str, ref: str) -> None:
    assert str(resolve(CONFIG, short).ref) == ref


@pytest.mark.parametrize(
    ("wanted", "title", "hint"),
    [
        ("wrok/x", 'No provider "wrok" is configured', 'Did you mean "work/x"?'),
        ("holyshep/x", 'No provider "holyshep" is configured', 'Did you mean "holysheep/x"?'),
        ("zzzzz/x", 'No provider "zzzzz" is configured', 'Add [providers."zzzzz"] to the configuration'),
        ("shraed", '"shraed" is not the name of a model', 'Did you mean "shared"?'),
        ("shared", '"shared" is not the name of a model', "Several providers have it: home/shared, more/shared"),
        ("home", '"home" is not the name of a model', None),
        ("", '"" is not the name of a model', None),
        ("\x1b[1mzz/", '"␛[1mzz/" is not the name of a model', None),
        ("\x1b[1mzz/a", 'No provider "␛[1mzz" is configured', None),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_one(wanted: str, title: str, hint: str | None) -> None:
    with pytest.raises(ModelUnknown) as caught:
        resolve(CONFIG, wanted)
    assert caught.value.title == title
    assert caught.value.hint == hint if hint else caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_known_models_are_the_default_then_the_configured_then_the_guide() -> None:
    named = [str(ref) for ref in known_models(CONFIG)]
    assert named == ["work/org/m", "home/m1", "home/shared", "more/shared", "guide/guide"]
    assert [str(ref) for ref in known_models(Config())] == ["guide/guide"]
    assert known_models(replace(CONFIG, default_model="openai/x"))[0] == ModelRef("openai", "x")


def test_presets_whose_key_is_set_can_be_used_at_once() -> None:
    environ = {"OPENAI_API_KEY": "x", "GROQ_API_KEY": "", "MISTRAL_API_KEY": "y"}
    mistral = PRESETS["mistral"].provider()
    config = Config(providers=MappingProxyType({"mistral": mistral}))
    assert [preset.name for preset in usable_presets(config, environ)] == ["openai"]


def test_presets_are_secure_and_holysheep_is_the_first() -> None:
    assert next(iter(PRESETS)) == "holysheep"
    for name, preset in PRESETS.items():
        assert preset.name == name != GUIDE
        assert is_secure(preset.base_url)
        assert bool(preset.key_env) is (preset.port is None)
        assert not preset.base_url.endswith("/")


@pytest.mark.parametrize(
    ("provider", "model", "prefill"),
    [
        ("openai", "gpt-5", Prefill.NO),
        ("mistral", "mistral-large", Prefill.YES),
        ("holysheep", "gpt-4o", Prefill.UNKNOWN),
        ("own", "x", Prefill.UNKNOWN),
        ("anthropic", "claude-3-7-sonnet-20250219", Prefill.YES),
        ("anthropic", "claude-opus-4-20250514", Prefill.YES),
        ("anthropic", "claude-sonnet-4-5-20250929", Prefill.YES),
        ("anthropic", "claude-opus-4-6", Prefill.NO),
        ("anthropic", "claude-sonnet-5", Prefill.NO),
        ("anthropic", "claude-fable-5", Prefill.NO),
        ("anthropic", "claude-opus-4-10-20270101", Prefill.NO),
        ("openrouter", "anthropic/claude-opus-4.6", Prefill.NO),
        ("openrouter", "anthropic/claude-sonnet-4.5", Prefill.UNKNOWN),
        ("openrouter", "meta/llama", Prefill.UNKNOWN),
    ],
)
def test_who_continues_a_cut_answer_depends_on_provider_and_model(provider: str, model: str, prefill: Prefill) -> None:
    assert continues(provider, model).prefill is prefill


def continues(name: str, model: str = "x") -> Continuation:
    known = PRESETS.get(name)
    return continuation(known.provider() if known is not None else Provider(name, "https://own.example/v1"), model)


def test_each_way_to_continue_is_spelt_as_its_provider_wants_it() -> None:
    assert dict(continues("mistral").message) == {"prefix": True}
    deepseek = continues("deepseek")
    assert (dict(deepseek.message), deepseek.base_url) == ({"prefix": True}, "https://api.deepseek.com/beta")
    assert dict(continues("vllm").params) == {"continue_final_message": True, "add_generation_prompt": False}


def test_a_well_known_server_is_known_by_its_host_under_any_name() -> None:
    assert preset_of(Provider("mine", "https://api.mistral.ai/v1")) is PRESETS["mistral"]
    assert preset_of(Provider("mistral", "https://gateway.example/v1")) is None
    assert preset_of(Provider("vllm", "http://192.168.0.9:9000/v1")) is PRESETS["vllm"]
    assert preset_of(Provider("mine", "http://127.0.0.1:8000/v1")) is None
    assert preset_of(Provider(GUIDE, "")) is None


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_server_on_its_usual_port_is_found(listening: int, closed: int) -> None:
    def local(name: str, port: int | None) -> Preset:
        return Preset(name, name, "http://127.0.0.1/v1", port=port)

    found = find_local(2.0, [local("b", listening), local("a", listening), local("gone", closed), local("far", None)])
    assert found == ["a", "b"]


def test_without_any_time_nothing_is_found_and_nothing_left_open(listening: int) -> None:
    assert find_local(0.0, [Preset("a", "a", "http://127.0.0.1/v1", port=listening)]) == []
