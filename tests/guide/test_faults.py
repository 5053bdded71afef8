from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui import i18n
from holytui.engine.resume.instruction import instruction
from holytui.engine.resume.strategy import refuses_prefill
from holytui.faults import Fault, FaultKind
from holytui.guide.chat_api import GuideMessage
from holytui.guide.faults import FAULTS, LONG, FaultCounter, ReplyEnd, RequestMode, conversation_key, describe, plan
from holytui.guide.server import AWAY, GuideServer
from tests.guide.conftest import Client, ReceivedResponse, assistant, user

SHORT = "count to 120"
LENGTHY = "write 100 lines"


@pytest.fixture
def whole(client: Client) -> str:
    text = client.ask(SHORT).text
    assert len(text) < LONG
    return text


def is_cut(got: ReceivedResponse, whole: str) -> bool:
    """About two fifths came, and no end."""
    part = len(got.text) / len(whole)
    return whole.startswith(got.text) and 0.3 < part < 0.5 and got.finish is None and not got.done


def goes_on(client: Client, model: str, said: str, question: str = SHORT) -> ReceivedResponse:
    return client.ask([user(question), assistant(said)], model)


@pytest.mark.parametrize(
    ("model", "broken"),
    [
        ("cut", "ReadError"),
        ("half", ""),
        ("garbage", "RemoteProtocolError"),
        ("echo", "RemoteProtocolError"),
        ("restart", "RemoteProtocolError"),
        ("drift", "RemoteProtocolError"),
        ("sure", "ReadError"),
    ],
)
def test_the_answer_breaks_in_the_middle(client: Client, whole: str, model: str, broken: str) -> None:
    got = client.ask(SHORT, model)
    assert got.status == 200
    assert is_cut(got, whole)
    assert got.broken == broken


@pytest.mark.parametrize("model", ["cut", "half", "stall", "offline", "garbage", "error", "expired-midway"])
def test_whoever_brings_the_beginning_gets_the_rest_exactly(client: Client, whole: str, model: str) -> None:
    got = goes_on(client, model, whole[:100])
    assert whole[:100] + got.text == whole
    assert got.done


@pytest.mark.parametrize("model", ["cut", "half", "garbage", "error"])
def test_a_fault_shows_again_for_the_next_question_and_after_success(client: Client, whole: str, model: str) -> None:
    first = client.ask(SHORT, model)
    assert not first.finish
    assert client.ask([user("hello"), assistant("Hello!"), user(SHORT)], model).finish is None
    assert first.text + goes_on(client, model, first.text).text == whole
    assert client.ask(SHORT, model).finish is None


def test_a_restart_from_the_beginning_comes_whole(client: Client, whole: str) -> None:
    client.ask(SHORT, "cut")
    assert client.ask(SHORT, "cut").text == whole


def test_a_long_answer_is_cut_twice(client: Client) -> None:
    whole = client.ask(LENGTHY).text
    first = client.ask(LENGTHY, "cut")
    second = goes_on(client, "cut", first.text, LENGTHY)
    third = goes_on(client, "cut", first.text + second.text, LENGTHY)
    assert (first.broken, second.broken, third.broken) == ("ReadError", "RemoteProtocolError", "")
    assert first.text + second.text + third.text == whole


def test_an_end_of_file_that_looks_clean_has_neither_length_nor_chunks(client: Client) -> None:
    got = client.ask(SHORT, "half")
    assert not {"transfer-encoding", "content-length"} & set(got.headers)
    assert got.headers["connection"] == "close"


def test_a_stalled_answer_holds_the_connection_until_the_client_leaves(server: GuideServer, whole: str) -> None:
    client = httpx.Client(trust_env=False, timeout=httpx.Timeout(5, read=0.3))
    body = {"model": "stall", "messages": [user(SHORT)], "stream": True}
    headers = {"Authorization": f"Bearer {server.token.reveal()}"}
    pieces: list[bytes] = []
    with client, client.stream("POST", f"{server.base_url}/chat/completions", json=body, headers=headers) as response:
        with pytest.raises(httpx.ReadTimeout):
            pieces.extend(response.iter_raw())
        assert is_cut(ReceivedResponse(raw=b"".join(pieces)), whole)


def test_garbage_is_neither_json_nor_a_chunk(client: Client) -> None:
    got = client.ask(SHORT, "garbage")
    assert len(got.data) == len(got.chunks) + 1


