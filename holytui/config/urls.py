"""Properties of URLs and hosts that decide whether a secret may be sent there."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit


def host_of(url: object, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """The host of a web address; None if `url` is none."""
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts.hostname if parts.scheme in schemes and port_is_one else None


def is_loopback(host: str) -> bool:
    """`host` is this machine, by its name or address alone: nothing is looked up. The one place where this is decided.

    Not `0.0.0.0` and `::`, which stand for every address of a machine: what a connection to them reaches is up to the
    system.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def is_unspecified(url: str) -> bool:
    """The host of `url` is `0.0.0.0` or the like: right for a server to listen on, not for a client to ask."""
    address = _address(host_of(url) or "")
    return address is not None and address.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_plaintext(url: str, proxy: str = "") -> bool:
    """What is sent to `url` can be read on the way: plain http, and not straight to this machine."""
    host = host_of(url, ("http",))
    return host is not None and not (is_loopback(host) and not proxy)


def is_secure(url: str) -> bool:
    """What is sent to `url` cannot be read on the way: https, or this machine."""
    return host_of(url) is not None and not is_plaintext(url)
