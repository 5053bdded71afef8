"""Every fault of a server or a link, at every place in an answer, once, twice and for ever, over real sockets."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import holytui.wire.response.body
from holytui.commands import exit_status
from holytui.commands.ask.printer import status_of
from holytui.config.schema import Recover
from holytui.engine.events import Failed, Finished, Interrupted, Offline, Refreshing
from holytui.engine.resume.strategy import resume_profile_key
from holytui.faults import FaultKind
from holytui.models import AnswerState, Usage
from tests.engine.bench import QUICK, Bench, FixedKeys, asked, going_on, to_the_end
from tests.servers import (
    DONE,
    FIN,
    READ,
    RST,
    STALL,
    Peer,
    ScriptedServer,
    Step,
    chunk,
    chunked_head,
    delta,
    event,
    sse_head,
    usage,
    whole,
)

TEXT = (
    "Một câu trả lời dài vừa đủ để bị cắt ở giữa, with some **English** in it as well, then a list:\n\n"
    "1. first: keep what has come\n2. second: ask for the rest\n3. third: join them, và không mất chữ nào.\n"
)
MIDDLE = len(TEXT) // 2
END = len(TEXT)
BOUND = 8.0


def plain(text: str, until: int) -> Callable[[Peer], None]:
    """As `going_on`, without chunks: the body ends with the connection."""

    def send(peer: Peer) -> None:
        from tests.engine.bench import prefix_length

        peer.sock.sendall(sse_head())
        for char in text[prefix_length(peer) : until]:
            peer.sock.sendall(event(delta(char)))

    return send


def keeping_alive(peer: Peer) -> None:
    """Comments until the client hangs up."""
    pause = threading.Event()
    for _ in range(200):
        if pause.wait(0.02):
            return
        peer.sock.sendall(chunk(b": keep-alive\n\n"))


def error(payload: object, *, done: bool = False, name: str = "") -> bytes:
    return chunk(event(payload, name) + (DONE if done else b""))


SERVER_ERROR = {"error": {"message": "The server had an error", "type": "server_error"}}
OPENROUTER = {
    "id": "x",
    "object": "chat.completion.chunk",
    "error": {"code": 502, "message": "Provider disconnected unexpectedly"},
    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
}
ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
LLAMA = b'error: {"code": 500, "message": "it broke", "type": "server_error"}\n\n'

Fault = Callable[[int], Sequence[Step]]
"""Given how much of the text is there before it: the rest of a connection's script, after READ."""

IN_BODY: dict[str, Fault] = {
    "fin-in-chunks": lambda n: [going_on(TEXT, n), FIN],
    "fin-without-framing": lambda n: [plain(TEXT, n), FIN],
    "reset": lambda n: [going_on(TEXT, n), RST],
    "fin-inside-utf8": lambda n: [going_on(TEXT, n), chunk(event(delta("ữ"))[:-25]), FIN],
    "fin-inside-json": lambda n: [going_on(TEXT, n), chunk(b'data: {"choices": [{"index": 0, "del'), FIN],
    "fin-inside-event": lambda n: [going_on(TEXT, n), chunk(b"event: message\ndata"), FIN],
    "stall": lambda n: [going_on(TEXT, n), STALL],
    "stall-with-keep-alives": lambda n: [going_on(TEXT, n), keeping_alive],
    "error-openai": lambda n: [going_on(TEXT, n), error(SERVER_ERROR), chunk(b"")],
    "error-openrouter": lambda n: [going_on(TEXT, n), error(OPENROUTER), chunk(b"")],
    "error-anthropic": lambda n: [going_on(TEXT, n), error(ANTHROPIC, name="error"), chunk(b"")],
    "error-llama-cpp": lambda n: [going_on(TEXT, n), chunk(LLAMA), chunk(b"")],
    "error-then-done": lambda n: [going_on(TEXT, n), error(SERVER_ERROR, done=True), chunk(b"")],
    "no-done-no-finish": lambda n: [going_on(TEXT, n), chunk(b"")],
}
BEFORE_BODY: dict[str, Fault] = {
    "close-before-headers": lambda _n: [FIN],
    "half-headers": lambda _n: [b"HTTP/1.1 200 OK\r\nContent-Ty", FIN],
    "reset-before-headers": lambda _n: [RST],
    "silence-before-headers": lambda _n: [STALL],
    "429": lambda _n: [whole("429 Too Many Requests", {"error": {"message": "slow down"}})],
    "429-retry-after": lambda _n: [whole("429 Too Many Requests", {}, retry_after="0.05")],
    "429-retry-after-ms": lambda _n: [whole("429 Too Many Requests", {}, retry_after_ms="50")],
    "429-retry-after-date": lambda _n: [
        whole(
            "429 Too Many Requests",
            {},
            date="Wed, 21 Oct 2026 07:28:00 GMT",
            retry_after="Wed, 21 Oct 2026 07:28:00 GMT",
        )
    ],
    "500": lambda _n: [whole("500 Internal Server Error", b"oops", "text/plain")],
    "503": lambda _n: [whole("503 Service Unavailable", {"error": {"message": "later"}})],
    "529": lambda _n: [whole("529 Overloaded", {"type": "error", "error": {"type": "overloaded_error"}})],
}


