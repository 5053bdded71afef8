"""Pooled HTTP connections that any thread can cancel.

Each `CancellableConnection` is an `httpx.Client` limited to one connection and used by one attempt at a time, so that
the socket of an attempt is always known; httpcore reports nothing for a kept-alive connection. Closing a response or a
client does not wake a thread blocked in a read; shutting down the socket does.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.wire.request import Endpoint
from holytui.wire.transport.addresses import proxy_of
from holytui.wire.transport.certificates import CannotSend, CertificateFiles, tls_context

if TYPE_CHECKING:
    import ssl

    import httpx

_KEEP_ALIVE_SECONDS = 30.0  # after longer idle times a NAT may have dropped the connection silently
_MAX_IDLE = 2  # idle connections per endpoint

_Key: TypeAlias = tuple[str, str, CertificateFiles]


class CancellableConnection:
    """An HTTP client with one connection. Only `cancel` is thread-safe; the rest belongs to the attempt's thread."""

    def __init__(self, key: _Key, client: httpx.Client) -> None:
        self.key = key
        self.client = client
        self.is_new = True
        """The connection was opened for the current request, not kept alive from an earlier one."""
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._handshake: socket.socket | None = None
        self._cancelled = False
        self._on_sending: Callable[[], None] = lambda: None
        self._on_sent: Callable[[], None] = lambda: None

    def begin_request(self, on_sending: Callable[[], None], on_sent: Callable[[], None]) -> None:
        """Prepare for a request; the callbacks run when the connection is open, and when the request is sent."""
        self._on_sending = on_sending
        self._on_sent = on_sent
        self.is_new = self._socket is None

    def cancel(self) -> None:
        """Shut down the connection, now or as soon as it is open. Wakes a thread that reads from it."""
        with self._lock:
            self._cancelled = True
            self._shutdown_sockets()

    def close(self) -> None:
        """Cancel and close the client."""
        self.cancel()
        self.client.close()

    @property
    def usable(self) -> bool:
        """Whether it can serve another request: it was not cancelled."""
        return not self._cancelled

    def trace(self, name: str, info: Mapping[str, object]) -> None:
        """Callback for httpcore's `trace` extension: tracks the socket and the progress of the request."""
        match name.rpartition(".")[0].rpartition(".")[2], name.rpartition(".")[2]:
            case "connect_tcp" | "connect_unix_socket", "complete":
                self.is_new = True
                self._store_socket(info)
            case "start_tls", "started":
                # Before the handshake, ssl detaches the descriptor from the socket object that is known here.
                self._duplicate_for_handshake()
            case "start_tls", "complete":
                self._store_socket(info)
                self._close_handshake_socket()
            case "start_tls", "failed":
                self._close_handshake_socket()
            case "setup_socks5_connection", "failed":
                self._close_socket()  # httpcore drops the connection without closing it
            case "send_request_headers", "started" if not _is_proxy_connect(info):
                self._on_sending()
            case "send_request_body", "complete" if not _is_proxy_connect(info):
                self._on_sent()

    def _store_socket(self, info: Mapping[str, object]) -> None:
        stream = info["return_value"]
        found = stream.get_extra_info("socket")  # type: ignore[attr-defined]  # an httpcore.NetworkStream
        with self._lock:
            self._socket = found
            if self._cancelled:
                self._shutdown_sockets()

    def _duplicate_for_handshake(self) -> None:
        with self._lock:
            # TLS inside TLS (an https proxy) keeps its outer socket object, so a failing `dup` does no harm.
            with contextlib.suppress(OSError, NotImplementedError):
                self._handshake = self._socket.dup() if self._socket else None
            if self._cancelled:
                self._shutdown_sockets()

    def _close_socket(self) -> None:
        with self._lock:
            left, self._socket = self._socket, None
        if left is not None:
            left.close()

    def _close_handshake_socket(self) -> None:
        with self._lock:
            held, self._handshake = self._handshake, None
        if held is not None:
            held.close()

    def _shutdown_sockets(self) -> None:
        for sock in (self._socket, self._handshake):
            if sock is not None:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: after it, a reader would take ciphertext for plain text.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _is_proxy_connect(info: Mapping[str, object]) -> bool:
    return getattr(info.get("request"), "method", b"") == b"CONNECT"


