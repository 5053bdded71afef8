"""Proxies, Unix sockets, client certificates and addresses, over real connections on this machine."""

from __future__ import annotations

import base64
import json
import select
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holytui.config.schema import Api
from holytui.engine.turn.problems import problem_for
from holytui.faults import Fault, FaultKind
from holytui.models import StreamPosition
from holytui.presentation import labels
from holytui.wire.client import ChatClient
from holytui.wire.events import Piece, Verdict
from holytui.wire.request import ChatRequest, Reattach
from tests.servers import FIN, READ, STALL, Peer, ScriptedServer, Step, answer, delta, event, sse_head, whole
from tests.wire.harness import KEY, PATIENT, content, endpoint, read, self_signed, tls

CHAT = "/v1/chat/completions"
MODELS = whole("200 OK", {"data": [{"id": "b"}, {"id": "a"}]})


def problem(end_fault: Fault | None, host: str = "the server") -> str:
    assert end_fault is not None
    return str(problem_for(end_fault, host=host))


# -- proxies


def relay(peer: Peer, port: int) -> None:
    """Pass bytes between the peer and a port of this machine until one of them closes."""
    with socket.create_connection(("127.0.0.1", port), 5) as upstream:
        other = {peer.sock: upstream, upstream: peer.sock}
        while True:
            for sock in select.select(list(other), [], [], 5)[0]:
                data = sock.recv(65536)
                if not data:
                    return
                other[sock].sendall(data)


def connect(port: int, authorization: str = "") -> Step:
    """The rest of a CONNECT: tunnel to `port`, if the request has this authorization."""

    def tunnel(peer: Peer) -> None:
        if peer.server.requests[-1].headers.get("proxy-authorization", "") != authorization:
            peer.sock.sendall(whole("407 Proxy Authentication Required", b""))
            return
        peer.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        relay(peer, port)

    return tunnel


def socks(port: int, user: bytes = b"", password: bytes = b"", reply: int = 0) -> Step:
    """A SOCKS5 server (RFC 1928 and 1929) that connects to `port`, whatever address is asked for."""

    def serve(peer: Peer) -> None:
        sock = peer.sock
        methods = sock.recv(257)[2:]
        if user:
            if 2 not in methods:
                sock.sendall(b"\x05\xff")
                return
            sock.sendall(b"\x05\x02")
            expected = bytes([1, len(user)]) + user + bytes([len(password)]) + password
            accepted = sock.recv(513) == expected
            sock.sendall(b"\x01" + (b"\0" if accepted else b"\x01"))
            if not accepted:
                return
        else:
            sock.sendall(b"\x05\0")
        address = sock.recv(512)
        if address[3] != 3:
            peer.server.failures.append(AssertionError("the client resolved the name itself"))
        sock.sendall(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if not reply:
            relay(peer, port)

    return serve


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("login", ["", "me:pass%20word@"])
def test_a_tunnel_through_a_proxy(client: ChatClient, certificate: Path, login: str) -> None:
    wanted = basic("me:pass word") if login else ""
    with (
        ScriptedServer([tls(certificate), READ, *answer("hello"), STALL]) as server,
        ScriptedServer([READ, connect(server.port, wanted)]) as proxy,
    ):
        address = f"http://{login}127.0.0.1:{proxy.port}"
        url = f"https://127.0.0.1:{server.port}/v1"
        assert read(client, url, proxy=address, ca_file=str(certificate))[0] == "hello"
        assert "authorization" not in proxy.requests[0].headers
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"
        assert "proxy-authorization" not in server.requests[0].headers
        client.close()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("407 Proxy Authentication Required", "requires a user name and password"),
        ("403 Forbidden", "did not let the request through: 403 Forbidden"),
    ],
)
def test_a_proxy_that_refuses_is_named_without_its_password(client: ChatClient, status: str, said: str) -> None:
    with ScriptedServer([READ, whole(status, b"")]) as proxy:
        _, end, _ = read(client, "https://model.example/v1", proxy=f"http://me:hush-hush@127.0.0.1:{proxy.port}")
    text = problem(end.fault)
    assert f"The proxy 127.0.0.1:{proxy.port} {said}" in text
    assert "hush" not in text


