"""As much of HTTP/1.1 (RFC 9112) as the guide's server needs, with the ways in which a response can go wrong.

The standard library's `http.server` is not used: it takes longer to import than this server to start, and it cannot
leave a response half said.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holytui.guide.protocol import Refusal
from holytui.i18n import _

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
_ROUNDS, _ROUND = 200, 0.005
_NOTHING: Mapping[str, str] = MappingProxyType({})
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    keep_alive: bool
    query: str = ""
    """The target after its question mark."""


class Reader:
    """Requests from a connection, one after the other."""

    __slots__ = ("_buffer", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()

    def next(self) -> Request | Refusal | None:
        """The next request; None when the client has left. After a refusal nothing more can be read.

        Raises OSError when the connection breaks.
        """
        head = self._head()
        if not isinstance(head, bytes):
            return head
        first, *lines = head.decode("latin-1").split("\r\n")
        match first.split(" "):
            case [method, target, ("HTTP/1.1" | "HTTP/1.0") as version]:
                pass
            case _:
                return Refusal(400, _("The request is not HTTP/1.1"))
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                return Refusal(400, _("The request is not HTTP/1.1"))
            headers[name.lower()] = value.strip()
        body = self._body(headers, version)
        if not isinstance(body, bytes):
            return body
        asked = headers.get("connection", "").lower()
        keep = asked != "close" if version == "HTTP/1.1" else asked == "keep-alive"
        path, _mark, query = target.partition("?")
        return Request(method, path, MappingProxyType(headers), body, keep, query)

    def _head(self) -> bytes | Refusal | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                return Refusal(431, _("The request's head is too large"))
            if not self._more():
                return None
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return head

    def _body(self, headers: Mapping[str, str], version: str) -> bytes | Refusal | None:
        if "transfer-encoding" in headers:
            return Refusal(411, _("The request's length is not given"))
        told = headers.get("content-length", "0")
        if not (told.isascii() and told.isdigit()):
            return Refusal(400, _("The request's length is not a number"))
        if len(told) > 12 or int(told) > MAX_BODY:
            return Refusal(413, _("The request is larger than {limit} MB").format(limit=MAX_BODY // 1024 // 1024))
        size = int(told)
        if headers.get("expect", "").lower() == "100-continue" and version == "HTTP/1.1":
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self._buffer) < size:
            if not self._more():
                return None
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _more(self) -> bool:
        data = self._sock.recv(64 * 1024)
        self._buffer += data
        return bool(data)


class Writer:
    """Responses on a connection. Every method may raise OSError when the client has left."""

    __slots__ = ("_chunked", "_sock", "keep_alive")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._chunked = True
        self.keep_alive = True
        """Another request may follow on this connection."""

    def json(self, status: int, value: object, headers: Mapping[str, str] = _NOTHING) -> None:
        """A whole response."""
        body = json.dumps(value, ensure_ascii=False).encode()
        own = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        self._sock.sendall(self._head(status, own | dict(headers)) + body)

    def refuse(self, refusal: Refusal) -> None:
        """An error."""
        self.json(refusal.status, refusal.body(), refusal.headers)

    def begin(self, *, chunked: bool = True) -> None:
        """The head of an event stream; if not `chunked`, its end is the connection's, as HTTP/1.0 has it."""
        self._chunked = chunked
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            self.keep_alive = False
        self._sock.sendall(self._head(200, headers))

    def event(self, data: str) -> None:
        """One event of the stream."""
        self.body(f"data: {data}\n\n".encode())

    def comment(self, words: str) -> None:
        """A comment of the stream, which keeps a connection alive and says nothing."""
        self.body(f": {words}\n\n".encode())

    def body(self, data: bytes) -> None:
        """Bytes of the stream."""
        self._sock.sendall(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def detach(self) -> None:
        """Break the connection of a stream that is kept; this one is not."""

    def end(self) -> None:
        """The stream's proper end."""
        if self._chunked:
            self._sock.sendall(b"0\r\n\r\n")

    def garble(self) -> None:
        """Half an event that is no JSON, then a chunk whose length is no number."""
        self.body(b'data: {"id":"chatcmpl-\xff\xfe","choices":[{"del\n\n')
        self._sock.sendall(b"zz\r\ndata: ...\r\n")
        self.keep_alive = False

    def cut(self) -> None:
        """End the connection in the middle, politely (FIN): the chunked body stays without its end."""
        self.keep_alive = False

    def reset(self) -> None:
        """End the connection in the middle, rudely (RST)."""
        self.keep_alive = False
        self._settle()
        # a linger time of zero makes close() send RST, see socket(7)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _settle(self) -> None:
        """Wait until all that was said has arrived: RST throws away what is still on its way."""
        for _round in range(_ROUNDS):
            if not int.from_bytes(fcntl.ioctl(self._sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder):
                break
            time.sleep(_ROUND)

    def hold(self) -> None:
        """Say nothing more, and wait until the client leaves."""
        self.keep_alive = False
        while self._sock.recv(4096):
            pass

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        lines.append("Connection: keep-alive" if self.keep_alive else "Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
