"""Mapping of exceptions of httpx, httpcore, h11, ssl and sockets to `Fault`."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.wire.response.error_bodies import clean

_BY_ERRNO = {
    errno.ECONNREFUSED: FaultKind.REFUSED,
    errno.ENOENT: FaultKind.UNREACHABLE,  # of a Unix socket
    errno.EHOSTUNREACH: FaultKind.UNREACHABLE,
    errno.ENETUNREACH: FaultKind.UNREACHABLE,
    errno.ENETDOWN: FaultKind.UNREACHABLE,
    errno.EHOSTDOWN: FaultKind.UNREACHABLE,
    errno.EADDRNOTAVAIL: FaultKind.UNREACHABLE,
    errno.EACCES: FaultKind.UNREACHABLE,
    errno.EPERM: FaultKind.UNREACHABLE,  # a firewall on this machine
    errno.ECONNRESET: FaultKind.RESET,
    errno.ECONNABORTED: FaultKind.RESET,
    errno.EPIPE: FaultKind.RESET,
    errno.ENOTCONN: FaultKind.RESET,
}
# httpcore and h11 raise the same class for a closed connection and for invalid HTTP; only the messages differ.
_HANGUP_MESSAGES = (
    "Server disconnected without sending a response",
    "peer closed connection",
    "peer unexpectedly closed",
)

_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
)
"""OpenSSL's reasons for bytes that are not TLS; they vary with its version and with the bytes."""
_BINARY = "illegal request line"
"""h11's message for a response that begins with a control character, as a TLS alert does."""
_SOCKS_TRANSIENT = re.compile(r"unreachable|refused|expired|general", re.IGNORECASE)
"""Replies of SOCKS proxies after which a retry may succeed."""


def map_exception(exc: BaseException, *, connected: bool = True, reused: bool = False) -> Fault:
    """Return the fault for `exc`.

    `connected`: the connection was open. `reused`: it was kept alive, and no response had begun.
    """
    fault = _map(exc, connected)
    if reused and fault.kind in (FaultKind.CLOSED, FaultKind.RESET):
        return Fault(FaultKind.STALE, fault.message)
    return fault


def _map(exc: BaseException, connected: bool) -> Fault:
    import httpx

    match exc:
        case httpx.ProxyError():
            return _map_proxy_error(clean(str(exc)))
        case httpx.ConnectTimeout():
            return Fault(FaultKind.CONNECT_TIMEOUT)
        case httpx.PoolTimeout():
            return Fault(FaultKind.INTERNAL, "no free connection")
        case httpx.TimeoutException():
            return Fault(FaultKind.IDLE if connected else FaultKind.CONNECT_TIMEOUT)
        case httpx.RemoteProtocolError():
            hung_up = str(exc).startswith(_HANGUP_MESSAGES)
            if str(exc) == _BINARY:
                return Fault(FaultKind.WANTS_TLS)
            return Fault(FaultKind.CLOSED) if hung_up else Fault(FaultKind.GARBLED, clean(str(exc)))
        case httpx.LocalProtocolError() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
            # Their messages quote the header or the URL, which may hold a key.
            return Fault(FaultKind.INTERNAL, _("the address or a header of this provider cannot be sent"))
    if type(exc).__module__.partition(".")[0] == "socksio":  # not SOCKS; the package may not be installed
        return Fault(FaultKind.PROXY, _("it does not speak SOCKS"))
    for cause in _chain(exc):
        if fault := _map_cause(cause, connected):
            return fault
    if isinstance(exc, httpx.TransportError):
        return Fault(FaultKind.RESET if connected else FaultKind.UNREACHABLE, clean(str(exc)))
    return Fault(FaultKind.INTERNAL, clean(f"{type(exc).__name__}: {exc}"))


def _map_proxy_error(message: str) -> Fault:
    """Map the error of a proxy's CONNECT: a status from an HTTP proxy, a message from a SOCKS proxy."""
    status = re.match(r"\d{3}\b", message)
    if status is not None:
        return Fault(FaultKind.PROXY, message, int(status[0]))
    return Fault(FaultKind.PROXY, message, code="upstream" if _SOCKS_TRANSIENT.search(message) else "")


def _map_cause(cause: BaseException, connected: bool) -> Fault | None:
    match cause:
        case socket.gaierror() | socket.herror():
            return Fault(FaultKind.DNS, clean(cause.strerror or ""))
        case UnicodeError() if not connected:  # an invalid host name, rejected before the lookup
            return Fault(FaultKind.DNS)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Fault(FaultKind.CLOSED)
        case ssl.SSLCertVerificationError():
            return Fault(FaultKind.TLS, clean(cause.verify_message))
        case ssl.SSLError():
            # Only errors raised by OpenSSL have a reason.
            reason = getattr(cause, "reason", None) or cause.strerror or ""
            if reason in _NOT_TLS:
                return Fault(FaultKind.NO_TLS)
            return Fault(FaultKind.TLS, clean(reason.replace("_", " ").lower()))
        case TimeoutError():
            return Fault(FaultKind.RESET if connected else FaultKind.CONNECT_TIMEOUT, clean(cause.strerror or ""))
        case OSError() if cause.errno in _BY_ERRNO:
            kind = _BY_ERRNO[cause.errno]
            # a Unix socket is missing or closed to this user; `EACCES` of an address is a firewall
            code = errno.errorcode[cause.errno] if cause.errno in (errno.ENOENT, errno.EACCES) else ""
            return Fault(kind, clean(cause.strerror or ""), code=code)
    return None


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Yield `exc` and its causes, the innermost first."""
    seen: list[BaseException] = []
    current: BaseException | None = exc
    while current is not None and current not in seen:
        seen.append(current)
        current = current.__cause__ or current.__context__
    return reversed(seen)
