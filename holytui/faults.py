"""Failure of one request, as a value: reported by `wire`, handled by `engine`, recorded by `store`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Cause of a fault, as far as the client can tell."""

    DNS = "dns"
    """The host name was not resolved."""
    REFUSED = "refused"
    """The connection was refused."""
    UNREACHABLE = "unreachable"
    """No route to the host or network."""
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    """The certificate or the handshake was not accepted."""
    NO_TLS = "no_tls"
    """The URL is https, but the server does not use TLS."""
    WANTS_TLS = "wants_tls"
    """The URL is http, but the server accepts only TLS."""
    PROXY = "proxy"
    """The proxy refused or failed to connect."""
    STALE = "stale"
    """A kept-alive connection was closed before the response began."""
    CLOSED = "closed"
    """The connection was closed before the answer ended, without an error (also a clean end of file)."""
    RESET = "reset"
    """The connection was reset."""
    IDLE = "idle"
    """No byte within `idle_timeout`."""
    NO_TOKEN = "no_token"
    """Bytes (keep-alives) but no token within `first_token_timeout` or `token_timeout`."""
    STATUS = "status"
    """An HTTP status other than 2xx, in `status`."""
    IN_BAND = "in_band"
    """An error object in a stream with status 200; `code` and `status` are those of the object."""
    NOT_A_STREAM = "not_a_stream"
    """A body that is not an answer: a web page (captive portal, proxy), or an unknown format."""
    GARBLED = "garbled"
    """Invalid HTTP or event stream: bad framing or compression, an overlong line."""
    TOO_LONG = "too_long"
    """An answer, or one event of its stream, exceeds its limit."""
    ENCODED = "encoded"
    """The answer has an unsupported compression, named in `message`, that was not requested."""
    INSECURE = "insecure"
    """A key would be sent in clear text, so nothing was sent."""
    SETUP = "setup"
    """A setting, named in `param`, cannot be applied on this machine, so nothing was sent."""
    LIMIT = "limit"
    """A limit of spending, named in `param`, is reached."""
    INTERNAL = "internal"
    """A defect of holytui itself."""


UNIX_SOCKET = "unix_socket"
"""Code of a fault of opening a Unix socket; `ENOENT` if it is missing, `EACCES` if it may not be used."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure. All texts are sanitised and free of secrets."""

    kind: FaultKind
    message: str = ""
    """Message of the server or system; may be empty."""
    status: int | None = None
    """HTTP status of the response or of an error object."""
    code: str = ""
    """The `code` or `type` of an error object, such as `insufficient_quota`."""
    retry_after: float | None = None
    """Seconds to wait, as requested by the server."""
    param: str = ""
    """Request parameter that the server refused, if named; for SETUP, the setting."""
    should_retry: bool | None = None
    """Value of the `x-should-retry` header, if sent."""
    proxy: str = ""
    """Host and port of the proxy that failed; empty if the fault concerns the endpoint."""
    better_url: str = ""
    """The base_url that was probably meant, if known."""