@dataclass(frozen=True)
class Place:
    """How much of the text is there when the fault comes."""

    name: str
    at: int


PLACES = [Place("before-the-first-token", 0), Place("in-the-middle", MIDDLE), Place("right-before-the-end", END)]
CASES = [
    *(pytest.param(fault, place.at, id=f"{name}-{place.name}") for name, fault in IN_BODY.items() for place in PLACES),
    *(pytest.param(fault, 0, id=name) for name, fault in BEFORE_BODY.items()),
]
IN_THE_MIDDLE = [case for case in CASES if str(case.id).endswith("in-the-middle")]
ONE_PLACE = IN_THE_MIDDLE + CASES[-len(BEFORE_BODY) :]


@pytest.fixture(autouse=True)
def _short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holytui.wire.response.body, "_MAX_BODY", 100_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.parametrize(("fault", "at"), CASES)
def test_an_answer_comes_home_through(fault: Fault, at: int, folder: Path) -> None:
    comes_home(fault, at, 1, folder)


@pytest.mark.parametrize(("fault", "at"), ONE_PLACE)
def test_an_answer_comes_home_through_it_twice_in_a_row(fault: Fault, at: int, folder: Path) -> None:
    comes_home(fault, at, 2, folder)


def comes_home(fault: Fault, at: int, times: int, folder: Path) -> None:
    scripts: list[Sequence[Step]] = [[READ, *fault(at)] for _ in range(times)]
    with ScriptedServer(*scripts, to_the_end(TEXT)) as server, Bench(folder, server.base_url) as bench:
        message, end, seconds = bench.ask()
        assert isinstance(end, Finished), end
        assert status_of(end) == exit_status.OK
        assert message.text == TEXT
        assert message.state is AnswerState.COMPLETE
        assert len(server.requests) == times + 1
        assert message.seams == ()
        assert seconds < BOUND


@pytest.mark.parametrize(("fault", "at"), ONE_PLACE)
def test_the_budget_ends_it_with_the_text_kept(fault: Fault, at: int, folder: Path) -> None:
    with ScriptedServer([READ, *fault(at)]) as server, Bench(folder, server.base_url) as bench:
        message, end, seconds = bench.ask()
        assert isinstance(end, Interrupted)
        assert status_of(end) == exit_status.INTERRUPTED
        assert message.text == TEXT[:at]
        assert message.state is AnswerState.INTERRUPTED
        assert len(server.requests) == QUICK.max_retries + 1
        assert end.problem.title
        assert end.problem.hint
        assert seconds < BOUND


