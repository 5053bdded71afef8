"""Responses that break off no connection and bring no answer: floods and endless parts of HTTP, SSE and tool calls.

Each attack is an iterator of what is sent next: bytes, or seconds to wait. Most never end. `KEPT` is text of the answer
that an attack sends before it begins, where HTTP lets it.
"""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.attack.flood import HEAD, Answer, event

KEPT = "These words came first."
Blocks = Iterator[bytes | float]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, and what holds for its answer."""

    blocks: Callable[[], Blocks]
    keeps: bool = True
    """`KEPT` was sent, so it must be in the answer."""
    complete: bool = False
    """The answer had been told to be whole before the attack began."""


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    """A chunk of a chunked body."""
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


_CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk(event(KEPT))
_PLAIN = HEAD + b"\r\n" + event(KEPT)
_FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'


def calls(count: int, size: int, start: int = 0) -> bytes:
    """Events with pieces of tool calls, each of `size` characters, with an index of its own where `start` goes up."""
    pieces = []
    for number in range(start, start + count):
        call = {"index": number, "id": f"call-{number}", "function": {"name": "f", "arguments": "x" * size}}
        delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
        pieces.append(b"data: " + json.dumps(delta).encode() + b"\n\n")
    return b"".join(pieces)


def _small_calls() -> Blocks:
    yield _PLAIN
    yield from itertools.repeat(calls(1, 8) * 1_000, 100)
    yield _FINISH


def _large_calls() -> Blocks:
    yield _PLAIN
    yield from itertools.repeat(calls(1, 1_000_000))


def _parallel_calls() -> Blocks:
    yield _PLAIN
    for start in itertools.count(0, 1_000):
        yield calls(1_000, 8, start)


def _wide_calls() -> Blocks:
    """Thousands of calls in one event."""
    wide = [{"index": number, "function": {"name": "f", "arguments": "x"}} for number in range(5_000)]
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": wide}}]}
    yield _PLAIN
    yield from itertools.repeat(b"data: " + json.dumps(delta).encode() + b"\n\n")


def _extensions() -> Blocks:
    yield _CHUNKED
    yield from itertools.repeat(chunk(b": hi\n", b";" + b"a=b;" * 4_000))


def _endless_extension() -> Blocks:
    yield _CHUNKED + b"5;"
    yield from itertools.repeat(b"a" * 10_000)


def _endless_size() -> Blocks:
    yield _CHUNKED
    yield from itertools.repeat(b"0" * 10_000)


def _tiny_chunks() -> Blocks:
    yield _CHUNKED
    yield from itertools.repeat(chunk(b":") * 1_000 + chunk(b"\n"))


def _headers() -> Blocks:
    yield HEAD
    yield from (b"".join(b"x-%d: y\r\n" % (start + at) for at in range(1_000)) for start in itertools.count(0, 1_000))


def _endless_header() -> Blocks:
    yield HEAD + b"x-long: "
    yield from itertools.repeat(b"y" * 10_000)


def _slow_headers() -> Blocks:
    yield HEAD
    for number in itertools.count():
        yield b"x-%d: y\r\n" % number
        yield 0.5


def _interim() -> Blocks:
    yield from itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _hints() -> Blocks:
    yield from itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n" * 100)


def _trailers() -> Blocks:
    yield _CHUNKED + chunk(_FINISH) + b"0\r\n"
    yield from itertools.repeat(b"x-late: y\r\n" * 1_000)


def _slow_trailers() -> Blocks:
    yield _CHUNKED + chunk(_FINISH) + b"0\r\n"
    for _ in itertools.count():
        yield b"x-late: y\r\n"
        yield 0.5


def _comments() -> Blocks:
    yield _PLAIN
    yield from itertools.repeat(b": still here\n\n" * 1_000)


def _slow_comments() -> Blocks:
    yield _PLAIN
    for _ in itertools.count():
        yield b": still here\n\n"
        yield 0.2


def _blank_lines() -> Blocks:
    yield _PLAIN
    yield from itertools.repeat(b"\n" * 10_000)


def _drip(data: bytes, seconds: float) -> Blocks:
    for at in range(len(data)):
        yield data[at : at + 1]
        yield seconds


def _slow_size() -> Blocks:
    yield _CHUNKED
    yield from _drip(b"0" * 15 + b"5\r\n: hi\n\r\n", 1.0)
    yield 60.0


def _slow_event() -> Blocks:
    yield _CHUNKED
    for byte in b"data: " + b"x" * 100:
        yield chunk(bytes((byte,)))
        yield 1.0


def _bomb(encoding: str, window: int) -> Blocks:
    yield HEAD + f"content-encoding: {encoding}\r\n\r\n".encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    yield packer.compress(event(KEPT)) + packer.flush(zlib.Z_SYNC_FLUSH)
    block = event("a" * 1_000) * 1_000
    for _ in range(400):
        yield packer.compress(block)
    yield packer.flush()


def _members() -> Blocks:
    """A gzip file of many that are empty."""
    yield HEAD + b"content-encoding: gzip\r\n\r\n" + gzip.compress(event(KEPT))
    yield from itertools.repeat(gzip.compress(b"") * 1_000)


def _other(encoding: str) -> Blocks:
    yield HEAD + f"content-encoding: {encoding}\r\n\r\n".encode()
    yield from itertools.repeat(b"\x28\xb5\x2f\xfd" * 1_000)


ATTACKS: dict[str, Attack] = {
    "100,000 pieces of a tool call": Attack(_small_calls),
    "tool calls, 1 MB a piece": Attack(_large_calls),
    "tool calls, an index each": Attack(_parallel_calls),
    "tool calls, 5,000 an event": Attack(_wide_calls),
    "chunk extensions": Attack(_extensions),
    "an endless chunk extension": Attack(_endless_extension),
    "an endless chunk size": Attack(_endless_size),
    "chunks of one byte": Attack(_tiny_chunks),
    "headers": Attack(_headers, keeps=False),
    "an endless header": Attack(_endless_header, keeps=False),
    "headers, two a second": Attack(_slow_headers, keeps=False),
    "endless 100 Continue": Attack(_interim, keeps=False),
    "endless 103 Early Hints": Attack(_hints, keeps=False),
    "trailers": Attack(_trailers, complete=True),
    "trailers, two a second": Attack(_slow_trailers, complete=True),
    "comments": Attack(_comments),
    "comments, five a second": Attack(_slow_comments),
    "blank lines": Attack(_blank_lines),
    "a chunk size, a byte a second": Attack(_slow_size),
    "an event, a byte a second": Attack(_slow_event),
    "gzip bomb": Attack(lambda: _bomb("gzip", 31)),
    "deflate bomb": Attack(lambda: _bomb("deflate", 15)),
    "raw deflate bomb": Attack(lambda: _bomb("deflate", -15)),
    "empty gzip members": Attack(_members),
    "gzip in gzip": Attack(lambda: _other("gzip, gzip"), keeps=False),
    "zstd": Attack(lambda: _other("zstd"), keeps=False),
    "br": Attack(lambda: _other("br"), keeps=False),
}


def sent(attack: Attack) -> Answer:
    """The attack as a server's answer, until the client hangs up."""

    def answer(sock: socket.socket) -> None:
        for block in attack.blocks():
            if isinstance(block, float):
                time.sleep(block)
            else:
                sock.sendall(block)

    return answer


def redirect(sock: socket.socket) -> None:
    """To itself, as often as it is asked."""
    place = f"http://127.0.0.1:{sock.getsockname()[1]}/v1/chat/completions"
    sock.sendall(f"HTTP/1.1 307 Again\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())
