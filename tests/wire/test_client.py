"""Stopping, keeping and opening connections; and everything else that a client does beside reading answers."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpcore
import httpx
import pytest

from holytui.faults import Fault, FaultKind
from holytui.wire.client import ChatClient
from holytui.wire.events import Accepted, Connected, End, Piece, Verdict
from holytui.wire.request import Timeouts
from holytui.wire.transport.attempt import AttemptStream
from holytui.wire.transport.exceptions import map_exception
from tests.servers import FIN, READ, STALL, Peer, ScriptedServer, Step, answer, delta, event, sse_head, whole
from tests.wire.harness import KEY, PATIENT, REQUEST, endpoint, opened, read, tls

HALLO = event(delta("Hallo"))


def stop(stream: AttemptStream) -> None:
    """Cancel it and check that it says so at once, and says nothing else."""
    began = time.monotonic()
    stream.cancel()
    end = stream.wait(5)
    assert time.monotonic() - began < 1.0
    assert isinstance(end, End)
    assert (end.verdict, end.fault) == (Verdict.CANCELLED, None)
    assert stream.wait(0) is None
    assert list(stream) == []


def until(stream: AttemptStream, kind: type) -> object:
    for item in stream:
        if isinstance(item, kind):
            return item
    raise AssertionError(f"no {kind} came")


def thread_ends(stream: AttemptStream) -> bool:
    began = time.monotonic()
    return stream.join(5) and time.monotonic() - began < 1.0


def test_stop_while_the_name_is_looked_up(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answered = threading.Event(), threading.Event()

    def resolver(*args: object, **options: object) -> list[object]:
        asked.set()
        answered.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with opened(client, endpoint("http://model.example/v1", allow_insecure=True)) as stream:
        assert asked.wait(5)
        stop(stream)
        answered.set()


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes no connection and refuses none: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        yield port
        for sock in waiting:
            sock.close()


def test_stop_while_connecting(client: ChatClient, deaf_port: int) -> None:
    where = endpoint(f"http://127.0.0.1:{deaf_port}/v1")
    with opened(client, where, Timeouts(0.5, 5, 5, 5)) as stream:
        assert stream.wait(0.05) is None
        stop(stream)


def test_a_host_that_does_not_answer_is_a_connect_timeout(client: ChatClient, deaf_port: int) -> None:
    _, end, _ = read(client, f"http://127.0.0.1:{deaf_port}/v1", Timeouts(0.1, 5, 5, 5))
    assert end.fault == Fault(FaultKind.CONNECT_TIMEOUT)
    assert client.probe(endpoint(f"http://127.0.0.1:{deaf_port}"), 0.1) == Fault(FaultKind.CONNECT_TIMEOUT)


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        pytest.param([READ, STALL], Connected, id="before the head"),
        pytest.param([READ, sse_head(), STALL], Accepted, id="after the head"),
        pytest.param([READ, sse_head(), HALLO, STALL], Piece, id="in the body"),
    ],
)
def test_stop_while_reading_frees_the_socket(client: ChatClient, script: list[Step], phase: type) -> None:
    with ScriptedServer(script) as server:
        with opened(client, endpoint(server.base_url)) as stream:
            until(stream, phase)
            server.wait_for_requests(1)
            stop(stream)
            assert thread_ends(stream)
        assert server.peers[0].gone.wait(5)


def test_stop_from_another_thread_while_the_reader_waits(client: ChatClient) -> None:
    with ScriptedServer([READ, sse_head(), STALL]) as server, opened(client, endpoint(server.base_url)) as stream:
        until(stream, Accepted)
        other = threading.Thread(target=stream.cancel)
        other.start()
        end = until(stream, End)
        other.join(5)
        assert isinstance(end, End)
        assert end.verdict is Verdict.CANCELLED


def test_stop_while_the_server_floods(client: ChatClient) -> None:
    def flood(peer: Peer) -> None:
        while not peer.gone.is_set():
            peer.sock.sendall(HALLO * 1000)

    with ScriptedServer([READ, sse_head(), flood]) as server, opened(client, endpoint(server.base_url)) as stream:
        until(stream, Piece)
        stop(stream)
        assert thread_ends(stream)


def test_stop_in_the_tls_handshake_frees_the_socket(client: ChatClient) -> None:
    hello = threading.Event()

    def say_nothing(peer: Peer) -> None:
        peer.sock.recv(65536)
        hello.set()
        peer.stall()

    with ScriptedServer([say_nothing]) as server:
        with opened(client, endpoint(f"https://127.0.0.1:{server.port}/v1")) as stream:
            assert hello.wait(5)
            stop(stream)
            assert thread_ends(stream)
        assert server.peers[0].gone.wait(5)


def test_stop_after_the_end_changes_nothing_for_the_next_attempt(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a"), READ, *answer("b")]) as server:
        with opened(client, endpoint(server.base_url)) as first:
            list(first)
            assert first.join(5)
        first.cancel()
        assert read(client, server.base_url)[0] == "b"
        assert len(server.peers) == 1


def test_closing_the_client_stops_all(client: ChatClient) -> None:
    with ScriptedServer([READ, sse_head(), STALL]) as server:
        streams = [client.open(endpoint(server.base_url), KEY, REQUEST, PATIENT) for _ in range(3)]
        server.wait_for_requests(3)
        client.close()
        assert all(stream.join(1) for stream in streams)
        assert all(list(stream)[-1] == End(Verdict.CANCELLED, status=200) or stream.ended for stream in streams)


def test_several_attempts_at_once_do_not_disturb_each_other(client: ChatClient) -> None:
    gate = threading.Event()
    with ScriptedServer([READ, sse_head(), HALLO, gate, event("[DONE]")]) as server:
        with opened(client, endpoint(server.base_url)) as one, opened(client, endpoint(server.base_url)) as two:
            until(one, Piece)
            until(two, Piece)
            stop(one)
            gate.set()
            end = until(two, End)
        assert isinstance(end, End)
        assert end.verdict is Verdict.COMPLETE


def test_a_connection_is_kept_for_the_next_request(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a"), READ, *answer("b")]) as server:
        assert [read(client, server.base_url)[0] for _ in range(2)] == ["a", "b"]
        assert [request.connection for request in server.requests] == [0, 0]


def test_a_kept_connection_that_closes_on_the_next_request_is_stale(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a"), READ, FIN], [READ, *answer("c")]) as server:
        read(client, server.base_url)
        _, end, _ = read(client, server.base_url)
        assert (end.verdict, end.fault) == (Verdict.FAULT, Fault(FaultKind.STALE))
        assert read(client, server.base_url)[0] == "c"


def test_a_kept_connection_that_closed_meanwhile_is_opened_again(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a"), FIN], [READ, *answer("b")]) as server:
        read(client, server.base_url)
        server.peers[0].closed.wait(5)
        assert read(client, server.base_url)[0] == "b"


def test_a_stop_on_a_kept_connection_frees_its_socket(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a"), READ, STALL]) as server:
        read(client, server.base_url)
        with opened(client, endpoint(server.base_url)) as stream:
            server.wait_for_requests(2)
            stop(stream)
            assert thread_ends(stream)
        assert server.peers[0].gone.wait(5)


def test_nobody_listening_is_refused_and_back_again_is_found(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a")]) as server:
        where = endpoint(server.base_url)
        assert client.probe(where, 1) is None
        server.shut()
        _, end, _ = read(client, server.base_url)
        assert end.fault == Fault(FaultKind.REFUSED, "Connection refused")
        assert client.probe(where, 1) == Fault(FaultKind.REFUSED, "Connection refused")
        server.open()
        assert client.probe(where, 1) is None
        assert read(client, server.base_url)[0] == "a"


def test_a_probe_goes_to_the_proxy(client: ChatClient) -> None:
    with ScriptedServer([STALL]) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        assert client.probe(endpoint("https://model.example/v1", proxy=address), 1) is None


def test_a_probe_waits_no_longer_than_it_may(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def resolver(*args: object, **options: object) -> list[object]:
        answered.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    assert client.probe(endpoint("https://model.example/v1"), 0.05) == Fault(FaultKind.CONNECT_TIMEOUT)
    answered.set()


def test_a_proxy_that_says_no_is_told(client: ChatClient) -> None:
    with ScriptedServer([READ, whole("407 Proxy Authentication Required", b"")]) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        _, end, _ = read(client, "https://model.example/v1", proxy=address)
        assert proxy.requests[0].method == "CONNECT"
        assert "authorization" not in proxy.requests[0].headers
    place = f"127.0.0.1:{proxy.port}"
    assert end.fault == Fault(FaultKind.PROXY, "407 Proxy Authentication Required", 407, proxy=place)


def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(
    client: ChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer([READ, *answer("by proxy")]) as proxy, ScriptedServer([READ, *answer("direct")]) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert read(client, server.base_url)[0] == "direct"
        assert read(client, "http://model.example/v1", key=None)[0] == "by proxy"
        assert client.probe(endpoint("http://model.example/v1"), 1) is None


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:1", "ftp://127.0.0.1", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_a_fault(client: ChatClient, proxy: str) -> None:
    _, end, _ = read(client, "https://model.example/v1", proxy=proxy)
    assert end.fault == Fault(FaultKind.SETUP, "the address of the proxy is not valid", param="proxy")


@pytest.mark.parametrize("base_url", ["ftp://model.example", "model.example", "", "http://", "http://[::1"])
def test_a_base_url_that_is_none_is_a_fault(client: ChatClient, base_url: str) -> None:
    _, end, _ = read(client, base_url, key=None)
    assert end.fault is not None
    assert (end.fault.kind, end.fault.param) == (FaultKind.SETUP, "base_url")
    assert client.probe(endpoint(base_url), 0.2) is not None


def test_a_key_is_not_sent_in_clear_text_over_a_network(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: pytest.fail("something was to be sent"))
    for fields in ({}, {"headers": {"X-API-Key": "k"}, "key": None}):
        _, end, _ = read(client, "http://model.example/v1", **fields)  # type: ignore[arg-type]  # two shapes in one
        assert (end.verdict, end.fault) == (Verdict.FAULT, Fault(FaultKind.INSECURE))
    assert client.list_models(endpoint("http://model.example/v1"), KEY, 1) == Fault(FaultKind.INSECURE)


@pytest.mark.parametrize(("key", "allowed"), [(None, False), (KEY, True)], ids=["no key", "allowed"])
def test_without_a_key_or_with_leave_plain_http_is_used(
    client: ChatClient, monkeypatch: pytest.MonkeyPatch, key: None, allowed: bool
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_name)
    _, end, _ = read(client, "http://model.example/v1", key=key, allow_insecure=allowed)
    assert end.fault == Fault(FaultKind.DNS, "Name or service not known")


def _no_name(*args: object, **options: object) -> list[object]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-server\r\n", b"\0" * 64])
def test_a_server_that_talks_no_tls_is_told_with_the_address_to_try(client: ChatClient, said: bytes) -> None:
    with ScriptedServer([said, STALL]) as server:
        _, end, _ = read(client, f"https://127.0.0.1:{server.port}/v1")
    assert end.fault == Fault(FaultKind.NO_TLS, better_url=f"http://127.0.0.1:{server.port}/v1")


def test_a_server_that_hangs_up_in_the_handshake_is_no_tls_fault(client: ChatClient) -> None:
    def hang_up(peer: Peer) -> None:
        peer.sock.recv(65536)

    with ScriptedServer([hang_up]) as server:
        _, end, _ = read(client, f"https://127.0.0.1:{server.port}/v1")
    assert end.fault is not None
    assert end.fault.kind in (FaultKind.CLOSED, FaultKind.RESET)


def test_an_unknown_certificate_is_a_tls_fault(client: ChatClient, certificate: Path) -> None:
    with ScriptedServer([tls(certificate), READ]) as server:
        _, end, _ = read(client, f"https://127.0.0.1:{server.port}/v1")
        assert server.requests == []
    assert end.fault == Fault(FaultKind.TLS, "self-signed certificate")


def test_a_certificate_of_ca_file_is_trusted_and_a_stop_frees_the_socket(client: ChatClient, certificate: Path) -> None:
    with ScriptedServer([tls(certificate), READ, *answer("a"), READ, sse_head(), HALLO, STALL]) as server:
        base_url = f"https://127.0.0.1:{server.port}/v1"
        assert read(client, base_url, ca_file=str(certificate))[0] == "a"
        with opened(client, endpoint(base_url, ca_file=str(certificate))) as stream:
            until(stream, Piece)
            stop(stream)
            assert thread_ends(stream)
        assert len(server.peers) == 1
        assert server.peers[0].gone.wait(5)


def test_a_ca_file_that_cannot_be_read_is_named(client: ChatClient, tmp_path: Path) -> None:
    _, end, _ = read(client, "https://127.0.0.1:1/v1", ca_file=str(tmp_path / "none.pem"))
    assert end.fault is not None
    assert (end.fault.kind, end.fault.param) == (FaultKind.SETUP, "ca_file")
    assert "none.pem: it does not exist" in end.fault.message


def test_models_are_listed(client: ChatClient) -> None:
    body = {"object": "list", "data": [{"id": "b"}, {"id": "a\x1b"}, {"id": 5}, None]}
    with ScriptedServer([READ, whole("200 OK", body)]) as server:
        assert client.list_models(endpoint(server.base_url), KEY, 5) == ["a␛", "b"]
        assert (server.requests[0].method, server.requests[0].target) == ("GET", "/v1/models")
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (whole("401 Unauthorized", {"error": "no"}), Fault(FaultKind.STATUS, "no", 401)),
        (whole("200 OK", b"<html>", "text/html"), Fault(FaultKind.NOT_A_STREAM, status=200)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Fault(FaultKind.CLOSED)),
        (b"", Fault(FaultKind.CLOSED)),
    ],
)
def test_a_list_of_models_that_does_not_come_is_a_fault(client: ChatClient, reply: bytes, fault: Fault) -> None:
    with ScriptedServer([READ, reply]) as server:
        assert client.list_models(endpoint(server.base_url), KEY, 5) == fault


def test_a_transport_can_take_the_place_of_the_network() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=HALLO + event("[DONE]")))
    client = ChatClient(transport)
    text, end, events = read(client, "https://model.example/v1")
    assert (text, end.verdict, events[0]) == ("Hallo", Verdict.COMPLETE, Connected())
    client.close()


def test_a_defect_is_told_and_not_raised() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise KeyError(f"oops {KEY.reveal()}")

    client = ChatClient(httpx.MockTransport(fail))
    _, end, _ = read(client, "https://model.example/v1")
    assert end.fault is not None
    assert end.fault.kind is FaultKind.INTERNAL
    assert KEY.reveal() not in repr(end)
    client.close()


def test_the_libraries_log_nothing(client: ChatClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer([READ, *answer("a")]) as server:
        read(client, server.base_url)
    assert [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))] == []


def caused(exc: Exception, *causes: Exception) -> Exception:
    current = exc
    for cause in causes:
        current.__cause__ = cause
        current = cause
    return exc


@pytest.mark.parametrize(
    ("exc", "connected", "kind"),
    [
        (httpx.ConnectTimeout(""), False, FaultKind.CONNECT_TIMEOUT),
        (httpx.ReadTimeout(""), True, FaultKind.IDLE),
        (httpx.WriteTimeout(""), True, FaultKind.IDLE),
        (httpx.ReadTimeout(""), False, FaultKind.CONNECT_TIMEOUT),
        (caused(httpx.ConnectError(""), httpcore.ConnectError(), socket.gaierror(-2, "no")), False, FaultKind.DNS),
        (caused(httpx.ConnectError(""), OSError(errno.ENETUNREACH, "no")), False, FaultKind.UNREACHABLE),
        (caused(httpx.ConnectError(""), OSError(errno.EHOSTUNREACH, "no")), False, FaultKind.UNREACHABLE),
        (caused(httpx.ConnectError(""), OSError(errno.ETIMEDOUT, "no")), False, FaultKind.CONNECT_TIMEOUT),
        (caused(httpx.ReadError(""), OSError(errno.ETIMEDOUT, "no")), True, FaultKind.RESET),
        (caused(httpx.ReadError(""), OSError(errno.ECONNRESET, "no")), True, FaultKind.RESET),
        (caused(httpx.ReadError(""), ssl.SSLEOFError(8, "eof")), True, FaultKind.CLOSED),
        (caused(httpx.ReadError(""), ssl.SSLError(1, "alert")), True, FaultKind.TLS),
        (httpx.ReadError(""), True, FaultKind.RESET),
        (httpx.ConnectError("All connection attempts failed"), False, FaultKind.UNREACHABLE),
        (httpx.RemoteProtocolError("illegal status line"), True, FaultKind.GARBLED),
        (httpx.LocalProtocolError("Illegal header value b'Bearer sk-x'"), True, FaultKind.INTERNAL),
        (UnicodeError("label too long"), False, FaultKind.DNS),
        (RuntimeError("x"), True, FaultKind.INTERNAL),
    ],
)
def test_what_an_exception_means(exc: Exception, connected: bool, kind: FaultKind) -> None:
    fault = map_exception(exc, connected=connected)
    assert fault.kind is kind
    assert "sk-x" not in fault.message
