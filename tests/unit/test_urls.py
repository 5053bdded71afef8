"""Which hosts are this machine, and where a secret may be sent."""

from __future__ import annotations

import pytest

from holytui.config.urls import host_of, is_loopback, is_secure


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "A.LocalHost.",
    ],
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.example",
        "notlocalhost",
        "10.0.0.1",
        "192.168.1.2",
        "128.0.0.1",
        "127.0.0.1.example",
        "127.1",
        "2130706433",
        "0x7f000001",
        "::ffff:10.0.0.1",
        "127.0.0.999",
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
    ],
)
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://x/v1", True),
        ("HTTPS://x/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:80/", True),
        ("http://localhost/", True),
        ("http://localhost.example/", False),
        ("http://127.0.0.1.example/", False),
        ("http://192.168.0.1/", False),
        ("ftp://localhost/", False),
        ("nonsense", False),
    ],
)
def test_an_address_is_secure_by_https_or_on_this_machine(url: str, secure: bool) -> None:
    assert is_secure(url) is secure


def test_hosts_are_read_from_addresses() -> None:
    assert host_of("https://api.example:8443/v1") == "api.example"
    assert host_of(5) is None
    assert is_loopback("LOCALHOST.")
