"""`holytui ask` and `holytui check` with a model that is asked by the Responses API."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.store.sqlite.history import SqliteHistory
from tests.responses import Event, answering, frames, reply_to, request_of, streamed
from tests.responses import Reply as Answer
from tests.servers import FIN, Peer, ScriptedServer, chunk, whole

TEXT = "Take the lock before writing. Or give each writer a queue of its own. Or keep one writer. All three work."
LAST = chunk(b"")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    return tmp_path / "config.toml"


def configured(config: Path, server: ScriptedServer, more: str = "") -> list[str]:
    config.write_text(
        f'default_model = "test/model"\nsystem = "Be brief."\n[providers.test]\nbase_url = "{server.base_url}"\n'
        'api = "responses"\n[providers.test.models.model]\nparams = { max_tokens = 500, reasoning_effort = "low" }\n'
        f"{more}\n[stream]\nretry_delay = 0.01\n"
    )
    return ["--config", str(config)]


def half(events: list[Event]) -> list[Event]:
    return events[: len(events) // 2]


def test_ask_completes_a_cut_answer_and_goes_on_with_the_conversation(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts = [[*answering(TEXT, half), FIN], [*answering(TEXT), LAST], [*answering("Yes, both."), LAST]]
    with ScriptedServer(*scripts) as server:
        options = configured(config, server)
        assert main([*options, "ask", "hello", "--json"]) == 0
        last = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (last["state"], last["finish_reason"], last["attempts"], last["seams"]) == ("complete", "stop", 2, [])
        assert main([*options, "ask", "-c", "last", "both?"]) == 0
        assert capsys.readouterr().out == "Yes, both.\n"
        bodies = [request.json for request in server.requests]
    assert [body["instructions"] for body in bodies] == ["Be brief."] * 3
    assert all((body["max_output_tokens"], body["reasoning"]) == (500, {"effort": "low"}) for body in bodies)
    said = [[part["text"] for item in body["input"] for part in item["content"]] for body in bodies]
    assert said[0] == ["hello"]
    assert said[1][:2] == ["hello", TEXT[: len(said[1][1])]]
    assert said[2] == ["hello", TEXT, "both?"]
    with SqliteHistory.open(config.parent / "data" / "history.db") as history:
        answer = history.branch(history.conversations()[0].id)[1]
    assert (answer.text, answer.reasoning) == (TEXT, "Think first" * 2)  # of both attempts


MODELS = whole("200 OK", {"data": [{"id": "model"}]})


def routed(peer: Peer) -> None:
    """The list of models, and numbers counted in events."""
    while peer.read():
        request = [one for one in peer.server.requests if one.connection == peer.number][-1]
        if request.method == "GET":
            peer.sock.sendall(MODELS)
            continue
        reply = reply_to(request_of(peer), ", ".join(map(str, range(1, 41))))
        answer = Answer([reply[at : at + 4] for at in range(0, len(reply), 4)])
        peer.sock.sendall(b"".join(streamed(*frames(answer.events()))))


@pytest.mark.parametrize(("more", "mark"), [("", "✓"), ('recover = "prefill"', "▲")])
def test_check_asks_and_continues_by_instruction(
    config: Path, capsys: pytest.CaptureFixture[str], more: str, mark: str
) -> None:
    with ScriptedServer([routed]) as server:
        status = main(["check", *configured(config, server, more)])
    assert status == 0
    found = [line for line in capsys.readouterr().out.splitlines() if line[1:2] == " " and line[0] != " "]
    lines = {line.split()[1]: line for line in found}
    assert lines["model"].endswith(f"{server.base_url}/responses")
    assert lines["streaming"].startswith("✓")
    assert "end reported (stop)" in lines["streaming"]
    assert "usage reported" in lines["usage"]
    assert lines["continuation"].startswith(mark)
    assert "by instruction" in lines["continuation"]
    with SqliteHistory.open(config.parent / "data" / "history.db") as history:
        assert history.recall(f"recover {server.base_url} model") is None
