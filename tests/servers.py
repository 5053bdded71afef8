"""A scripted TCP server on the loopback: the test says what happens on each connection, byte by byte.

    gate = threading.Event()
    with ScriptedServer([READ, sse_head(), event(delta("Hel")), gate, FIN], [READ, *answer("Hello")]) as server:
        ...                                       # first connection: cut after "Hel"; all further ones: a whole answer
        server.requests[0].json["messages"]

A script is a list of steps: bytes are sent, an Event is waited for, a function is called with the connection.
When a script ends, its connection is closed. Nothing waits longer than `patience`; closing the server ends all.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self, TypeAlias


class Act(Enum):
    """A step that needs no argument."""

    READ = "read a request"
    STALL = "wait until the client hangs up, or the server closes"
    FIN = "close in order"
    RST = "reset"


READ, STALL, FIN, RST = Act.READ, Act.STALL, Act.FIN, Act.RST


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came; header names in lower case. `connection` counts from 0."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass(slots=True)
class Peer:
    """One accepted connection."""

    sock: socket.socket
    number: int
    server: ScriptedServer
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a STALL saw that the client had hung up."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the script has ended and its side of the connection is closed."""

    def read(self) -> bool:
        """Read one request into `server.requests`; False: the client hung up instead."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            piece = self.sock.recv(65536)
            if not piece:
                return False
            body += piece
        method, target, _ = start.split(" ", 2)
        self.server.note(Received(method, target, headers, body, self.number))
        return True

    def stall(self) -> None:
        """Send nothing until the client hangs up."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            selector.register(self.server.closing, selectors.EVENT_READ)
            for key, _ in selector.select(self.server.patience):
                if key.fileobj is self.sock:
                    with contextlib.suppress(OSError):
                        self.sock.recv(65536)
                    self.gone.set()

    def reset(self) -> None:
        """Close with RST: zero linger throws away what was not sent."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Step: TypeAlias = bytes | threading.Event | Act | Callable[[Peer], None]
Script: TypeAlias = Sequence[Step]


class ScriptedServer:
    """Connection n follows script n; the last script is for all further ones."""

    def __init__(self, *scripts: Script, host: str = "127.0.0.1", port: int = 0, patience: float = 10.0) -> None:
        self.patience = patience
        self.requests: list[Received] = []
        self.peers: list[Peer] = []
        self.failures: list[BaseException] = []
        """What a script ran into, other than a client that hung up; raised when the server closes."""
        self._scripts = scripts
        self._host = host
        self._port = port
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._closed = False
        self.closing, self._close_signal = socket.socketpair()
        self.open()

    @property
    def port(self) -> int:
        """The port; the same one after `hang_up` and `open`."""
        return self._port

    @property
    def base_url(self) -> str:
        """The address to give as an endpoint's base URL."""
        return f"http://{self._host}:{self._port}/v1"

    def open(self) -> None:
        """Listen (again) on the same port."""
        if self._host.startswith("/"):  # the path of a Unix socket
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self._host)
            listener.listen(16)
        else:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            listener = socket.create_server((self._host, self._port), family=family, backlog=16)
            self._port = listener.getsockname()[1]
        self._listener = listener
        thread = threading.Thread(target=self._accept, args=(listener,), name="scripted-server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def shut(self) -> None:
        """Stop listening: from now on connections are refused. Connections that are open go on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def close(self) -> None:
        """End every script, wait for their threads."""
        self._closed = True
        self.shut()
        self._close_signal.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(self.patience)
        self.closing.close()

    def note(self, request: Received) -> None:
        """A request came."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def wait_for_requests(self, count: int) -> list[Received]:
        """The first `count` requests, waited for."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, self.patience):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")
            return self.requests[:count]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if exc is None and self.failures:
            raise self.failures[0]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(self.patience)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, len(self.peers), self)
            self.peers.append(peer)
            thread = threading.Thread(target=self._serve, args=(peer,), name="scripted-peer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        script = self._scripts[min(peer.number, len(self._scripts) - 1)]
        try:
            for step in script:
                if not self._play(peer, step):
                    return
        except (ConnectionError, ssl.SSLEOFError):
            pass  # the client hung up, over TLS perhaps without a farewell: that is the client's affair
        except Exception as exc:  # noqa: BLE001 - a script's own failure is the test's to see, not this thread's
            self.failures.append(exc)
        finally:
            peer.sock.close()
            peer.closed.set()

    def _play(self, peer: Peer, step: Step) -> bool:
        match step:
            case Act.READ:
                return peer.read()
            case Act.STALL:
                peer.stall()
            case Act.FIN:
                return False
            case Act.RST:
                peer.reset()
                return False
            case bytes():
                peer.sock.sendall(step)
            case threading.Event():
                return self._pass(step)
            case _:
                step(peer)
        return True

    def _pass(self, gate: threading.Event) -> bool:
        """Wait for the gate; False: the server closes."""
        end = time.monotonic() + self.patience
        while not gate.wait(0.02):
            if self._closed:
                return False
            if time.monotonic() > end:
                raise TimeoutError("a gate stayed shut")
        return True


def head(status: str = "200 OK", **headers: str) -> bytes:
    """A response's head; `content_type="…"` is the header Content-Type."""
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def sse_head(**headers: str) -> bytes:
    """The head of an event stream that ends with its connection, unless told otherwise."""
    return head(content_type="text/event-stream", **headers)


def chunked_head(**headers: str) -> bytes:
    """The head of an event stream in chunks."""
    return sse_head(transfer_encoding="chunked", **headers)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of b"" it is the last one."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(payload: object, name: str = "") -> bytes:
    """One server-sent event; anything but a str is sent as JSON."""
    data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def delta(content: str | None = None, finish: str | None = None, **fields: object) -> dict[str, object]:
    """A `chat.completion.chunk`; further fields go into its delta."""
    inner: dict[str, object] = dict(fields)
    if content is not None:
        inner["content"] = content
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": inner, "finish_reason": finish}],
    }


def usage(prompt: int = 5, completion: int = 7) -> dict[str, object]:
    """The chunk that tells the usage."""
    figures = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": figures}


DONE = event("[DONE]")


def answer(*pieces: str, finish: str | None = "stop", done: bool = True) -> list[Step]:
    """A whole answer in chunks; its connection can be used again."""
    tail = event(delta(finish=finish)) + event(usage()) if finish else b""
    steps: list[Step] = [chunked_head(), *(chunk(event(delta(piece))) for piece in pieces)]
    return [*steps, chunk(tail + (DONE if done else b"")) if tail or done else b"", chunk(b"")]


def whole(status: str, body: bytes | object, content_type: str = "application/json", **headers: str) -> bytes:
    """A whole response with its length; anything but bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, content_type=content_type, content_length=str(len(data)), **headers) + data
