"""Positions of a kept stream: wherever it is cut, its rest follows exactly from the last position."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.engine.turn.kept_stream import KeptStream
from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind, StreamKind, StreamPosition
from holytui.text import sanitize
from holytui.wire.client import ChatClient
from holytui.wire.events import MISMATCH, Piece, Verdict
from holytui.wire.request import ChatMessage, ChatRequest, Reattach
from holytui.wire.response.body import AnswerBody
from tests.servers import READ, ScriptedServer, answer, whole
from tests.wire.harness import KEY, PATIENT, endpoint

Chunks = list[tuple[str, str]]
# a carriage return and half a surrogate pair at the end of a piece are held back
TEXTS = st.text(st.sampled_from("aé\r\nữ🙂\ud83d\ude42x"), min_size=1, max_size=4)
CHUNKS = st.lists(st.tuples(st.sampled_from(["content", "reasoning_content"]), TEXTS), min_size=1, max_size=12)


def body_of(chunks: Chunks, end: str) -> bytes:
    deltas = [{"choices": [{"index": 0, "delta": {name: text}}]} for name, text in chunks]
    lines = [json.dumps(delta) if end == "\r\n" else json.dumps(delta).replace(" ", "") for delta in deltas]
    keep_alive = f": keep-alive{end}{end}"
    return (keep_alive + "".join(f"data: {line}{end}{end}" for line in [*lines, "[DONE]"])).encode()


def read(body: AnswerBody, data: bytes, split: int, stream: KeptStream) -> str:
    """Feed `data` in pieces of `split` bytes, up to its end; the content."""
    found: list[object] = []
    for i in range(0, len(data), split):
        found += body.feed(data[i : i + split])
    pieces = [each for each in [*found, *body.close()] if isinstance(each, Piece)]
    for piece in pieces:
        assert stream.add(piece) is not None
    return "".join(f"{piece.kind[0]}{char}" for piece in pieces for char in piece.text)


@settings(max_examples=50, deadline=None)
@given(CHUNKS, st.sampled_from(["\n", "\r\n", "\r"]), st.floats(0, 1), st.floats(0, 1), st.integers(1, 40))
def test_wherever_it_is_cut_the_rest_follows_exactly(
    chunks: Chunks, end: str, first: float, second: float, split: int
) -> None:
    data = body_of(chunks, end)
    stream = KeptStream("id")
    body = AnswerBody(kept=StreamKind.BYTES)
    told = read(body, data[: int(first * len(data))], split, stream)
    for share in (second, 1.0):
        reattach = stream.reattach()
        rest = data[reattach.position.offset :]
        body = AnswerBody(reattach=reattach)
        told += read(body, rest[: int(share * len(rest))] if share < 1 else rest, split, stream)
    assert body.verdict(None, 0, 200).verdict is Verdict.COMPLETE
    for kind, name in ((DeltaKind.CONTENT, "content"), (DeltaKind.REASONING, "reasoning_content")):
        expected = sanitize("".join(text for each, text in chunks if each == name))
        assert "".join(told[i + 1] for i in range(0, len(told), 2) if told[i] == kind[0]) == expected


def test_a_stream_with_another_text_is_a_fault_and_adds_nothing() -> None:
    data = body_of([("content", "one"), ("content", "two")], "\n")
    body = AnswerBody(reattach=Reattach("id", StreamPosition(), "onE", ""))
    assert not [each for each in body.feed(data) if isinstance(each, Piece)]
    fault = body.verdict(None, 0, 200).fault
    assert fault is not None
    assert (fault.kind, fault.code) == (FaultKind.GARBLED, MISMATCH)


def test_a_stream_that_ends_before_the_text_received_is_a_fault() -> None:
    body = AnswerBody(reattach=Reattach("id", StreamPosition(), "one and more", ""))
    body.feed(body_of([("content", "one")], "\n"))
    body.close()
    assert body.verdict(None, 0, 200).verdict is Verdict.FAULT


def test_the_requests_of_a_kept_stream() -> None:
    client = ChatClient()
    chat = ChatRequest("m", (ChatMessage("user", "why?"),), stream_id="a name")  # type: ignore[arg-type]
    with ScriptedServer([READ, *answer("x"), READ, *answer("x"), READ, whole("204 No Content", b"")]) as server:
        where = endpoint(server.base_url)
        for request in (chat, ChatRequest("m", (), reattach=Reattach("a name", StreamPosition(7), "", ""))):
            with client.open(where, KEY, request, PATIENT) as stream:
                list(stream)
        assert client.release(where, KEY, "a name", 5) is None
        post, get, delete = server.requests
    client.close()
    assert post.headers["x-conversation-id"] == "a name"
    assert (get.method, get.target, get.body) == ("GET", "/v1/stream?conv_id=a+name&from=7", b"")
    assert (delete.method, delete.target) == ("DELETE", "/v1/stream?conv_id=a+name")
    assert get.headers["authorization"] == delete.headers["authorization"] == post.headers["authorization"]


def test_a_stream_is_not_released_by_a_server_that_fails() -> None:
    client = ChatClient()
    with ScriptedServer([READ, whole("503 Busy", {})]) as server:
        fault = client.release(endpoint(server.base_url), None, "id", 5)
        assert isinstance(fault, Fault)
        assert fault.status == 503
    assert client.release(endpoint(server.base_url), None, "id", 5) is not None
    client.close()
