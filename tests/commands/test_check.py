"""`holytui check` against servers that do one thing well or badly, each line in both cases."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.cli import main
from holytui.commands import check
from holytui.config.load import load
from holytui.credentials.keyring import KeyRings
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.checkup import Checkup
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.engine.check.flow import Flow, classify_flow
from holytui.engine.check.probe import ProbeResponse, record_response
from holytui.engine.check.sample import ContinuationOutcome, Sample, counted_part, make_sample
from holytui.engine.resume.strategy import resume_profile_key
from holytui.engine.runtime.planner import TurnPlanner
from holytui.guide.server import GuideServer
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient
from holytui.wire.events import End, Verdict
from tests.servers import STALL, Peer, ScriptedServer, Step, answer, chunk, chunked_head, delta, event, sse_head, whole

WITH_KEY = 'api_key_env = "TEST_KEY"'
KEY = "sk-test-0123456789abcdef"
MODELS = whole("200 OK", {"object": "list", "data": [{"id": "model"}, {"id": "other"}]})
NO_PREFILL = whole("400 Bad Request", {"error": {"message": "This model does not support assistant message prefill."}})


def count(first: int, last: int) -> list[Step]:
    """A counted answer in pieces."""
    return answer(*(f"{number}, " for number in range(first, last)), str(last))


PARTIAL = "".join(f"{number}, " for number in range(1, 22)) + "22,"
"""What a check makes of `count(1, 40)`."""
REPLY = answer(PARTIAL, *(f" {number}," for number in range(23, 40)), " 40. ", "[END]")
"""A reply to the instruction as it should be."""
PROSE = (
    "The sky",
    " is blue",
    " because the",
    " air scatters",
    " the short",
    " waves of light",
    " more than",
    " others.",
)
REST = (" the short", " waves of light", " more than", " others.")


def unable(*, forms: int = 3) -> list[list[Step]]:
    """A refused prefill in each form."""
    return [[NO_PREFILL]] * forms


def once(*pieces: str) -> list[Step]:
    return [sse_head(), *(event(delta(piece)) for piece in pieces)]


class Router:
    """Answers `GET /models` with `models`, and chat requests one after the other; the last answer is for all further
    ones."""

    def __init__(self, *chats: Sequence[Step], models: bytes = MODELS) -> None:
        self._chats = chats
        self._models = models
        self._asked = 0

    def __call__(self, peer: Peer) -> None:
        while peer.read():
            request = [one for one in peer.server.requests if one.connection == peer.number][-1]
            if request.method == "GET":
                peer.sock.sendall(self._models)
                continue
            steps = self._chats[min(self._asked, len(self._chats) - 1)]
            self._asked += 1
            for step in steps:
                if isinstance(step, bytes):
                    peer.sock.sendall(step)
                elif step is STALL:
                    peer.stall()
                else:
                    assert callable(step)
                    step(peer)
            if not any(b"chunked" in step or b"Content-Length" in step for step in steps if isinstance(step, bytes)):
                return  # only its end ends such an answer


Lines = dict[str, str]
Checked = tuple[int, Lines]


@pytest.fixture(autouse=True)
def _quick_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide of this process says 500 tokens a second; its usual pace would only make the tests wait."""
    defaults = GuideServer.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "pace", 0.002)


@pytest.fixture
def checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Checked]:
    """Run the command in this process; its status, and each line by its topic, with what is below it."""
    monkeypatch.setenv("TEST_KEY", KEY)

    def run(base_url: str, provider: str = WITH_KEY, more: str = "", arguments: Sequence[str] = ()) -> Checked:
        file = tmp_path / "config.toml"
        file.write_text(
            f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url}"\n{provider}\n'
            f"[stream]\ntoken_timeout = 0.3\nconnect_timeout = 2\n{more}"
        )
        file.chmod(0o600)
        status = main(["check", "--config", str(file), *arguments])
        out = capsys.readouterr().out
        assert KEY not in out
        assert "Traceback" not in out
        return status, _lines(out)

    return run


def _lines(out: str) -> Lines:
    found: Lines = {}
    last = ""
    for line in out.splitlines():
        if line.startswith(" "):
            found[last] += "\n" + line.strip()
        elif line[1:2] == " " and line[0] in "".join(FindingStatus):
            last = line[2:16].strip()
            found[last] = f"{line[0]} {line[16:]}"
    return found


def _learnt(base_url: str) -> str | None:
    with SqliteHistory.open(Path.home() / ".local/share/holytui/history.db") as history:
        return history.recall(resume_profile_key(base_url, "model"))


# -- all is well


