"""Background mode of the Responses API: an interrupted answer is read on from its numbered events."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.config.schema import Api, Config, Provider, Recover
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.reattach_probe import probe_reattaching
from holytui.engine.events import Finished, Interrupted, Retrying, Stopped
from holytui.engine.resume.strategy import Strategy
from holytui.models import AnswerState, Join, Message, Usage
from holytui.providers.resolve import resolve
from holytui.wire.client import ChatClient
from tests.engine.bench import QUICK, Bench, FixedKeys
from tests.responses import Event
from tests.responses_server import IGNORED, NOT_FOUND, Answer, ResponsesServer, Send
from tests.servers import whole

TEXT = 'Trời đất ơi 🙂🇻🇳 – "a\\b"\r\nmột câu trả lời đủ dài để bị cắt, several times over; ' * 3
SHOWN = TEXT.replace("\r\n", "\n")
ANSWER = Answer(TEXT, refusal="and no more.")
WHOLE = SHOWN + "and no more."
REASONING = "Think first\n\nThen write"
TYPES = tuple(dict.fromkeys(one["type"] for one in ANSWER.events()))
UNHURRIED = replace(QUICK, idle_timeout=5.0, first_token_timeout=5.0, token_timeout=5.0)


def bench(folder: Path, server: ResponsesServer, **fields: object) -> Bench:
    fields = {"stream": UNHURRIED, "api": Api.RESPONSES, "recover": Recover.RESTART, **fields}
    made = Bench(folder, server.base_url, **fields)  # type: ignore[arg-type]  # each test knows its fields
    provider = replace(made.config.providers["local"], background=True)
    made.engine.config = made.config = replace(made.config, providers={"local": provider})
    return made


def check_whole(made: Bench, message: Message) -> None:
    """It is one answer, with the figures of one request."""
    assert (message.text, message.reasoning) == (WHOLE, REASONING)
    assert (message.state, message.seams, message.begun_again) == (AnswerState.COMPLETE, (), False)
    assert message.usage == Usage(11, 9, 8, 4)
    assert made.history.streams.find(message.id) is None


def numbers(server: ResponsesServer) -> list[int]:
    """The events after which the streams were read on."""
    return [int(call.split()[1]) for call in server.calls if call.startswith("GET ")]


@pytest.mark.parametrize("kind", TYPES[1:])
def test_a_cut_before_each_event_is_read_on_exactly_with_one_request(kind: str, tmp_path: Path) -> None:
    index = TYPES.index(kind)
    plan = [Send(kind, half=index % 3 == 0, reset=index % 2 == 0), Send("response.refusal.delta", reset=True)]
    with ResponsesServer(ANSWER, plan) as server, bench(tmp_path, server) as made:
        message, end, _ = made.ask()
        assert isinstance(end, Finished)
        check_whole(made, message)
        rows = made.history.attempts(message.id)
        assert [row.resumed_by for row in rows] == ["", *["reattach"] * (len(rows) - 1)]
        assert {row.join for row in rows[1:]} == {Join.EXACT}
        assert [call.split()[0] for call in server.calls] == ["POST", *["GET"] * (len(rows) - 1)]
        first = next(one["sequence_number"] for one in ANSWER.events() if one["type"] == kind)
        assert numbers(server)[0] < first


def test_a_cut_before_the_answer_has_a_name_is_asked_again(tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send(TYPES[0])]) as server, bench(tmp_path, server) as made:
        message, _, _ = made.ask()
        assert message.text == WHOLE
        assert server.calls == ["POST", "POST"]


def again(events: list[Event]) -> list[Event]:
    return events[:12] + events[6:]


def twice(events: list[Event]) -> list[Event]:
    return [one for one in events for _ in range(2)]


def alike(events: list[Event]) -> list[Event]:
    return [one | {"sequence_number": 7} for one in events]


def without(events: list[Event]) -> list[Event]:
    return [{name: value for name, value in one.items() if name != "sequence_number"} for one in events]


@pytest.mark.parametrize("change", [again, twice, alike, without])
@pytest.mark.parametrize("cut", ["", "response.output_text.done"])
def test_repeated_and_unusable_numbers_cost_no_text(
    change: Callable[[list[Event]], list[Event]], cut: str, tmp_path: Path
) -> None:
    with (
        ResponsesServer(ANSWER, [Send(cut, change=change), Send(change=change)]) as server,
        bench(tmp_path, server) as made,
    ):
        message, _, _ = made.ask()
        check_whole(made, message)
        assert server.calls.count("POST") == 1


def lacking(start: int, stop: int) -> Callable[[list[Event]], list[Event]]:
    return lambda events: [one for one in events if not start <= one["sequence_number"] < stop]


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("gap", [(8, 9), (30, 34), (40, 1000)])
def test_a_gap_is_noticed_and_filled(gap: tuple[int, int], finished: bool, tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send(change=lacking(*gap))]) as server, bench(tmp_path, server) as made:
        server.finished = finished
        message, _, _ = made.ask()
        check_whole(made, message)
        by_object = ["GET"] if gap[1] < 1000 else []  # events missing at the end are a cut
        assert [call for call in server.calls if " " not in call] == ["POST", *by_object]
        assert {gap[0] - 2, gap[0] - 1}.issuperset(numbers(server))
        assert len(numbers(server)) == (not by_object or not finished)


def test_a_server_that_leaves_out_numbers_is_believed_after_the_second_time(tmp_path: Path) -> None:
    def odd(events: list[Event]) -> list[Event]:
        return [one | {"sequence_number": one["sequence_number"] * 3} for one in events]

    with ResponsesServer(ANSWER, [Send(change=odd), Send(change=odd)]) as server, bench(tmp_path, server) as made:
        server.finished = False
        message, _, _ = made.ask()
        check_whole(made, message)
        assert server.calls == ["POST", "GET", "GET 0"]


def test_an_answer_that_has_only_its_end_as_one_object_is_compared(tmp_path: Path) -> None:
    with (
        ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server,
        bench(tmp_path, server) as made,
    ):
        server.refuses_streams = True
        message, _, _ = made.ask()
        check_whole(made, message)
        assert server.calls[-1] == "GET"
        assert server.calls.count("POST") == 1


def test_an_object_with_another_text_is_not_joined(tmp_path: Path) -> None:
    with (
        ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server,
        bench(tmp_path, server) as made,
    ):
        server.refuses_streams, server.whole_text = True, "Something else"
        message, _, _ = made.ask()
        assert message.text == WHOLE
        assert server.calls.count("POST") == 2
        assert server.cancelled.wait(5)


def test_an_expired_answer_is_continued_as_before(tmp_path: Path) -> None:
    with (
        ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server,
        bench(tmp_path, server) as made,
    ):
        server.refusal = whole("404 Not Found", NOT_FOUND)
        message, _, _ = made.ask()
        assert (message.text, message.state) == (WHOLE, AnswerState.COMPLETE)
        assert [call.split()[0] for call in server.calls] == ["POST", "GET", "POST"]
        assert message.usage is not None
        assert message.usage.at_least


def plain(events: list[Event]) -> list[Event]:
    return [one | {"response": one["response"] | {"background": False}} if "response" in one else one for one in events]


def test_a_gateway_without_background_mode_is_asked_as_before(tmp_path: Path) -> None:
    with (
        ResponsesServer(ANSWER, [Send("response.output_text.done", change=plain)]) as server,
        bench(tmp_path, server) as made,
    ):
        message, _, _ = made.ask()
        assert message.text == WHOLE
        assert server.calls == ["POST", "POST"]


@pytest.mark.parametrize(
    ("last", "fields", "finish"),
    [
        ("response.incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ("response.incomplete", {"incomplete_details": {"reason": "content_filter"}}, "content_filter"),
    ],
)
def test_an_incomplete_answer_is_read_on_to_its_end(last: str, fields: Event, finish: str, tmp_path: Path) -> None:
    answer = replace(ANSWER, last=last, fields=fields)
    with ResponsesServer(answer, [Send(last)]) as server, bench(tmp_path, server) as made:
        message, _, _ = made.ask()
        assert (message.text, message.finish_reason) == (WHOLE, finish)
        assert server.calls.count("POST") == 1


def test_a_failed_answer_is_asked_for_again(tmp_path: Path) -> None:
    error = {"error": {"code": "server_error", "message": "The model had an error"}}
    with (
        ResponsesServer(replace(ANSWER, last="response.failed", fields=error), [Send("response.failed")]) as server,
        bench(tmp_path, server, stream=replace(UNHURRIED, max_retries=1)) as made,
    ):
        message, end, _ = made.ask()
        assert isinstance(end, Interrupted)
        assert WHOLE.startswith(message.text)
        assert server.calls.count("POST") >= 1


def test_an_answer_that_was_cancelled_elsewhere_is_asked_for_again(tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server, bench(tmp_path, server) as made:
        server.refusal = whole("200 OK", ANSWER.whole("cancelled") | {"output": []})
        message, _, _ = made.ask()
        assert message.text == WHOLE
        assert [call.split()[0] for call in server.calls if call != "cancel"] == ["POST", "GET", "POST"]


def test_events_of_tools_add_nothing_to_the_text(tmp_path: Path) -> None:
    def with_others(events: list[Event]) -> list[Event]:
        others = [{"type": f"response.{name}", "delta": "no", "code": "no", "text": "no"} for name in IGNORED]
        return [one | {"sequence_number": number} for number, one in enumerate(events[:9] + others + events[9:])]

    with ResponsesServer(ANSWER, [Send(change=with_others)]) as server, bench(tmp_path, server) as made:
        message, _, _ = made.ask()
        check_whole(made, message)


def interrupted(folder: Path, server: ResponsesServer) -> Message:
    """An answer that a first process left interrupted."""
    with bench(folder, server, stream=replace(UNHURRIED, max_retries=0)) as made:
        message, end, _ = made.ask()
    assert isinstance(end, Interrupted)
    return message


@pytest.mark.parametrize(
    "kind", ["response.in_progress", "response.output_item.done", "response.output_text.done", "response.completed"]
)
def test_a_new_process_reads_on_too(kind: str, tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send(kind)]) as server:
        left = interrupted(tmp_path, server)
        with bench(tmp_path, server) as made:
            made.end_of(made.engine.resume(left.id))
            check_whole(made, made.message(left.id))
        assert [call.split()[0] for call in server.calls] == ["POST", "GET"]


ASKING = """
import sys, threading
from pathlib import Path
from tests.engine.test_background import ANSWER, bench
class There:
    base_url = sys.argv[2]
