"""Properties of URLs and hosts that decide whether a secret may be sent there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

NO_PROXY = "none"
"""Value of the setting `proxy` for direct connections; it overrides the environment."""
_UNIX_SCHEME = "http+unix://"
_LONGEST_SOCKET = 103
"""Bytes of the path of a Unix socket that all systems accept (104 on macOS and 108 on Linux, with a zero byte)."""


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A server that listens on a Unix socket."""

    socket: str
    """Path of the socket."""
    http_url: str
    """The URL by which the server is asked over the socket."""


def unix_address(url: object) -> UnixAddress | None:
    """Parse `http+unix:///run/llm.sock`; None for another or an invalid URL.

    The path on the server follows after a colon (`http+unix:///run/llm.sock:/api`) and is `/v1` by default. The form
    of requests-unixsocket, `http+unix://%2Frun%2Fllm.sock/v1`, is accepted as well.
    """
    if not isinstance(url, str) or not url.startswith(_UNIX_SCHEME) or re.search(r"[\s\x00-\x1f\x7f?#]", url):
        return None
    rest = url.removeprefix(_UNIX_SCHEME)
    if rest.startswith("/"):
        socket, colon, path = rest.partition(":/")
        path = path if colon else "v1"
    else:
        socket, _slash, path = rest.partition("/")
    socket = unquote(socket)
    usable = socket.startswith("/") and not socket.endswith("/") and "\0" not in socket
    if not usable or len(socket.encode(errors="replace")) > _LONGEST_SOCKET:
        return None
    return UnixAddress(socket, f"http://localhost/{path}".rstrip("/"))


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


def is_local_url(url: str) -> bool:
    """Whether `url` is on this machine: its host is a loopback host, or it is a Unix socket."""
    return unix_address(url) is not None or is_loopback(host_of(url) or "")


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
    return host is not None and not (is_loopback(host) and proxy in ("", NO_PROXY))


def is_secure(url: str) -> bool:
    """Whether requests to `url` are unreadable on the network: https, or to this machine."""
    return host_of(url) is not None and not is_plaintext(url)
