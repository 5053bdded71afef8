"""A server between a client and a model server: it records each response, replays it for an equal request, and cuts
responses where it is told to.

A response is found by the SHA-256 of its request's body, so figures can be taken again without the model. Recordings
are a JSON Lines file, gzipped or not: `{"key", "status", "type", "pieces": [[milliseconds, text], …]}`.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

_UPSTREAM_TIMEOUT = 600.0
_DELIVERED = 0.05
"""Seconds between the last byte before a reset and the reset, as a reset discards what was not read yet."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One response: its body in the pieces in which it came, each with milliseconds since the request was sent."""

    status: int
    content_type: str
    pieces: tuple[tuple[int, str], ...]

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return "".join(text for _ms, text in self.pieces).encode()

    @property
    def content(self) -> str:
        """The text that the chunks of a streamed completion add up to."""
        return "".join(
            choice["delta"].get("content") or "" for chunk in self.chunks() for choice in chunk["choices"][:1]
        )

    @property
    def finish_reason(self) -> str:
        """The last one that was told."""
        reasons = [c["finish_reason"] for chunk in self.chunks() for c in chunk["choices"][:1] if c["finish_reason"]]
        return str(reasons[-1]) if reasons else ""

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The JSON payloads of the events."""
        for line in self.body.decode().split("\n"):
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))


def key_of(body: bytes) -> str:
    """The key of the response to a request with this body."""
    return hashlib.sha256(body).hexdigest()


SHIPPED = Path(__file__).with_name("recorded") / "qwen2.5-coder-0.5b.jsonl.gz"
"""llama.cpp b10434 with Qwen2.5-Coder-0.5B-instruct Q4: the answers to `benchmarks.prompts`, and what followed cuts."""


class Recordings:
    """Responses by key: those of the `shipped` files and, if one is named, of `added`; what is added goes there."""

    def __init__(self, added: Path | None = None, shipped: Sequence[Path] = (SHIPPED,)) -> None:
        self._found: dict[str, Recording] = {}
        self._added = added
        for file in filter(None, (*shipped, added)):
            if file.exists():
                with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
                    for line in lines:
                        entry = json.loads(line)
                        pieces = tuple((ms, text) for ms, text in entry["pieces"])
                        self._found[entry["key"]] = Recording(entry["status"], entry["type"], pieces)

    def find(self, key: str) -> Recording | None:
        """The response to a request, if it was recorded."""
        return self._found.get(key)

    def add(self, key: str, recording: Recording) -> None:
        """Keep a response."""
        self._found[key] = recording
        if self._added is None:
            return
        entry = {"key": key, "status": recording.status, "type": recording.content_type, "pieces": recording.pieces}
        with self._added.open("a") as out:
            out.write(json.dumps(entry, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a response ends early: after `after` bytes of its body, by a reset or by a plain end of the connection."""

    after: int
    reset: bool


class Recorder(ThreadingHTTPServer):
    """The server. `upstream` is the model server's address, such as `http://127.0.0.1:8080`; empty: only replay.

    A context manager; it listens on a loopback port of its own. `cuts` holds one entry for each of the next
    responses (None: whole). `requests` counts the requests for completions, `missing` those that could not be
    answered as they are not recorded.
    """

    daemon_threads = True

    def __init__(self, upstream: str, recordings: Recordings) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.recordings = recordings
        self.cuts: deque[Cut | None] = deque()
        self.bodies: list[bytes] = []
        self.answers: list[Recording] = []
        self.missing = 0
        self.busy = threading.Lock()
        """Held while a request is under way at the model server, so that requests never share a batch."""

    @property
    def base_url(self) -> str:
        """For the configuration of a provider."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def response(self, body: bytes) -> Recording | None:
        """The response to a request: recorded, or asked for now. Blocks; None when it is not to be had."""
        key = key_of(body)
        with self.busy:
            found = self.recordings.find(key)
            if found is not None or not self.upstream.hostname:
                return found
            fresh = self._ask(body)
            if fresh.status < 500:
                self.recordings.add(key, fresh)
            return fresh

    def _ask(self, body: bytes) -> Recording:
        connection = http.client.HTTPConnection(self.upstream.hostname or "", self.upstream.port, _UPSTREAM_TIMEOUT)
        began = time.monotonic()
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        pieces: list[tuple[int, str]] = []
        held = b""
        while data := response.read1(65536):
            held += data
            whole, mark, rest = held.rpartition(b"\n\n")
            if mark:
                pieces.append((round((time.monotonic() - began) * 1000), (whole + mark).decode()))
                held = rest
        if held:
            pieces.append((round((time.monotonic() - began) * 1000), held.decode()))
        connection.close()
        return Recording(response.status, response.headers.get("Content-Type", ""), tuple(pieces))

    def __enter__(self) -> Recorder:
        threading.Thread(target=self.serve_forever, args=(0.05,), name="recorder", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.bodies.append(body)
        cut = server.cuts.popleft() if server.cuts else None
        found = server.response(body)
        if found is None:
            server.missing += 1
            self.send_error(501, "not recorded")
            return
        server.answers.append(found)
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self._send(found.body, cut)

    def _send(self, data: bytes, cut: Cut | None) -> None:
        if cut is not None and cut.after < len(data):
            self._chunk(data[: cut.after])
            time.sleep(_DELIVERED)
            self._break(reset=cut.reset)
            return
        self._chunk(data)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def _break(self, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.close_connection = True

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass
