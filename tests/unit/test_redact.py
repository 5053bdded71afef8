from __future__ import annotations

from types import MappingProxyType

import pytest

from holytui import secret
from holytui.config import redact
from holytui.config.schema import OAuth, Provider


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_known", set())


def _masked(text: str, **fields: object) -> bool:
    redact.remember(Provider("x", "https://x/v1", **fields))  # type: ignore[arg-type]  # fields by name
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
    ],
)
def test_what_looks_like_a_secret_in_a_command_is_known(secret_text: str, argv: tuple[str, ...]) -> None:
    assert _masked(secret_text, api_key_command=argv)
    assert secret_text not in " ".join(redact.command(argv))


@pytest.mark.parametrize("argv", [("pass", "show", "holysheep"), ("cat", "/home/me/secrets/holysheep-2024/key.txt")])
def test_names_in_a_command_stay_words(argv: tuple[str, ...]) -> None:
    redact.remember(Provider("x", "https://x/v1", api_key_command=argv))
    assert secret.scrub(" ".join(argv)) == " ".join(argv)


def test_headers_and_queries_are_known_unless_they_are_public() -> None:
    headers = MappingProxyType({"X-Own": "Token hush-own", "X-Team": "research", "User-Agent": "holytui/1"})
    redact.remember(
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
