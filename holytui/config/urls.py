"""Properties of URLs and hosts that decide whether a secret may be sent there."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit


def host_of(url: object, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """Return the host of `url`; None if it is not a valid URL with one of `schemes`."""
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts.hostname if parts.scheme in schemes and port_is_one else None


def is_loopback(host: str) -> bool:
    """Whether `host` is a loopback name or address. Names are not resolved.

    The unspecified addresses `0.0.0.0` and `::` are not: the system decides where a connection to them leads.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def is_unspecified(url: str) -> bool:
    """Whether the host of `url` is unspecified (`0.0.0.0`, `::`): valid for listening, not for connecting."""
    address = _address(host_of(url) or "")
    return address is not None and address.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_plaintext(url: str, proxy: str = "") -> bool:
    """Whether requests to `url` are readable on the network: http, except directly to this machine."""
    host = host_of(url, ("http",))
    return host is not None and not (is_loopback(host) and not proxy)


def is_secure(url: str) -> bool:
    """Whether requests to `url` are unreadable on the network: https, or to this machine."""
    return host_of(url) is not None and not is_plaintext(url)