made = bench(Path(sys.argv[1]), There())
turn = made.engine.ask("why?")
made.wait_until(lambda _events: len(made.text_of(turn.answer_id)) > 60)
made.history.flush()
print(turn.answer_id, flush=True)
threading.Event().wait(30)
"""


def test_after_a_kill_the_next_process_receives_what_was_generated_meanwhile(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKING, str(tmp_path)]
    with ResponsesServer(ANSWER, [Send("response.output_text.done", hold=True)]) as server:
        process = subprocess.Popen([*command, server.base_url], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        answer_id = process.stdout.readline().strip()
        process.kill()
        process.communicate()
        with bench(tmp_path, server) as made:
            (left,) = made.history.unfinished()
            assert (left.id, left.state) == (answer_id, AnswerState.INTERRUPTED)
            assert 60 < len(left.text) < len(WHOLE)
            made.end_of(made.engine.resume(answer_id))
            check_whole(made, made.message(answer_id))
        assert [call.split()[0] for call in server.calls] == ["POST", "GET"]
        assert numbers(server)[0] > 20


@pytest.mark.parametrize("kind", ["response.web_search_call.searching", "response.output_text.done"])
def test_a_stop_cancels_the_answer_at_the_server(kind: str, tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send(kind, hold=True)]) as server, bench(tmp_path, server) as made:
        turn = made.engine.ask("why?")
        made.wait_until(lambda _events: made.history.streams.find(turn.answer_id) is not None)
        made.engine.stop(turn.turn_id)
        assert isinstance(made.end_of(turn), Stopped)
        assert server.cancelled.wait(5)


def test_a_cancel_that_could_not_be_sent_is_sent_by_the_next_process(tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server:
        left = interrupted(tmp_path, server)
        server.shut()
        with bench(tmp_path, server) as made:
            made.history.streams.release_interrupted(left.id)
            made.engine.release_streams()
        server.open()
        with bench(tmp_path, server) as made:
            made.engine.release_streams()
            assert server.cancelled.wait(5)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found"])
def test_a_cancel_that_comes_too_late_is_sent_once(status: str, tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send("response.completed", hold=True)]) as server, bench(tmp_path, server) as made:
        server.cancel_response = whole(status, NOT_FOUND)
        turn = made.engine.ask("why?")
        made.wait_until(lambda _events: len(made.text_of(turn.answer_id)) == len(WHOLE))
        made.engine.stop(turn.turn_id)
        assert isinstance(made.end_of(turn), Stopped)
        assert made.message(turn.answer_id).text == WHOLE
        assert server.cancelled.wait(5)
        server.answer = replace(ANSWER, text="Next.")
        made.ask()  # after the thread that cancels has ended, or while it does
        made.engine.close(5.0)
        assert server.calls.count("cancel") == 1
        assert not made.history.streams.released()


def test_a_stop_between_a_cut_and_the_next_request_cancels_too(tmp_path: Path) -> None:
    patient = replace(UNHURRIED, retry_delay=30.0, max_delay=30.0)
    with (
        ResponsesServer(ANSWER, [Send("response.output_text.done")]) as server,
        bench(tmp_path, server, stream=patient) as made,
    ):
        turn = made.engine.ask("why?")
        made.heard(Retrying)
        made.engine.stop(turn.turn_id)
        assert isinstance(made.end_of(turn), Stopped)
        assert server.cancelled.wait(5)
        assert server.calls == ["POST", "cancel"]


def test_a_stop_before_the_answer_has_a_name_leaves_nothing_behind(tmp_path: Path) -> None:
    with ResponsesServer(ANSWER, [Send(TYPES[0], hold=True)]) as server, bench(tmp_path, server) as made:
        turn = made.engine.ask("why?")
        server.wait_for_requests(1)
        made.engine.stop(turn.turn_id)
        assert isinstance(made.end_of(turn), Stopped)
        assert made.history.streams.find(turn.answer_id) is None
        assert not made.history.streams.released()


@pytest.mark.parametrize("change", [list, plain])
def test_check_reads_an_answer_on_and_cancels_it(change: Callable[[list[Event]], list[Event]]) -> None:
    client = ChatClient()
    with ResponsesServer(ANSWER, [Send(change=change)]) as server:
        config = Config(providers={"local": Provider("local", server.base_url, api=Api.RESPONSES, background=True)})
        resolved = resolve(config, "local/model")
        strategy = Strategy().for_responses_api(background=resolved.background)
        target = CheckTarget(resolved, resolved.endpoint, FixedKeys(), strategy, UNHURRIED)
        reason = probe_reattaching(target, client, None, "why?")
        assert bool(reason) == (change is plain)
        assert [call.split()[0] for call in server.calls] == (["POST"] if reason else ["POST", "GET", "cancel"])
    client.close()