@pytest.mark.parametrize(("fault", "at"), IN_THE_MIDDLE)
def test_a_model_that_must_be_told_in_words_goes_on_through(fault: Fault, at: int, folder: Path) -> None:
    def told(peer: Peer) -> None:
        """Begins with the words that it was asked to begin with, and signs the end."""
        peer.sock.sendall(chunked_head())
        quoted = asked(peer)["messages"][-1]["content"].rpartition("after them:\n")[2]
        assert TEXT[:MIDDLE].rstrip().endswith(quoted)
        rest = TEXT[len(TEXT[:MIDDLE].rstrip()) - len(quoted) :] + "\n\n[END]"
        for i in range(0, len(rest), 5):
            peer.sock.sendall(chunk(event(delta(rest[i : i + 5]))))
        peer.sock.sendall(chunk(event(delta(finish="stop")) + DONE) + chunk(b""))

    with (
        ScriptedServer([READ, *fault(at)], [READ, told]) as server,
        Bench(folder, server.base_url, recover=Recover.INSTRUCT) as bench,
    ):
        message, end, _seconds = bench.ask()
        assert isinstance(end, Finished)
        assert status_of(end) == exit_status.OK
        assert message.text == TEXT.rstrip()  # white space before the sign of the end is no text
        roles = [each["role"] for each in server.requests[1].json["messages"]]
        assert roles == ["user", "assistant", "user"]


FINAL: dict[str, tuple[bytes, str]] = {
    "400": (whole("400 Bad Request", {"error": {"message": "temperature"}}), "temperature"),
    "402": (whole("402 Payment Required", {}), "credit"),
    "403": (whole("403 Forbidden", {}), "allow"),
    "404": (whole("404 Not Found", {}), "does not have this model"),
    "413": (whole("413 Content Too Large", {}), "too long"),
    "422": (whole("422 Unprocessable Entity", {}), "as invalid"),
    "429-without-quota": (
        whole("429 Too Many Requests", {"error": {"code": "insufficient_quota", "message": "m"}}),
        "credit",
    ),
    "context-too-long": (
        whole("400 Bad Request", {"error": {"code": "context_length_exceeded", "message": "m"}}),
        "too long",
    ),
    "a-web-page": (whole("200 OK", b"<html><body>Sign in</body></html>", "text/html"), "not an answer"),
}


@pytest.mark.parametrize(("response", "words"), FINAL.values(), ids=FINAL)
def test_what_retrying_cannot_mend_fails_at_once(response: bytes, words: str, folder: Path) -> None:
    with ScriptedServer([READ, response]) as server, Bench(folder, server.base_url) as bench:
        message, end, seconds = bench.ask()
        assert isinstance(end, Failed)
        assert status_of(end) == exit_status.FAILED
        assert words in end.problem.title
        assert len(server.requests) == 1
        assert message.text == ""
        assert seconds < 2.0


@pytest.mark.parametrize("place", PLACES[:2], ids=lambda place: place.name)
def test_a_final_error_in_the_stream_fails_and_keeps_the_text(place: Place, folder: Path) -> None:
    payload = {"error": {"code": "content_filter", "message": "no"}}
    with (
        ScriptedServer([READ, going_on(TEXT, place.at), error(payload), chunk(b"")]) as server,
        Bench(folder, server.base_url) as bench,
    ):
        message, end, _seconds = bench.ask()
        assert isinstance(end, Failed)
        assert status_of(end) == exit_status.FAILED
        assert message.text == TEXT[: place.at]
        assert len(server.requests) == 1


UNAUTHORIZED = whole("401 Unauthorized", {"error": {"message": "bad key", "code": "invalid_api_key"}})
EXPIRED_INSIDE = {"error": {"code": 401, "message": "token expired"}}


@pytest.mark.parametrize("inside", [False, True], ids=["before-the-stream", "inside-the-stream"])
def test_an_expired_key_is_renewed_and_the_answer_goes_on(inside: bool, folder: Path) -> None:
    first: Sequence[Step] = [going_on(TEXT, MIDDLE), error(EXPIRED_INSIDE), chunk(b"")] if inside else [UNAUTHORIZED]
    keys = FixedKeys("first-key", "second-key")
    with (
        ScriptedServer([READ, *first], to_the_end(TEXT)) as server,
        Bench(folder, server.base_url, keys=keys) as bench,
    ):
        message, end, _seconds = bench.ask()
        assert isinstance(end, Finished)
        assert status_of(end) == exit_status.OK
        assert message.text == TEXT
        assert [request.headers["authorization"] for request in server.requests] == [
            "Bearer first-key",
            "Bearer second-key",
        ]
        assert len(bench.of(Refreshing)) == 1


def test_the_same_key_again_fails_with_the_place_to_mend_it(folder: Path) -> None:
    with (
        ScriptedServer([READ, UNAUTHORIZED]) as server,
        Bench(folder, server.base_url, keys=FixedKeys("only-key")) as bench,
    ):
        _message, end, _seconds = bench.ask()
        assert isinstance(end, Failed)
        assert status_of(end) == exit_status.FAILED
        assert end.problem.hint == "put another one into the test"
        assert len(server.requests) == 1


def test_a_second_key_that_is_refused_too_is_the_last(folder: Path) -> None:
    keys = FixedKeys("first-key", "second-key", "third-key")
    with ScriptedServer([READ, UNAUTHORIZED]) as server, Bench(folder, server.base_url, keys=keys) as bench:
        _message, end, _seconds = bench.ask()
        assert isinstance(end, Failed)
        assert status_of(end) == exit_status.FAILED
        assert "the test" in end.problem.hint
        assert len(server.requests) == 2


@pytest.mark.parametrize("by_command", [True, False])
def test_a_403_is_an_old_key_where_a_command_supplies_it(by_command: bool, folder: Path) -> None:
    keys = FixedKeys("first-key", "second-key", by_command=by_command)
    with (
        ScriptedServer([READ, whole("403 Forbidden", {})], to_the_end(TEXT)) as server,
        Bench(folder, server.base_url, keys=keys) as bench,
    ):
        _message, end, _seconds = bench.ask()
        assert isinstance(end, Finished if by_command else Failed)


