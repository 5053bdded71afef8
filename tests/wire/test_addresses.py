"""What the address of an endpoint means."""

from __future__ import annotations

import pytest

from holytui.wire.transport.addresses import first_hop, is_insecure
from tests.wire.harness import endpoint


@pytest.mark.parametrize(
    ("base_url", "fields", "has_key", "insecure"),
    [
        ("https://a.example/v1", {}, True, False),
        ("http://a.example/v1", {}, True, True),
        ("http://a.example/v1", {}, False, False),
        ("http://a.example/v1", {"allow_insecure": True}, True, False),
        ("http://a.example/v1", {"headers": {"Api-Key": "k"}}, False, True),
        ("http://me:secret@a.example/v1", {}, False, True),
        ("http://127.0.0.1:8080/v1", {}, True, False),
        ("http://127.0.0.1:8080/v1", {"proxy": "http://proxy.example"}, True, True),
        ("http://[", {}, True, False),
    ],
)
def test_where_a_key_would_be_in_the_clear(
    base_url: str, fields: dict[str, object], has_key: bool, insecure: bool
) -> None:
    assert is_insecure(endpoint(base_url, **fields), has_key) is insecure


def test_the_first_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "direct.example")
    assert first_hop(endpoint("https://a.example/v1")) == ("proxy.example", 3128)
    assert first_hop(endpoint("https://direct.example/v1")) == ("direct.example", 443)
    assert first_hop(endpoint("http://plain.example/v1")) == ("plain.example", 80)
    assert first_hop(endpoint("https://[::1]:8443/v1")) == ("::1", 8443)
    assert first_hop(endpoint("https://a.example/v1", proxy="socks5://b.example")) == ("b.example", 1080)