def test_a_closed_proxy_is_not_taken_for_the_host(client: ChatClient) -> None:
    with ScriptedServer([READ]) as gone:
        port = gone.port
    _, end, _ = read(client, "https://model.example/v1", proxy=f"http://127.0.0.1:{port}")
    assert problem(end.fault, "model.example").startswith(f"The proxy 127.0.0.1:{port} refused the connection")
    _, end, _ = read(client, f"http://127.0.0.1:{port}/v1")
    assert problem(end.fault, "here").startswith("here refused the connection")


@pytest.mark.parametrize("login", [b"", b"me"])
def test_a_socks_proxy_resolves_the_name(client: ChatClient, login: bytes) -> None:
    with (
        ScriptedServer([READ, *answer("hello")]) as server,
        ScriptedServer([socks(server.port, login, b"pw" if login else b"")]) as proxy,
    ):
        address = f"socks5h://{'me:pw@' if login else ''}127.0.0.1:{proxy.port}"
        assert read(client, "http://model.invalid/v1", key=None, proxy=address)[0] == "hello"
        assert server.requests[0].headers["host"] == "model.invalid"


@pytest.mark.parametrize(
    ("user", "reply", "said"),
    [(b"other", 0, "requires a user name and password"), (b"", 5, "did not let the request through")],
)
def test_a_socks_proxy_that_refuses(client: ChatClient, user: bytes, reply: int, said: str) -> None:
    with ScriptedServer([socks(1, user, b"pw", reply)]) as proxy:
        login = "me:pw@" if user else ""
        _, end, _ = read(client, "https://model.invalid/v1", proxy=f"socks5h://{login}127.0.0.1:{proxy.port}")
    assert f"The proxy 127.0.0.1:{proxy.port} {said}" in problem(end.fault)


def test_none_goes_around_the_proxy_of_the_environment(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([READ, whole("403 Forbidden", b"")]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert read(client, "http://model.invalid/v1", key=None)[1].status == 403
        _, end, _ = read(client, "http://model.invalid/v1", key=None, proxy="none")
        assert (end.fault and end.fault.kind, end.fault and end.fault.proxy) == (FaultKind.DNS, "")
        assert len(proxy.requests) == 1


# -- Unix sockets


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http+unix://{path}", "/v1"),
        ("http+unix://{path}:/", ""),
        ("http+unix://{path}:/odd/base/", "/odd/base"),
        ("http+unix://{quoted}/v1", "/v1"),
    ],
)
def test_all_requests_go_over_a_unix_socket(client: ChatClient, tmp_path: Path, address: str, path: str) -> None:
    socket_file = str(tmp_path / "l m.sock").replace(" ", "-")
    url = address.format(path=socket_file, quoted=socket_file.replace("/", "%2F"))
    kept = Reattach("id", StreamPosition(), "", "")
    with ScriptedServer(
        [FIN], [READ, *answer("one"), READ, MODELS, READ, *answer("two"), READ, whole("200 OK", b"")], host=socket_file
    ) as server:
        assert client.probe(endpoint(url), 5) is None
        assert read(client, url)[0] == "one"
        assert client.list_models(endpoint(url), KEY, 5) == ["a", "b"]
        with client.open(endpoint(url), KEY, ChatRequest("m", (), reattach=kept), PATIENT) as stream:
            events = []
            while not stream.ended:
                if found := stream.wait(0.05):
                    events.append(found)
            assert stream.join(5)
        assert content(events) == "two"
        assert client.release(endpoint(url), KEY, "id", 5) is None
        root = path.removesuffix("/v1") + "/v1"
        assert [(one.method, one.target) for one in server.requests] == [
            ("POST", f"{path}/chat/completions"),
            ("GET", f"{path}/models"),
            ("GET", f"{root}/stream?conv_id=id&from=0"),
            ("DELETE", f"{root}/stream?conv_id=id"),
        ]
        assert server.requests[0].headers["host"] == "localhost"
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"


def test_a_stop_frees_a_unix_socket(client: ChatClient, tmp_path: Path) -> None:
    file = str(tmp_path / "llm.sock")
    with ScriptedServer([READ, sse_head(), event(delta("Hal")), STALL], host=file) as server:
        with client.open(endpoint(f"http+unix://{file}"), KEY, ChatRequest("m", ()), PATIENT) as stream:
            while not isinstance(stream.wait(0.05), Piece):
                pass
        assert server.peers[0].gone.wait(5)


