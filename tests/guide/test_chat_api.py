from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.guide.chat_api import ChatCall, ErrorResponse, GuideMessage, parse_chat, tokenize

GOOD: dict[str, object] = {"model": "guide", "messages": [{"role": "user", "content": "hi"}]}


def parsed(**changes: object) -> ChatCall | ErrorResponse:
    return parse_chat(json.dumps(GOOD | changes).encode())


def test_a_body_is_read() -> None:
    call = parsed(stream=True, stream_options={"include_usage": True}, max_tokens=7, temperature=0.3)
    assert call == ChatCall("guide", (GuideMessage("user", "hi"),), stream=True, include_usage=True, limit=7)


def test_the_newer_name_of_the_limit_wins() -> None:
    call = parsed(max_tokens=7, max_completion_tokens=9)
    assert isinstance(call, ChatCall)
    assert call.limit == 9


def test_of_a_content_of_parts_the_texts_count() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "b"},
    ]
    call = parsed(messages=[{"role": "user", "content": parts}, {"role": "assistant", "content": None}])
    assert isinstance(call, ChatCall)
    assert call.messages == (GuideMessage("user", "a\nb"), GuideMessage("assistant", ""))


def test_what_is_said_again_to_a_terminal_is_made_safe() -> None:
    call = parsed(messages=[{"role": "user", "content": "\x1b]52;c;\ud800"}])
    assert isinstance(call, ChatCall)
    assert call.messages[0].text == "␛]52;c;\ufffd"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ["guide"]}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}, "messages[1]"),
        ({"messages": [{"role": ["user"], "content": "a"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0]"),
        ({"n": 2}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": [1]}, "stream_options"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": "9"}, "max_tokens"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], param: str) -> None:
    refusal = parsed(**changes)
    assert isinstance(refusal, ErrorResponse)
    assert (refusal.status, refusal.param) == (400, param)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"model":' + b"9" * 5000 + b"}"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    refusal = parse_chat(body)
    assert isinstance(refusal, ErrorResponse)
    assert refusal.status == 400


@given(st.text())
def test_tokens_are_short_and_joined_the_text(text: str) -> None:
    pieces = tokenize(text)
    assert "".join(pieces) == text
    assert all(1 <= len(piece) <= 6 for piece in pieces)


def test_tokens_split_words() -> None:
    assert tokenize("continuation of 12345\n\n") == [*["conti", "nuati", "on"], " of", " ", "123", "45", "\n\n"]
