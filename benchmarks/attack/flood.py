"""A server on the loopback that answers too much, too slowly or too oddly."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
DONE = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
Answer = Callable[[socket.socket], None]

TEXTS = {
    "paragraphs": "Some **bold** words and a `name` that go on for a line or two of *text*.\n\n",
    "words": "word and another one in a line without an end ",
    "code": "    value = compute(first, 'second') + 17  # a remark\n",
    "stars": "*a *a ",
    "list": "- an item with **bold** words\n",
}


def event(text: str, kind: str = "content") -> bytes:
    """An event with a piece of an answer."""
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {kind: text}}]}).encode() + b"\n\n"


def stream(text: str, rate: float, piece: int = 200) -> Answer:
    """Text without an end, `rate` bytes of it a second (0: as fast as it is read)."""

    def answer(sock: socket.socket) -> None:
        pieces = (text * (piece * 64 // len(text) + 1))[: piece * 64]
        if text == TEXTS["code"]:
            sock.sendall(event("```python\n"))
        block = b"".join(event(pieces[at : at + piece]) for at in range(0, len(pieces), piece))
        size, begun, sent = len(pieces), time.monotonic(), 0
        if rate and rate < 200_000:  # smoothly
            for number in range(10**9):
                at = number % 64 * piece
                sock.sendall(event(pieces[at : at + piece]))
                sent += piece
                time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
        while True:
            sock.sendall(block)
            sent += size
            if rate:
                time.sleep(max(0.0, begun + sent / rate - time.monotonic()))

    return _with_head(answer)


def repeat(block: bytes, times: int | None = None, end: bytes = b"", head: bytes = b"") -> Answer:
    """The same bytes over and over."""

    def answer(sock: socket.socket) -> None:
        left = times
        while left is None or left > 0:
            sock.sendall(block)
            left = None if left is None else left - 1
        sock.sendall(end)

    return _with_head(answer, head)


def bomb(megabytes: int) -> Answer:
    """Compressed text that swells a thousandfold."""

    def answer(sock: socket.socket) -> None:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        block = event("a" * 1_000) * 1_000
        for _ in range(megabytes):
            sock.sendall(packer.compress(block))
        sock.sendall(packer.flush())

    return _with_head(answer, b"content-encoding: gzip\r\n")


def drip(data: bytes, seconds: float = 1.0) -> Answer:
    """One byte a second, head and body."""

    def answer(sock: socket.socket) -> None:
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])
            time.sleep(seconds)

    return answer


def models(count: int) -> bytes:
    """The whole response to `GET /models`, of so many names."""
    body = json.dumps({"data": [{"id": f"maker-{n % 97}/model-{n}"} for n in range(count)]}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _with_head(answer: Answer, head: bytes = b"") -> Answer:
    def whole(sock: socket.socket) -> None:
        sock.sendall(HEAD + head + b"\r\n")
        answer(sock)

    return whole


class FloodServer:
    """Answers each question by `answer`; counts them."""

    def __init__(self, answer: Answer, names: bytes = b"") -> None:
        self.questions = 0
        self._answer = answer
        self._names = names or models(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _serve(self) -> None:
        for sock in self._connections():
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _connections(self) -> Iterator[socket.socket]:
        with contextlib.suppress(OSError):
            while True:
                yield self._listener.accept()[0]

    def _talk(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                data += sock.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            if head.startswith(b"GET"):
                sock.sendall(self._names)
                return
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            came = len(body)
            while came < length:
                came += len(sock.recv(1 << 20))
            self.questions += 1
            self._answer(sock)
