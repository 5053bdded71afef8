"""Statuses other than 2xx: what they say, how long they ask to wait, and where they must not lead us."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.engine.turn.problems import excessive_wait
from holytui.faults import Fault, FaultKind
from holytui.secret import Secret
from holytui.wire.client import ChatClient
from holytui.wire.events import Accepted, Verdict
from holytui.wire.request import Timeouts
from holytui.wire.response.error_bodies import MAX_WAIT, error_fault
from holytui.wire.response.error_status import retry_after, status_fault
from tests.servers import READ, STALL, ScriptedServer, Step, answer, head, whole
from tests.wire.harness import KEY, read

STATUS = FaultKind.STATUS


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 01 Jan 2025 00:00:30 GMT", "date": "Wed, 01 Jan 2025 00:00:10 GMT"}, 20.0),
        ({"retry-after": "Wed, 01 Jan 2020 00:00:30 GMT"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "1e300"}, MAX_WAIT),
        ({"retry-after": "Fri, 31 Dec 9999 00:00:00 GMT"}, MAX_WAIT),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_no_retry_after_however_strange_raises(text: str) -> None:
    found = retry_after({"retry-after": text, "date": text})
    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(
            b'{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found","param":"model"}}',
            Fault(STATUS, "no", 400, "model_not_found", None, "model"),
            id="OpenAI",
        ),
        pytest.param(
            b'[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]',
            Fault(STATUS, "no", 400, "INVALID_ARGUMENT"),
            id="Gemini",
        ),
        pytest.param(
            b'{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","top_k"],"msg":"no"}]},'
            b'"type":"invalid_request_error"}',
            Fault(STATUS, "no", 400, "invalid_request_error", None, "top_k"),
            id="Mistral",
        ),
        pytest.param(
            b'{"detail":[{"loc":["body","messages",0],"msg":"no","type":"missing"}]}',
            Fault(STATUS, "no", 400, "", None, "messages.0"),
            id="FastAPI",
        ),
        pytest.param(b'{"error":"no"}', Fault(STATUS, "no", 400), id="text"),
        pytest.param(b"<html><title>502 Bad Gateway</title>", Fault(STATUS, "502 Bad Gateway", 400), id="page"),
        pytest.param(b"no such\n thing\x1b", Fault(STATUS, "no such thing␛", 400), id="plain"),
        pytest.param(b"", Fault(STATUS, "", 400), id="empty"),
        pytest.param(b"\xff\xfe", Fault(STATUS, "\ufffd\ufffd", 400), id="binary"),
    ],
)
def test_the_words_of_a_refusal(body: bytes, fault: Fault) -> None:
    assert status_fault(400, {}, body) == fault


def test_a_wait_of_400_digits_in_a_body_can_still_be_told() -> None:
    fault = status_fault(429, {}, b'{"error": {"message": "slow", "retry_after": ' + b"9" * 400 + b"}}")
    assert fault.retry_after == MAX_WAIT
    assert excessive_wait(fault, host="a.b", kept=0).title


def test_an_error_however_deep_it_is_told_does_not_end_the_reading() -> None:
    error: object = {"loc": ["x"]}
    for _ in range(5_000):  # newer Pythons read JSON deeper than they can call
        error = {"detail": error}
    assert error_fault(error).param == ""


@pytest.mark.parametrize(("advice", "seen"), [("true", True), ("false", False), ("maybe", None), ("", None)])
def test_the_advice_to_retry(advice: str, seen: bool | None) -> None:
    assert status_fault(500, {"x-should-retry": advice}, b"").should_retry is seen


def test_a_401_before_the_stream(client: ChatClient) -> None:
    body = {"error": {"message": f"Incorrect key {KEY.reveal()}", "code": "invalid_api_key"}}
    with ScriptedServer([READ, whole("401 Unauthorized", body)]) as server:
        _, end, events = read(client, server.base_url)
    assert (end.verdict, end.status) == (Verdict.FAULT, 401)
    assert end.fault == Fault(STATUS, "Incorrect key •••", 401, "invalid_api_key")
    assert not any(isinstance(event, Accepted) for event in events)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "Wed, 01 Jan 2025 00:00:30 GMT", "date": "Wed, 01 Jan 2025 00:00:10 GMT"}, 20),
    ],
    ids=["seconds", "milliseconds", "date"],
)
def test_a_429_says_how_long(client: ChatClient, headers: dict[str, str], seconds: float) -> None:
    with ScriptedServer([READ, whole("429 Too Many Requests", {"error": {"message": "slow"}}, **headers)]) as server:
        _, end, _ = read(client, server.base_url)
    assert end.fault == Fault(STATUS, "slow", 429, retry_after=seconds)


def test_a_refusal_whose_body_stalls_is_still_a_refusal() -> None:
    client = ChatClient(clock=lambda: time.monotonic() * 20)
    script: list[Step] = [READ, head("401 Unauthorized", content_length="100"), b'{"err', STALL]
    with ScriptedServer(script) as server:
        _, end, _ = read(client, server.base_url, Timeouts(100, 900, 900, 900))
    assert end.fault is not None
    assert (end.fault.kind, end.fault.status) == (STATUS, 401)
    client.close()


def test_of_a_huge_refusal_only_the_beginning_is_read(client: ChatClient) -> None:
    with ScriptedServer([READ, head("500 Oops"), b"x" * (4 << 20), STALL]) as server:
        _, end, _ = read(client, server.base_url)
    assert end.fault is not None
    assert len(end.fault.message) == 500
    assert end.total_bytes < 1 << 20


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_not_followed_and_no_key_goes_there(client: ChatClient, status: str) -> None:
    with ScriptedServer([READ, STALL]) as other:
        location = f"http://127.0.0.1:{other.port}/v1/chat/completions"
        with ScriptedServer([READ, whole(status, b"", "text/plain", location=location)]) as server:
            _, end, _ = read(client, server.base_url)
        assert other.peers == []
    better = f"http://127.0.0.1:{other.port}/v1"
    assert end.fault == Fault(STATUS, "redirects to 127.0.0.1", int(status[:3]), better_url=better)


REFUSALS = [
    pytest.param("400 Bad Request", {"error": "Validation error at #/stream_options: Extra inputs"}, id="Azure"),
    pytest.param(
        "422 Unprocessable",
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"], "msg": "Extra"}]},
        id="Mistral",
    ),
]


@pytest.mark.parametrize(("status", "body"), REFUSALS)
def test_a_server_without_stream_options_is_asked_again_without_and_remembered(
    client: ChatClient, status: str, body: object
) -> None:
    with ScriptedServer([READ, whole(status, body), READ, *answer("a"), READ, *answer("b")]) as server:
        assert read(client, server.base_url)[0] == "a"
        assert read(client, server.base_url)[0] == "b"
        assert ["stream_options" in request.json for request in server.requests] == [True, False, False]
        assert client.refused_options == {server.base_url}


def test_what_is_remembered_can_be_given_again() -> None:
    with ScriptedServer([READ, *answer("a")]) as server:
        client = ChatClient(refused_options=[server.base_url])
        read(client, server.base_url)
        client.close()
        assert "stream_options" not in server.requests[0].json


def test_a_refusal_of_both_requests_teaches_nothing(client: ChatClient) -> None:
    no = whole("400 Bad Request", {"error": "stream_options and all else are bad"})
    with ScriptedServer([READ, no, READ, no]) as server:
        _, end, _ = read(client, server.base_url)
    assert (end.verdict, end.status, client.refused_options) == (Verdict.FAULT, 400, set())


def test_a_key_that_no_header_can_hold_is_refused_here(client: ChatClient) -> None:
    with ScriptedServer([READ, STALL]) as server:
        _, end, _ = read(client, server.base_url, key=Secret("sk-áé\nX-Evil: 1"))
        assert server.peers == []
    assert end.fault is not None
    assert (end.fault.kind, end.fault.status) == (STATUS, 401)
    assert "sk-" not in repr(end)


def test_a_header_that_cannot_be_sent_is_named_without_its_value(client: ChatClient) -> None:
    with ScriptedServer([READ, STALL]) as server:
        _, end, _ = read(client, server.base_url, headers={"X-Token": "geheim\r\nX-Evil: 1"})
        assert server.peers == []
    assert end.fault is not None
    assert "X-Token" in end.fault.message
    assert "geheim" not in repr(end)
