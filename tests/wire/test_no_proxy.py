"""`NO_PROXY`, as curl takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.wire.transport.addresses import proxy_for
from holytui.wire.transport.no_proxy import is_exempt


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("*", "a.example"),
        ("a.example", "a.example"),
        ("A.Example", "a.example"),
        ("example", "a.example"),
        (".example", "a.example"),
        (".a.example", "a.example"),
        ("a.example.", "a.example"),
        ("a.example", "a.example."),
        ("x, a.example ,y", "a.example"),
        ("x a.example\ty", "a.example"),
        ("a.example:443", "a.example"),
        (".example:443", "a.example"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3/8", "10.200.0.1"),  # host bits are set
        ("10.1.2.3:443", "10.1.2.3"),
        ("10.0.0.0/8", "::ffff:10.1.2.3"),
        ("fd00::/8", "fd00::1"),
        ("[fd00::]/8", "[fd00::1]"),
        ("fd00::1", "fd00:0::1"),
        ("[fd00::1]", "fd00::1"),
        ("[fd00::1]:443", "fd00::1"),
        ("0.0.0.0/0", "8.8.8.8"),
    ],
)
def test_hosts_that_are_exempt(no_proxy: str, host: str) -> None:
    assert is_exempt(no_proxy, host, 443)


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("", "a.example"),
        (",, .", "a.example"),
        ("b.example", "a.example"),
        ("a.example", "example"),
        ("xample", "a.example"),
        ("a.example", "ba.example"),
        ("a.example:80", "a.example"),
        ("a.example:99999999", "a.example"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/8", "10.example"),
        ("10.0.0.0/33", "10.0.0.1"),
        ("10", "10.0.0.1"),
        (".1", "10.0.0.1"),
        ("fd00::/8", "fe00::1"),
        ("fd00::/8", "10.0.0.1"),
        ("10.0.0.0/8", "fd00::1"),
        ("[fd00::1]:80", "fd00::1"),
        ("10.1.2.3:80", "10.1.2.3"),
    ],
)
def test_hosts_that_are_not_exempt(no_proxy: str, host: str) -> None:
    assert not is_exempt(no_proxy, host, 443)


@given(st.text(alphabet="a.:/[]*19 ,\x00é", max_size=30), st.text(alphabet="a.:[]19é", max_size=12))
def test_nothing_in_it_raises(no_proxy: str, host: str) -> None:
    assert is_exempt(no_proxy, host, 443) in (True, False)


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_the_environment_decides_unless_the_provider_does(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("ALL_PROXY", "socks5h://all.example")
    monkeypatch.setenv(name, "10.0.0.0/8,plain.example:80")
    assert proxy_for("https://a.example/v1") == "http://proxy.example:3128"
    assert proxy_for("http://a.example/v1") == "socks5h://all.example"
    assert proxy_for("https://10.9.9.9/v1") == ""
    assert proxy_for("http://plain.example/v1") == ""
    assert proxy_for("https://plain.example/v1") == "http://proxy.example:3128"
    assert proxy_for("https://10.9.9.9/v1", "http://own.example") == "http://own.example"
    assert proxy_for("http://127.0.0.1:1/v1") == ""