CONNECTION = ["model", "proxy", "host name", "connection", "TLS", "HTTP", "key", "models"]
ANSWER = ["first token", "streaming", "usage", "continuation"]
HISTORY = ["history", "file system", "free space", "permissions"]


def test_a_good_endpoint_gets_a_check_on_every_line(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        status, lines = checked(server.base_url)
        prefill = server.requests[2].json["messages"][-1]
    assert status == 0
    assert list(lines) == ["config", "log", *CONNECTION, *ANSWER, "terminal", *HISTORY]
    assert {name: line[0] for name, line in lines.items() if line[0] != "✓"} == {"terminal": "·"}
    assert f"{server.base_url}/chat/completions" in lines["model"]
    assert lines["proxy"] == "✓ none, the connection is direct"
    assert "environment variable TEST_KEY" in lines["key"]
    assert "usage reported" in lines["usage"]
    assert "end reported (stop)" in lines["streaming"]
    assert "by prefill, exactly" in lines["continuation"]
    assert "2 models are listed, model among them" in lines["models"]
    assert prefill["role"] == "assistant"
    assert prefill["content"].endswith(" 22,")


def test_the_guide_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-m", "guide/guide"]) == 0
    lines = _lines(capsys.readouterr().out)
    assert {name for name, line in lines.items() if line[0] != "✓"} == {"terminal"}


# -- config


def test_problems_of_the_configuration_are_listed_with_their_lines(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        status, lines = checked(server.base_url, more='max_retries = "three"\n')
    assert status == 1
    assert lines["config"].startswith("✗")
    assert "has 1 problem\n" in lines["config"]
    assert re.search(r"config\.toml:\d+: stream\.max_retries", lines["config"])


def test_a_theme_that_is_not_there_is_a_problem_of_the_configuration(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        status, lines = checked(server.base_url, more='[ui]\ntheme = "holytui-drak"\n')
    assert status == 0
    assert lines["config"].startswith("▲")
    assert 'there is no theme "holytui-drak"; did you mean "holytui-dark"?' in lines["config"]


def test_a_file_that_was_named_and_is_not_there_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(tmp_path / "none.toml"), "-m", "guide/guide"]) == 1
    assert _lines(capsys.readouterr().out)["config"].startswith("✗")


def test_an_unknown_model_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-m", "nowhere/model"]) == 2
    assert "nowhere" in capsys.readouterr().err


# -- address and key


def test_a_proxy_is_named_without_its_password(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40))]) as server:
        proxy = f"http://me:pass-word@127.0.0.1:{server.port}"
        _, lines = checked("http://far.example/v1", f'{WITH_KEY}\nproxy = "{proxy}"\nallow_insecure = true')
    assert lines["proxy"] == f"✓ http://127.0.0.1:{server.port}, by the configuration"
    assert lines["connection"].startswith(f"✓ 127.0.0.1:{server.port} answers in ")
    assert "pass-word" not in str(lines)


def test_a_key_that_is_not_set_says_how_to_set_it_and_nothing_is_asked(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40))]) as server:
        status, lines = checked(server.base_url, 'api_key_env = "OTHER_KEY"')
    assert status == 1
    assert lines["key"].startswith("✗ OTHER_KEY is not set")
    assert "export OTHER_KEY" in lines["key"]
    assert lines["first token"].startswith("·")
    assert [one.method for one in server.requests] == ["GET"]


def test_no_key_is_fine_on_this_machine(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        _, lines = checked(server.base_url, "")
        assert "authorization" not in server.requests[-1].headers
    assert lines["key"].startswith("✓ none; the server asked for none")


def test_a_server_on_a_unix_socket_is_checked(checked: Callable[..., Checked], tmp_path: Path) -> None:
    socket = str(tmp_path / "llm.sock")
    with ScriptedServer([Router(count(1, 40), count(23, 40))], host=socket):
        status, lines = checked(f"http+unix://{socket}", "")
    assert status == 0
    assert lines["model"].endswith(f"at http+unix://{socket}")
    assert lines["key"].startswith("✓ none; the server asked for none")
    assert f"{socket} answers in " in lines["connection"]
    assert "by prefill, exactly" in lines["continuation"]
    assert f"No server listens on the socket {socket}" in checked(f"http+unix://{socket}", "")[1]["connection"]


def test_a_proxy_that_is_down_is_named_instead_of_the_endpoint(checked: Callable[..., Checked]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    status, lines = checked("https://far.example/v1", f'{WITH_KEY}\nproxy = "http://127.0.0.1:{port}"')
    assert status == 1
    assert lines["connection"].startswith(f"✗ The proxy 127.0.0.1:{port} refused the connection")
    assert "Check the provider's proxy setting" in lines["connection"]


def test_a_provider_that_is_not_understood_is_not_asked(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40))]) as server:
        status, lines = checked(server.base_url, f'{WITH_KEY}\nproxy = "socks4://127.0.0.1:1"')
        assert server.peers == []
    assert status == 1
    assert [name for name in lines if name in CONNECTION] == ["model"]
    assert lines["model"].startswith("✗ Nothing is sent to test")
    assert "config.toml:5: providers.test.proxy" in lines["model"]


