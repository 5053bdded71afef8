"""`NO_PROXY`, interpreted as curl does."""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_exempt(no_proxy: str, host: str, port: int) -> bool:
    """Whether `host` is to be connected to directly.

    Entries are separated by commas or white space. `*` matches every host; `example.com` and `.example.com` match that
    host and its subdomains; an IP address or CIDR network matches addresses, with or without brackets for IPv6. An
    entry that ends in `:port` matches only that port. Names are not resolved.
    """
    name = host.strip("[]").rstrip(".").lower()
    address = _address(name)
    return any(_matches(entry.lower(), name, address, port) for entry in re.split(r"[\s,]+", no_proxy) if entry)


def _matches(entry: str, name: str, address: _Address | None, port: int) -> bool:
    if entry == "*":
        return True
    with_port = re.fullmatch(r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})", entry)
    if with_port is not None:
        if int(with_port[2]) != port:
            return False
        entry = with_port[1]
    entry = entry.strip("[]")
    if address is not None:
        return _contains(entry, address)
    entry = entry.strip(".")
    return bool(entry) and (name == entry or name.endswith(f".{entry}"))


def _contains(entry: str, address: _Address) -> bool:
    try:
        network = ipaddress.ip_network(entry.replace("]", ""), strict=False)
    except ValueError:
        return False
    return address in network


def _address(name: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
