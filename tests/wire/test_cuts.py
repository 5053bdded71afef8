"""Every way in which a connection can break, over real sockets: what had come is kept, the end is told as it was."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Sequence

import pytest

from holytui.faults import Fault, FaultKind
from holytui.models import Usage
from holytui.wire.client import ChatClient
from holytui.wire.events import Accepted, Connected, Received, UsageSeen, Verdict
from holytui.wire.request import Timeouts
from tests.servers import (
    DONE,
    FIN,
    READ,
    RST,
    STALL,
    Peer,
    ScriptedServer,
    Step,
    answer,
    chunk,
    chunked_head,
    delta,
    event,
    head,
    sse_head,
    usage,
    whole,
)
from tests.wire.harness import KEY, endpoint, opened, read

HALLO = event(delta("Hallo"))
FINISH = event(delta(finish="stop"))


def once(
    client: ChatClient, script: Sequence[Step], timeouts: Timeouts | None = None
) -> tuple[str, Verdict, Fault | None]:
    with ScriptedServer(script) as server:
        text, end, _ = read(client, server.base_url, timeouts or Timeouts(5, 5, 5, 5))
    return text, end.verdict, end.fault


def test_a_whole_answer(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("Xin ", "chào 🙂")]) as server:
        text, end, events = read(client, server.base_url)
    assert text == "Xin chào 🙂"
    assert (end.verdict, end.fault, end.finish_reason, end.status) == (Verdict.COMPLETE, None, "stop", 200)
    assert events[:2] == [Connected(), Accepted(200)]
    assert UsageSeen(Usage(5, 7)) in events
    assert any(isinstance(e, Received) for e in events)
    assert end.total_bytes > len(HALLO)


def test_bytes_are_told_at_most_ten_times_a_second() -> None:
    now = [0.0]
    client = ChatClient(clock=lambda: now[0])
    gates = [threading.Event() for _ in range(3)]
    script: list[Step] = [READ, sse_head()]
    for gate in gates:
        script += [*[HALLO] * 50, event(delta("|")), gate]
    with ScriptedServer([*script, DONE]) as server, opened(client, endpoint(server.base_url)) as stream:
        told = 0
        for item in stream:
            told += isinstance(item, Received)
            if getattr(item, "text", "") == "|":
                now[0] += 0.2
                gates.pop(0).set()
    assert told == 4
    client.close()


def test_the_request_is_what_servers_expect(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a")]) as server:
        read(client, server.base_url, headers={"X-Title": "t"})
        request = server.requests[0]
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY.reveal()}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["x-title"] == "t"
    assert request.json == {
        "model": "gpt-4",
        "messages": [{"role": "user", "content": "chào"}],
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


CLOSED, RESET, GARBLED = FaultKind.CLOSED, FaultKind.RESET, FaultKind.GARBLED


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param([chunked_head(), chunk(HALLO), FIN], CLOSED, id="chunked, FIN without the last chunk"),
        pytest.param([chunked_head(), chunk(HALLO), b"5\r\nda", FIN], CLOSED, id="chunked, FIN inside a chunk"),
        pytest.param([chunked_head(), chunk(HALLO), chunk(b""), FIN], CLOSED, id="chunked, ended in order"),
        pytest.param([sse_head(content_length="999"), HALLO, FIN], CLOSED, id="length not reached"),
        pytest.param([sse_head(), HALLO, FIN], CLOSED, id="close-delimited, clean end of file"),
        pytest.param([chunked_head(), chunk(HALLO), b"zz\r\n", STALL], GARBLED, id="broken chunk"),
    ],
)
def test_a_cut_after_some_text_is_cut_and_keeps_it(client: ChatClient, script: list[Step], kind: FaultKind) -> None:
    text, verdict, fault = once(client, [READ, *script])
    assert (text, verdict) == ("Hallo", Verdict.CUT)
    assert fault is not None
    assert fault.kind is kind


@pytest.mark.parametrize("framed", [True, False], ids=["chunked", "close-delimited"])
def test_a_reset_keeps_what_had_come(client: ChatClient, framed: bool) -> None:
    # A reset throws away what the other side has not read yet: it must have been read before.
    gate = threading.Event()
    first = [chunked_head(), chunk(HALLO)] if framed else [sse_head(), HALLO]
    with ScriptedServer([READ, *first, gate, RST]) as server:
        with opened(client, endpoint(server.base_url)) as stream:
            events = []
            for item in stream:
                events.append(item)
                if getattr(item, "text", "") == "Hallo":
                    gate.set()
        end = events[-1]
    assert gate.is_set()
    assert (end.verdict, end.fault.kind) == (Verdict.CUT, RESET)  # type: ignore[union-attr]  # it is an End


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param('data: {"choices":[{"delta":{"content":"đ'.encode()[:-1], id="character"),
        pytest.param(b'data: {"choices":[{"del', id="JSON"),
        pytest.param(b"da", id="field name"),
        pytest.param(b"data: {\n", id="line that ended, JSON that did not"),
    ],
)
def test_an_end_inside_something_loses_that_alone(client: ChatClient, tail: bytes) -> None:
    text, verdict, _ = once(client, [READ, sse_head(), HALLO + tail, FIN])
    assert (text, verdict) == ("Hallo", Verdict.CUT)


def test_a_whole_line_without_its_blank_line_is_kept(client: ChatClient) -> None:
    text, verdict, _ = once(client, [READ, sse_head(), HALLO + event(delta(" Welt"))[:-1], FIN])
    assert (text, verdict) == ("Hallo Welt", Verdict.CUT)


def test_a_character_cut_between_two_packets_is_whole(client: ChatClient) -> None:
    data = event(delta("ế"))
    at = data.index("ế".encode()) + 1
    text, _, _ = once(client, [READ, chunked_head(), chunk(data[:at]), chunk(data[at:]), chunk(DONE), chunk(b"")])
    assert text == "ế"


def test_silence_is_idle(client: ChatClient) -> None:
    text, verdict, fault = once(client, [READ, sse_head(), HALLO, STALL], Timeouts(5, 0.1, 5, 5))
    assert (text, verdict, fault) == ("Hallo", Verdict.CUT, Fault(FaultKind.IDLE))


def test_silence_before_the_head_is_idle_and_no_cut_answer(client: ChatClient) -> None:
    assert once(client, [READ, STALL], Timeouts(5, 0.1, 5, 5)) == ("", Verdict.FAULT, Fault(FaultKind.IDLE))


def keep_alive(peer: Peer) -> None:
    pause = threading.Event()
    while not pause.wait(0.02):
        peer.sock.sendall(b": keep-alive\n\n")


def test_keep_alives_are_no_first_token(client: ChatClient) -> None:
    script: list[Step] = [READ, sse_head(), event(delta(role="assistant")), keep_alive]
    assert once(client, script, Timeouts(5, 5, 0.2, 5)) == ("", Verdict.CUT, Fault(FaultKind.NO_TOKEN))


def test_keep_alives_are_no_next_token(client: ChatClient) -> None:
    script: list[Step] = [READ, sse_head(), HALLO, keep_alive]
    assert once(client, script, Timeouts(5, 5, 5, 0.2)) == ("Hallo", Verdict.CUT, Fault(FaultKind.NO_TOKEN))


def test_keep_alives_feed_the_idle_timer(client: ChatClient) -> None:
    def later(peer: Peer) -> None:
        pause = threading.Event()
        for _ in range(20):
            pause.wait(0.02)
            peer.sock.sendall(b": keep-alive\n\n")

    script: list[Step] = [READ, sse_head(), later, HALLO + FINISH + DONE]
    assert once(client, script, Timeouts(5, 0.25, 5, 5)) == ("Hallo", Verdict.COMPLETE, None)


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param([FINISH, FIN], id="no done, end of file"),
        pytest.param([FINISH + DONE, RST], id="reset after done"),
        pytest.param([DONE, FIN], id="done without a finish_reason"),
        pytest.param([FINISH + DONE + DONE, FIN], id="done twice"),
        pytest.param([FINISH + DONE + event(delta("late")), FIN], id="text after done"),
        pytest.param([FINISH + DONE + event({"error": "late"}), FIN], id="error after done"),
        pytest.param([FINISH + DONE, STALL], id="held open after done"),
        pytest.param([FINISH + b"data: [DONE]", FIN], id="no line end after done"),
        pytest.param([FINISH + event(usage()), RST], id="reset after finish"),
    ],
)
def test_a_complete_answer_is_complete_whatever_follows(client: ChatClient, tail: list[Step]) -> None:
    assert once(client, [READ, sse_head(), HALLO, *tail])[1:] == (Verdict.COMPLETE, None)


def test_a_server_that_holds_on_after_the_finish_is_waited_for_shortly() -> None:
    client = ChatClient(clock=lambda: time.monotonic() * 20)
    script: list[Step] = [READ, sse_head(), HALLO + FINISH, keep_alive]
    assert once(client, script, Timeouts(5, 900, 900, 900)) == ("Hallo", Verdict.COMPLETE, None)
    client.close()


def test_an_error_in_the_stream_is_a_fault_though_done_follows(client: ChatClient) -> None:
    boom = event({"error": {"message": "boom", "code": 502}})
    expected = ("Hallo", Verdict.FAULT, Fault(FaultKind.IN_BAND, "boom", 502))
    assert once(client, [READ, sse_head(), HALLO + boom + DONE]) == expected


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_an_empty_body_is_cut(client: ChatClient, status: str) -> None:
    assert once(client, [READ, whole(status, b"", "text/event-stream")])[1:] == (Verdict.CUT, Fault(CLOSED))


def test_a_hang_up_before_the_head_is_closed(client: ChatClient) -> None:
    assert once(client, [READ, FIN]) == ("", Verdict.FAULT, Fault(CLOSED))


def test_a_hang_up_inside_the_head_is_closed(client: ChatClient) -> None:
    assert once(client, [READ, b"HTTP/1.1 200 OK\r\nContent-", FIN]) == ("", Verdict.FAULT, Fault(CLOSED))


def test_a_reset_before_the_head_is_a_reset(client: ChatClient) -> None:
    _, verdict, fault = once(client, [READ, RST])
    assert verdict is Verdict.FAULT
    assert fault is not None
    assert fault.kind is RESET


def test_what_is_no_http_is_garbled(client: ChatClient) -> None:
    _, verdict, fault = once(client, [READ, b"SSH-2.0-OpenSSH_9.9\r\n\r\n"])
    assert verdict is Verdict.FAULT
    assert fault is not None
    assert fault.kind is GARBLED


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw"])
def test_a_compressed_stream_is_read(client: ChatClient, encoding: str) -> None:
    plain = HALLO + FINISH + DONE
    squeeze = zlib.compressobj(wbits=-15)
    data = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw": squeeze.compress(plain) + squeeze.flush(),
    }[encoding]
    first = sse_head(content_encoding="gzip" if encoding == "gzip" else "deflate")
    assert once(client, [READ, first, data]) == ("Hallo", Verdict.COMPLETE, None)


def test_a_truncated_compressed_stream_keeps_what_can_be_read(client: ChatClient) -> None:
    squeeze = zlib.compressobj(wbits=31)
    data = squeeze.compress(HALLO) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    text, verdict, fault = once(client, [READ, sse_head(content_encoding="gzip"), data, FIN])
    assert (text, verdict) == ("Hallo", Verdict.CUT)
    assert fault is not None
    assert fault.kind is GARBLED


@pytest.mark.parametrize(("encoding", "kind"), [("gzip", GARBLED), ("br", FaultKind.ENCODED)])
def test_a_stream_that_cannot_be_decompressed_is_told(client: ChatClient, encoding: str, kind: FaultKind) -> None:
    _, verdict, fault = once(client, [READ, sse_head(content_encoding=encoding), HALLO])
    assert verdict is Verdict.CUT
    assert fault is not None
    assert fault.kind is kind


def test_a_json_answer_is_read_as_one(client: ChatClient) -> None:
    body = {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}
    assert once(client, [READ, whole("200 OK", body)]) == ("whole", Verdict.COMPLETE, None)


def test_half_a_json_answer_is_cut(client: ChatClient) -> None:
    script: list[Step] = [READ, head(content_type="application/json", content_length="99"), b'{"choices":[', FIN]
    text, verdict, fault = once(client, script)
    assert (text, verdict) == ("", Verdict.CUT)
    assert fault is not None
    assert fault.kind in (CLOSED, GARBLED)


def test_an_error_object_with_status_200_is_a_fault(client: ChatClient) -> None:
    script: list[Step] = [READ, whole("200 OK", {"error": {"message": "expired", "code": 401}}, "text/event-stream")]
    assert once(client, script) == ("", Verdict.FAULT, Fault(FaultKind.IN_BAND, "expired", 401))


def test_a_web_page_is_no_answer(client: ChatClient) -> None:
    page = b"\n<html><title>Hotel Wi-Fi</title>data: x\n\n"
    expected = ("", Verdict.FAULT, Fault(FaultKind.NOT_A_STREAM, "Hotel Wi-Fi"))
    assert once(client, [READ, whole("200 OK", page, "text/html")]) == expected


def test_plain_words_are_no_answer(client: ChatClient) -> None:
    expected = ("", Verdict.FAULT, Fault(FaultKind.NOT_A_STREAM, "upstream down"))
    assert once(client, [READ, whole("200 OK", b"upstream down", "text/plain")]) == expected


def test_a_stream_with_the_wrong_label_is_read(client: ChatClient) -> None:
    script: list[Step] = [READ, whole("200 OK", b"\n" + HALLO + DONE, "text/plain")]
    assert once(client, script) == ("Hallo", Verdict.COMPLETE, None)


def test_an_endless_line_is_too_long_in_bounded_memory(client: ChatClient) -> None:
    import tracemalloc

    def flood(peer: Peer) -> None:
        block = b"x" * (1 << 20)
        for _ in range(100):
            peer.sock.sendall(block)

    tracemalloc.start()
    try:
        text, verdict, fault = once(client, [READ, sse_head(), HALLO + b"data: ", flood])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (text, verdict) == ("Hallo", Verdict.CUT)
    assert fault is not None
    assert fault.kind is FaultKind.TOO_LONG
    assert peak < 40 << 20
