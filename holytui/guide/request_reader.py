"""HTTP/1.1 requests of one connection (RFC 9112), parsed by h11."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holytui.guide.chat_api import ErrorResponse
from holytui.i18n import _

MAX_HEAD = 64 * 1024
"""Most bytes of a request line with its headers."""
MAX_BODY = 16 * 1024 * 1024
"""Most bytes of a body."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A complete request."""

    method: str
    path: str
    """Without the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    keep_alive: bool
    """The client may send another request on this connection."""
    query: str = ""


class RequestReader:
    """Reads the requests of a connection one after the other.

    h11 parses only. The responses are written without it (`response_writer`), because some of them are broken on
    purpose; so each request has a parser of its own, which gets the bytes that followed the request before.
    """

    __slots__ = ("_pending", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._pending = b""

    def next(self) -> HttpRequest | ErrorResponse | None:
        """Read the next request; None when the client has closed the connection.

        An `ErrorResponse` is for an invalid request; the connection cannot be read any further then. Raises OSError
        when the connection breaks.
        """
        import h11  # not needed before the first connection, and slow to import

        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        if self._pending:
            parser.receive_data(self._pending)
        request: h11.Request | None = None
        body = bytearray()
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                return _invalid(error.error_status_hint)
            if event is h11.NEED_DATA:
                if parser.they_are_waiting_for_100_continue:
                    go_ahead = parser.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                    self._sock.sendall(go_ahead or b"")
                data = self._sock.recv(_CHUNK)
                if not data:
                    return None
                parser.receive_data(data)
            elif isinstance(event, h11.Request):
                request = event
                if int(dict(event.headers).get(b"content-length", b"0")) > MAX_BODY:
                    return _too_large()
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    return _too_large()
            elif isinstance(event, h11.EndOfMessage):
                break
        assert request is not None  # no message ends before it has begun
        self._pending, _closed = parser.trailing_data
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        path, _mark, query = request.target.decode("latin-1").partition("?")
        return HttpRequest(
            request.method.decode("latin-1"),
            path,
            MappingProxyType(headers),
            bytes(body),
            keep_alive=parser.their_state is h11.DONE,
            query=query,
        )


def _invalid(status: int) -> ErrorResponse:
    if status == 431:
        return ErrorResponse(431, _("The headers of the request are too large"))
    return ErrorResponse(400, _("The request is not valid HTTP/1.1"))


def _too_large() -> ErrorResponse:
    return ErrorResponse(413, _("The request is larger than {limit} MB").format(limit=MAX_BODY // 1024 // 1024))
