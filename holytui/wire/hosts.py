"""What the address of an endpoint means: this machine or another, through which proxy, and may a key go there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from holytui.config.checks import carries_key, in_clear, is_loopback
from holytui.config.redact import remember_url
from holytui.text import sanitize_line
from holytui.wire.no_proxy import is_exempt
from holytui.wire.request import Endpoint

__all__ = [
    "carries_key",
    "first_hop",
    "is_insecure",
    "is_local_network",
    "is_loopback",
    "proxy_for",
    "proxy_name",
    "proxy_of",
]

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def is_insecure(endpoint: Endpoint, has_key: bool) -> bool:
    """A key would go in clear text over a network, and the user has not allowed it."""
    try:
        password = urlsplit(endpoint.base_url).password
    except ValueError:
        return False  # no address, so nothing will be sent
    carries = has_key or carries_key(endpoint.headers) or bool(password)
    return carries and not endpoint.allow_insecure and in_clear(endpoint.base_url, endpoint.proxy)


def is_local_network(host: str) -> bool:
    """`host` is this machine or one nearby, by its name or address: a private address, or a name without a dot."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return is_loopback(name) or (bool(name) and "." not in name)


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
    return proxy_for(endpoint.base_url, endpoint.proxy)


def proxy_for(url: str, configured: str = "") -> str:
    """The proxy for `url`: the `configured` one, or that of the environment unless `NO_PROXY` or the loopback is meant.

    The one place where this is decided; httpx is told the result and reads no environment for it.
    Raises ValueError if `url` is not valid.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    proxy = configured or ("" if is_loopback(host) else _proxy_of_environment(parts.scheme, host, port))
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def proxy_name(endpoint: Endpoint) -> str:
    """Host and port of the endpoint's proxy, without user and password; empty: there is none."""
    try:
        netloc = urlsplit(proxy_of(endpoint)).netloc
    except ValueError:
        return ""
    return sanitize_line(netloc.rpartition("@")[2])


def _proxy_of_environment(scheme: str, host: str, port: int) -> str:
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    told = getproxies_environment()
    if is_exempt(told.pop("no", ""), host, port):
        return ""
    if not told:  # nothing in the environment: macOS and Windows have settings of their own
        if proxy_bypass(host):
            return ""
        told = getproxies()
    proxy = told.get(scheme) or told.get("all") or ""
    remember_url(proxy)
    return proxy
