"""HTTP/1.1 responses (RFC 9112), written byte by byte so that they can be broken in the middle.

Neither `http.server` nor h11 can write a response that ends halfway or has an invalid chunk.
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
from types import MappingProxyType

from holytui.guide.chat_api import ErrorResponse

_DRAIN_CHECKS, _DRAIN_INTERVAL = 200, 0.005
"""How often, and after how many seconds, the send buffer is looked at before a reset."""
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


class ResponseWriter:
    """Writes responses on a connection. Every method raises OSError when the client has closed it."""

    __slots__ = ("_chunked", "_sock", "keep_alive")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._chunked = True
        self.keep_alive = True
        """Another request may follow on this connection."""

    def json(self, status: int, value: object, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        """Send a complete JSON response."""
        body = json.dumps(value, ensure_ascii=False).encode()
        own = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        self._sock.sendall(self._head(status, own | dict(headers)) + body)

    def error(self, response: ErrorResponse) -> None:
        """Send a complete error response."""
        self.json(response.status, response.body(), response.headers)

    def begin(self, *, chunked: bool = True) -> None:
        """Send the head of an event stream. Not `chunked`: the body ends with the connection, as in HTTP/1.0."""
        self._chunked = chunked
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            self.keep_alive = False
        self._sock.sendall(self._head(200, headers))

    def event(self, data: str) -> None:
        """Send an event of the stream."""
        self.data(f"data: {data}\n\n".encode())

    def comment(self, text: str) -> None:
        """Send a comment of the stream, which keeps the connection alive and carries no data."""
        self.data(f": {text}\n\n".encode())

    def data(self, data: bytes) -> None:
        """Send bytes of the stream."""
        self._sock.sendall(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def detach(self) -> None:
        """Break the client's connection, if the stream is kept; this one is not."""

    def end(self) -> None:
        """Send the last chunk."""
        if self._chunked:
            self._sock.sendall(b"0\r\n\r\n")

    def garble(self) -> None:
        """Send half an event of invalid JSON, then a chunk whose size is not a number."""
        self.data(b'data: {"id":"chatcmpl-\xff\xfe","choices":[{"del\n\n')
        self._sock.sendall(b"zz\r\ndata: ...\r\n")
        self.keep_alive = False

    def cut(self) -> None:
        """Close the connection in the middle of the body (FIN), without the last chunk."""
        self.keep_alive = False

    def reset(self) -> None:
        """Reset the connection in the middle of the body (RST)."""
        self.keep_alive = False
        self._drain()
        # a linger time of zero makes close() send RST, see socket(7)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _drain(self) -> None:
        """Wait until the client has received everything: RST discards what is still in the send buffer."""
        for _check in range(_DRAIN_CHECKS):
            if not int.from_bytes(fcntl.ioctl(self._sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder):
                break
            time.sleep(_DRAIN_INTERVAL)

    def hold(self) -> None:
        """Send nothing more, and wait until the client closes the connection."""
        self.keep_alive = False
        while self._sock.recv(4096):
            pass

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        lines.append("Connection: keep-alive" if self.keep_alive else "Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
