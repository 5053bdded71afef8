"""Optional parameters that a server refuses: sent again without them, remembered, and reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from holytui.config.schema import Api
from holytui.models import Role
from holytui.wire.client import ChatClient
from holytui.wire.events import Accepted, End, Verdict, WireEvent
from holytui.wire.request import ChatMessage, ChatRequest, OptionalParams
from tests.servers import READ, ScriptedServer, Step, answer, whole
from tests.wire.harness import KEY, PATIENT, endpoint

HIGH = OptionalParams("effort=high", {"thinking": {"type": "enabled", "budget_tokens": 2048}})
SHAPE = OptionalParams("response_format", {"response_format": {"type": "json_schema"}}, "Answer in JSON.")
QUESTION = ChatRequest("m", (ChatMessage(Role.USER, "hello"),), {"temperature": 0.5}, optional=(HIGH,))


@pytest.fixture
def client() -> Iterator[ChatClient]:
    opened = ChatClient()
    yield opened
    opened.close()


def send(client: ChatClient, server: ScriptedServer, request: ChatRequest, **fields: object) -> list[WireEvent]:
    events: list[WireEvent] = []
    with client.open(endpoint(server.base_url, **fields), KEY, request, PATIENT) as stream:
        while not stream.ended:
            if event := stream.wait(0.05):
                events.append(event)
    assert stream.join(5)
    return events


def left_out(events: list[WireEvent]) -> tuple[str, ...]:
    return next(event.left_out for event in events if isinstance(event, Accepted))


def refusal(words: str, status: str = "400 Bad Request") -> Step:
    return whole(status, {"error": {"message": words, "type": "invalid_request_error"}})


@pytest.mark.parametrize(
    "words",
    [
        "Unrecognized request argument supplied: thinking",
        "thinking.budget_tokens: Extra inputs are not permitted",
        "`max_tokens` must be greater than `thinking.budget_tokens`",
    ],
)
def test_a_refused_parameter_is_dropped_remembered_and_reported(client: ChatClient, words: str) -> None:
    with ScriptedServer([READ, refusal(words), READ, *answer("a"), READ, *answer("b")]) as server:
        first, second = (send(client, server, QUESTION, obfuscates=False) for _ in range(2))
        bodies = [request.json for request in server.requests]
    assert ["thinking" in body for body in bodies] == [True, False, False]
    assert [body["temperature"] for body in bodies] == [0.5, 0.5, 0.5]
    assert left_out(first) == left_out(second) == ("effort=high",)
    assert client.refused_options == {f"{server.base_url}#m#effort=high"}


def test_unknown_fields_without_a_name_are_those_that_are_left(client: ChatClient) -> None:
    unnamed = refusal("extra_forbidden", "422 Unprocessable Entity")
    with ScriptedServer([READ, unnamed, READ, unnamed, READ, *answer("a")]) as server:
        assert left_out(send(client, server, QUESTION)) == ("effort=high",)
        sent = [("stream_options" in each.json, "thinking" in each.json) for each in server.requests]
    assert sent == [(True, True), (False, True), (False, False)]


def test_an_accepted_parameter_is_not_reported(client: ChatClient) -> None:
    with ScriptedServer([READ, *answer("a")]) as server:
        events = send(client, server, QUESTION)
        assert server.requests[0].json["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert left_out(events) == ()
    assert not client.refused_options


def test_a_refusal_holds_for_one_level_of_one_model(client: ChatClient) -> None:
    with ScriptedServer(
        [READ, refusal("thinking?"), READ, *answer("a"), READ, *answer("b"), READ, *answer("c")]
    ) as server:
        send(client, server, QUESTION)
        low = replace(HIGH, name="effort=low")
        assert left_out(send(client, server, replace(QUESTION, optional=(low,)))) == ()
        assert left_out(send(client, server, replace(QUESTION, model="other"))) == ()


def test_another_error_drops_nothing(client: ChatClient) -> None:
    with ScriptedServer([READ, refusal("model 'm' was overthinking")]) as server:
        end = send(client, server, QUESTION)[-1]
        assert len(server.requests) == 1
    assert isinstance(end, End)
    assert (end.verdict, end.status) == (Verdict.FAULT, 400)


def test_an_error_that_stays_is_the_one_reported_and_nothing_is_remembered(client: ChatClient) -> None:
    with ScriptedServer([READ, refusal("thinking?"), READ, refusal("no such model", "404 Not Found")]) as server:
        end = send(client, server, QUESTION)[-1]
    assert isinstance(end, End)
    assert end.fault is not None
    assert (end.fault.status, end.fault.message) == (404, "no such model")
    assert not client.refused_options


def test_a_refused_prefill_is_not_attributed_to_the_parameter(client: ChatClient) -> None:
    words = "Assistant response prefill is incompatible with thinking"
    with ScriptedServer([READ, refusal(words)]) as server:
        end = send(client, server, replace(QUESTION, prefilled=True))[-1]
        assert len(server.requests) == 1
    assert isinstance(end, End)
    assert end.status == 400
    assert not client.refused_options


def test_a_text_takes_the_place_of_a_refused_parameter(client: ChatClient) -> None:
    request = replace(QUESTION, optional=(HIGH, SHAPE))
    with ScriptedServer([READ, refusal("'response_format' is not supported"), READ, *answer("{}")]) as server:
        assert left_out(send(client, server, request)) == ("response_format",)
        first, second = (each.json for each in server.requests)
    assert [message["content"] for message in first["messages"]] == ["hello"]
    assert [message["content"] for message in second["messages"]] == ["hello\n\nAnswer in JSON."]
    assert ("thinking" in second, "response_format" in second) == (True, False)


def test_the_responses_api_gets_its_own_names(client: ChatClient) -> None:
    effort = OptionalParams("effort=low", {"reasoning_effort": "low"})
    words = "Unsupported parameter: 'reasoning.effort' is not supported with this model."
    with ScriptedServer([READ, refusal(words), READ, refusal("stop")]) as server:
        send(client, server, replace(QUESTION, optional=(effort,)), api=Api.RESPONSES)
        first, second = (each.json for each in server.requests)
    assert first["reasoning"] == {"effort": "low"}
    assert "reasoning" not in second


def test_a_text_is_added_to_a_question_with_images() -> None:
    parts = ({"type": "image_url", "image_url": {"url": "data:"}},)
    request = ChatRequest("m", (ChatMessage(Role.USER, parts),), optional=(SHAPE,))
    assert request.with_optional(()).messages[0].content == (*parts, {"type": "text", "text": "Answer in JSON."})
