"""Network address of an endpoint: local or remote, its proxy, and whether a key may be sent to it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from holytui.config.redact import carries_key, register_url_secrets
from holytui.config.urls import NO_PROXY, is_loopback, is_plaintext, unix_address
from holytui.text import sanitize_line
from holytui.wire.request import Endpoint
from holytui.wire.transport.no_proxy import is_exempt

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def is_insecure(endpoint: Endpoint, has_key: bool) -> bool:
    """Whether a key would be sent in clear text over a network without the user's permission."""
    try:
        password = urlsplit(endpoint.base_url).password
    except ValueError:
        return False  # not a valid URL, so nothing will be sent
    carries = has_key or carries_key(endpoint.headers, endpoint.query) or bool(password)
    return carries and not endpoint.allow_insecure and is_plaintext(endpoint.base_url, endpoint.proxy)


def is_local_network(host: str) -> bool:
    """Whether `host` is on the local network: a private address, a loopback name, or a name without a dot."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return is_loopback(name) or (bool(name) and "." not in name)


def first_hop(endpoint: Endpoint) -> tuple[str, int] | str:
    """Return the host and port to connect to, of the endpoint or its proxy, or the path of its Unix socket.

    Raises ValueError for an invalid URL.
    """
    if (unix := endpoint.unix) is not None:
        return unix.socket
    proxy = proxy_of(endpoint)
    parts = urlsplit(proxy or endpoint.base_url)
    if not parts.hostname:
        raise ValueError("no host")
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)


def proxy_of(endpoint: Endpoint) -> str:
    """Return the URL of the endpoint's proxy, which may hold a password; empty if there is none.

    Raises ValueError for an invalid URL.
    """
    return proxy_for(endpoint.base_url, endpoint.proxy)


def proxy_for(url: str, configured: str = "") -> str:
    """Return the proxy for `url`: `configured`, else the environment's, except for loopback hosts and `NO_PROXY`.

    `none` and Unix sockets have no proxy. All requests use this function; httpx does not read the environment itself.
    Raises ValueError for an invalid URL.
    """
    if configured == NO_PROXY or unix_address(url) is not None:
        return ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    proxy = configured or ("" if is_loopback(host) else _proxy_of_environment(parts.scheme, host, port))
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def proxy_name(endpoint: Endpoint) -> str:
    """Return host and port of the endpoint's proxy, without user and password; empty if there is none."""
    try:
        netloc = urlsplit(proxy_of(endpoint)).netloc
    except ValueError:
        return ""
    return sanitize_line(netloc.rpartition("@")[2])


def _proxy_of_environment(scheme: str, host: str, port: int) -> str:
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    if is_exempt(proxies.pop("no", ""), host, port):
        return ""
    if not proxies:  # macOS and Windows have system settings for proxies
        if proxy_bypass(host):
            return ""
        proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    register_url_secrets(proxy)
    return proxy
