"""Requests for the streams that servers keep: to read one on, and to end it.

llama.cpp keeps bytes (`/v1/stream`); the Responses API keeps events (`/responses/{id}`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from holytui.config.schema import Api
from holytui.models import StreamKind
from holytui.wire.request import Endpoint, Reattach

_SERVER_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:=-]{0,255}")


@dataclass(frozen=True, slots=True)
class StreamCall:
    """A request without a body."""

    method: str
    url: str


def is_stream_name(name: object) -> bool:
    """Whether a name that a server gave to a stream can be part of a path."""
    return isinstance(name, str) and _SERVER_NAME.fullmatch(name) is not None


def read_call(endpoint: Endpoint, stream: Reattach) -> StreamCall:
    """Return the request that reads a stream on."""
    match stream.kind:
        case StreamKind.BYTES:
            return StreamCall("GET", _bytes_url(endpoint, conv_id=stream.stream_id, **{"from": stream.position.offset}))
        case StreamKind.EVENTS if stream.whole:
            return StreamCall("GET", _answer_url(endpoint, stream.stream_id))
        case StreamKind.EVENTS:
            after = stream.position.offset
            return StreamCall("GET", _answer_url(endpoint, stream.stream_id, stream="true", starting_after=after))


def end_call(endpoint: Endpoint, kind: StreamKind, stream_id: str) -> StreamCall:
    """Return the request that has the server end a stream; sending it twice does no harm."""
    match kind:
        case StreamKind.BYTES:
            return StreamCall("DELETE", _bytes_url(endpoint, conv_id=stream_id))
        case StreamKind.EVENTS:
            return StreamCall("POST", _answer_url(endpoint, stream_id, "/cancel"))


def _bytes_url(endpoint: Endpoint, **fields: object) -> str:
    return f"{endpoint.base_url.rstrip('/').removesuffix('/v1')}/v1/stream?{urlencode(fields)}"


def _answer_url(endpoint: Endpoint, answer_id: str, action: str = "", **fields: object) -> str:
    path, _, query = endpoint.path_of(Api.RESPONSES).partition("?")
    query = "&".join(filter(None, (query, urlencode(fields))))
    return f"{endpoint.base_url.rstrip('/')}{path}/{answer_id}{action}" + (f"?{query}" if query else "")
