from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holytui.errors import GuideError
from holytui.guide.language import LANGUAGES
from holytui.guide.request_reader import MAX_BODY, MAX_HEAD
from holytui.guide.server import GuideServer
from holytui.guide.topics import load
from holytui.secret import Secret, scrub
from tests.guide.conftest import Client, assistant, user


def port_of(url: str) -> int:
    return httpx.URL(url).port or 0


@contextlib.contextmanager
def connected(server: GuideServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port_of(server.base_url)), timeout=10) as sock:
        yield sock


def raw_request(server: GuideServer, body: bytes, path: str = "/v1/chat/completions", extra: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token.reveal()}\r\n"
        f"Content-Length: {len(body)}\r\n{extra}\r\n"
    )
    return head.encode() + body


def read_all(sock: socket.socket) -> bytes:
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


def chat_body(text: str = "hello", **more: object) -> bytes:
    return json.dumps({"model": "guide", "messages": [user(text)], "stream": True, **more}).encode()


def dechunk(body: bytes) -> bytes:
    """The content of a chunked body, which must be exactly one from its first to its last byte."""
    content = b""
    while True:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length : length + 2] == b"\r\n"
        content += rest[:length]
        body = rest[length + 2 :]
        if not length:
            assert body == b""
            return content


def test_a_stream_is_exactly_framed(server: GuideServer) -> None:
    with connected(server) as sock:
        sock.sendall(raw_request(server, chat_body(), extra="Connection: close\r\n"))
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Type: text/event-stream; charset=utf-8" in head.split(b"\r\n")
    assert b"Transfer-Encoding: chunked" in head.split(b"\r\n")
    events = dechunk(body)
    assert events.endswith(b"\n\ndata: [DONE]\n\n")
    assert all(event.startswith(b"data: ") for event in events.removesuffix(b"\n\n").split(b"\n\n"))