def make_missing(file: Path) -> None:
    assert not file.exists()


def make_closed(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(file))


# httpcore leaves the socket of a failed connection to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("make", "said", "label"),
    [
        (make_missing, "The socket {path} does not exist", "socket not found"),
        (make_closed, "No server listens on the socket {path}", "connection refused"),
    ],
)
def test_a_socket_without_a_server(
    client: ChatClient, tmp_path: Path, make: Callable[[Path], None], said: str, label: str
) -> None:
    file = tmp_path / "llm.sock"
    make(file)
    where = endpoint(f"http+unix://{file}")
    expected = said.format(path=file)
    assert problem(client.probe(where, 5), where.host).startswith(expected)
    _, end, _ = read(client, where.base_url)
    assert problem(end.fault, where.host).startswith(expected)
    assert end.fault is not None
    assert labels.cause(end.fault) == label


def test_a_socket_of_another_user_is_named() -> None:
    fault = Fault(FaultKind.UNREACHABLE, "Permission denied", code="EACCES")
    assert problem(fault, "/run/llm.sock").startswith("You may not connect to the socket /run/llm.sock")


# -- certificates


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A certificate of a client and its key, in one file."""
    return self_signed(tmp_path / "mine.pem")


def test_a_client_certificate_is_shown_to_the_server(client: ChatClient, certificate: Path, mine: Path) -> None:
    with ScriptedServer([tls(certificate, mine), READ, *answer("hello")]) as server:
        url = f"https://127.0.0.1:{server.port}/v1"
        fields: dict[str, Any] = {"client_cert": str(mine), "client_key": str(mine.with_suffix(".key"))}
        assert read(client, url, ca_file=str(certificate), **fields)[0] == "hello"


@pytest.mark.parametrize(
    ("version", "sends", "said"),
    [
        (ssl.TLSVersion.TLSv1_3, False, "here requires a client certificate"),
        (ssl.TLSVersion.TLSv1_3, True, "here did not accept the client certificate"),
        (ssl.TLSVersion.TLSv1_2, True, "here did not accept the client certificate"),
    ],
)
def test_a_server_that_does_not_accept_the_client(
    client: ChatClient, certificate: Path, mine: Path, version: ssl.TLSVersion, sends: bool, said: str
) -> None:
    with ScriptedServer([tls(certificate, certificate, version)]) as server:
        fields: dict[str, Any] = {"client_cert": str(mine)} if sends else {}
        _, end, _ = read(client, f"https://127.0.0.1:{server.port}/v1", ca_file=str(certificate), **fields)
    assert problem(end.fault, "here").startswith(said)


@pytest.mark.parametrize(
    ("fields", "setting", "reason"),
    [
        ({"client_cert": "none"}, "client_cert", "none: it does not exist"),
        ({"client_cert": "mine.pem", "client_key": "none"}, "client_key", "none: it does not exist"),
        ({"client_cert": "mine.pem", "client_key": "cert.key"}, "client_key", "the private key does not belong"),
        ({"client_cert": "mine.pem", "client_key": "text"}, "client_key", "it has no private key in PEM"),
        ({"client_cert": "text", "client_key": "mine.key"}, "client_cert", "it has no certificate in PEM"),
        ({"client_cert": "mine.pem", "client_key": "closed"}, "client_key", "the private key has a passphrase"),
        ({"ca_file": "text"}, "ca_file", "text: it has no certificate in PEM"),
        ({"ca_file": "none"}, "ca_file", "none: it does not exist"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_named(
    client: ChatClient, certificate: Path, mine: Path, fields: dict[str, str], setting: str, reason: str
) -> None:
    folder = certificate.parent
    (folder / "text").write_text("no PEM")
    (folder / "closed").write_text(ENCRYPTED_KEY)
    found: dict[str, Any] = {name: str(folder / file) for name, file in fields.items()}
    _, end, _ = read(client, "https://127.0.0.1:1/v1", **{"ca_file": str(certificate), **found})
    assert end.fault is not None
    assert (end.fault.kind, end.fault.param) == (FaultKind.SETUP, setting)
    assert reason in problem(end.fault)
    assert f"Check {setting} of the provider" in problem(end.fault)
    assert mine.exists()


# openssl ecparam -genkey -name prime256v1 | openssl ec -aes128 -passout pass:test
ENCRYPTED_KEY = """-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,6951DA5C55ABE95986C8D2E2A89309EE

