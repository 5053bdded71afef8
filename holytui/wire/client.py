"""Client for OpenAI-compatible servers: chat completion attempts, a connection probe, the list of models."""

from __future__ import annotations

import queue
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holytui.faults import Fault, FaultKind
from holytui.models import StreamKind
from holytui.secret import Secret
from holytui.wire.kept_streams import end_call
from holytui.wire.request import ChatRequest, Endpoint, Timeouts
from holytui.wire.response.error_status import MAX_BODY, status_fault
from holytui.wire.response.listing import names_in
from holytui.wire.transport.addresses import first_hop
from holytui.wire.transport.advice import add_advice
from holytui.wire.transport.attempt import AttemptStream
from holytui.wire.transport.attempt_thread import AttemptSpec, request_headers
from holytui.wire.transport.certificates import CannotSend
from holytui.wire.transport.connections import CancellableConnection, ConnectionPool
from holytui.wire.transport.exceptions import map_exception
from holytui.wire.transport.peer_certificate import PeerCertificate, peer_certificate

if TYPE_CHECKING:
    import httpx

_MAX_LIST = 16 * 1024 * 1024  # bytes; OpenRouter's list of models has about one million
_CLOSE_TIMEOUT = 0.5  # seconds for the threads of cancelled attempts to close their sockets


class ChatClient:
    """Start attempts and pool their connections. Thread-safe; server and network errors are returned, never raised.

    `transport` replaces the network in tests; `clock` (seconds) drives the timeouts of attempts.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        refused_options: Iterable[str] = (),
    ) -> None:
        self.refused_options: set[str] = set(refused_options)
        """Options that servers refused (`StreamOption.refusal`), to be stored and passed to the next client."""
        self._clock = clock
        self._pool = ConnectionPool(transport)
        self._live: weakref.WeakSet[AttemptStream] = weakref.WeakSet()
        self._certificates: dict[str, PeerCertificate | None] = {}
        self._lock = threading.Lock()

    def open(self, endpoint: Endpoint, key: Secret | None, request: ChatRequest, timeouts: Timeouts) -> AttemptStream:
        """Start one attempt in its own thread. Does not block."""
        stream = AttemptStream(
            AttemptSpec(endpoint, key, request, timeouts), self._pool, self.refused_options, self._clock
        )
        with self._lock:
            self._live.add(stream)
        return stream

    def probe(self, endpoint: Endpoint, timeout: float) -> Fault | None:
        """Open a TCP connection to the endpoint or its proxy; return the fault, or None if it can be reached.

        Blocks for at most `timeout` seconds, name resolution included, and sends nothing.
        """
        try:
            address = first_hop(endpoint)
        except ValueError:
            return add_advice(Fault(FaultKind.DNS), endpoint)
        results: queue.SimpleQueue[Fault | None] = queue.SimpleQueue()
        threading.Thread(
            target=_try_connect, args=(address, timeout, results), name="holytui-probe", daemon=True
        ).start()
        try:
            fault = results.get(timeout=timeout)
        except queue.Empty:
            fault = Fault(FaultKind.CONNECT_TIMEOUT)
        return None if fault is None else add_advice(fault, endpoint)

    def list_models(self, endpoint: Endpoint, key: Secret | None, timeout: float) -> list[str] | Fault:
        """Return the sorted model names of `GET /models`, or a fault. `timeout` limits connecting and each read."""
        try:
            connection = self._pool.acquire(endpoint)
        except CannotSend as exc:
            return exc.fault
        listed: list[str] | Fault
        try:
            listed = self._models(connection, endpoint, request_headers(endpoint, key), timeout)
        except CannotSend as exc:
            listed = exc.fault
        except Exception as exc:  # noqa: BLE001 - `map_exception` handles everything that httpx and below raise
            listed = map_exception(exc)
        finally:
            self._pool.release(connection)
        return add_advice(listed, endpoint) if isinstance(listed, Fault) else listed

    def _models(
        self, connection: CancellableConnection, endpoint: Endpoint, headers: dict[str, str], timeout: float
    ) -> list[str] | Fault:
        headers = {**headers, "Accept": "application/json", "Accept-Encoding": "gzip"}
        connection.begin_request(lambda: None, lambda: None)
        watched = {"trace": connection.trace}
        with connection.client.stream(
            "GET", endpoint.models_url, headers=headers, timeout=timeout, extensions=watched
        ) as response:
            self._certificates[endpoint.base_url] = peer_certificate(response.extensions.get("network_stream"))
            limit = _MAX_LIST if response.is_success else MAX_BODY
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > limit:
                    break
            if not response.is_success:
                return status_fault(response.status_code, response.headers, bytes(body[:limit]))
        names = names_in(bytes(body))
        return Fault(FaultKind.NOT_A_STREAM, status=response.status_code) if names is None else names

    def certificate(self, endpoint: Endpoint) -> PeerCertificate | None:
        """Return the server's certificate as of the last `list_models`; None without TLS or without a response."""
        return self._certificates.get(endpoint.base_url)

    def release(
        self,
        endpoint: Endpoint,
        key: Secret | None,
        stream_id: str,
        timeout: float,
        kind: StreamKind = StreamKind.BYTES,
    ) -> Fault | None:
        """Have the server end and forget a kept stream; return the fault if that is unknown.

        A server without the stream has nothing to forget. `timeout` limits connecting and each read.
        """
        try:
            connection = self._pool.acquire(endpoint)
        except CannotSend as exc:
            return exc.fault
        try:
            headers = request_headers(endpoint, key)
            call = end_call(endpoint, kind, stream_id)
            connection.begin_request(lambda: None, lambda: None)
            response = connection.client.request(
                call.method,
                call.url,
                headers=headers,
                timeout=timeout,
                extensions={"trace": connection.trace},
            )
        except CannotSend as exc:
            return exc.fault
        except Exception as exc:  # noqa: BLE001 - `map_exception` handles everything that httpx and below raise
            return map_exception(exc)
        finally:
            self._pool.release(connection)
        passing = response.status_code in (401, 408, 429) or response.status_code >= 500
        return status_fault(response.status_code, response.headers, b"") if passing else None

    def close(self) -> None:
        """Cancel running attempts and close all connections. Blocks for half a second at most."""
        with self._lock:
            streams = list(self._live)
        for stream in streams:
            stream.cancel()
        self._pool.close()
        end = time.monotonic() + _CLOSE_TIMEOUT
        for stream in streams:
            stream.join(max(0.0, end - time.monotonic()))


def _try_connect(address: tuple[str, int] | str, timeout: float, results: queue.SimpleQueue[Fault | None]) -> None:
    try:
        if isinstance(address, str):
            with socket.socket(socket.AF_UNIX) as unix:
                unix.settimeout(timeout)
                unix.connect(address)
        else:
            socket.create_connection(address, timeout).close()
    except (OSError, UnicodeError) as exc:
        results.put(map_exception(exc, connected=False))
    else:
        results.put(None)
