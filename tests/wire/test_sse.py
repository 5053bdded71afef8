"""The decoder against web-platform-tests, against any way to cut the bytes, and against endless lines."""

from __future__ import annotations

import base64
import itertools
import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.wire.response.sse import SSEDecoder, SSEEvent, UnfinishedEvent

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors").joinpath("event_stream.json").read_text()
)
_LINES = [
    b"data: x",
    b"data:",
    b"data",
    b": c",
    b"id: 1",
    b"event: e",
    b"error: {}",
    "data: đế 🙂".encode(),
    b"\xff",
    b"",
]
BODIES = st.lists(st.tuples(st.sampled_from(_LINES), st.sampled_from([b"\n", b"\r", b"\r\n"])), max_size=20).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


def decode(chunks: Iterable[bytes]) -> tuple[list[SSEEvent], UnfinishedEvent, int]:
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events, decoder.close(), decoder.comments


def sliced(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 1 << 20], ids=["bytes", "sevens", "whole"])
@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_web_platform_vectors(case: dict[str, Any], size: int) -> None:
    events, _, _ = decode(sliced(base64.b64decode(case["input_b64"]), size))
    assert events == [SSEEvent(e["event"], e["data"], e.get("id", "")) for e in case["events"]]


@settings(max_examples=200, deadline=None)
@given(BODIES | st.binary(max_size=60), st.lists(st.integers(0, 200), max_size=8))
def test_any_cut_gives_the_same_events(body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in itertools.pairwise(edges)]
    assert decode(pieces) == decode([body])


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_cr_and_lf_end_a_line(end: str) -> None:
    events, _, _ = decode([f"data: a{end}b\n\n".encode()])
    assert events == [SSEEvent("message", f"a{end}b")]


def test_a_carriage_return_at_a_chunk_end_is_not_held_back() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\r") == [SSEEvent("message", "a")]
    assert decoder.feed(b"\ndata: b\r") == []
    assert decoder.feed(b"\n\r\n") == [SSEEvent("message", "b")]


def test_whole_lines_of_an_unended_event_are_told_at_the_end() -> None:
    _, left, _ = decode([b"data: a\n\nevent: e\ndata: b\ndata: c\n"])
    assert left == UnfinishedEvent("b\nc", b"", "e")


def test_half_a_line_is_told_apart_from_whole_ones() -> None:
    _, left, _ = decode([b"data: b\ndata: \xe1\xba"])
    assert left == UnfinishedEvent("b", b"data: \xe1\xba")


def test_a_stream_that_ends_well_leaves_nothing() -> None:
    assert decode([b"data: a\n\n"])[1] == UnfinishedEvent()


def test_an_unended_first_line_loses_its_byte_order_mark() -> None:
    assert decode([b"\xef\xbb", b"\xbfdata: a"])[1] == UnfinishedEvent(None, b"data: a")


def test_the_error_field_of_old_llama_cpp_is_an_event() -> None:
    events, _, _ = decode([b'error: {"code":500}\n\ndata: [DONE]\n\n'])
    assert events == [SSEEvent("error", '{"code":500}'), SSEEvent("message", "[DONE]")]


def test_an_unended_error_field_is_told_at_the_end() -> None:
    assert decode([b'error: {"code":500}\n'])[1] == UnfinishedEvent('{"code":500}', b"", "error")


def test_comments_are_counted() -> None:
    assert decode([b": keep-alive\n\n: keep", b"-alive\n\n"])[2] == 2


def test_an_endless_line_overflows_in_bounded_memory() -> None:
    decoder = SSEDecoder(max_line=1 << 20)
    chunk = b"x" * 65536
    assert decoder.feed(b"data: kept\n\ndata: ") == [SSEEvent("message", "kept")]
    tracemalloc.start()
    try:
        for _ in range(1600):  # 100 MiB
            assert decoder.feed(chunk) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoder.overflow
    assert peak < 6 << 20
    assert decoder.feed(b"\n\ndata: late\n\n") == []
    assert decoder.close() == UnfinishedEvent()


def test_an_endless_event_overflows() -> None:
    decoder = SSEDecoder(max_event=1000)
    for _ in range(100):
        decoder.feed(b"data: " + b"x" * 20 + b"\n")
    assert decoder.overflow


def test_events_before_an_overflow_in_one_chunk_are_given() -> None:
    decoder = SSEDecoder(max_line=10)
    assert decoder.feed(b"data: a\n\ndata: too long\n\n") == [SSEEvent("message", "a")]
    assert decoder.overflow


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_line_of_just_the_limit_is_taken(size: int) -> None:
    decoder = SSEDecoder(max_line=10, max_event=10)
    events = [event for piece in sliced(b"data: abcd\n\n", size) for event in decoder.feed(piece)]
    assert events == [SSEEvent("message", "abcd")]
    assert not decoder.overflow


def test_a_large_line_in_single_bytes_takes_linear_work() -> None:
    body = b"data: " + b"y" * 300_000 + b"\n\n"
    events, _, _ = decode(sliced(body, 1))
    assert len(events[0].data) == 300_000
