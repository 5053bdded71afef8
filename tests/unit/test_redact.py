from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from holytui import secret
from holytui.config import redact
from holytui.config.schema import OAuth, Provider


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_known", set())


def _masked(text: str, **fields: object) -> bool:
    redact.register_secrets(Provider("x", "https://x/v1", **fields))  # type: ignore[arg-type]  # fields by name
    return secret.scrub(text) == "•••"


@pytest.mark.parametrize(
    ("secret_text", "argv"),
    [
        ("hush-hush", ("get", "--secret=hush-hush")),
        ("hush-hush", ("get", "--password", "hush-hush")),
        ("hush-hush", ("sh", "-c", "curl -u user --token=hush-hush https://x")),
        ("hush-hush", ("env", "VAULT_TOKEN=hush-hush", "vault", "read")),
        ("hush-hush", ("curl", "https://me:hush-hush@vault.example/key")),
        ("hush-hush", ("curl", "https://vault.example/key?t=hush-hush")),
        ("s3cretOf16Letters", ("get", "s3cretOf16Letters")),
        ("sk-proj-0123456789abcdef0123", ("echo", "sk-proj-0123456789abcdef0123")),
    ],
)
def test_what_looks_like_a_secret_in_a_command_is_known(secret_text: str, argv: tuple[str, ...]) -> None:
    assert _masked(secret_text, api_key_command=argv)
    assert secret_text not in " ".join(redact.command(argv))


@pytest.mark.parametrize(
    "argv",
    [
        ("pass", "show", "holysheep"),
        ("cat", "/home/me/secrets/holysheep-2024/key.txt"),
        ("pass", "holysheep-api-key-2024"),
        ("op", "--profile=default"),
    ],
)
def test_names_in_a_command_stay_words(argv: tuple[str, ...]) -> None:
    redact.register_secrets(Provider("x", "https://x/v1", api_key_command=argv))
    assert secret.scrub(" ".join(argv)) == " ".join(argv)


def test_headers_and_queries_are_known_unless_they_are_public() -> None:
    headers = MappingProxyType({"X-Own": "Token hush-own", "X-Team": "research", "User-Agent": "holytui/1"})
    redact.register_secrets(
        Provider(
            "x",
            "https://x/v1",
            headers=headers,
            public_headers=("x-team",),
            chat_path="/chat?api-version=2024-10-21&code=hush%2Fcode",
            proxy="http://me:hush%40proxy@p",
            oauth=OAuth("https://t/o?client=hush-client", "id"),
        )
    )
    hidden = ("Token hush-own", "hush-own", "hush%2Fcode", "hush/code", "hush%40proxy", "hush@proxy", "hush-client")
    assert [secret.scrub(text) for text in hidden] == ["•••"] * len(hidden)
    assert secret.scrub("research holytui/1 2024-10-21") == "research holytui/1 2024-10-21"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://x/v1", "https://x/v1"),
        ("https://me:p@x:1/v1?", "https://•••@x:1/v1?"),
        ("/chat?api-version=1&key=k", "/chat?api-version=1&key=•••"),
        ("https://x/v1?k#f", "https://x/v1?•••#•••"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact.url(url) == shown


def test_an_address_in_a_sentence_has_no_trace_of_a_user() -> None:
    assert redact.plain_url("https://me:p@x/v1\n") == "https://x/v1"


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({"api_key": "sk-0123456"}, True),
        ({"headers": {"Authorization": "x"}}, True),
        ({"headers": {"Authorization": "x"}, "public_headers": ("authorization",)}, False),
        ({"headers": {"X-Team": "x"}}, False),
        ({"proxy": "http://me:pass@p"}, True),
        ({"proxy": "http://me@p"}, False),
        ({"chat_path": "/chat?subscription-key=x"}, True),
        ({"chat_path": "/chat?tenant=x"}, False),
        ({"api_key_command": ("get", "--token=x")}, True),
        ({"api_key_command": ("op", "item", "get", "4kq3zv0123456789abcdef")}, False),
        ({"oauth": OAuth("https://t/o?client_secret=x", "id")}, True),
    ],
)
def test_which_configuration_must_be_closed_to_others(fields: dict[str, Any], holds: bool) -> None:
    assert redact.holds_secret(Provider("x", "https://x/v1", **fields)) is holds


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql://u:p%40s@h/db?sslmode=require&password=other1",
            "postgresql://u:•••@h/db?sslmode=require&password=•••",
        ),
        ("postgresql://u:a/b?c@h/db", "postgresql://u:•••@h/db"),
        ("host=h password='a b c' dbname=x", "host=h password='•••' dbname=x"),
        ("service=work password = hunter22", "service=work password = •••"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
    ],
)
def test_the_address_of_a_database_is_shown_without_passwords(address: str, shown: str) -> None:
    assert redact.database(address) == shown
    assert redact.holds_database_secret(address) is (address != shown)