MtGVWrIpsAXAOI2uUMizh8EPp/pT9DqFcuzajHDIIOoV8F40LYgEpy4xUzg9Wf4O
ILpMk3WWPddqcwR5QnZzT1VxXpmKCdPiOFF1OXj/VeWXRJAYxLXcs/cFJWUx1b/R
p404t+pQJlbdKz3D6JzeQh/WCMTyrZ+14tBbTdaG/5c=
-----END EC PRIVATE KEY-----"""


# -- addresses


@pytest.mark.parametrize(
    ("path", "target"), [("/v1/", CHAT), ("/odd/base//", "/odd/base/chat/completions"), ("", "/chat/completions")]
)
def test_odd_base_paths(client: ChatClient, path: str, target: str) -> None:
    with ScriptedServer([READ, *answer("hello")]) as server:
        read(client, f"http://127.0.0.1:{server.port}{path}")
        assert server.requests[0].target == target


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_an_ipv6_literal(client: ChatClient) -> None:
    try:
        server = ScriptedServer([READ, *answer("hello")], host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert read(client, f"http://[::1]:{server.port}/v1")[0] == "hello"
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_a_query_is_added_to_all_requests(client: ChatClient) -> None:
    query = {"api-version": "2024-10-21", "a b": "c&d"}
    with ScriptedServer([READ, *answer("one"), READ, MODELS, READ, whole("200 OK", b"")]) as server:
        where = endpoint(server.base_url, chat_path="/chat/completions?x=1", query=query, headers={"X-Team": "r"})
        with client.open(where, KEY, ChatRequest("m", ()), PATIENT) as stream:
            while not stream.ended:
                stream.wait(0.05)
            assert stream.join(5)
        client.list_models(where, KEY, 5)
        client.release(where, KEY, "id", 5)
        added = "api-version=2024-10-21&a+b=c%26d"
        assert [one.target for one in server.requests] == [
            f"{CHAT}?x=1&{added}",
            f"/v1/models?{added}",
            f"/v1/stream?conv_id=id&{added}",
        ]
        assert [one.headers["x-team"] for one in server.requests] == ["r"] * 3


def test_a_key_in_the_query_does_not_go_in_clear_text(client: ChatClient) -> None:
    _, end, _ = read(client, "http://model.invalid/v1", key=None, query={"api_key": "abcdefgh"})
    assert end.fault == Fault(FaultKind.INSECURE)


# -- options of streams


def sent(server: ScriptedServer) -> list[object]:
    return [request.json.get("stream_options") for request in server.requests]


@pytest.mark.parametrize(
    ("api", "options"),
    [
        (Api.CHAT, {"include_usage": True, "include_obfuscation": False}),
        (Api.RESPONSES, {"include_obfuscation": False}),
    ],
)
def test_obfuscation_is_declined_and_a_refusal_is_remembered(
    client: ChatClient, api: Api, options: dict[str, bool]
) -> None:
    words = "Unknown parameter: 'stream_options.include_obfuscation'"
    refusal = whole("400 Bad Request", {"error": {"message": words}})
    usage = {"include_usage": True} if api is Api.CHAT else None
    with ScriptedServer([READ, *answer("a"), READ, refusal, READ, *answer("b"), READ, *answer("c")]) as server:
        texts = [read(client, server.base_url, api=api, obfuscates=True)[0] for _ in range(3)]
        assert texts == ["a", "b", "c"]
        assert sent(server) == [options, options, usage, usage]
        assert client.refused_options == {f"{server.base_url}#include_obfuscation"}


def test_both_options_can_be_refused(client: ChatClient) -> None:
    refusal = whole("422 Unprocessable Entity", {"detail": "extra_forbidden: stream_options"})
    with ScriptedServer([READ, refusal, READ, refusal, READ, *answer("a")]) as server:
        _, end, _ = read(client, server.base_url, obfuscates=True)
        assert end.verdict is Verdict.COMPLETE
        assert [json.dumps(options) for options in sent(server)][1:] == ['{"include_usage": true}', "null"]
        assert len(client.refused_options) == 2
