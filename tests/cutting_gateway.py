"""An HTTP server before a model server that cuts answers at planned bytes of their bodies."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

_UPSTREAM_TIMEOUT = 300.0
_DELIVERED = 0.05
"""Seconds between the last byte before a reset and the reset, as a reset discards what was not read yet."""
_HOP = frozenset({"connection", "transfer-encoding", "host", "content-length"})


class Ending(StrEnum):
    """How a response ends at a cut."""

    RESET = "reset"
    CLOSED = "closed"
    KILL = "kill"
    """`on_kill` is called first: to kill the process that receives it, or to wait."""


@dataclass(frozen=True, slots=True)
class PlannedCut:
    """One cut: the number of bytes of the uninterrupted body before it, and how the response ends there."""

    at: int
    ending: Ending


@dataclass(slots=True)
class Passage:
    """One request for an answer or for the rest of one. Times are those of the monotonic clock."""

    method: str
    stream_id: str
    begin: int
    """The first byte of the body that is asked for."""
    came_at: float
    passed: int = 0
    cut_at: float = 0.0
    """0.0: not cut."""
    ending: Ending | None = None


class CuttingGateway(ThreadingHTTPServer):
    """A context manager; it listens on a loopback port of its own.

    `cuts` holds the cuts of the answer under way; each response takes the next one. `on_kill` is called on the thread
    of the connection, which is then closed.
    """

    daemon_threads = True

    def __init__(self, upstream: str, on_kill: Callable[[], None] = lambda: None, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.upstream = urlsplit(upstream)
        self.on_kill = on_kill
        self.passages: list[Passage] = []
        self.deletions: list[float] = []
        """When requests to end a stream came, by the monotonic clock."""
        self._cuts: list[PlannedCut] = []
        self._reached = 0
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """For the configuration of a provider."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def expect(self, cuts: Sequence[PlannedCut]) -> None:
        """Begin with a new answer."""
        with self._lock:
            self._cuts, self._reached = list(cuts), 0
            self.passages.clear()

    def admit(self, passage: Passage) -> tuple[int, Ending] | None:
        """Note a request; return after how many bytes its response is cut, and how.

        A new request's response has that many bytes as there are between two cuts of the uninterrupted body.
        """
        with self._lock:
            self.passages.append(passage)
            if not self._cuts:
                return None
            cut = self._cuts.pop(0)
            after = cut.at - (passage.begin if passage.method == "GET" else self._reached)
            self._reached = cut.at
            return after, cut.ending

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error, unless the client closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> CuttingGateway:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="cutting-gateway", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CuttingGateway

    def _serve(self) -> None:
        began = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        upstream = http.client.HTTPConnection(
            self.server.upstream.hostname or "", self.server.upstream.port, _UPSTREAM_TIMEOUT
        )
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        passage, cut = None, None
        if self.command == "POST" and target.path.endswith("/chat/completions"):
            passage = Passage("POST", self.headers.get("X-Conversation-Id", ""), 0, began)
        elif self.command == "GET" and target.path == "/v1/stream":
            query = parse_qs(target.query)
            passage = Passage("GET", query["conv_id"][0], int(query["from"][0]), began)
        elif self.command == "DELETE":
            self.server.deletions.append(began)
        if passage is not None:
            cut = self.server.admit(passage)
        with contextlib.closing(upstream), contextlib.suppress(ConnectionError):
            upstream.request(self.command, self.path, body or None, headers)
            self._forward(upstream.getresponse(), passage, cut)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _forward(
        self, response: http.client.HTTPResponse, passage: Passage | None, cut: tuple[int, Ending] | None
    ) -> None:
        with response:
            self.send_response_only(response.status)
            for name, value in response.headers.items():
                if name.lower() not in _HOP | {"keep-alive"}:
                    self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while data := response.read1(65536):
                if passage is None:
                    self._chunk(data)
                    continue
                if cut is not None and passage.passed + len(data) >= cut[0]:
                    data = data[: cut[0] - passage.passed]
                    self._chunk(data)
                    passage.passed += len(data)
                    self._cut(passage, cut[1])
                    return
                passage.passed += len(data)
                self._chunk(data)
            self.wfile.write(b"0\r\n\r\n")

    def _cut(self, passage: Passage, ending: Ending) -> None:
        passage.ending = ending
        if ending is Ending.RESET:
            time.sleep(_DELIVERED)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        passage.cut_at = time.monotonic()
        if ending is Ending.KILL:
            self.server.on_kill()
        if ending is not Ending.RESET:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass
