"""`api = "auto"`: a model that refuses chat completions is asked by the Responses API, within the same answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holytui.config.schema import Api, Recover
from holytui.engine.events import Failed, Finished, Retrying
from holytui.models import AnswerState, Usage
from tests.engine.bench import Bench
from tests.engine.test_background import UNHURRIED
from tests.responses import answering, refused
from tests.servers import FIN, READ, Peer, ScriptedServer, Step, answer, chunk

TEXT = "An answer that only the Responses API gives, long enough to be continued in the middle."
LAST = chunk(b"")
ONLY = "This model is only supported in v1/responses and not in v1/chat/completions."
NOT_CHAT = (
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint."
    " Did you mean to use v1/completions?"
)
TOOLS = "Function tools with reasoning_effort are not supported. To use function tools, use /v1/responses."


def bench(folder: Path, server: ScriptedServer, api: Api = Api.AUTO) -> Bench:
    return Bench(folder, server.base_url, stream=UNHURRIED, recover=Recover.AUTO, api=api)


def targets(server: ScriptedServer) -> list[str]:
    return [request.target for request in server.requests]


REFUSALS = [(ONLY, "404 Not Found"), (NOT_CHAT, "404 Not Found"), (TOOLS, "400 Bad Request")]


@pytest.mark.parametrize(("message", "status"), REFUSALS)
def test_a_refusal_is_followed_by_the_responses_api_at_once_and_remembered(
    message: str, status: str, tmp_path: Path
) -> None:
    scripts: list[list[Step]] = [
        [READ, refused(message, status)],
        [*answering(TEXT), LAST],
        [*answering("Again."), LAST],
    ]
    with ScriptedServer(*scripts) as server:
        with bench(tmp_path, server) as made:
            answered, end, _ = made.ask()
            assert isinstance(end, Finished)
            assert (answered.text, answered.state, answered.seams) == (TEXT, AnswerState.COMPLETE, ())
            assert answered.usage == Usage(11, 9, 8, 4)
            assert not made.of(Retrying)
        with bench(tmp_path, server) as made:
            again, _, _ = made.ask()
            assert again.text == "Again."
        assert targets(server) == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]


def test_a_cut_after_the_switch_is_continued_by_the_responses_api(tmp_path: Path) -> None:
    scripts: list[list[Step]] = [
        [READ, refused(ONLY, "404 Not Found")],
        [*answering(TEXT, lambda events: events[: len(events) // 2]), FIN],
        [*answering(TEXT), LAST],
    ]
    with ScriptedServer(*scripts) as server, bench(tmp_path, server) as made:
        answered, _, _ = made.ask()
        assert answered.text == TEXT
        assert set(targets(server)[1:]) == {"/v1/responses"}


def test_it_switches_once_and_remembers_only_what_worked(tmp_path: Path) -> None:
    with ScriptedServer([READ, refused(ONLY, "404 Not Found")]) as server, bench(tmp_path, server) as made:
        for _ in range(2):
            _, end, _ = made.ask()
            assert isinstance(end, Failed)
        assert targets(server) == ["/v1/chat/completions", "/v1/responses"] * 2


@pytest.mark.parametrize(
    ("api", "message", "path"),
    [
        (Api.CHAT, ONLY, "/v1/chat/completions"),
        (Api.RESPONSES, ONLY, "/v1/responses"),
        (Api.AUTO, "The model `model` does not exist", "/v1/chat/completions"),
    ],
)
def test_otherwise_a_refusal_is_final(api: Api, message: str, path: str, tmp_path: Path) -> None:
    with ScriptedServer([READ, refused(message, "404 Not Found")]) as server, bench(tmp_path, server, api) as made:
        _, end, _ = made.ask()
        assert isinstance(end, Failed)
        assert targets(server) == [path]


def test_what_was_learnt_is_about_one_model(tmp_path: Path) -> None:
    def reply(peer: Peer) -> None:
        body = peer.server.requests[-1].json
        parts = [refused(ONLY, "404 Not Found")] if body["model"] == "model" else answer("Chat.")
        for part in parts:
            assert isinstance(part, bytes)
            peer.sock.sendall(part)

    scripts: list[list[Step]] = [[READ, reply], [*answering(TEXT), LAST], [READ, reply]]
    with ScriptedServer(*scripts) as server, bench(tmp_path, server) as made:
        made.ask()
        other, _, _ = made.ask(model="local/eyes")
        assert other.text == "Chat."
        assert targets(server) == ["/v1/chat/completions", "/v1/responses", "/v1/chat/completions"]


def test_an_answer_in_the_background_follows_a_switch(tmp_path: Path) -> None:
    from tests.responses_server import Answer, ResponsesServer, Send

    class Refusing(ResponsesServer):
        def _serve_peer(self, peer: Peer) -> None:
            if peer.number == 0 and peer.read():
                peer.sock.sendall(refused(ONLY, "404 Not Found"))
            super()._serve_peer(peer)

    with Refusing(Answer(TEXT), [Send("response.output_text.done")]) as server, bench(tmp_path, server) as made:
        provider = replace(made.config.providers["local"], background=True)
        made.engine.config = replace(made.config, providers={"local": provider})
        answered, _, _ = made.ask()
        assert answered.text == TEXT
        assert answered.usage == Usage(11, 9, 8, 4)
        assert [call.split()[0] for call in server.calls] == ["POST", "POST", "GET"]
