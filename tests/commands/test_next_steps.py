"""What `ask` says when it does not work: what is wrong, and a next step that fits, over real connections."""

from __future__ import annotations

import importlib
import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from holytui.cli import main
from tests.servers import FIN, READ, STALL, Peer, ScriptedServer, answer, delta, event, head, sse_head, whole

KEY = "sk-test-0123456789abcdef"
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
NGINX_TLS = b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"
PLAIN = 'api_key_env = "TEST_KEY"\n'

_connect = socket.create_connection

Asked = tuple[int, str, str]
Ask = Callable[..., Asked]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run `holytui ask` in this process; its status, stdout and stderr."""
    monkeypatch.setenv("TEST_KEY", KEY)

    def run(base_url: str, provider: str = PLAIN, arguments: Sequence[str] = ()) -> Asked:
        file = tmp_path / "config.toml"
        file.write_text(
            f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url}"\n{provider}\n'
            "[stream]\nretry_delay = 0.01\nmax_delay = 0.01\nmax_retries = 2\noffline_limit = 0.2\n"
        )
        file.chmod(0o600)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        status = main(["ask", "--config", str(file), "--no-save", *arguments, "hello"])
        out, err = capsys.readouterr()
        assert KEY not in out + err
        for word in ("Press ", "press ", "F2", "F4"):
            assert word not in out + err
        return status, out, err

    return run


def closed_port() -> int:
    with ScriptedServer([READ]) as gone:
        return gone.port


# -- the proxy


def test_a_proxy_that_is_down_is_named_and_waited_for(ask: Ask) -> None:
    port = closed_port()
    status, _, err = ask("http://model.example/v1", f'proxy = "http://me:pass-word@127.0.0.1:{port}"\n')
    assert status == 3
    assert f"The proxy 127.0.0.1:{port} refused the connection. Is it running? Check the provider's proxy" in err
    assert "offline since" in err
    assert "proxy: connection refused" in err
    assert "model.example" not in err.split("offline")[-1]
    assert "pass-word" not in err


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_says_where_it_goes(ask: Ask, scheme: str) -> None:
    with ScriptedServer([READ, whole("407 Proxy Authentication Required", b"", "text/html")]) as proxy:
        status, _, err = ask(f"{scheme}://model.example/v1", f'proxy = "http://127.0.0.1:{proxy.port}"\n')
        assert len(proxy.requests) == 1
    assert status == 1
    assert f"The proxy 127.0.0.1:{proxy.port} requires a user name and password" in err
    assert "http://user:password@host:port" in err


def test_a_proxy_that_is_not_understood_stops_the_question(ask: Ask) -> None:
    with ScriptedServer([READ, *answer("direct")]) as server:
        status, out, err = ask(server.base_url, f'{PLAIN}proxy = "socks4://127.0.0.1:1"\n')
        assert (server.peers, server.requests) == ([], [])
    assert (status, out) == (2, "")
    assert "config.toml:5: providers.test.proxy: found a text, expected an address such as http://proxy:3128" in err
    assert "Nothing is sent to test" in err


def test_a_socks_proxy_without_its_package_names_the_package(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("httpx")  # what it finds while it is imported holds for the other tests as well
    monkeypatch.setitem(sys.modules, "socksio", None)
    with ScriptedServer([READ, *answer("direct")]) as server:
        status, out, err = ask(server.base_url, f'proxy = "socks5h://127.0.0.1:{server.port}"\n')
        assert server.requests == []
    assert (status, out) == (1, "")
    assert "a SOCKS proxy needs the Python package socksio, which is not installed" in err
    assert 'pip install "holytui[socks]"' in err
    assert "did not let" not in err


def _socks(reply: int, then: Callable[[Peer], None]) -> Callable[[Peer], None]:
    """A SOCKS 5 proxy that answers to CONNECT with `reply` (0: connected)."""

    def serve(peer: Peer) -> None:
        peer.sock.recv(512)
        peer.sock.sendall(b"\x05\x00")
        peer.server.note_bytes = peer.sock.recv(512)  # type: ignore[attr-defined]  # for the test to see
        peer.sock.sendall(bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 80]))
        then(peer)

    return serve


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_is_used_and_looks_the_name_up_itself(ask: Ask, scheme: str) -> None:
    pytest.importorskip("socksio")
    with ScriptedServer([_socks(0, lambda peer: None), READ, *answer("through it")]) as proxy:
        status, out, _ = ask("http://model.example/v1", f'proxy = "{scheme}://127.0.0.1:{proxy.port}"\n')
        assert b"model.example" in proxy.note_bytes  # type: ignore[attr-defined]  # set by `_socks`
    assert (status, out) == (0, "through it\n")


@pytest.mark.parametrize(("reply", "requests"), [(2, 1), (4, 3)])
def test_a_socks_proxy_that_refuses_is_named_and_tried_again_where_that_may_help(
    ask: Ask, reply: int, requests: int
) -> None:
    pytest.importorskip("socksio")
    with ScriptedServer([_socks(reply, lambda peer: None)]) as proxy:
        status, _, err = ask("http://model.example/v1", f'proxy = "socks5://127.0.0.1:{proxy.port}"\n')
        assert len(proxy.peers) == requests
    assert status == (1 if requests == 1 else 3)
    assert f"The proxy 127.0.0.1:{proxy.port} did not let the request through" in err


def test_a_socks_proxy_that_is_none_is_told(ask: Ask) -> None:
    pytest.importorskip("socksio")
    with ScriptedServer([b"HTTP/1.1 400 Bad Request\r\n\r\n", STALL]) as proxy:
        status, _, err = ask("http://model.example/v1", f'proxy = "socks5://127.0.0.1:{proxy.port}"\n')
    assert status == 1
    assert f"The proxy 127.0.0.1:{proxy.port} did not let the request through: it does not speak SOCKS" in err


def test_no_proxy_is_read_as_curl_reads_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer([READ, *answer("by proxy")]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "10.0.0.0/8")
        assert ask("http://192.0.2.1/v1", "")[1] == "by proxy\n"
        monkeypatch.setenv("no_proxy", "192.0.2.0/24")
        monkeypatch.setattr("socket.create_connection", _refused_but_on_loopback)
        status, _, err = ask("http://192.0.2.1/v1", "")
        assert (status, len(proxy.requests)) == (3, 1)
    assert "192.0.2.1 refused the connection" in err


def _refused_but_on_loopback(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
    if address[0].startswith("127."):
        return _connect(address, *args, **options)
    raise ConnectionRefusedError(111, "Connection refused")


# -- the address


def test_a_redirect_to_https_says_which_base_url_to_set(ask: Ask) -> None:
    location = "https://127.0.0.1:8443/v1/chat/completions"
    with ScriptedServer([READ, whole("301 Moved Permanently", b"", "text/html", location=location)]) as server:
        status, _, err = ask(server.base_url)
    assert status == 1
    assert 'Set base_url = "https://127.0.0.1:8443/v1" in the configuration.' in err


@pytest.mark.parametrize(
    "location",
    ["https://other.example/v1/chat/completions", "https://127.0.0.1/login?next=x", "/elsewhere", "http://["],
)
def test_no_redirect_elsewhere_is_recommended(ask: Ask, location: str) -> None:
    with ScriptedServer([READ, whole("302 Found", b"", "text/html", location=location)]) as server:
        _, _, err = ask(server.base_url)
    assert "base_url =" not in err
    assert "Does this network ask you to sign in?" in err


def test_https_to_a_plain_server_says_try_http(ask: Ask) -> None:
    with ScriptedServer([b"HTTP/1.1 400 Bad Request\r\n\r\n", STALL]) as server:
        _, _, err = ask(server.base_url.replace("http:", "https:"))
    assert f"127.0.0.1:{server.port} does not support TLS" in err
    assert f'Try base_url = "{server.base_url}".' in err
    assert "clock" not in err


@pytest.mark.parametrize("said", [TLS_ALERT, whole("400 Bad Request", NGINX_TLS, "text/html")], ids=["alert", "nginx"])
def test_http_to_a_tls_port_says_try_https(ask: Ask, said: bytes) -> None:
    with ScriptedServer([READ, said, FIN]) as server:
        _, _, err = ask(server.base_url)
        assert len(server.requests) == 1
    assert "requires an encrypted connection" in err
    assert f'Try base_url = "{server.base_url.replace("http:", "https:")}".' in err
    assert "params" not in err


def test_an_address_without_its_path_says_try_v1(ask: Ask) -> None:
    missing = whole("404 Not Found", b"404 page not found", "text/plain")
    with ScriptedServer([READ, missing]) as server:
        root = server.base_url.removesuffix("/v1")
        assert f'Try base_url = "{root}/v1".' in ask(f"{root}/")[2]
        assert "Try base_url" not in ask(server.base_url)[2]
        assert f'Try base_url = "{root}/api/v1".' in ask(f"{root}/api/")[2]
        assert "Try base_url" not in ask(f"{root}/v1beta/openai")[2]


def test_a_model_that_is_missing_is_not_taken_for_a_missing_path(ask: Ask) -> None:
    missing = whole("404 Not Found", {"error": {"message": "model 'x' not found", "code": "model_not_found"}})
    with ScriptedServer([READ, missing]) as server:
        _, _, err = ask(server.base_url.removesuffix("/v1"))
    assert "Try base_url" not in err
    assert "Check the model's name" in err


def test_a_ca_file_that_is_missing_is_named_without_talk_of_clocks(ask: Ask) -> None:
    _, _, err = ask("https://127.0.0.1:1/v1", 'ca_file = "none.pem"\n')
    assert "none.pem: it does not exist" in err
    assert "Check ca_file of the provider" in err
    assert "clock" not in err


def test_certificates_of_the_environment_are_still_read(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/env.pem")
    assert "/nowhere/env.pem: it does not exist" in ask("https://127.0.0.1:1/v1", "")[2]


# -- the server


def test_a_gateway_that_gives_up_says_to_raise_its_timeout(ask: Ask) -> None:
    page = b"<html><head><title>504 Gateway Time-out</title></head></html>"
    with ScriptedServer([READ, whole("504 Gateway Time-out", page, "text/html")]) as server:
        _, _, err = ask(server.base_url)
    assert "or a proxy before it, gave up waiting for the answer" in err
    assert "Raise its timeout, such as proxy_read_timeout of nginx." in err


def test_a_model_without_eyes_is_told_at_once(ask: Ask) -> None:
    said = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
    refusal = whole("500 Internal Server Error", {"error": {"code": 500, "message": said, "type": "server_error"}})
    with ScriptedServer([READ, refusal]) as server:
        _, _, err = ask(server.base_url)
        assert len(server.requests) == 1
    assert "Remove vision = true of the model" in err


@pytest.mark.parametrize(
    "error",
    [
        {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
        },
        {"message": "This model's maximum context length is 4096 tokens.", "code": "context_length_exceeded"},
        {"message": "This model's maximum context length is 4096 tokens. However, you requested 9000.", "code": 400},
        {"message": "prompt is too long: 210000 tokens > 200000 maximum", "type": "invalid_request_error"},
    ],
)
def test_too_long_a_conversation_says_to_shorten_it(ask: Ask, error: dict[str, object]) -> None:
    with ScriptedServer([READ, whole("400 Bad Request", {"error": error})]) as server:
        _, _, err = ask(server.base_url)
        assert len(server.requests) == 1
    assert "The conversation is too long for this model" in err
    assert str(error["message"])[:20] in err
    assert "Shorten the question." in err
    assert "params" not in err


def test_a_limit_of_the_answer_that_is_too_high_is_no_long_conversation(ask: Ask) -> None:
    error = {"message": "max_tokens is too large: 9000. This model's maximum context length is 4096 tokens"}
    with ScriptedServer([READ, whole("400 Bad Request", {"error": error})]) as server:
        _, _, err = ask(server.base_url)
    assert "Check params of the model" in err


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_compression_that_nobody_asked_for_costs_one_request(ask: Ask, encoding: str) -> None:
    with ScriptedServer([READ, sse_head(content_encoding=encoding), b"\x8b\x01\x80abc", FIN]) as server:
        _, out, err = ask(server.base_url)
        assert len(server.requests) == 1
        assert server.requests[0].headers["accept-encoding"] == "identity"
    assert out == ""
    assert f"compressed the answer, though it was not asked to: {encoding}" in err
    assert "Turn off compression" in err


def test_a_refused_key_is_told_in_the_servers_own_words(ask: Ask) -> None:
    refusal = whole("401 Unauthorized", {"error": {"message": "This key was revoked on Monday.", "code": "revoked"}})
    with ScriptedServer([READ, refusal]) as server:
        status, _, err = ask(server.base_url)
    assert status == 1
    assert "its source has no other: This key was revoked on Monday." in err
    assert "TEST_KEY" in err


# -- keys of the screen


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_an_answer_that_breaks_off_names_no_key_of_the_screen(ask: Ask, arguments: Sequence[str]) -> None:
    gate = threading.Event()
    gate.set()
    with ScriptedServer([READ, sse_head(), event(delta("Half")), gate, FIN]) as server:
        status, out, err = ask(server.base_url, arguments=arguments)
    assert status == 3
    if arguments:
        error = json.loads(out.splitlines()[-1])["error"]
        assert error["title"].endswith("ended the connection before the answer was complete")
        assert error["hint"] == "The text so far is kept. Tried again 2 times, without success."
    else:
        assert err.rstrip().endswith("The text so far is kept. Tried again 2 times, without success.")


def test_a_refusal_without_a_hint_for_a_script_has_none(ask: Ask) -> None:
    with ScriptedServer([READ, head("418 I'm a teapot") + b"\r\n", FIN]) as server:
        status, out, _ = ask(server.base_url, arguments=("--json",))
    assert status == 1
    assert json.loads(out.splitlines()[-1])["error"]["hint"] == ""


# -- holytui models


def test_models_lists_those_that_can_be_asked_and_tells_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    address = 'base_url = "https://llm.example/v1"'
    file.write_text(
        f"[providers.work]\n{address}\nproxy = 5\n[providers.work.models.hidden]\n"
        f"[providers.home]\n{address}\n[providers.home.models.shown]\n"
    )
    assert main(["models", "--config", str(file)]) == 0
    out, err = capsys.readouterr()
    assert "home/shown" in out
    assert "hidden" not in out
    assert "config.toml:3: providers.work.proxy" in err
