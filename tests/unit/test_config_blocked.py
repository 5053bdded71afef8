"""A setting that is not understood must not lead to a request that is less safe than the one that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from holytui.config.load import load
from holytui.config.schema import Config
from holytui.config.write import dump
from holytui.errors import ProviderBlocked
from holytui.providers.resolve import resolve
from holytui.secret import scrub

ADDRESS = 'base_url = "https://llm.example/v1"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def config_of(file: Path, text: str) -> Config:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return load(file).config


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('proxy = "proxy:3128"', "proxy: found a text, expected an address such as http://proxy:3128 or socks5h://"),
        ('proxy = "socks4://proxy:1"', "proxy: found a text, expected an address"),
        ('proxy = "socks5://"', "proxy: found a text, expected an address"),
        ("proxy = 3128", "proxy: found a number, expected an address"),
        ('prox = "http://proxy:3128"', 'prox: unknown key; did you mean "proxy"?'),
        ('https_proxy = "http://proxy:3128"', "https_proxy: unknown key"),
        ("ca_file = true", "ca_file: found true, expected a text"),
        ('ca-file = "ca.pem"', 'ca-file: unknown key; did you mean "ca_file"?'),
        ('allow_insecure = "no"', 'allow_insecure: found "no", expected true or false'),
        ('headers = "X-Team: a"', "headers: found a text, expected"),
        ('headers = { "X-Retention" = 0 }', "headers.X-Retention: found a number, expected"),
        ("chat_path = 5", "chat_path: found 5, expected"),
        ("api_key_env = ['A']", "api_key_env: found a list, expected"),
        ("api_key_file = 5", "api_key_file: found a number, expected"),
        ("api_key_command = 'pass'\napi_key_env = 'OTHER'", "api_key_command: found a text, expected"),
        ('api_key = "a key"', "api_key: found a text, expected"),
        ("oauth = 5", "oauth: found 5, expected a table"),
        ("oauth = { token_url = 'https://x', client_id = 'x' }", "oauth: one of"),
        ("oauth = { token_url = 'http://far', client_id = 'x', refresh_token_file = 'x' }", "oauth.token_url: found"),
    ],
)
def test_a_provider_is_stopped_by_a_connection_setting_that_is_not_understood(file: Path, line: str, said: str) -> None:
    config = config_of(file, f"[providers.work]\n{ADDRESS}{line}\n[providers.other]\n{ADDRESS}")
    with pytest.raises(ProviderBlocked) as raised:
        resolve(config, "work/model")
    assert raised.value.hint.startswith(f"config.toml:3: providers.work.{said}")
    assert "work" in raised.value.title
    assert resolve(config, "other/model").endpoint.host == "llm.example"
    assert resolve(config, "guide/guide").ref.provider == "guide"


@pytest.mark.parametrize(
    "lines",
    [
        'recover = "nonsense"',
        "models.m.context = 0",
        "models = 5",
        "nonsense_that_nobody_knows = 1",
        'api_key_env = "A"\napi_key_file = "b"',  # the first one is used, which is told
        'proxy = ""',
        'proxy = "socks5h://proxy:1080"',
        'proxy = "socks5://me:secret@proxy"',
    ],
)
def test_a_provider_goes_on_with_other_problems_or_none(file: Path, lines: str) -> None:
    assert resolve(config_of(file, f"[providers.work]\n{ADDRESS}{lines}\n"), "work/model").ref.name == "model"


def test_a_well_known_provider_is_not_asked_at_its_usual_address_instead(file: Path) -> None:
    for table in ("base_url = 5", "base_url = 'gateway.example/v1'", 'base_url = "unix:///run/llm.sock"'):
        with pytest.raises(ProviderBlocked):
            resolve(config_of(file, f"[providers.openai]\n{table}\n"), "openai/gpt")
    with pytest.raises(ProviderBlocked):
        resolve(config_of(file, "providers.openai = 5"), "openai/gpt")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[providers.openai]\nproxy = \n", "config.toml:2"),
        ("providers = 5", "config.toml:1: providers: found 5"),
        ('[provider.openai]\nproxy = "http://proxy:1"\n', "config.toml:1: provider: unknown key"),
    ],
)
def test_nobody_but_the_guide_is_asked_where_the_providers_could_not_be_read(file: Path, text: str, said: str) -> None:
    config = config_of(file, text)
    with pytest.raises(ProviderBlocked) as raised:
        resolve(config, "openai/gpt")
    assert raised.value.hint.startswith(said)
    assert resolve(config, "guide/guide").ref.provider == "guide"


def test_without_a_file_well_known_providers_can_be_asked(file: Path) -> None:
    assert resolve(load(file).config, "openai/gpt").ref.provider == "openai"


def test_where_a_query_or_a_socket_belongs_is_told(file: Path) -> None:
    long = f"http+unix:///{'a' * 103}"
    file.write_text(
        '[providers.a]\nbase_url = "https://x/v1?api-version=1"\n[providers.b]\nbase_url = "/run/x.sock"\n'
        f'[providers.c]\nbase_url = "{long}"\n[providers.d]\nbase_url = "https://x/v1/chat/completions"\n'
    )
    query, unix, too_long, path = map(str, load(file).problems)
    assert query.startswith("config.toml:2: providers.a.base_url: a query belongs in the setting query")
    assert unix.startswith("config.toml:4: providers.b.base_url: a Unix socket is written with its absolute path")
    assert too_long.startswith("config.toml:6: providers.c.base_url: a Unix socket is written")
    assert path.endswith("without user, query, /chat/completions or /responses")


def test_the_network_settings_of_a_provider_reach_its_endpoint(file: Path) -> None:
    config = config_of(
        file,
        '[providers.a]\nbase_url = "http+unix:///run/llm.sock"\nproxy = "none"\nclient_cert = "me.pem"\n'
        'client_key = "/k/me.key"\nquery = { api-version = "1", code = "query-secret" }\nidle_timeout = 7\n'
        "[stream]\nidle_timeout = 5\ntoken_timeout = 9\n",
    )
    found = resolve(config, "a/m")
    assert found.endpoint.unix is not None
    assert found.endpoint.unix.socket == found.endpoint.host == "/run/llm.sock"
    assert (found.endpoint.client_cert, found.endpoint.client_key) == (str(file.parent / "me.pem"), "/k/me.key")
    assert found.endpoint.url == "http://localhost/v1/chat/completions?api-version=1&code=query-secret"
    assert (found.stream(config.stream).idle_timeout, found.stream(config.stream).token_timeout) == (7, 9)
    shown = dump(config)
    assert "query-secret" not in shown
    assert 'api-version = "1"' in shown
    assert "query-secret" not in scrub("GET /?code=query-secret")


@pytest.mark.parametrize(
    "lines",
    ['client_key = "me.key"', "query = 5", 'query = { a = "x\\ny" }', "client_cert = 5", 'proxy = "nothing"'],
)
def test_an_invalid_network_setting_stops_the_provider(file: Path, lines: str) -> None:
    with pytest.raises(ProviderBlocked):
        resolve(config_of(file, f"[providers.work]\n{ADDRESS}{lines}\n"), "work/model")