class Away:
    """Stands in for the guide's waits: lets the pace pass, and holds what is longer until `back` is set."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.asked: list[float] = []

    def __call__(self, seconds: float) -> None:
        if seconds >= 1:
            self.asked.append(seconds)
            self.back.wait(20)


@pytest.fixture
def away() -> Iterator[Away]:
    made = Away()
    yield made
    made.back.set()


def test_offline_refuses_connections_at_its_own_port_for_a_time(away: Away) -> None:
    server = GuideServer(sleep=away, pace=0)
    server.start()
    client = Client(server)
    try:
        whole = client.ask(SHORT).text
        url = httpx.URL(server.endpoint_for("offline"))
        assert url != httpx.URL(server.base_url)
        address = (url.host, url.port or 0)
        with socket.create_connection(address) as idle:
            got = client.ask(SHORT, "offline")
            assert is_cut(got, whole)
            assert got.broken == "ReadError"
            assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        assert client.ask("hello").done
        away.back.set()
        deadline = time.monotonic() + 10
        rest = ReceivedResponse()
        while not rest.done and time.monotonic() < deadline:
            rest = goes_on(client, "offline", got.text)
        assert got.text + rest.text == whole
        assert away.asked == [AWAY]
        assert server.endpoint_for("offline") == str(url)
    finally:
        away.back.set()
        client.http.close()
        server.stop()


def test_while_it_is_away_nobody_else_can_take_the_port(away: Away) -> None:
    server = GuideServer(sleep=away, pace=0)
    server.start()
    client = Client(server)
    try:
        client.ask(SHORT, "offline")
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                thief.bind(("127.0.0.1", httpx.URL(server.endpoint_for("offline")).port))
    finally:
        away.back.set()
        client.http.close()
        server.stop()


def test_stop_does_not_wait_until_it_is_back() -> None:
    server = GuideServer(pace=0)
    server.start()
    client = Client(server)
    client.ask(SHORT, "offline")
    client.http.close()
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 1


def test_an_expired_token_is_refused_until_it_is_renewed(server: GuideServer, client: Client, whole: str) -> None:
    old = server.token
    got = client.ask(SHORT, "expired")
    assert (got.status, got.error["code"]) == (401, "token_expired")
    assert client.ask(SHORT, "expired", old).status == 401
    new = server.renew_token("expired")
    assert new == server.token != old
    assert client.ask(SHORT, "expired", new).text == whole
    assert client.ask("hello", "guide", old).done


def test_every_new_question_meets_an_expired_token(server: GuideServer, client: Client) -> None:
    assert client.ask(SHORT, "expired").status == 401
    server.renew_token("expired")
    assert client.ask(SHORT, "expired").status == 200
    assert client.ask("hello", "expired").status == 401


def test_a_token_that_expires_midway_is_told_in_the_stream(server: GuideServer, client: Client, whole: str) -> None:
    got = client.ask(SHORT, "expired-midway")
    assert is_cut(got, whole)
    assert got.broken == ""
    assert (got.error["code"], got.error["type"]) == (401, "authentication_error")
    assert goes_on(client, "expired-midway", got.text).status == 401
    server.renew_token("expired-midway")
    assert got.text + goes_on(client, "expired-midway", got.text).text == whole


def test_a_token_that_was_renewed_often_is_known_no_more(server: GuideServer, client: Client) -> None:
    first = server.token
    for _round in range(10):
        server.renew_token("expired")
    assert client.ask("hello", "guide", first).error["code"] == "invalid_api_key"
    assert client.ask("hello").done


def test_busy_asks_to_wait_twice_and_then_answers(client: Client, whole: str) -> None:
    for _round in range(2):
        got = client.ask(SHORT, "busy")
        assert (got.status, got.headers["retry-after"]) == (429, "3")
        assert got.error["code"] == "rate_limit_exceeded"
    assert client.ask(SHORT, "busy").text == whole
    assert client.ask(SHORT, "busy").status == 429


def test_slow_sends_keep_alives_between_its_tokens() -> None:
    waits: list[float] = []
    server = GuideServer(clock=lambda: 0.0, sleep=waits.append, pace=0.001)
    server.start()
    client = Client(server)
    try:
        got = client.ask("hello", "slow")
    finally:
        client.http.close()
        server.stop()
    assert got.done
    assert got.comments == 2 * (len(got.deltas("content")) - 1)


def test_echo_says_the_last_words_again(client: Client, whole: str) -> None:
    first = client.ask(SHORT, "echo")
    second = goes_on(client, "echo", first.text)
    rest = whole[len(first.text) :]
    echoed = second.text.removesuffix(rest)
    assert second.done
    assert first.text.endswith(echoed)
    assert len(echoed.split()) == 6


def test_restart_begins_again_identically(client: Client, whole: str) -> None:
    first = client.ask(SHORT, "restart")
    assert goes_on(client, "restart", first.text).text == whole


def test_drift_begins_alike_and_then_differs(client: Client) -> None:
    whole = client.ask(LENGTHY).text
    first = client.ask(LENGTHY, "drift")
    second = goes_on(client, "drift", first.text, LENGTHY)
    assert second.text[:200] == first.text[:200]
    assert not second.text.startswith(first.text)
    assert second.text.replace(" (…)", "") == whole


def test_sure_refuses_a_prefill_and_chats_when_told_to_go_on(client: Client, whole: str) -> None:
    first = client.ask(SHORT, "sure")
    refused = goes_on(client, "sure", first.text)
    assert refused.status == 400
    assert "does not support assistant message prefill" in str(refused.error["message"])
    assert refuses_prefill(Fault(FaultKind.STATUS, str(refused.error["message"]), 400))
    go_on = user(instruction(first.text).text)
    got = client.ask([user(SHORT), assistant(first.text.rstrip()), go_on], "sure")
    assert got.text.startswith("Sure, continuing:\n\n")
    assert whole.endswith(got.text.removeprefix("Sure, continuing:\n\n"))
    assert got.done


def test_an_error_comes_in_the_stream_and_done_after_it(client: Client, whole: str) -> None:
    got = client.ask(SHORT, "error")
    assert whole.startswith(got.text)
    assert len(got.text) < len(whole) / 2
    assert (got.error["type"], got.error["code"]) == ("server_error", 500)
    assert got.finish is None
    assert got.done
    assert got.broken == ""


def test_no_credits_stay_no_credits(client: Client) -> None:
    for _round in range(3):
        got = client.ask(SHORT, "final")
        assert (got.status, got.error["code"]) == (402, "insufficient_credits")


@pytest.mark.parametrize("model", ["cut", "stall", "garbage", "offline"])
def test_without_a_stream_there_is_no_middle_to_break_in(server: GuideServer, client: Client, model: str) -> None:
    body = {"model": model, "messages": [user("hello")]}
    response = client.http.post(f"{server.base_url}/chat/completions", json=body, headers=client.auth())
    assert "Hello!" in response.json()["choices"][0]["message"]["content"]


@given(st.sampled_from([*FAULTS, "guide"]), st.integers(0, 5), st.integers(0, 10_000))
def test_every_fault_but_the_lasting_one_ends(model: str, shown: int, left: int) -> None:
    mode = RequestMode.INSTRUCT if model == "sure" else RequestMode.PREFILL
    if shown >= 2:
        assert plan(model, mode, shown, left).faulty == (model == "final")
    assert plan("guide", mode, shown, left).ending is ReplyEnd.WHOLE


def test_the_ledger_forgets_the_oldest_questions() -> None:
    ledger = FaultCounter()
    for number in range(300):
        ledger.plan(str(number), "cut", RequestMode.FRESH, 10)
    assert ledger.plan("299", "cut", RequestMode.FRESH, 10).ending is ReplyEnd.WHOLE
    assert ledger.plan("0", "cut", RequestMode.FRESH, 10).ending is ReplyEnd.RESET


def test_a_question_has_its_own_key_in_each_conversation_and_model() -> None:
    turns = [GuideMessage("user", "a"), GuideMessage("assistant", "b"), GuideMessage("user", "c")]
    keys = {
        conversation_key("cut", turns),
        conversation_key("half", turns),
        conversation_key("cut", turns[2:]),
        conversation_key("cut", [GuideMessage("user", "a"), GuideMessage("assistant", "b"), GuideMessage("user", "d")]),
    }
    assert len(keys) == 4
    assert conversation_key("cut", list(turns)) in keys


def test_every_model_says_what_it_does() -> None:
    i18n.set_language("en")
    assert {model: describe(model) for model in FAULTS} == dict(FAULTS)
    assert describe("guide")