# -- connection


def test_nobody_at_the_port_is_told_and_the_rest_is_skipped(checked: Callable[..., Checked]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    status, lines = checked(f"http://127.0.0.1:{port}/v1")
    assert status == 1
    assert lines["connection"].startswith(f"✗ 127.0.0.1:{port} refused the connection")
    assert [lines[topic][0] for topic in ("models", *ANSWER)] == ["·"] * 5


def test_a_server_without_tls_behind_https_is_told_in_words(checked: Callable[..., Checked]) -> None:
    def mumble(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with ScriptedServer([mumble]) as server:
        status, lines = checked(server.base_url.replace("http:", "https:"))
    assert status == 1
    assert "does not support TLS" in lines["TLS"]
    assert f'Try base_url = "{server.base_url}".' in lines["TLS"]


# -- request


def test_a_server_that_tells_no_usage_is_doubtful(checked: Callable[..., Checked]) -> None:
    pieces = [chunk(event(delta(f"{number}, "))) for number in range(1, 41)]
    silent: list[Step] = [chunked_head(), *pieces, chunk(event(delta(finish="stop")) + event("[DONE]")), chunk(b"")]
    with ScriptedServer([Router(silent, count(23, 40))]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert lines["usage"].startswith("▲ usage not reported")
    assert "marked with ~" in lines["usage"]


def test_an_answer_without_an_end_of_its_own_is_bad(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(once(*(f"{number}, " for number in range(1, 41))), count(41, 50))]) as server:
        status, lines = checked(server.base_url)
    assert status == 1
    assert "ended the connection before the answer was complete" in lines["streaming"]
    assert "Before that: status 200" in lines["streaming"]
    assert "by prefill, exactly" in lines["continuation"]


def test_a_refused_key_names_its_place(checked: Callable[..., Checked]) -> None:
    refusal = whole("401 Unauthorized", {"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}})
    with ScriptedServer([Router([refusal])]) as server:
        status, lines = checked(server.base_url)
    assert status == 1
    assert lines["first token"].startswith("✗")
    assert "TEST_KEY" in lines["first token"]


def test_a_stalled_answer_is_given_up(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router([*once("1, ", "2, "), STALL])]) as server:
        status, lines = checked(server.base_url)
    assert status == 1
    assert "token_timeout" in lines["streaming"]
    assert "press" not in str(lines).lower()


def test_an_empty_answer_is_bad(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(answer())]) as server:
        status, lines = checked(server.base_url)
    assert (status, lines["first token"][0]) == (1, "✗")
    assert "empty" in lines["first token"]


def test_a_key_that_ends_midway_is_renewed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-m", "guide/expired"]) == 0
    line = _lines(capsys.readouterr().out)["first token"]
    assert line.startswith("▲")
    assert "its source supplied another" in line


class LeapingClock:
    """Real time, and what a server adds to it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._ahead

    def leap(self, _peer: Peer) -> None:
        self._ahead += 4.0

    def tick(self, _peer: Peer) -> None:
        self._ahead += 0.1


def _trial(tmp_path: Path, base_url: str, clock: Callable[[], float], begun: list[CheckTopic]) -> list[Finding]:
    file = tmp_path / "config.toml"
    file.write_text(f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url}"\n')
    config = load(file).config
    client = ChatClient()
    with SqliteHistory.open(tmp_path / "history.db") as history:
        preparation = TurnPlanner(lambda: config, history, KeyRings().ring_for, GuideServer, probe_scale=1.0)
        resolved = preparation.resolve("test/model")
        endpoint, keys = preparation.endpoint_and_keys(resolved)
        strategy = preparation.strategy(resolved, endpoint, {}, by_user=True)
        subject = CheckTarget(resolved, endpoint, keys, strategy, config.stream)
        found = list(Checkup(subject, client, history, clock=clock, on_begin=begun.append).findings())
    client.close()
    return found


def test_what_comes_at_once_after_a_long_wait_was_buffered_on_the_way(tmp_path: Path) -> None:
    clock = LeapingClock()
    begun: list[CheckTopic] = []
    body = b"".join(event(delta(f"{number}, ")) for number in range(1, 41)) + event(delta(finish="stop"))
    buffered: list[Step] = [clock.leap, chunked_head(), chunk(body + event("[DONE]")), chunk(b"")]
    # the question is asked twice, and a short one once: so much longer a wait is for the length of the answer
    with ScriptedServer([Router(buffered, buffered, answer("Hello"), count(23, 40))]) as server:
        found = {finding.topic: finding for finding in _trial(tmp_path, server.base_url, clock, begun)}
    assert found[CheckTopic.STREAMING].status is FindingStatus.WARNING
    assert "buffered on the way" in found[CheckTopic.STREAMING].text
    assert "proxy" in found[CheckTopic.STREAMING].hints[0]
    assert begun == [
        CheckTopic.CONNECTION,
        CheckTopic.KEY,
        CheckTopic.MODELS,
        CheckTopic.FIRST_TOKEN,
        CheckTopic.CONTINUATION,
    ]


def _together(*pieces: str) -> list[Step]:
    """A whole answer in one write."""
    return [b"".join(step for step in answer(*pieces) if isinstance(step, bytes))]


FORTY = [*(f"{number}, " for number in range(1, 40)), "40"]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([1, 1, 1], id="a server that is slow to begin"),
        pytest.param([1, 0], id="a model that had to be loaded"),
        pytest.param([0], id="a fast server"),
    ],
)
def test_an_answer_that_comes_at_once_is_not_called_buffered_without_proof(tmp_path: Path, answers: list[int]) -> None:
    clock = LeapingClock()
    chats: list[list[Step]] = [[*[clock.leap] * leaps, *_together(*FORTY)] for leaps in answers]
    with ScriptedServer([Router(*chats, count(23, 40))]) as server:
        found = {finding.topic: finding for finding in _trial(tmp_path, server.base_url, clock, [])}
    assert found[CheckTopic.STREAMING].status is FindingStatus.OK
    assert "all of it came at once, so it is not known whether it streams" in found[CheckTopic.STREAMING].text


def _buffering(upstream: int) -> Callable[[Peer], None]:
    """A proxy that passes an answer on when it has all of it."""

    def relay(peer: Peer) -> None:
        while peer.read():
            asked = [one for one in peer.server.requests if one.connection == peer.number][-1]
            lines = [f"{asked.method} {asked.target} HTTP/1.1", *(f"{k}: {v}" for k, v in asked.headers.items())]
            with socket.create_connection(("127.0.0.1", upstream), 10) as server:
                server.sendall("\r\n".join([*lines, "", ""]).encode() + asked.body)
                held = b""
                while not held.endswith(b"\r\n0\r\n\r\n") and (asked.method != "GET" or not held.endswith(b"}")):
                    held += server.recv(65536)
            peer.sock.sendall(held)

    return relay


def test_a_proxy_that_buffers_is_found_out(tmp_path: Path) -> None:
    clock = LeapingClock()

    def written(*pieces: str) -> list[Step]:
        head, *steps = answer(*pieces)
        return [head, *(each for step in steps for each in (clock.tick, step))]

    chats = [written(*FORTY), written(*FORTY), written("Hello"), count(23, 40)]
    with (
        ScriptedServer([Router(*chats)]) as server,
        ScriptedServer([_buffering(server.port)]) as proxy,
    ):
        found = {finding.topic: finding for finding in _trial(tmp_path, proxy.base_url, clock, [])}
    assert found[CheckTopic.STREAMING].status is FindingStatus.WARNING
    assert "buffered on the way" in found[CheckTopic.STREAMING].text
    assert "Turn off its buffering" in found[CheckTopic.STREAMING].hints[0]
    assert "by prefill, exactly" in found[CheckTopic.CONTINUATION].text


@pytest.mark.parametrize(
    ("arrivals", "how"),
    [
        ([4.0], Flow.UNCLEAR),
        ([4.0] * 7, Flow.UNCLEAR),
        ([4.0] * 40, Flow.HELD),
        ([0.3] * 40, Flow.AT_ONCE),
        ([4.0] * 20 + [4.05] * 20, Flow.HELD),
        ([1.2 + step / 250 for step in range(20)], Flow.STREAMED),
        ([0.1 + step / 500 for step in range(400)], Flow.STREAMED),
        ([1.0] * 20 + [3.0] * 20 + [5.0] * 20, Flow.BURSTS),
        ([4.0 + step / 100 for step in range(40)], Flow.STREAMED),
    ],
)
def test_flow_is_judged_by_arrivals(arrivals: list[float], how: Flow) -> None:
    assert classify_flow(arrivals) is how


# -- continuation


def test_a_refused_prefill_leaves_the_instruction_which_is_remembered(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), *unable(), REPLY)]) as server:
        status, lines = checked(server.base_url)
        last = server.requests[-1].json["messages"]
    assert status == 0
    assert lines["continuation"].startswith("✓ interrupted answers continue by instruction\n")
    assert lines["continuation"].count("refused (status 400)") == 1
    assert [message["role"] for message in last] == ["user", "assistant", "user"]
    assert last[-2]["content"] == PARTIAL
    assert _learnt(server.base_url) == "instruct"


def test_an_exact_prefill_is_remembered(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        checked(server.base_url)
        asked = server.requests[-1].json
    assert _learnt(server.base_url) == "prefill flags exact"
    assert asked["continue_final_message"] is True
    assert asked["add_generation_prompt"] is False


@pytest.mark.parametrize(("tries", "form"), [(1, "flags"), (2, "trailing"), (3, "prefix")])
def test_each_form_is_tried_until_one_goes_on(checked: Callable[..., Checked], tries: int, form: str) -> None:
    with ScriptedServer([Router(count(1, 40), *unable(forms=tries - 1), count(23, 40))]) as server:
        _, lines = checked(server.base_url)
        asked = server.requests[-1].json
    assert lines["continuation"] == "✓ interrupted answers continue by prefill, exactly"
    assert _learnt(server.base_url) == f"prefill {form} exact"
    assert ("continue_final_message" in asked) == (form == "flags")
    assert asked["messages"][-1].get("prefix", False) == (form == "prefix")


def test_the_form_of_a_preset_is_the_only_one_that_is_tried(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), [NO_PREFILL], REPLY)]) as server:
        _, lines = checked(
            server.base_url,
            f'{WITH_KEY}\n[providers.vllm]\nbase_url = "{server.base_url}"',
            arguments=("-m", "vllm/model"),
        )
        assert len(server.requests) == 4
    assert lines["continuation"].startswith("✓ interrupted answers continue by instruction\n")
    with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
        checked(
            server.base_url,
            f'{WITH_KEY}\n[providers.vllm]\nbase_url = "{server.base_url}"',
            arguments=("-m", "vllm/model"),
        )
    assert _learnt(server.base_url) == "prefill exact"


def test_a_model_that_is_known_to_refuse_is_not_asked(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), REPLY)]) as server:
        _, lines = checked(server.base_url, arguments=("-m", "test/claude-opus-4-6"))
        roles = [[one["role"] for one in asked.json["messages"]] for asked in server.requests[1:]]
    assert roles == [["user"], ["user", "assistant", "user"]]
    assert lines["continuation"] == "✓ interrupted answers continue by instruction"


def echo(*rest: str) -> Callable[[Peer], None]:
    """Sends the text that is to be continued as one piece, then the `rest`."""

    def send(peer: Peer) -> None:
        said = peer.server.requests[-1].json["messages"][-1]["content"]
        for step in answer(said, *rest):
            assert isinstance(step, bytes)
            peer.sock.sendall(step)

    return send


def test_an_echo_of_the_whole_text_is_no_fault_and_is_remembered(checked: Callable[..., Checked]) -> None:
    rest = [f" {number}," for number in range(23, 41)]
    with ScriptedServer([Router(count(1, 40), [echo(*rest)])]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert lines["continuation"] == (
        "✓ interrupted answers continue by prefill, exactly\n"
        "The server repeats the text first; holytui removes the repetition."
    )
    assert _learnt(server.base_url) == "prefill flags echo"


def test_a_model_that_says_its_own_answer_again_is_not_taken_for_an_echo(checked: Callable[..., Checked]) -> None:
    """Also not if all of it comes as one piece: it says what it would say anyway, not what it was sent."""
    whole_again = answer(PARTIAL, *(f" {number}," for number in range(23, 41)))
    with ScriptedServer([Router(count(1, 40), *[whole_again] * 6, REPLY)]) as server:
        _, lines = checked(server.base_url)
    assert "By prefill: it starts again" in lines["continuation"]
    assert _learnt(server.base_url) == "instruct"


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (count(1, 40), "starts again"),
        (count(20, 40), "repeats the end"),
        (answer("Sure! ", "23, ", "24, ", "25, ", "26, ", "27"), "continues after an introduction of its own"),
        (answer("I do not know what you mean."), "sends something else"),
    ],
)
def test_what_a_prefill_does_instead_is_told(checked: Callable[..., Checked], second: list[Step], said: str) -> None:
    # one that says all of the text again is asked a second time, as that could be the server's echo
    times = 6 if second == count(1, 40) else 3
    with ScriptedServer([Router(count(1, 40), *[second] * times, REPLY)]) as server:
        _, lines = checked(server.base_url)
    assert f"By prefill: it {said}" in lines["continuation"]
    assert _learnt(server.base_url) == "instruct"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (count(1, 40), "it does not mark where the answer ends"),
        (count(23, 40), "it does not begin with the words it was asked for"),
        (answer(PARTIAL, " and so on. ", "[END]"), "it sends something else"),
        (
            answer(f"{PARTIAL} 23, 24, 25, 26. Begin your reply with exactly these words, and go on after them:"),
            "it repeats the words of the instruction",
        ),
    ],
)
def test_an_instruction_that_is_not_followed_is_doubtful(
    checked: Callable[..., Checked], reply: list[Step], said: str
) -> None:
    with ScriptedServer([Router(count(1, 40), *unable(), reply)]) as server:
        _, lines = checked(server.base_url)
    assert lines["continuation"].startswith(
        "▲ interrupted answers continue by instruction where the reply fits, else they start"
    )
    assert f"By instruction: {said}" in lines["continuation"]


@pytest.mark.parametrize(
    ("second", "mark", "said", "learnt"),
    [
        (answer(*REST), "✓", "by prefill, exactly", "prefill flags exact"),
        (answer(" blue light", " more", " than red."), "✓", "this is likely, not proven", "prefill flags exact"),
        (answer("Blue light", " is scattered", " by the air."), "▲", "By prefill: it sends something else", "instruct"),
        (answer(*PROSE), "▲", "By prefill: it starts again", "instruct"),
        (answer(*PROSE[1:]), "▲", "By prefill: it repeats the end", "instruct"),
    ],
)
def test_a_model_that_does_not_count_is_judged_by_its_text(
    checked: Callable[..., Checked], second: list[Step], mark: str, said: str, learnt: str
) -> None:
    with ScriptedServer([Router(answer(*PROSE), second)]) as server:
        _, lines = checked(server.base_url)
        sent = server.requests[2].json
    assert lines["continuation"].startswith(mark)
    assert said in lines["continuation"]
    assert sent["messages"][-1]["content"] == "The sky is blue because the air scatters"
    assert _learnt(server.base_url) == learnt


def test_an_echo_of_a_text_is_recognised(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(answer(*PROSE), [echo(*REST)])]) as server:
        checked(server.base_url)
        sent = server.requests[3].json["messages"][-1]["content"]
    assert sent == "sky is blue because the air scatters"
    assert _learnt(server.base_url) == "prefill flags echo"


def test_after_a_word_or_two_another_question_is_asked(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(answer("No."), answer(*PROSE), answer(*REST))]) as server:
        _, lines = checked(server.base_url)
        asked = [one.json["messages"][0]["content"] for one in server.requests[1:]]
    assert lines["continuation"] == "✓ interrupted answers continue by prefill, exactly"
    assert "blue" not in asked[0]
    assert asked[1] == asked[2] == "Why is the sky blue? Answer in three sentences."


def test_the_temperature_is_nought_unless_the_model_has_its_own(checked: Callable[..., Checked]) -> None:
    model = "\n[providers.test.models.model]\nparams = { temperature = 0.7 }"
    for provider, temperature in ((WITH_KEY, 0), (WITH_KEY + model, 0.7)):
        with ScriptedServer([Router(count(1, 40), count(23, 40))]) as server:
            checked(server.base_url, provider)
            assert [one.json["temperature"] for one in server.requests[1:]] == [temperature] * 2


def test_a_model_with_but_one_temperature_is_asked_without(checked: Callable[..., Checked]) -> None:
    refused = whole("400 Bad Request", {"error": {"message": "Unsupported value: 'temperature' does not support 0."}})
    with ScriptedServer([Router([refused], count(1, 40), count(23, 40))]) as server:
        status, lines = checked(server.base_url)
        assert ["temperature" in one.json for one in server.requests[1:]] == [True, False, False]
    assert (status, lines["streaming"][0], lines["continuation"][0]) == (0, "✓", "✓")


def test_a_configured_instruction_is_tried_alone_and_teaches_nothing(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), REPLY)]) as server:
        _, lines = checked(server.base_url, more='recover = "instruct"\n')
        assert len(server.requests) == 3
    assert lines["continuation"] == "✓ interrupted answers continue by instruction"
    assert _learnt(server.base_url) is None


def test_a_configured_prefill_that_does_not_work_is_told(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40), *unable(), REPLY)]) as server:
        _, lines = checked(server.base_url, more='recover = "prefill"\n')
    assert lines["continuation"].startswith("▲ only by instruction")
    assert "remove it" in lines["continuation"]


def test_a_busy_server_teaches_nothing(checked: Callable[..., Checked]) -> None:
    busy = whole("503 Service Unavailable", {"error": {"message": "overloaded"}})
    with ScriptedServer([Router(count(1, 40), [busy])]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert lines["continuation"].startswith("▲ not known")
    assert _learnt(server.base_url) is None


def test_an_answer_that_does_not_count_leaves_the_continuation_unknown(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(answer("I would rather not."))]) as server:
        _, lines = checked(server.base_url)
    assert lines["continuation"].startswith("▲ not known")


def test_a_configured_restart_is_not_tried(checked: Callable[..., Checked]) -> None:
    with ScriptedServer([Router(count(1, 40))]) as server:
        _, lines = checked(server.base_url, more='recover = "restart"\n')
        assert len(server.requests) == 2
    assert "start again, as configured" in lines["continuation"]


@pytest.mark.parametrize(
    ("text", "going"),
    [
        (" 8, 9, 10, 11", ContinuationOutcome.EXACT),
        ("8, 9", ContinuationOutcome.EXACT),
        ("Of course: 8, 9, 10, 11", ContinuationOutcome.PREAMBLE),
        ("1, 2, 3, 4, 5, 6, 7, 8", ContinuationOutcome.RESTART),
        ("6, 7, 8, 9", ContinuationOutcome.TAIL_ECHO),
        ("9, 10, 11", ContinuationOutcome.OTHER),
        ("8, 10, 12", ContinuationOutcome.OTHER),
        ("", ContinuationOutcome.OTHER),
    ],
)
def test_going_on_is_judged_by_the_numbers(text: str, going: ContinuationOutcome) -> None:
    assert Sample("Here: 1, 2, 3, 4, 5, 6, 7,", counts=True).classify(text) is going


def test_a_text_that_is_sent_again_as_a_whole_is_told_from_its_end() -> None:
    sample = Sample("1, 2, 3,", counts=True)
    assert sample.classify("1, 2, 3, 4, 5, 6, 7") is ContinuationOutcome.FULL_ECHO
    assert sample.classify("1, 2, 3,") is ContinuationOutcome.OTHER
    assert not sample.enough("1, 2, 3, 4, 5")
    assert sample.enough("1, 2, 3, 4, 5, 6, 7, 8, 9")


def _heard(*pieces: str) -> ProbeResponse:
    return ProbeResponse(pieces, (), 200, None, End(Verdict.COMPLETE), 0.0)


@pytest.mark.parametrize(
    ("pieces", "partial"),
    [
        (("Bầu trời có màu xanh vì", " không khí tán xạ ánh sáng xanh nhiều hơn."), "Bầu trời có màu xanh vì"),
        (
            ("The sky is blue as air scatters blue light more than it scatters red.",),
            "The sky is blue as air scatters blue",
        ),
        (("天空之所以呈现蓝色是因为", "空气分子散射", "蓝光比散射红光更强烈"), "天空之所以呈现蓝色是因为"),
        (("Too little.",), None),
        (("",), None),
    ],
)
def test_a_text_is_cut_between_two_words_where_a_piece_ends(pieces: tuple[str, ...], partial: str | None) -> None:
    sample = make_sample(_heard(*pieces))
    assert (sample.partial if sample else None) == partial
    assert sample is None or sample.partial + sample.rest == "".join(pieces)


@given(st.lists(st.text(), max_size=12), st.text())
def test_any_text_can_be_judged(pieces: list[str], then: str) -> None:
    sample = make_sample(_heard(*pieces))
    if sample is not None:
        assert "".join(pieces).startswith(sample.partial)
        assert sample.partial
        sample.classify(then)
        sample.enough(then)
        if (left := sample.without_start()) is not None:
            assert sample.partial.endswith(left.partial)
            assert left.partial != sample.partial


@pytest.mark.parametrize(
    ("text", "whole", "beginning"),
    [
        ("1, 2, 3, 4, 5, 6, 7, 8", True, "1, 2, 3, 4,"),
        ("1, 2, 3, 4, 1", False, "1, 2, 3, 4,"),
        ("From 1 to 40: 1, 2, 3, 4", False, "From 1 to 40: 1, 2, 3,"),
        ("Hello", False, ""),
        ("2 or 3 or 17 of them", False, ""),
    ],
)
def test_the_beginning_ends_with_a_whole_number(text: str, whole: bool, beginning: str) -> None:
    assert counted_part(text, whole=whole) == beginning


# -- models


def test_a_model_that_is_not_listed_is_doubtful_with_the_nearest(checked: Callable[..., Checked]) -> None:
    listed = whole("200 OK", {"data": [{"id": "models"}, {"id": "modal"}]})
    with ScriptedServer([Router(count(1, 40), count(23, 40), models=listed)]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert lines["models"].startswith("▲")
    assert "Did you mean" in lines["models"]


def test_an_endpoint_without_a_list_is_doubtful(checked: Callable[..., Checked]) -> None:
    missing = whole("404 Not Found", {"error": {"message": "no"}})
    with ScriptedServer([Router(count(1, 40), count(23, 40), models=missing)]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert "does not list its models" in lines["models"]


# -- faults of the guide


@pytest.mark.parametrize(
    ("model", "request_says", "continuation_says"),
    [
        ("cut", "✗ The connection", "✓ interrupted answers continue by prefill, exactly"),
        ("sure", "✗ The connection", "By prefill: refused"),
        ("busy", "got too many requests", "▲ not known"),
        ("final", "no credit left", "▲ not known"),
    ],
)
def test_a_fault_of_the_guide_is_told_as_it_is(
    capsys: pytest.CaptureFixture[str], model: str, request_says: str, continuation_says: str
) -> None:
    assert main(["check", "-m", f"guide/{model}"]) == 1
    lines = _lines(capsys.readouterr().out)
    assert request_says in lines["first token"] + lines["streaming"]
    assert continuation_says in lines["continuation"]


# -- the history


def test_a_history_that_cannot_be_opened_is_told_and_the_check_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(blocked / "data"))
    assert main(["check", "-m", "guide/guide"]) == 1
    lines = _lines(capsys.readouterr().out)
    assert lines["history"].startswith("✗")
    assert lines["streaming"].startswith("✓")


# -- the clipboard


def test_the_clipboard_gets_what_is_to_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "somewhere")
    sent: list[bytes] = []
    (finding,) = check.check_clipboard(sent.append)
    (sequence,) = sent
    kept = (Path.home() / ".cache/holytui/last-copy.txt").read_text()
    assert finding.status is FindingStatus.OK
    assert sequence.startswith(b"\x1b]52;c;")
    assert kept in finding.hints[0]
    assert "sent to the terminal" in finding.text


def test_a_setting_of_tmux_that_is_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(
        '#!/bin/sh\ncase "$1$3" in -V) echo tmux 3.4;; *set-clipboard) echo off;; *) cat >/dev/null;; esac\n'
    )
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    monkeypatch.setenv("SSH_CONNECTION", "somewhere")
    found = list(check.check_clipboard(lambda data: None))
    assert found[0].status is FindingStatus.WARNING
    assert "set -s set-clipboard on" in found[0].text
    assert found[-1].status is FindingStatus.OK


def test_the_clipboard_alone_asks_no_endpoint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "somewhere")
    monkeypatch.setattr(check, "terminal_sequences", lambda: nullcontext(None))
    assert main(["check", "--clipboard"]) == 0
    out = capsys.readouterr().out
    assert "config" not in out
    assert "no terminal" in out


# -- how it is printed


class Narrow:
    """An output that knows only ASCII."""

    encoding = "ascii"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        text.encode("ascii")
        self.text += text

    def flush(self) -> None:
        self.flushed = self.text

    def isatty(self) -> bool:
        return False


def test_an_output_without_these_signs_gets_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Narrow()
    monkeypatch.setattr(sys, "stdout", out)
    report = check.CheckReport(out, live=False)  # type: ignore[arg-type]  # what it uses of an output is there
    report.add(Finding(FindingStatus.FAILED, CheckTopic.KEY, "“none”", ("next",)))
    assert out.text.startswith("XX key")
    assert out.flushed == out.text  # also in a pipe each line is seen as soon as it is known
    assert report.bad


def test_no_wait_for_an_answer_is_longer_than_ctrl_c_may_take() -> None:
    waits: list[float | None] = []

    class Stalled:
        def wait(self, timeout: float | None) -> None:
            waits.append(timeout)

    times = iter((0.0, *range(100)))
    assert record_response(Stalled(), lambda: next(times), 9.5).end is None  # type: ignore[arg-type]  # it only waits
    assert len(waits) > 5
    assert max(timeout or 99 for timeout in waits) <= 0.2


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Child processes are, also of a test run that a shell began in the background, for which SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_it_at_once_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    asked = threading.Event()

    def hold(peer: Peer) -> None:
        asked.set()
        peer.stall()

    with ScriptedServer([Router([hold])]) as server:
        file.write_text(f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\n')
        command = [sys.executable, "-m", "holytui", "check", "--config", str(file)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
            assert asked.wait(20)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "connection" in out
    assert err == ""
