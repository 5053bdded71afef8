from __future__ import annotations

import pytest

from holytui.config.presets import PRESETS, Continuation, Prefill, continuation
from holytui.config.schema import Recover
from holytui.engine.recovery import (
    How,
    Strategy,
    instruction,
    is_structured,
    learn_key,
    open_fence,
    refuses_prefill,
    request_for,
)
from holytui.faults import Fault, FaultKind
from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest

PARTIAL = "Half of an answer that is long enough to go on "
YES = Continuation(Prefill.YES)
REQUEST = ChatRequest("m", (ChatMessage(Role.USER, "why?"),), {"temperature": 0.5})


@pytest.mark.parametrize(
    ("strategy", "how"),
    [
        (Strategy(), How.INSTRUCT),
        (Strategy(continuation=YES), How.PREFILL),
        (Strategy(continuation=YES, learnt="instruct"), How.INSTRUCT),
        (Strategy(learnt="prefill"), How.PREFILL),
        (Strategy(Recover.PREFILL), How.PREFILL),
        (Strategy(Recover.PREFILL, learnt="instruct"), How.INSTRUCT),
        (Strategy(Recover.INSTRUCT, YES), How.INSTRUCT),
        (Strategy(Recover.RESTART, YES), How.RESTART),
        (Strategy(Recover.ASK, YES), How.PREFILL),
        (Strategy(continuation=YES, structured=True), How.RESTART),
        (Strategy(continuation=continuation(PRESETS["openai"].provider(), "gpt-4")), How.INSTRUCT),
        (Strategy(continuation=continuation(PRESETS["anthropic"].provider(), "claude-opus-4-6")), How.INSTRUCT),
    ],
)
def test_each_strategy_has_its_way(strategy: Strategy, how: How) -> None:
    assert strategy.choose(PARTIAL) is how


def test_a_few_characters_are_asked_for_anew() -> None:
    assert Strategy().choose("Hi, ") is How.RESTART
    assert Strategy(continuation=YES).choose(" \n") is How.RESTART


def test_a_prefill_ends_without_white_space_and_has_the_fields_that_a_server_needs() -> None:
    request = request_for(REQUEST, How.PREFILL, PARTIAL, continuation(PRESETS["vllm"].provider(), "m"))
    assert request.messages[-1] == ChatMessage(Role.ASSISTANT, PARTIAL.rstrip())
    assert request.params == {"temperature": 0.5, "continue_final_message": True, "add_generation_prompt": False}
    assert request_for(REQUEST, How.PREFILL, PARTIAL, continuation(PRESETS["mistral"].provider(), "m")).messages[
        -1
    ].extra == {"prefix": True}


def test_an_instruction_quotes_the_end_of_the_text() -> None:
    request = request_for(REQUEST, How.INSTRUCT, PARTIAL, Continuation())
    assert [message.role for message in request.messages] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert f"<<<\n{PARTIAL.rstrip()}\n>>>" in str(request.messages[-1].content)
    assert "code block" not in str(request.messages[-1].content)
    assert "code block" in instruction("```py\nx = 1")


def test_a_restart_is_the_same_request() -> None:
    assert request_for(REQUEST, How.RESTART, PARTIAL, YES) is REQUEST
    assert request_for(REQUEST, None, "", YES) is REQUEST


@pytest.mark.parametrize(
    "words",
    [
        "This model does not support assistant message prefill. The conversation must end with a user message.",
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
        "Cannot set both continue_final_message and add_generation_prompt",
        "Assistant response prefill is incompatible with enable_thinking.",
        "Conversation roles must alternate user/assistant/user",
    ],
)
def test_a_refused_prefill_is_known_by_its_words(words: str) -> None:
    assert refuses_prefill(Fault(FaultKind.STATUS, words, 400))


def test_other_refusals_are_not_about_prefill() -> None:
    assert not refuses_prefill(Fault(FaultKind.STATUS, "temperature is too high", 400))
    assert not refuses_prefill(Fault(FaultKind.STATUS, "assistant", 500))
    assert not refuses_prefill(Fault(FaultKind.STATUS, "the prefix is long", 400, "context_length_exceeded"))


def test_structured_output_is_known_by_its_parameters() -> None:
    assert is_structured({"response_format": {"type": "json_object"}})
    assert is_structured({"guided_json": {}})
    assert not is_structured({"response_format": {"type": "text"}})
    assert not is_structured({"temperature": 1})


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("", ""),
        ("```\ncode", "```"),
        ("```py\ncode\n```\n", ""),
        ("````\n```\n", "````"),
        ("~~~\n```\n", "~~~"),
        ("- item\n  ```js\n  x", "```"),
        ("1. ```js\n   x", "```"),
        ("inline ``` is none", ""),
        ("```py\n```python is no end", "```"),
        ("\u2028```\n", ""),
    ],
)
def test_open_fences_are_found(text: str, marker: str) -> None:
    assert open_fence(text) == marker


def test_what_was_learnt_is_kept_by_address_and_model() -> None:
    assert learn_key("http://h/v1/", "m") == learn_key("http://h/v1", "m")
    assert learn_key("http://h/v1", "m") != learn_key("http://h/v1", "n")
