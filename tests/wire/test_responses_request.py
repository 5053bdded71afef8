"""The body of a request to the Responses API, from the same conversation as one for a chat completion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holytui.config.schema import Api
from holytui.models import Role
from holytui.wire.client import ChatClient
from holytui.wire.events import End, Verdict
from holytui.wire.request import ChatMessage, ChatRequest
from holytui.wire.responses_request import responses_body
from holytui.wire.transport.attempt_thread import request_body
from tests.responses import Reply, frames, not_streamed, refused, streamed
from tests.servers import READ, ScriptedServer, answer
from tests.wire.harness import PATIENT, endpoint, read

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
ASKED = (
    ChatMessage(Role.SYSTEM, "Be brief."),
    ChatMessage(Role.USER, ({"type": "text", "text": "Đây là gì?"}, PICTURE)),
    ChatMessage(Role.ASSISTANT, "Một con mèo."),
    ChatMessage(Role.USER, "Why?"),
)


def test_a_conversation_becomes_items() -> None:
    assert json.loads(request_body(ChatRequest("m", ASKED), (), Api.RESPONSES)) == {
        "model": "m",
        "store": False,
        "stream": True,
        "instructions": "Be brief.",
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Đây là gì?"},
                    {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
                ],
            },
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Một con mèo.", "annotations": []}],
            },
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]},
        ],
    }


SCHEMA = {"name": "n", "schema": {"type": "object"}, "strict": True}


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        ({"temperature": 0.5, "top_k": 3}, {"temperature": 0.5, "top_k": 3}),
        ({"max_tokens": 9}, {"max_output_tokens": 9}),
        ({"max_completion_tokens": 9}, {"max_output_tokens": 9}),
        ({"max_output_tokens": 8, "max_tokens": 9}, {"max_output_tokens": 8}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        (
            {"reasoning": {"summary": "auto"}, "reasoning_effort": "low"},
            {"reasoning": {"summary": "auto", "effort": "low"}},
        ),
        ({"reasoning": {"effort": "high"}, "reasoning_effort": "low"}, {"reasoning": {"effort": "high"}}),
        ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
        (
            {"response_format": {"type": "json_schema", "json_schema": SCHEMA}, "verbosity": "low"},
            {"text": {"format": {"type": "json_schema", **SCHEMA}, "verbosity": "low"}},
        ),
        ({"response_format": "odd"}, {"text": {"format": "odd"}}),
        ({"store": True}, {"store": True}),
        ({"input": "x", "stream": False}, {}),
    ],
)
def test_parameters_have_the_names_of_this_api(params: dict[str, Any], sent: dict[str, Any]) -> None:
    body = responses_body(ChatRequest("m", (ChatMessage(Role.USER, "q"),), params))
    fixed = {"model": "m", "store": False, "stream": True}
    asked = {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "q"}]}]}
    assert body == {**fixed, **asked, **sent}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "/v1/responses"),
        ({"chat_path": "/chat/completions?api-version=1"}, "/v1/responses?api-version=1"),
        ({"chat_path": "other"}, "/v1/responses"),
        ({"api": Api.CHAT, "chat_path": "other?a=1"}, "/v1/other?a=1"),
    ],
)
def test_the_address(fields: dict[str, Any], path: str) -> None:
    assert endpoint("http://h/v1/", **{"api": Api.RESPONSES, **fields}).url == "http://h" + path


REPLY = Reply(("Xin", " chào"))


@pytest.mark.parametrize(
    "steps",
    [streamed(*frames(REPLY.events())), [not_streamed(REPLY)], answer("Xin", " chào")],
    ids=["streamed", "whole", "chat chunks"],
)
@pytest.mark.parametrize("api", Api)
def test_answers_of_both_apis_are_read_on_both_paths(client: ChatClient, api: Api, steps: list[Any]) -> None:
    with ScriptedServer([READ, *steps]) as server:
        text, end, _ = read(client, server.base_url, api=api)
        (request,) = server.requests
    assert (text, end.verdict, end.finish_reason) == ("Xin chào", Verdict.COMPLETE, "stop")
    assert request.target == ("/v1/responses" if api is Api.RESPONSES else "/v1/chat/completions")
    assert ("input" in request.json, "messages" in request.json) == (api is Api.RESPONSES, api is not Api.RESPONSES)


def test_a_refused_option_is_not_taken_for_that_of_the_usage(client: ChatClient) -> None:
    words = "Extra inputs are not permitted: stream_options"
    with ScriptedServer([READ, refused(words)]) as server:
        _, end, _ = read(client, server.base_url, api=Api.RESPONSES)
        assert len(server.requests) == 1
    assert (end.verdict, end.fault and end.fault.message) == (Verdict.FAULT, words)
    assert not client.refused_options


@pytest.mark.parametrize(
    ("params", "reason"), [({"max_tokens": 9}, "length"), ({"max_tokens": 10}, "stop"), ({}, "stop")]
)
def test_an_answer_of_as_many_tokens_as_allowed_was_truncated(
    client: ChatClient, params: dict[str, Any], reason: str
) -> None:
    request = ChatRequest("m", (ChatMessage(Role.USER, "q"),), params)
    for steps in (streamed(*frames(REPLY.events())), [not_streamed(REPLY)]):
        with ScriptedServer([READ, *steps]) as server:
            where = endpoint(server.base_url, api=Api.RESPONSES)
            with client.open(where, None, request, PATIENT) as stream:
                *_, end = stream
        assert isinstance(end, End)
        assert (end.verdict, end.finish_reason) == (Verdict.COMPLETE, reason)
