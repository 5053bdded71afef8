"""Requests for the streams that servers keep: to read one on, and to end it.

llama.cpp keeps bytes (`/v1/stream`); the Responses API keeps events (`/responses/{id}`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
            return StreamCall(
                "GET", endpoint.stream_url({"conv_id": stream.stream_id, "from": str(stream.position.offset)})
            )
        case StreamKind.EVENTS if stream.whole:
            return StreamCall("GET", endpoint.answer_url(f"/{stream.stream_id}"))
        case StreamKind.EVENTS:
            query = {"stream": "true", "starting_after": str(stream.position.offset)}
            return StreamCall("GET", endpoint.answer_url(f"/{stream.stream_id}", query))


def end_call(endpoint: Endpoint, kind: StreamKind, stream_id: str) -> StreamCall:
    """Return the request that has the server end a stream; sending it twice does no harm."""
    match kind:
        case StreamKind.BYTES:
            return StreamCall("DELETE", endpoint.stream_url({"conv_id": stream_id}))
        case StreamKind.EVENTS:
            return StreamCall("POST", endpoint.answer_url(f"/{stream_id}/cancel"))
