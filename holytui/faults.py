"""What went wrong with one request, as a value: the wire reports it, the engine judges it, the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The cause, as far as this side can know it."""

    DNS = "dns"
    """The name of the host was not resolved."""
    REFUSED = "refused"
    """Nobody listens there."""
    UNREACHABLE = "unreachable"
    """No route to the host or network."""
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    """The certificate or the handshake was not accepted."""
    NO_TLS = "no_tls"
    """https was asked for, and the other side does not speak TLS."""
    WANTS_TLS = "wants_tls"
    """http was asked for, and the other side speaks TLS alone."""
    PROXY = "proxy"
    """The proxy did not let us through."""
    STALE = "stale"
    """A kept-alive connection was closed before it carried any of the answer."""
    CLOSED = "closed"
    """The connection ended before the answer did, without an error of its own (also a clean end of file)."""
    RESET = "reset"
    """The connection was reset."""
    IDLE = "idle"
    """No byte for longer than `idle_timeout`."""
    NO_TOKEN = "no_token"
    """Bytes (keep-alives) but no token for longer than `first_token_timeout` or `token_timeout`."""
    STATUS = "status"
    """An HTTP status other than 2xx; `status` has it."""
    IN_BAND = "in_band"
    """An error object inside a stream that had begun with status 200; `code` and `status` as it told."""
    NOT_A_STREAM = "not_a_stream"
    """Something other than an answer: a web page (captive portal, proxy), an unknown body."""
    GARBLED = "garbled"
    """Bytes that break HTTP or the event stream: bad framing, bad compression, an endless line."""
    TOO_LONG = "too_long"
    """More came than one answer, or one event of its stream, may have."""
    ENCODED = "encoded"
    """The answer is compressed, which was not asked for, in a way that cannot be undone; `message` names it."""
    INSECURE = "insecure"
    """Sending would put a key in clear text on the network; nothing was sent."""
    SETUP = "setup"
    """The provider's settings cannot be followed on this machine, so nothing was sent; `param` names the setting."""
    INTERNAL = "internal"
    """A defect of holytui itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that went wrong; every text in it is sanitised and free of secrets."""

    kind: FaultKind
    message: str = ""
    """What the other side or the system said; may be empty."""
    status: int | None = None
    """The HTTP status, really received or told by an error object."""
    code: str = ""
    """The `code` or `type` of an error object, such as `insufficient_quota`."""
    retry_after: float | None = None
    """Seconds that the server asked to wait."""
    param: str = ""
    """The request's parameter that the server refused, where it named one; of SETUP: the setting."""
    should_retry: bool | None = None
    """What the server itself advised (`x-should-retry`), if it did."""
    proxy: str = ""
    """Host and port of the proxy that it is about; empty: it is about the endpoint itself."""
    better_url: str = ""
    """The base_url that is most likely meant, where the fault tells it."""