def test_a_stream_is_role_deltas_finish_usage_and_done(client: Client) -> None:
    got = client.ask("hello", stream_options={"include_usage": True})
    first, *deltas, finish, usage = got.chunks
    assert got.headers["content-type"].startswith("text/event-stream")
    assert first["choices"] == [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    assert finish["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert usage["choices"] == []
    figures = usage["usage"]
    assert isinstance(figures, dict)
    assert figures["completion_tokens"] == len(deltas)
    assert figures["total_tokens"] == figures["prompt_tokens"] + figures["completion_tokens"]
    assert all(chunk["usage"] is None for chunk in got.chunks[:-1])
    assert {chunk["object"] for chunk in got.chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in got.chunks}) == 1
    assert all(1 <= len(piece) <= 6 for piece in got.deltas("content")[1:])
    assert got.done


def test_no_usage_comes_unless_asked_for(client: Client) -> None:
    assert all("usage" not in chunk for chunk in client.ask("hello").chunks)


def test_reasoning_comes_before_the_answer(client: Client) -> None:
    got = client.ask("show reasoning")
    kinds = [next(iter(chunk["choices"][0]["delta"]), "") for chunk in got.chunks]
    assert kinds == sorted(kinds, key=["role", "reasoning_content", "content", ""].index)
    assert "17 sheep" in got.reasoning
    assert "17 sheep" not in got.text


def test_an_answer_without_a_stream_is_the_same_answer(server: GuideServer, client: Client) -> None:
    body = {"model": "guide", "messages": [user("show reasoning")]}
    response = client.http.post(f"{server.base_url}/chat/completions", json=body, headers=client.auth())
    value = response.json()
    assert value["object"] == "chat.completion"
    message = value["choices"][0]["message"]
    got = client.ask("show reasoning")
    assert (message["content"], message["reasoning_content"]) == (got.text, got.reasoning)
    assert value["usage"]["completion_tokens_details"]["reasoning_tokens"] == len(got.deltas("reasoning_content"))


def test_a_limit_of_tokens_ends_with_length_and_can_be_continued(client: Client) -> None:
    whole = client.ask("export to html").text
    got = client.ask("export to html", max_tokens=20)
    assert got.finish == "length"
    assert len(got.deltas("content")) == 1 + 20
    rest = client.ask([user("export to html"), assistant(got.text)])
    assert got.text + rest.text == whole


def test_a_connection_serves_one_request_after_the_other(server: GuideServer) -> None:
    with connected(server) as sock:
        sock.sendall(raw_request(server, chat_body()) + raw_request(server, chat_body(), extra="Connection: close\r\n"))
        data = read_all(sock)
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert data.count(b"\r\n0\r\n\r\n") == 2


def test_a_request_that_comes_byte_by_byte_is_understood(server: GuideServer) -> None:
    with connected(server) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw_request(server, chat_body(), extra="Connection: close\r\n"):
            sock.sendall(bytes([byte]))
        assert read_all(sock).startswith(b"HTTP/1.1 200 OK")


def test_a_client_may_ask_before_it_sends_the_body(server: GuideServer) -> None:
    request = raw_request(server, chat_body(), extra="Expect: 100-continue\r\nConnection: close\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    with connected(server) as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert read_all(sock).startswith(b"HTTP/1.1 200 OK")


def test_the_models_are_listed_with_what_each_does(server: GuideServer, client: Client) -> None:
    value = client.http.get(f"{server.base_url}/models", headers=client.auth()).json()
    assert value["object"] == "list"
    assert tuple(row["id"] for row in value["data"]) == server.models
    assert server.models[0] == "guide"
    assert all(row["description"] and row["object"] == "model" for row in value["data"])


@pytest.mark.parametrize("sent", ["", "Bearer wrong", "Bearer", "Basic {}", "{}", "Bearer {}x"])
def test_a_wrong_token_is_refused(server: GuideServer, client: Client, sent: str) -> None:
    headers = {"Authorization": sent.format(server.token.reveal())}
    response = client.http.post(f"{server.base_url}/chat/completions", content=chat_body(), headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


def test_a_wrong_token_is_told_nothing_not_even_which_paths_there_are(server: GuideServer, client: Client) -> None:
    assert client.http.get(f"{server.base_url}/nothing").status_code == 401


def test_the_token_is_a_secret(server: GuideServer) -> None:
    assert isinstance(server.token, Secret)
    assert server.token.reveal() not in scrub(f"token {server.token.reveal()}")
    assert GuideServer().token != server.token


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/chat/completions", 405),
        ("POST", "/models", 405),
        ("DELETE", "/models", 405),
        ("GET", "/", 404),
        ("POST", "/embeddings", 404),
    ],
)
def test_a_wrong_path_or_method_gets_an_error_object(
    server: GuideServer, client: Client, method: str, path: str, status: int
) -> None:
    response = client.http.request(method, server.base_url + path, headers=client.auth())
    assert response.status_code == status
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"{", 400, None),
        (json.dumps({"model": "gpt-4", "messages": [user("hi")]}).encode(), 404, "model"),
        (json.dumps({"model": "guide", "messages": [assistant("hi")]}).encode(), 400, "messages"),
        (
            json.dumps({"model": "guide", "messages": [user("a"), assistant("b"), assistant("c")]}).encode(),
            400,
            "messages",
        ),
        (json.dumps({"model": "guide", "messages": [{"role": "system", "content": "x"}]}).encode(), 400, "messages"),
    ],
)
def test_a_wrong_body_gets_an_error_object_and_the_connection_stays(
    server: GuideServer, client: Client, body: bytes, status: int, param: str | None
) -> None:
    response = client.http.post(f"{server.base_url}/chat/completions", content=body, headers=client.auth())
    assert response.status_code == status
    assert response.json()["error"]["param"] == param
    assert response.headers["connection"] == "keep-alive"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /v1/models HTTP/2\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\nspace : x\r\n\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n", 413),
        (b"GET /" + b"a" * (MAX_HEAD + 70_000), 431),
    ],
)
def test_what_is_no_proper_request_is_refused_and_the_connection_ends(
    server: GuideServer, request_bytes: bytes, status: int
) -> None:
    with connected(server) as sock:
        sock.sendall(request_bytes)
        sock.shutdown(socket.SHUT_WR)
        data = read_all(sock)
    assert data.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in data


