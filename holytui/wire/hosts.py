"""What the address of an endpoint means: this machine or another, through which proxy, and may a key go there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from holytui.wire.request import Endpoint

_KEY_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def is_loopback(host: str) -> bool:
    """`host` is this machine, by its name or address alone (nothing is looked up); `0.0.0.0` is taken for it too."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_insecure(endpoint: Endpoint, has_key: bool) -> bool:
    """A key would go in clear text over a network, and the user has not allowed it."""
    try:
        parts = urlsplit(endpoint.base_url)
    except ValueError:
        return False  # no address, so nothing will be sent
    carries = has_key or carries_key(endpoint.headers) or bool(parts.password)
    here = is_loopback(parts.hostname or "") and not endpoint.proxy
    return carries and not endpoint.allow_insecure and parts.scheme != "https" and not here


def carries_key(headers: Mapping[str, str]) -> bool:
    """Some header is one of those that carry keys."""
    return any(name.lower() in _KEY_HEADERS for name in headers)


def first_hop(endpoint: Endpoint) -> tuple[str, int]:
    """Host and port that a connection to this endpoint is opened to: its own, or its proxy's.

    Raises ValueError if one of the addresses is not valid.
    """
    proxy = proxy_of(endpoint)
    parts = urlsplit(proxy or endpoint.base_url)
    if not parts.hostname:
        raise ValueError("no host")
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)


def proxy_of(endpoint: Endpoint) -> str:
    """The address of the proxy that requests to this endpoint go through; it may hold a password. Empty: directly.

    Raises ValueError if the endpoint's address is not valid.
    """
    parts = urlsplit(endpoint.base_url)
    host = parts.hostname or ""
    proxy = endpoint.proxy or ("" if is_loopback(host) else _proxy_of_environment(parts.scheme, host))
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _proxy_of_environment(scheme: str, host: str) -> str:
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(host):
        return ""
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all") or ""
