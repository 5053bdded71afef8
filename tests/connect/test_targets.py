"""What can be connected, local servers that are found, and addresses that are typed."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from holytui.config.presets import PRESETS
from holytui.config.schema import Config, Provider
from holytui.connect.targets import custom_target, find_local_servers, name_for, normalized_url, targets
from holytui.errors import ConfigError
from holytui.wire.client import ChatClient
from tests.servers import READ, STALL, ScriptedServer, whole

MINE = Config(providers=MappingProxyType({"mine": Provider("mine", "https://llm.example.com/v1", api_key_env="K")}))


def test_holysheep_is_first_then_servers_that_run_then_keys_that_are_set() -> None:
    names = [each.provider.name for each in targets(MINE, {"vllm": ("m",)}, {"GROQ_API_KEY": "x"})]
    assert names[:3] == ["holysheep", "vllm", "groq"]
    assert names[-1] == "mine"
    assert sorted(names) == sorted([*PRESETS, "mine"])


def test_local_servers_are_found_with_their_models() -> None:
    listed = whole("200 OK", {"data": [{"id": "b"}, {"id": "a"}]})
    client = ChatClient()
    with ScriptedServer([READ, listed]) as good, ScriptedServer([READ, whole("404 Not Found", b"")]) as other:
        presets = [
            replace(PRESETS[name], port=server.port, base_url=server.base_url)
            for name, server in (("ollama", good), ("llamacpp", other))
        ]
        closed = replace(PRESETS["vllm"], port=9, base_url="http://127.0.0.1:9/v1")
        assert find_local_servers(client, [*presets, closed, PRESETS["openai"]]) == {"ollama": ("a", "b")}
        assert "authorization" not in good.requests[0].headers
    client.close()


def test_a_port_that_does_not_answer_is_not_waited_for() -> None:
    client = ChatClient()
    with ScriptedServer([READ, STALL]) as server:
        preset = replace(PRESETS["vllm"], port=server.port, base_url=server.base_url)
        assert find_local_servers(client, [preset], seconds=0.05) == {}
        client.close()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" https://llm.example.com/v1/ ", "https://llm.example.com/v1"),
        ("llm.example.com/v1/chat/completions", "https://llm.example.com/v1"),
        ("https://x.example/models", "https://x.example"),
        ("localhost:8080/v1", "http://localhost:8080/v1"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://10.0.0.1:8000/v1", "http://10.0.0.1:8000/v1"),
    ],
)
def test_an_address_is_what_was_meant(typed: str, url: str) -> None:
    assert normalized_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "https://", "ftp://x/v1", "https://a b", "https://u:pw-secret@x/v1", "https://x?k=v"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ConfigError, match="is not an address") as error:
        normalized_url(typed)
    assert "pw-secret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://llm.example.com/v1", "mine"),
        ("https://api.example.com/v1", "example"),
        ("https://api.openai.com/other", "openai-2"),
        ("http://127.0.0.1:8080/v1", "local"),
        ("http://10.0.0.1/v1", "server"),
        ("http://box:8000/v1", "box"),
    ],
)
def test_a_provider_is_named_for_its_host(url: str, name: str) -> None:
    assert name_for(MINE, url) == name
    assert custom_target(MINE, url).provider.name == name


@pytest.mark.parametrize("name", ["guide", "a b", "a/b", "a\x1b"])
def test_a_name_that_the_configuration_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        custom_target(MINE, "https://x.example/v1", name)


@pytest.mark.parametrize("typed", ["/run/llm.sock", "unix:/run/llm.sock", "http+unix:///run/llm.sock"])
def test_a_unix_socket_can_be_typed(typed: str) -> None:
    target = custom_target(Config(), typed)
    assert (target.provider.base_url, target.is_local) == ("http+unix:///run/llm.sock", True)
    assert custom_target(Config(), "/run/user/7/ollama_x.sock").provider.name == "ollama-x"