COMPLETE: dict[str, Sequence[Step]] = {
    "no-done": [going_on(TEXT), chunk(event(delta(finish="stop"))), chunk(b"")],
    "no-finish-reason": [going_on(TEXT), chunk(DONE), chunk(b"")],
    "done-twice": [going_on(TEXT), chunk(event(delta(finish="stop")) + DONE + DONE), chunk(b"")],
    "data-after-done": [going_on(TEXT), chunk(event(delta(finish="stop")) + DONE + event(delta("x"))), chunk(b"")],
    "held-open-after-done": [going_on(TEXT), chunk(event(delta(finish="stop")) + DONE), STALL],
    "cut-after-done": [going_on(TEXT), chunk(event(delta(finish="stop")) + DONE), FIN],
    "plain-json": [
        whole(
            "200 OK",
            {"choices": [{"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]},
        )
    ],
    "gzip-despite-identity": [
        whole(
            "200 OK",
            gzip.compress(event(delta(TEXT)) + event(delta(finish="stop")) + DONE),
            "text/event-stream",
            content_encoding="gzip",
        )
    ],
}


@pytest.mark.parametrize("steps", COMPLETE.values(), ids=COMPLETE)
def test_these_ends_are_complete(steps: Sequence[Step], folder: Path) -> None:
    with ScriptedServer([READ, *steps]) as server, Bench(folder, server.base_url) as bench:
        message, end, seconds = bench.ask()
        assert isinstance(end, Finished), end
        assert status_of(end) == exit_status.OK
        assert message.text == TEXT
        assert len(server.requests) == 1
        assert seconds < 3.0


def test_a_json_error_with_status_200_is_an_error(folder: Path) -> None:
    with (
        ScriptedServer([READ, whole("200 OK", SERVER_ERROR)], to_the_end(TEXT)) as server,
        Bench(folder, server.base_url) as bench,
    ):
        message, end, _seconds = bench.ask()
        assert isinstance(end, Finished)
        assert status_of(end) == exit_status.OK
        assert message.text == TEXT


def test_a_wait_longer_than_allowed_is_told(folder: Path) -> None:
    with (
        ScriptedServer([READ, whole("429 Too Many Requests", {}, retry_after="3600")]) as server,
        Bench(folder, server.base_url) as bench,
    ):
        _message, end, _seconds = bench.ask()
        assert isinstance(end, Interrupted)
        assert status_of(end) == exit_status.INTERRUPTED
        assert "60 minutes" in end.problem.title
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_waited_for_without_using_the_budget(folder: Path) -> None:
    with ScriptedServer(to_the_end(TEXT)) as server:
        server.shut()
        with Bench(folder, server.base_url) as bench:
            turn = bench.engine.ask("why?")
            bench.wait_until(lambda events: sum(isinstance(event, Offline) for event in events) >= 6)
            server.open()
            assert isinstance(bench.end_of(turn), Finished)
            assert bench.message(turn.answer_id).text == TEXT
            assert len(server.requests) == 1


def test_a_server_that_goes_away_in_mid_answer_and_comes_back_costs_no_budget(folder: Path) -> None:
    def vanish(peer: Peer) -> None:
        peer.server.shut()

    with (
        ScriptedServer([READ, going_on(TEXT, MIDDLE), vanish, RST], to_the_end(TEXT)) as server,
        Bench(folder, server.base_url, stream=replace(QUICK, max_retries=1)) as bench,
    ):
        turn = bench.engine.ask("why?")
        bench.wait_until(lambda events: sum(isinstance(event, Offline) for event in events) >= 5)
        server.open()
        assert isinstance(bench.end_of(turn), Finished)
        message = bench.message(turn.answer_id)
        assert message.text == TEXT
        assert message.usage is not None
        assert message.usage.at_least
        assert message.usage.output > 7  # with what came before the cut, of which the server told no figures


def test_an_endless_line_is_not_asked_for_again_and_what_came_before_it_stays(folder: Path) -> None:
    endless: Sequence[Step] = [READ, going_on(TEXT, MIDDLE), chunk(b"data: " + b"x" * 300_000), STALL]
    with ScriptedServer(endless) as server, Bench(folder, server.base_url) as bench:
        message, end, _seconds = bench.ask()
        assert isinstance(end, Interrupted)
        assert message.text == TEXT[:MIDDLE]
        assert len(server.requests) == 1


def test_a_refused_prefill_is_remembered_for_the_next_answer(folder: Path) -> None:
    refusal = whole("400 Bad Request", {"error": {"message": "does not support assistant message prefill"}})

    def in_words(peer: Peer) -> None:
        quoted = asked(peer)["messages"][-1]["content"].rpartition("after them:\n")[2]
        rest = TEXT[len(TEXT[:MIDDLE].rstrip()) - len(quoted) :]
        peer.sock.sendall(chunked_head() + chunk(event(delta(rest + "[END]"))))
        peer.sock.sendall(chunk(event(delta(finish="stop")) + event(usage()) + DONE) + chunk(b""))

    cut: Sequence[Step] = [READ, going_on(TEXT, MIDDLE), RST]
    scripts: list[Sequence[Step]] = [cut, [READ, refusal], [READ, in_words], cut, [READ, in_words]]
    with ScriptedServer(*scripts) as server, Bench(folder, server.base_url, recover=Recover.AUTO) as bench:
        bench.history.remember(resume_profile_key(server.base_url, "model"), "prefill")
        for _ in range(2):
            message, end, _seconds = bench.ask()
            assert isinstance(end, Finished)
            assert status_of(end) == exit_status.OK
            assert message.text == TEXT.rstrip()
        last = [json.loads(request.body)["messages"][-1]["role"] for request in server.requests]
        assert last == ["user", "assistant", "user", "user", "user"]


def test_the_fault_of_each_attempt_is_in_the_journal(folder: Path) -> None:
    with (
        ScriptedServer([READ, going_on(TEXT, MIDDLE), RST], to_the_end(TEXT)) as server,
        Bench(folder, server.base_url) as bench,
    ):
        message, _end, _seconds = bench.ask()
        first, second = bench.history.attempts(message.id)
        assert first.fault is not None
        assert first.fault.kind is FaultKind.RESET
        assert second.fault is None
        assert (second.resumed_by, second.finish_reason, second.usage) == ("prefill", "stop", Usage(5, 7))
        assert message.attempts == 2
