"""The live test of a provider against servers that do one thing wrong: the mark of each step."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from holytui.config.schema import Provider, Stream
from holytui.connect.keys import KeyChoice, KeyPlace, keys_for
from holytui.connect.trial import Trial
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.secret import Secret
from holytui.wire.client import ChatClient
from tests.commands.test_check import MODELS, Router, count
from tests.servers import READ, Peer, ScriptedServer, Step, answer, whole

KEY = "cr_0123456789abcdef"
T = CheckTopic
ORDER = [T.NAME, T.CONNECTION, T.TLS, T.HTTP, T.KEY, T.MODELS]


@pytest.fixture
def client() -> Iterator[ChatClient]:
    made = ChatClient()
    yield made
    made.close()


def read_some(peer: Peer) -> None:
    peer.sock.recv(100)


def trial_of(client: ChatClient, url: str, key: str = KEY) -> Trial:
    provider = Provider("test", url)
    choice = KeyChoice(KeyPlace.FILE, secret=Secret(key)) if key else KeyChoice(KeyPlace.NONE)
    return Trial(provider, keys_for(provider, choice), client, Stream(connect_timeout=2.0, token_timeout=2.0))


def marks(findings: Sequence[Finding]) -> str:
    return "".join(finding.status.value for finding in findings)


def reached(trial: Trial) -> list[Finding]:
    found = list(trial.reach())
    assert [finding.topic for finding in found] == ORDER
    assert KEY not in str(found)
    return found


def test_a_good_endpoint_gets_a_mark_for_every_step(client: ChatClient) -> None:
    with ScriptedServer([Router(count(1, 40), models=MODELS)]) as server:
        trial = trial_of(client, server.base_url)
        assert marks(reached(trial)) == "✓✓✓✓✓✓"
        assert trial.models == ("model", "other")
        found = list(trial.answer("model"))
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert server.requests[-1].json["model"] == "model"
    assert [(finding.topic, finding.status) for finding in found] == [
        (T.FIRST_TOKEN, FindingStatus.OK),
        (T.STREAMING, FindingStatus.OK),
        (T.USAGE, FindingStatus.OK),
    ]
    assert trial.failed is None


@pytest.mark.parametrize(
    ("status", "body", "expected", "failed", "text"),
    [
        ("401 Unauthorized", {"error": {"message": "no"}}, "✓✓✓✓✗·", T.KEY, "did not accept the key"),
        ("403 Forbidden", {"error": {"message": "no"}}, "✓✓✓✓✗·", T.KEY, "does not allow"),
        ("404 Not Found", b"nothing here", "✓✓✓✓✓▲", None, "does not list its models"),
        ("200 OK", {"data": []}, "✓✓✓✓✓▲", None, "the list is empty"),
        ("500 Internal", {"error": {"message": "no"}}, "✓✓✓✗··", T.HTTP, "status 500"),
        (
            "400 Bad Request",
            b"The plain HTTP request was sent to HTTPS port",
            "✓✓✓✗··",
            T.HTTP,
            "",
        ),
    ],
)
def test_a_list_that_is_refused_or_missing(
    client: ChatClient, status: str, body: object, expected: str, failed: CheckTopic | None, text: str
) -> None:
    with ScriptedServer([READ, whole(status, body)]) as server:
        trial = trial_of(client, server.base_url)
        found = reached(trial)
    assert marks(found) == expected
    assert trial.failed is failed
    assert any(text in finding.text for finding in found)


def test_http_where_https_is_wanted_has_the_better_address(client: ChatClient) -> None:
    with ScriptedServer([READ, whole("400 Bad Request", b"The plain HTTP request was sent to HTTPS port")]) as server:
        trial = trial_of(client, server.base_url)
        reached(trial)
        assert trial.better_url == server.base_url.replace("http:", "https:")


def test_a_path_without_v1_has_the_better_address(client: ChatClient) -> None:
    with ScriptedServer([READ, whole("404 Not Found", b"nothing here")]) as server:
        trial = trial_of(client, server.base_url.removesuffix("/v1"))
        found = reached(trial)
        assert trial.better_url == server.base_url
    assert trial.failed is T.MODELS
    assert server.base_url in found[-1].hints[0]


def test_https_where_only_http_is_spoken_fails_at_tls(client: ChatClient) -> None:
    with ScriptedServer([read_some, b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        trial = trial_of(client, server.base_url.replace("http:", "https:"))
        assert marks(reached(trial)) == "✓✓✗···"
        assert trial.better_url == server.base_url


def test_a_closed_port_fails_at_the_connection(client: ChatClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    trial = trial_of(client, f"http://127.0.0.1:{port}/v1")
    assert marks(reached(trial)) == "✓✗····"


def test_an_unknown_name_fails_at_the_name(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", fail)
    trial = trial_of(client, "https://no-such-host.example/v1")
    assert marks(reached(trial)) == "✗·····"


def test_a_key_is_not_sent_in_clear_text(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "probe", lambda _endpoint, _timeout: None)
    found = reached(trial_of(client, "http://llm.example.com/v1"))
    assert found[4].status is FindingStatus.FAILED
    assert marks(found) == "✓✓··✗·"


def test_a_server_that_asks_for_a_key_says_so(client: ChatClient) -> None:
    with ScriptedServer([READ, whole("401 Unauthorized", {"error": {"message": "Invalid key"}})]) as server:
        found = reached(trial_of(client, server.base_url, key=""))
    assert (found[4].text, found[4].hints) == ("the server asks for a key", ("Invalid key",))


def test_a_missing_variable_fails_at_the_key(client: ChatClient) -> None:
    with ScriptedServer([READ]) as server:
        provider = Provider("test", server.base_url, api_key_env="NO_SUCH_KEY")
        trial = Trial(provider, keys_for(provider, KeyChoice(KeyPlace.ENVIRONMENT, "NO_SUCH_KEY")), client)
        found = reached(trial)
        assert not server.requests
    assert marks(found) == "✓✓··✗·"
    assert "NO_SUCH_KEY is not set" in found[4].text


def test_a_key_that_is_refused_only_with_the_question(client: ChatClient) -> None:
    with ScriptedServer([Router([whole("401 Unauthorized", {"error": {"message": "bad key"}})])]) as server:
        trial = trial_of(client, server.base_url)
        assert marks(reached(trial)) == "✓✓✓✓✓✓"
        found = list(trial.answer("model"))
    assert [finding.topic for finding in found] == [T.KEY, T.STREAMING, T.USAGE]
    assert marks(found) == "✗··"
    assert trial.failed is T.KEY


def test_an_answer_that_was_held_back_is_told(client: ChatClient) -> None:
    now = [0.0]

    def slow(_peer: Peer) -> None:
        now[0] += 3.0

    def quick(_peer: Peer) -> None:
        now[0] += 0.2

    pieces = [f"{number}, " for number in range(1, 40)]
    held: list[Step] = [slow, b"".join(step for step in answer(*pieces) if isinstance(step, bytes))]
    short: list[Step] = [quick, *answer("Hi")]
    with ScriptedServer([Router(held, held, short)]) as server:
        provider = Provider("test", server.base_url)
        trial = Trial(provider, keys_for(provider, KeyChoice(KeyPlace.NONE)), client, Stream(), clock=lambda: now[0])
        reached(trial)
        found = list(trial.answer("model"))
    assert marks(found) == "✓▲✓"
    assert "buffered on the way" in found[1].text


def test_closing_the_client_ends_an_answer_that_does_not_come(client: ChatClient) -> None:
    gate = threading.Event()
    with ScriptedServer([Router([lambda peer: peer.stall()])]) as server:
        trial = trial_of(client, server.base_url)
        reached(trial)

        def ask() -> None:
            list(trial.answer("model"))
            gate.set()

        thread = threading.Thread(target=ask)
        thread.start()
        server.wait_for_requests(2)
        for _attempt in range(100):  # the client may not know yet of the attempt whose request has arrived
            client.close()
            if gate.wait(0.05):
                break
        assert gate.is_set()
        thread.join()