def test_a_chunked_body_is_read_and_another_request_may_follow(server: GuideServer) -> None:
    head, _end, body = raw_request(server, chat_body()).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    chunked = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""]) + chunks + b"0\r\n\r\n"
    with connected(server) as sock:
        sock.sendall(chunked + raw_request(server, chat_body(), extra="Connection: close\r\n"))
        assert read_all(sock).count(b"HTTP/1.1 200 OK") == 2


def test_a_chunked_body_is_refused_once_it_is_too_large(server: GuideServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.guide.request_reader.MAX_BODY", 1000)
    with connected(server) as sock:
        sock.sendall(b"POST /v1/models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + b" " * 1024)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 413 ")


def test_too_large_a_body_is_refused_and_the_refusal_arrives(server: GuideServer, client: Client) -> None:
    response = client.http.post(
        f"{server.base_url}/chat/completions", content=b" " * (MAX_BODY + 1), headers=client.auth()
    )
    assert response.status_code == 413


def test_a_client_that_leaves_in_the_middle_of_its_request_does_no_harm(server: GuideServer, client: Client) -> None:
    for part in (b"", b"POST /v1/chat", raw_request(server, chat_body())[:-5]):
        with connected(server) as sock:
            sock.sendall(part)
    assert client.ask("hello").done


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_is_continued_from_any_point_to_the_character(
    client: Client, language: str, data: st.DataObject
) -> None:
    topic = data.draw(st.sampled_from(load(language)))
    whole = client.ask(topic.title).text
    assert topic.title in whole
    said = whole[: data.draw(st.integers(0, len(whole)))]
    got = client.ask([user(topic.title), assistant(said)])
    assert said + got.text == whole
    assert got.done
    assert got.finish == "stop"


def test_a_text_whose_last_white_space_was_trimmed_is_continued_with_it(client: Client) -> None:
    whole = client.ask("count to 50").text
    at = whole.index("\n") + 1
    assert whole[:at].rstrip() + client.ask([user("count to 50"), assistant(whole[:at].rstrip())]).text == whole


def test_reasoning_is_not_said_again_when_the_answer_is_continued(client: Client) -> None:
    whole = client.ask("show reasoning").text
    got = client.ask([user("show reasoning"), assistant(whole[:30])])
    assert (got.reasoning, whole[:30] + got.text) == ("", whole)


@pytest.mark.parametrize(
    ("question", "sorry"), [("export to html", "cannot continue"), ("xuất ra html", "không thể viết tiếp")]
)
def test_a_text_that_is_not_its_own_is_politely_not_continued(client: Client, question: str, sorry: str) -> None:
    got = client.ask([user(question), assistant("Once upon a time")])
    assert sorry in got.text
    assert got.finish == "stop"


def test_an_instruction_to_go_on_is_followed(client: Client) -> None:
    whole = client.ask("export to html").text
    got = client.ask(
        [user("export to html"), assistant(whole[:200]), user("The connection broke. Continue from there.")]
    )
    assert got.text == whole[200:]


def test_a_new_question_after_a_half_answer_is_a_question(client: Client) -> None:
    whole = client.ask("export to html").text
    got = client.ask([user("export to html"), assistant(whole[:200]), user("can I use ollama?")])
    assert "11434" in got.text


def test_keys_are_shown_as_they_are_in_force() -> None:
    server = GuideServer({"chat.stop": "Ctrl+K"}, pace=0)
    server.start()
    client = Client(server)
    try:
        assert "Ctrl+K" in client.ask("How do I stop an answer?").text
    finally:
        client.http.close()
        server.stop()


def test_the_pace_is_kept_by_the_clock_and_does_not_drift() -> None:
    now = [100.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds + 0.004  # every wait takes a little longer than asked

    server = GuideServer(clock=lambda: now[0], sleep=sleep, pace=0.02)
    server.start()
    client = Client(server)
    try:
        count = len(client.ask("hello").deltas("content")) - 1
    finally:
        client.http.close()
        server.stop()
    assert waits[0] == pytest.approx(0.2)
    assert now[0] - 100.0 == pytest.approx((10 + count) * 0.02 + 0.004)


def test_stop_ends_a_live_stream_at_once() -> None:
    server = GuideServer(pace=60)
    server.start()
    with connected(server) as sock:
        sock.sendall(raw_request(server, chat_body()))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 OK")
        started = time.monotonic()
        server.stop()
        rest = read_all(sock)
        assert time.monotonic() - started < 1
    assert b"[DONE]" not in rest
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("guide-")]


def test_stop_ends_a_connection_that_waits_for_a_request() -> None:
    server = GuideServer()
    server.start()
    with connected(server) as sock:
        sock.sendall(b"POST")
        server.stop()
        with contextlib.suppress(ConnectionResetError):  # what it had not read yet makes the system reset
            assert read_all(sock) == b""


def test_more_connections_than_it_has_room_for_are_closed(server: GuideServer, client: Client) -> None:
    with contextlib.ExitStack() as stack:
        for _number in range(64):
            stack.enter_context(connected(server))
        with connected(server) as late:
            assert late.recv(1) == b""
    deadline = time.monotonic() + 10
    while not (got := client.ask("hello")).done and time.monotonic() < deadline:
        pass  # the server has not seen yet that all of them have left
    assert got.done


def test_a_connection_without_a_request_is_ended(server: GuideServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.guide.server._IDLE", 0.05)
    with connected(server) as sock:
        assert sock.recv(1) == b""


def test_after_stop_nobody_listens_and_it_can_start_again() -> None:
    server = GuideServer(pace=0)
    server.start()
    server.start()
    port = port_of(server.base_url)
    server.stop()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    with pytest.raises(GuideError):
        _ = server.base_url
    server.start()
    client = Client(server)
    try:
        assert client.ask("hello").done
    finally:
        client.http.close()
        server.stop()


def test_it_listens_on_loopback_alone(server: GuideServer) -> None:
    assert server.base_url.startswith("http://127.0.0.1:")
    assert {httpx.URL(server.endpoint_for(model)).host for model in server.models} == {"127.0.0.1"}


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_free(*args: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("holytui.guide.listener._bound", nothing_free)
    with pytest.raises(GuideError, match="could not start"):
        GuideServer().start()


def test_answers_to_several_at_once_do_not_mix(client: Client) -> None:
    wanted = {question: client.ask(question).text for question in ("count to 300", "show me markdown", "đọc thơ")}
    found: dict[str, str] = {}

    def one(question: str) -> None:
        found[question] = client.ask(question).text

    threads = [threading.Thread(target=one, args=(question,)) for question in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def test_a_kept_answer_is_generated_on_and_can_be_read_from_any_byte(client: Client) -> None:
    first = client.ask("count to 300", "reattach", keep="a-name")
    assert first.broken
    assert not first.done
    where, auth, name = f"{client.server.base_url}/stream", client.auth(), "a-name"

    def get(start: int, headers: dict[str, str] = auth) -> httpx.Response:
        return client.http.get(where, params={"conv_id": name, "from": start}, headers=headers)

    whole = get(0).content
    assert whole == first.raw + get(len(first.raw)).content
    assert whole.endswith(b"data: [DONE]\n\n")
    assert get(len(whole) + 1).status_code == 400
    assert get(0, {}).status_code == 401
    assert client.http.delete(where, params={"conv_id": name}, headers=auth).status_code == 200
    assert get(0).status_code == 404
    assert client.http.post(where, headers=auth).headers["allow"] == "GET, DELETE"


def test_a_kept_answer_shows_its_fault_again_the_next_time(client: Client) -> None:
    for _ in range(2):
        assert client.ask("count to 300", "reattach", keep="a-name").broken
        where, params = f"{client.server.base_url}/stream", {"conv_id": "a-name"}
        assert client.http.get(where, params=params, headers=client.auth()).content.endswith(b"[DONE]\n\n")


def test_without_a_name_an_answer_is_not_kept(client: Client) -> None:
    assert client.ask("count to 300", "reattach").broken
    assert client.ask("count to 300", "reattach").done
