"""The way to OpenAI-compatible servers: one attempt of a chat completion, a probe, the list of models."""

from __future__ import annotations

import queue
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holytui.faults import Fault, FaultKind
from holytui.secret import Secret
from holytui.wire.request import ChatRequest, Endpoint, Timeouts
from holytui.wire.response.error_status import MAX_BODY, status_fault
from holytui.wire.response.listing import names_in
from holytui.wire.transport.addresses import first_hop
from holytui.wire.transport.advice import advised
from holytui.wire.transport.attempt import AttemptStream
from holytui.wire.transport.attempt_thread import Order, request_headers
from holytui.wire.transport.connections import Lane, Lanes, Unusable
from holytui.wire.transport.exceptions import fault_of

if TYPE_CHECKING:
    import httpx

_MAX_LIST = 16 * 1024 * 1024  # bytes of a list of models; OpenRouter's has about one million
_PATIENCE_AT_CLOSE = 0.5  # seconds for the threads of cut attempts to close their sockets


class ChatClient:
    """Opens attempts and keeps their connections. All methods may be called from any thread; none raises for
    what a server or a network does.

    `transport` takes the network's place in tests; `clock` (seconds) drives the timeouts of attempts.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        without_usage: Iterable[str] = (),
    ) -> None:
        self.without_usage: set[str] = set(without_usage)
        """Base URLs of servers that were seen to refuse `stream_options`; to be remembered and given again."""
        self._clock = clock
        self._lanes = Lanes(transport)
        self._live: weakref.WeakSet[AttemptStream] = weakref.WeakSet()
        self._lock = threading.Lock()

    def open(self, endpoint: Endpoint, key: Secret | None, request: ChatRequest, timeouts: Timeouts) -> AttemptStream:
        """Start one attempt; it runs in a thread of its own. Returns at once."""
        stream = AttemptStream(Order(endpoint, key, request, timeouts), self._lanes, self.without_usage, self._clock)
        with self._lock:
            self._live.add(stream)
        return stream

    def probe(self, endpoint: Endpoint, timeout: float) -> Fault | None:
        """Open a TCP connection to where a request would go (the endpoint or its proxy); None: it can be reached.

        Takes at most `timeout` seconds, name resolution included, and sends nothing.
        """
        try:
            address = first_hop(endpoint)
        except ValueError:
            return advised(Fault(FaultKind.DNS), endpoint)
        told: queue.SimpleQueue[Fault | None] = queue.SimpleQueue()
        threading.Thread(target=_knock, args=(address, timeout, told), name="holytui-probe", daemon=True).start()
        try:
            fault = told.get(timeout=timeout)
        except queue.Empty:
            fault = Fault(FaultKind.CONNECT_TIMEOUT)
        return None if fault is None else advised(fault, endpoint)

    def list_models(self, endpoint: Endpoint, key: Secret | None, timeout: float) -> list[str] | Fault:
        """The names of `GET /models`, sorted; `timeout` is for each of connecting and any silence."""
        try:
            lane = self._lanes.take(endpoint)
        except Unusable as exc:
            return exc.fault
        listed: list[str] | Fault
        try:
            listed = _models(lane, endpoint, request_headers(endpoint, key), timeout)
        except Unusable as exc:
            listed = exc.fault
        except Exception as exc:  # noqa: BLE001 - whatever httpx and below raise is translated in one place
            listed = fault_of(exc)
        finally:
            self._lanes.give_back(lane)
        return advised(listed, endpoint) if isinstance(listed, Fault) else listed

    def close(self) -> None:
        """Cancel what is under way and close all connections."""
        with self._lock:
            streams = list(self._live)
        for stream in streams:
            stream.cancel()
        self._lanes.close()
        end = time.monotonic() + _PATIENCE_AT_CLOSE
        for stream in streams:
            stream.join(max(0.0, end - time.monotonic()))


def _knock(address: tuple[str, int], timeout: float, told: queue.SimpleQueue[Fault | None]) -> None:
    try:
        socket.create_connection(address, timeout).close()
    except (OSError, UnicodeError) as exc:
        told.put(fault_of(exc, connected=False))
    else:
        told.put(None)


def _models(lane: Lane, endpoint: Endpoint, headers: dict[str, str], timeout: float) -> list[str] | Fault:
    url = endpoint.base_url.rstrip("/") + "/models"
    headers = {**headers, "Accept": "application/json", "Accept-Encoding": "gzip"}
    lane.begin(lambda: None, lambda: None)
    watched = {"trace": lane.trace}
    with lane.client.stream("GET", url, headers=headers, timeout=timeout, extensions=watched) as response:
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
