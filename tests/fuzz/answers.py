"""Bodies of 2xx responses: the SSE decoder, the chunks, the verdict. However the bytes are cut, the answer is one.

Input: content type, limit of text, how to cut (a byte each), body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from unittest.mock import patch

from benchmarks.recorder import Recordings
from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind
from holytui.wire.events import End, Piece, UsageSeen
from holytui.wire.response import body as body_module
from holytui.wire.response.body import AnswerBody
from tests.fuzz.json_values import changed
from tests.fuzz.pieces import CONTROLS, calls, pieces
from tests.responses import Reply, frames
from tests.servers import DONE, delta, event, usage

_TYPES = ("text/event-stream", "application/json", "text/html", "")
_LIMITS = (1 << 30, 100, 0)
_LONGEST = 2_000
"""Instead of 8 MiB, so that short inputs reach it."""
_JSON = re.compile(rb"(?:data: ?|^[\s\S]{3}\s*)([\[{].*)")
_MOST_CALLS = 60
"""A byte, in pieces of one; beside what JSON itself calls."""


def seeds() -> Iterator[bytes]:
    """Streams of a real server, and one of each form that servers use."""
    recorded = sorted(Recordings()._found.items())[::40]
    for _key, recording in recorded:
        yield b"\0\0\1" + recording.body[:1_500]
    ending = event(delta(finish="stop")) + event(usage()) + DONE
    call = {"index": 0, "function": {"name": "f", "arguments": "{}"}}
    for body in (
        b": hi\n\n" + event(delta("a")) + ending,
        event(delta("a", reasoning_content="b")) + ending,
        event(delta(tool_calls=[call])) + event(delta(finish="tool_calls")) + DONE,
        event({"error": {"message": "no", "code": 429}}),
        event({"message": "no"}, "error"),
        b'error: {"message": "no"}\n\n',
        b'{"choices": [{"message": {"content": "whole"}}]}',
        b'\xef\xbb\xbf[{"choices": [{"message": {"content": "whole"}}]}]',
        b"<html><title>Log in</title></html>",
        b"\n" * 20 + b'{"choices": [{"message": {"content": "late"}}]}',
        event(json.dumps(delta("\ud83d"))).replace(b"\n", b"\r\n") + event(delta("\x1b[31m\r")) + b"data: [DONE",
        b"data: " + b"x" * _LONGEST + b"\n\n",
        b"".join(frames(Reply(("a", "🙂", "b\r"), ("c d", "e")).events())),
        b"".join(map(event, Reply(("a",), status="incomplete", details={"reason": "max_output_tokens"}).events()[3:])),
        b"".join(frames(Reply(("a",), status="failed", error={"code": "server_error", "message": "no"}).events()[5:])),
        json.dumps(Reply(("whole",), ("why",)).whole).encode(),
    ):
        for kind, limit, salt in ((0, 0, 0), (1, 1, 2), (3, 2, 3)):
            yield bytes((kind, limit, salt)) + body


def mutated(data: bytes, random: Random) -> bytes | None:
    """The input with one value of one event, or of the whole body, changed."""
    found = list(_JSON.finditer(data, 3))
    if not found:
        return None
    match = random.choice(found)
    value = changed(match[1].decode("utf-8", "replace"), random)
    return None if value is None else data[: match.start(1)] + value.encode() + data[match.end(1) :]


def check(data: bytes) -> None:
    """The same text, figures and end in any pieces; text is safe and within its limit; the work is linear."""
    if len(data) < 4:
        return
    kind, limit, salt, body = _TYPES[data[0] % 4], _LIMITS[data[1] % 3], data[2], data[3:]
    with patch.object(body_module, "_MAX_BODY", _LONGEST):
        whole = _take([body], kind, limit)
        assert _take(pieces(body, salt), kind, limit) == whole, "the pieces change the answer"
        if len(body) < 300:
            assert _take(pieces(body, 0), kind, limit) == whole, "the bytes change the answer"
            count = calls(lambda: _take(pieces(body, 0), kind, limit))
            assert count < _MOST_CALLS * (len(body) + 20), f"{count} calls for {len(body)} bytes"


def _take(
    parts: Sequence[bytes], kind: str, limit: int
) -> tuple[dict[DeltaKind, str], list[UsageSeen], list[tuple[End, bool]]]:
    answer = AnswerBody(kind, limit)
    texts = dict.fromkeys(DeltaKind, "")
    figures: list[UsageSeen] = []
    events = [found for part in parts for found in answer.feed(part)] + answer.close()
    for found in events:
        if isinstance(found, Piece):
            texts[found.kind] += found.text
        elif isinstance(found, UsageSeen):
            figures.append(found)
    total = sum(map(len, parts))
    # a lone CR becomes a sign of three bytes
    assert sum(len(text) for text in texts.values()) <= 3 * total
    assert CONTROLS.isdisjoint("".join(texts.values())), "a control character in the text"
    ends = []
    for broke in (None, Fault(FaultKind.RESET)):
        end = answer.verdict(broke, total, 200)
        if end.fault is not None:
            sound(end.fault)
        ends.append((end, answer.finished))
    return texts, figures, ends


def sound(fault: Fault) -> None:
    """Its texts are bounded single lines, and its times can be waited for."""
    for text in (fault.message, fault.code, fault.param, fault.better_url):
        assert len(text) <= 500, "a text without a bound"
        assert CONTROLS.isdisjoint(text), "a control character in a fault"
        assert "\n" not in text, "a fault of two lines"
    assert fault.retry_after is None or 0 <= fault.retry_after < 1e12, f"waits {fault.retry_after} s"
    assert fault.status is None or 100 <= fault.status < 1000, f"status {fault.status}"
