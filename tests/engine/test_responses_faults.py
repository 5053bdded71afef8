"""Every fault at every event of the Responses API, over real sockets: the answer is completed, or its text is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest

from holytui.commands import exit_status
from holytui.commands.ask.printer import status_of
from holytui.config.schema import Api, Recover
from holytui.engine.events import Ended, Failed, Finished, Interrupted
from holytui.engine.resume.strategy import resume_profile_key
from holytui.models import AnswerState, Message, Usage
from tests.engine.bench import QUICK, Bench
from tests.responses import Event, Reply, answering, not_streamed, numbered, refused
from tests.servers import DONE, FIN, READ, RST, STALL, ScriptedServer, Step, chunk, event

TEXT = (
    "Một câu trả lời dài vừa đủ để bị cắt ở giữa, with some **English** in it as well, then a list:\n\n"
    "1. first: keep what has come\n2. second: ask for the rest\n3. third: join them, và không mất chữ nào."
)
LAST = chunk(b"")
TYPES = tuple(dict.fromkeys(one["type"] for one in Reply(("a",), ("b",)).events()))
UNHURRIED = replace(QUICK, idle_timeout=3.0, first_token_timeout=3.0, token_timeout=3.0)
"""For a busy machine, where a server may seem silent for a while."""
ERROR = {"code": "server_error", "message": "The model had an error"}


def ask(tmp_path: Path, *scripts: Sequence[Step]) -> tuple[Message, Ended, int]:
    """The answer, its end, and the number of requests."""
    with (
        ScriptedServer(*scripts) as server,
        Bench(
            *(tmp_path, server.base_url),
            stream=QUICK if STALL in scripts[0] else UNHURRIED,
            recover=Recover.AUTO,
            api=Api.RESPONSES,
        ) as bench,
    ):
        message, end, seconds = bench.ask()
        assert seconds < 8.0
        return message, end, len(server.requests)


def until(kind: str) -> Callable[[list[Event]], list[Event]]:
    """The events before the first of `kind`."""
    return lambda events: list(takewhile(lambda one: one["type"] != kind, events))


def first_half(events: list[Event]) -> list[Event]:
    """Half of the deltas of the text."""
    return events[: len(events) // 2]


def ending(kind: str, **response: object) -> Callable[[list[Event]], list[Event]]:
    """The first half, and an end."""
    return lambda events: numbered([*first_half(events), {"type": kind, "response": response}])


@pytest.mark.parametrize("kind", TYPES)
def test_a_cut_before_each_event_is_mended(kind: str, tmp_path: Path) -> None:
    how = RST if TYPES.index(kind) % 2 else FIN
    message, end, requests = ask(tmp_path, [*answering(TEXT, until(kind)), how], [*answering(TEXT), LAST])
    assert isinstance(end, Finished), end
    assert (message.text, message.seams, message.state) == (TEXT, (), AnswerState.COMPLETE)
    assert requests >= 2


FAULTS: dict[str, list[Step]] = {
    "half": [*answering(TEXT, first_half), FIN],
    "stall": [*answering(TEXT, first_half), STALL],
    "half-an-event": [*answering(TEXT, first_half), chunk(b'event: response.output_text.delta\ndata: {"type'), FIN],
    "done-without-an-end": [*answering(TEXT, first_half), chunk(DONE), LAST],
    "failed": [*answering(TEXT, ending("response.failed", status="failed", error=ERROR)), LAST],
    "failed-without-a-reason": [*answering(TEXT, ending("response.failed")), LAST],
    "error": [*answering(TEXT, first_half), chunk(event({"type": "error", **ERROR}, "error")), LAST],
    "error-unnamed": [*answering(TEXT, first_half), chunk(event({"type": "error", "error": ERROR})), LAST],
    "cancelled": [*answering(TEXT, ending("response.cancelled", status="cancelled")), LAST],
    "500": [READ, refused("no", "500 Internal Server Error", type="server_error")],
    "429": [READ, refused("slow down", "429 Too Many Requests", code="rate_limit_exceeded")],
    "not-ready": [READ, not_streamed(Reply(status="in_progress"))],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_answer_is_completed_after_each_fault(fault: list[Step], tmp_path: Path) -> None:
    message, end, requests = ask(tmp_path, fault, [*answering(TEXT), LAST])
    assert isinstance(end, Finished), end
    assert (message.text, message.seams, requests) == (TEXT, (), 2)
    assert message.usage is not None


@pytest.mark.parametrize("name", ["half", "failed", "done-without-an-end"])
def test_the_budget_ends_it_with_the_text_kept(name: str, tmp_path: Path) -> None:
    silent: list[Step] = [*answering(TEXT, until("response.output_item.added")), FIN]
    message, end, requests = ask(tmp_path, FAULTS[name], silent)
    assert isinstance(end, Interrupted)
    assert status_of(end) == exit_status.INTERRUPTED
    assert message.text
    assert TEXT.startswith(message.text)
    assert requests == QUICK.max_retries + 1


ODD: dict[str, Callable[[list[Event]], list[Event]]] = {
    "no-numbers": lambda events: [{k: v for k, v in one.items() if k != "sequence_number"} for one in events],
    "missing-numbers": lambda events: [one | {"sequence_number": one["sequence_number"] * 3} for one in events],
    "same-numbers": lambda events: [one | {"sequence_number": 7} for one in events],
    "all-twice": lambda events: [one for one in events for _ in range(2)],
    "sent-again": lambda events: events[:9] + events[4:],
    "unknown-types": lambda events: [
        two for one in events for two in (one, {"type": "response.new.delta", "delta": "x"})
    ],
    "text-at-the-end-only": lambda events: events[-1:],
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_odd_streams_are_one_answer(change: Callable[[list[Event]], list[Event]], tmp_path: Path) -> None:
    message, end, requests = ask(tmp_path, [*answering(TEXT, change), LAST])
    assert isinstance(end, Finished)
    assert (message.text, message.reasoning, requests) == (TEXT, "Think first", 1)
    assert message.usage == Usage(11, 9, 8, 4)


@pytest.mark.parametrize(("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_an_incomplete_answer_is_not_asked_for_again(reason: str, finish: str, tmp_path: Path) -> None:
    change = ending("response.incomplete", status="incomplete", incomplete_details={"reason": reason})
    message, end, requests = ask(tmp_path, [*answering(TEXT, change), LAST])
    assert isinstance(end, Finished)
    assert (message.finish_reason, requests) == (finish, 1)
    assert TEXT.startswith(message.text)


@pytest.mark.parametrize("code", ["invalid_prompt", "content_filter", "insufficient_quota"])
def test_a_final_error_in_the_stream_fails_and_keeps_the_text(code: str, tmp_path: Path) -> None:
    error = {"code": code, "message": "no"}
    message, end, requests = ask(tmp_path, [*answering(TEXT, ending("response.failed", error=error)), LAST])
    assert isinstance(end, Failed)
    assert (bool(message.text), requests) == (True, 1)


@pytest.mark.parametrize("recover", [Recover.AUTO, Recover.PREFILL, Recover.INSTRUCT, Recover.RESTART])
def test_no_setting_sends_a_prefill(recover: Recover, tmp_path: Path) -> None:
    cut: list[Step] = [*answering(TEXT, first_half), FIN]
    with (
        ScriptedServer(cut, [*answering(TEXT), LAST]) as server,
        Bench(tmp_path, server.base_url, stream=UNHURRIED, recover=recover, api=Api.RESPONSES) as bench,
    ):
        # what was learnt of chat completions at the same address
        bench.history.remember(resume_profile_key(server.base_url, "model"), "prefill")
        message, end, _seconds = bench.ask()
        roles = [item["role"] for item in server.requests[1].json["input"]]
        first, second = bench.history.attempts(message.id)
        assert bench.history.recall(resume_profile_key(server.base_url, "model")) == "prefill"
    assert isinstance(end, Finished), end
    assert message.text == TEXT
    assert roles == (["user"] if recover is Recover.RESTART else ["user", "assistant", "user"])
    assert (first.resumed_by, second.resumed_by) == ("", "restart" if recover is Recover.RESTART else "instruct")
