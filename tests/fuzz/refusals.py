"""Responses that are no 2xx: whatever their headers and bodies say, a fault that can be shown and waited for.

Input: status (a byte), lines `name: value`, an empty line, body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from holytui.faults import FaultKind
from holytui.wire.response.error_bodies import as_object, body_fault, find_error, parse_json
from holytui.wire.response.error_status import refuses_stream_options, retry_after, status_fault
from tests.fuzz.answers import sound
from tests.fuzz.json_values import changed

_STATUSES = (301, 307, 400, 401, 403, 404, 407, 408, 413, 422, 429, 500, 502, 503, 529, 599, 304, 418)
_BODIES: tuple[object, ...] = (
    {"error": {"message": "no", "type": "invalid_request_error", "code": "model_not_found", "param": "model"}},
    [{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT", "details": [{"retryDelay": "3.5s"}]}}],
    {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "no"}]}},
    {"detail": [{"loc": ["body", "messages", 0], "msg": "no", "type": "missing"}]},
    {"error": {"message": "no", "metadata": {"raw": "why", "retry_after": 3, "retry_after_ms": "20"}}},
    {"choices": [{"error": {"message": "no"}}], "x_groq": {"error": "no"}, "status_code": "404"},
)
_HEADERS = (
    b"retry-after: 7\nretry-after-ms: 250\n",
    b"retry-after: Wed, 01 Jan 2025 00:00:30 GMT\ndate: Wed, 01 Jan 2025 00:00:10 GMT\n",
    b"location: https://user:pass@else.where:8443/v1/chat?x=1#y\nx-should-retry: true\n",
)


def seeds() -> Iterator[bytes]:
    """Refusals of the servers that the tests know."""
    for number, body in enumerate(_BODIES):
        yield bytes((number,)) + _HEADERS[number % 3] + b"\n" + json.dumps(body).encode()
    yield b"\x0c\n\n<html><head><TITLE lang=x>502 &amp; Bad\nGateway</title></head>"
    yield b"\x02\n\n400 plain HTTP request was sent to HTTPS port"
    yield b"\x02\n\n\xff\xfe\x1b[31m no such \n thing stream_options"


def mutated(data: bytes, random: Random) -> bytes | None:
    """The input with one value of the body changed."""
    head, gap, body = data.partition(b"\n\n")
    value = changed(body.decode("utf-8", "replace"), random)
    return None if value is None else head + gap + value.encode()


def check(data: bytes) -> None:
    """A sound fault comes out, whatever came in."""
    if not data:
        return
    head, _, body = data[1:].partition(b"\n\n")
    lines = (line.partition(":") for line in head.decode("latin-1").split("\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    status = _STATUSES[data[0] % len(_STATUSES)]
    sound(status_fault(status, headers, body))
    sound(body_fault(body, FaultKind.NOT_A_STREAM))
    refuses_stream_options(status, body)
    find_error(as_object(parse_json(body)))
    waits = retry_after(headers)
    assert waits is None or 0 <= waits < float("inf")