class ConnectionPool:
    """Idle connections of all endpoints. Thread-safe."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._idle: dict[_Key, list[CancellableConnection]] = {}
        self._contexts: dict[CertificateFiles, ssl.SSLContext] = {}
        self._closed = False

    @property
    def has_custom_transport(self) -> bool:
        """Whether a custom transport is used, which sends no trace events."""
        return self._transport is not None

    def acquire(self, endpoint: Endpoint) -> CancellableConnection:
        """Return an idle connection to this endpoint, or a new one. Raises CannotSend."""
        try:
            proxy = proxy_of(endpoint)
        except ValueError as exc:
            raise CannotSend(_invalid_address()) from exc
        files = CertificateFiles(endpoint.ca_file, endpoint.client_cert, endpoint.client_key)
        key = (endpoint.base_url, proxy, files)
        with self._lock:
            idle = self._idle.get(key)
            if idle:
                return idle.pop()
        return CancellableConnection(key, self._client(endpoint, proxy, files))

    def release(self, connection: CancellableConnection) -> None:
        """Return a connection to the pool, or close it if it is cancelled or not needed."""
        with self._lock:
            idle = self._idle.setdefault(connection.key, [])
            if connection.usable and not self._closed and len(idle) < _MAX_IDLE:
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the idle connections, and each other one when it is released."""
        with self._lock:
            self._closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _client(self, endpoint: Endpoint, proxy: str, files: CertificateFiles) -> httpx.Client:
        import httpx

        silence_loggers()
        url = _parse_url(endpoint)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE_SECONDS)
        context = self._context(files if url.scheme == "https" else None)
        transport = self._transport
        if transport is None and endpoint.unix is not None:
            transport = httpx.HTTPTransport(uds=endpoint.unix.socket, limits=limits, verify=context)
        try:
            return httpx.Client(
                transport=transport,
                verify=context,
                proxy=proxy or None,
                trust_env=False,  # `addresses` and `_context` read the environment's proxy and certificates
                limits=limits,
                follow_redirects=False,
            )
        except ImportError as exc:  # SOCKS needs the package socksio
            raise CannotSend(socks_missing()) from exc
        except (ValueError, httpx.InvalidURL) as exc:
            words = _("the address of the proxy is not valid")
            raise CannotSend(Fault(FaultKind.SETUP, words, param="proxy")) from exc

    def _context(self, files: CertificateFiles | None) -> ssl.SSLContext:
        """Return the cached context for `files`; for None, an empty one. Raises CannotSend."""
        import ssl

        if files is None:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with self._lock:
            if files not in self._contexts:
                self._contexts[files] = tls_context(files)
            return self._contexts[files]


def socks_missing() -> Fault:
    """Return the fault for a SOCKS proxy without the package that httpx needs for it."""
    words = _("a SOCKS proxy needs the Python package socksio, which is not installed")
    return Fault(FaultKind.SETUP, words, param="socksio")


def _invalid_address() -> Fault:
    return Fault(FaultKind.SETUP, _("the base_url of this provider is not a valid address"), param="base_url")


def _parse_url(endpoint: Endpoint) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(endpoint.url)
    except httpx.InvalidURL as exc:
        raise CannotSend(_invalid_address()) from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise CannotSend(
            Fault(FaultKind.SETUP, _("the base_url must begin with https:// or http://"), param="base_url")
        )
    return url


@functools.cache
def silence_loggers() -> None:
    """Keep keys out of logs: httpx logs whole URLs at INFO, and httpcore logs headers at DEBUG."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
