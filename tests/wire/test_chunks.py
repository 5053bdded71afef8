"""Every server's habits, one by one, and the verdict at the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.faults import Fault, FaultKind
from holytui.models import DeltaKind, Usage
from holytui.secret import Secret
from holytui.wire.events import Piece, UsageSeen, Verdict
from holytui.wire.response.chunks import ChunkReader
from holytui.wire.response.sse import SSEEvent, UnfinishedEvent
from tests.servers import delta, usage

CONTENT, REASONING = DeltaKind.CONTENT, DeltaKind.REASONING


def read(*payloads: object, event: str = "message") -> tuple[ChunkReader, list[Piece | UsageSeen]]:
    reader = ChunkReader()
    found: list[Piece | UsageSeen] = []
    for payload in payloads:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        found += reader.read(SSEEvent(event, data))
    return reader, found + reader.close()


def text(found: list[Piece | UsageSeen], kind: DeltaKind = CONTENT) -> str:
    return "".join(p.text for p in found if isinstance(p, Piece) and p.kind is kind)


@pytest.mark.parametrize(
    ("fields", "content", "reasoning"),
    [
        pytest.param({"content": "a"}, "a", "", id="content"),
        pytest.param({"role": "assistant"}, "", "", id="role only"),
        pytest.param({"role": "assistant", "content": None}, "", "", id="content null"),
        pytest.param({"content": [{"type": "text", "text": "a"}]}, "a", "", id="parts"),
        pytest.param(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
                    {"type": "text", "text": "a"},
                ]
            },
            "a",
            "t",
            id="Mistral thinking",
        ),
        pytest.param({"content": [{"type": "thinking", "thinking": "t"}, "a"]}, "a", "t", id="thinking as text"),
        pytest.param({"reasoning_content": "t", "content": None}, "", "t", id="DeepSeek"),
        pytest.param({"reasoning": "t", "content": ""}, "", "t", id="OpenRouter, Ollama"),
        pytest.param(
            {"reasoning": "t", "reasoning_details": [{"type": "reasoning.text", "text": "t"}]}, "", "t", id="told twice"
        ),
        pytest.param(
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "t"}, {"type": "reasoning.encrypted"}]},
            "",
            "t",
            id="reasoning details",
        ),
        pytest.param({"refusal": "no"}, "no", "", id="refusal"),
        pytest.param({"content": 5, "reasoning": {"a": []}}, "", "", id="nonsense"),
    ],
)
def test_the_text_of_a_delta(fields: dict[str, Any], content: str, reasoning: str) -> None:
    _, found = read(delta(**fields))
    assert (text(found), text(found, REASONING)) == (content, reasoning)


@pytest.mark.parametrize(
    "payload",
    [
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0, "content_filter_offsets": {}}]},
        {"choices": [{"index": 1, "delta": {"content": "other"}, "finish_reason": "stop"}]},
        {"choices": [None]},
        {"choices": None},
        {"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        {"type": "ping"},
        {"choices": [], "usage": None},
        {"choices": [], "usage": {}},
    ],
)
def test_payloads_without_text_are_no_trouble(payload: object) -> None:
    reader, found = read(payload)
    assert (found, reader.fault, reader.garbled, reader.finish_reason) == ([], None, None, "")


def test_a_whole_message_instead_of_deltas_is_read() -> None:
    _, found = read({"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]})
    assert text(found) == "whole"


def test_a_whole_message_after_deltas_is_not_said_again() -> None:
    _, found = read(delta("who"), delta("le"), {"choices": [{"message": {"content": "whole"}}]})
    assert text(found) == "whole"


def test_a_surrogate_pair_cut_between_two_deltas_is_one_character() -> None:
    _, found = read('{"choices":[{"delta":{"content":"\\ud83d"}}]}', '{"choices":[{"delta":{"content":"\\ude42"}}]}')
    assert text(found) == "🙂"


def test_control_characters_are_made_visible() -> None:
    _, found = read(delta("\x1b]52;c;x\x07"), delta(reasoning="\x1b[2J"))
    assert "\x1b" not in text(found) + text(found, REASONING)


def test_a_carriage_return_at_the_very_end_is_not_lost() -> None:
    _, found = read(delta("a\r"))
    assert text(found) == "a␍"


UNUSABLE_COSTS: tuple[object, ...] = (True, -1, "0.5", [1], {}, 1e300)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        pytest.param(usage(3, 4), Usage(3, 4), id="own chunk"),
        pytest.param({"choices": [], "x_groq": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}}, Usage(1, 2)),
        pytest.param({"choices": [{"delta": {}, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}]}, Usage(1, 2)),
        pytest.param(
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 8,
                    "prompt_tokens_details": {"cached_tokens": 7},
                    "completion_tokens_details": {"reasoning_tokens": 6},
                },
            },
            Usage(9, 8, 7, 6),
            id="details",
        ),
        pytest.param(
            {"usage": {"prompt_tokens": 9, "completion_tokens": 8, "prompt_cache_hit_tokens": 5}},
            Usage(9, 8, 5),
            id="DeepSeek",
        ),
        pytest.param({"usage": {"prompt_tokens": None, "completion_tokens": "x"}}, Usage(0, 0), id="nonsense"),
        pytest.param(
            {
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 1,
                    "cost": 0.00125,
                    "cost_details": {"upstream_inference_cost": 0.5},
                    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                }
            },
            Usage(9, 1, 4, cache_written=3, cost=0.00125),
            id="OpenRouter",
        ),
        pytest.param(
            {
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 1,
                    "is_byok": True,
                    "cost": 0.25,
                    "cost_details": {"upstream_inference_cost": 0.5},
                }
            },
            Usage(9, 1, cost=0.75),
            id="OpenRouter with a key of one's own",
        ),
        pytest.param(
            {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": {"total_cost": 0.5}}},
            Usage(1, 1, cost=0.5),
            id="Perplexity",
        ),
        pytest.param(
            {
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 1,
                    "cache_read_input_tokens": 2,
                    "cache_creation_input_tokens": 3,
                }
            },
            Usage(9, 1, 2, cache_written=3),
            id="names of Anthropic",
        ),
        *(
            pytest.param({"usage": {"prompt_tokens": 1, "cost": bad}}, Usage(1), id=f"cost {bad!r}")
            for bad in UNUSABLE_COSTS
        ),
    ],
)
def test_usage(told: object, seen: Usage) -> None:
    assert read(told)[1] == [UsageSeen(seen)]


def test_continuous_usage_is_replaced_and_not_summed() -> None:
    _, found = read(usage(5, 1), usage(5, 2), usage(5, 2))
    assert found == [UsageSeen(Usage(5, 1)), UsageSeen(Usage(5, 2))]


ERROR = {"message": "boom", "type": "server_error", "code": None, "param": None}


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        pytest.param({"error": ERROR}, Fault(FaultKind.IN_BAND, "boom", None, "server_error"), id="OpenAI"),
        pytest.param({"error": "boom"}, Fault(FaultKind.IN_BAND, "boom"), id="text"),
        pytest.param(
            {
                "provider": "p",
                "error": {"code": "server_error", "message": "boom"},
                "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            },
            Fault(FaultKind.IN_BAND, "boom", None, "server_error"),
            id="OpenRouter",
        ),
        pytest.param(
            {"choices": [{"error": {"code": 502, "message": "boom"}, "finish_reason": "error"}]},
            Fault(FaultKind.IN_BAND, "boom", 502),
            id="in the choice",
        ),
        pytest.param(
            {"choices": [{"delta": {}, "finish_reason": "error", "native_finish_reason": "overloaded"}]},
            Fault(FaultKind.IN_BAND, "", None, "overloaded"),
            id="only a finish_reason",
        ),
        pytest.param(
            {"error": {"code": "429", "message": "boom", "metadata": {"raw": "slow", "retry_after": 7}}},
            Fault(FaultKind.IN_BAND, "boom: slow", 429, "", 7.0),
            id="code as text",
        ),
        pytest.param(
            {
                "error": {
                    "code": 429,
                    "message": "boom",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [{"retryDelay": "34s"}],
                }
            },
            Fault(FaultKind.IN_BAND, "boom", 429, "RESOURCE_EXHAUSTED", 34.0),
            id="Gemini",
        ),
        pytest.param({"x_groq": {"error": "boom"}}, Fault(FaultKind.IN_BAND, "boom"), id="Groq"),
        pytest.param(
            {"type": "error", "error": {"type": "overloaded_error", "message": "boom"}},
            Fault(FaultKind.IN_BAND, "boom", None, "overloaded_error"),
            id="Anthropic",
        ),
        pytest.param(
            {"object": "error", "message": "boom", "type": "BadRequestError", "param": None, "code": 400},
            Fault(FaultKind.IN_BAND, "boom", 400, "BadRequestError"),
            id="vLLM",
        ),
        pytest.param(
            {"error": {"message": "boom"}, "message": "boom"}, Fault(FaultKind.IN_BAND, "boom"), id="LM Studio"
        ),
        pytest.param({"detail": "boom"}, Fault(FaultKind.IN_BAND, "boom"), id="FastAPI"),
        pytest.param([{"error": {"message": "boom"}}], Fault(FaultKind.IN_BAND, "boom"), id="in a list"),
    ],
)
def test_errors_inside_the_stream(payload: object, fault: Fault) -> None:
    reader, _ = read(delta("a"), payload, "[DONE]")
    assert reader.fault == fault
    end = reader.verdict()
    assert (end.verdict, end.fault) == (Verdict.FAULT, fault)


@pytest.mark.parametrize(
    ("data", "message"),
    [('{"error":{"message":"boom"}}', "boom"), ("Internal error", "Internal error"), ('{"message":"boom"}', "boom")],
)
def test_an_event_named_error_is_one_whatever_it_holds(data: str, message: str) -> None:
    reader, found = read(data, event="error")
    assert reader.fault is not None
    assert (reader.fault.kind, reader.fault.message, found) == (FaultKind.IN_BAND, message, [])


def test_the_words_of_an_error_are_safe_bounded_and_free_of_keys() -> None:
    Secret("sk-very-secret")
    reader, _ = read({"error": {"message": "bad key sk-very-secret \x1b[31m\n" + "x" * 5000}})
    assert reader.fault is not None
    assert "sk-very-secret" not in reader.fault.message
    assert "\x1b" not in reader.fault.message
    assert len(reader.fault.message) <= 500


@pytest.mark.parametrize("done", ["[DONE]", " [DONE] ", "[DONE] "])
def test_done_without_a_finish_reason_is_complete(done: str) -> None:
    reader, _ = read(delta("a"), done)
    assert reader.verdict().verdict is Verdict.COMPLETE


def test_what_follows_done_is_not_read() -> None:
    reader, found = read(delta("a"), "[DONE]", delta("b"), {"error": "late"}, "[DONE]")
    assert text(found) == "a"
    assert reader.verdict().verdict is Verdict.COMPLETE


def test_a_finish_reason_without_done_is_complete() -> None:
    reader, _ = read(delta("a", finish="stop"))
    end = reader.verdict(Fault(FaultKind.RESET), 10, 200)
    assert (end.verdict, end.finish_reason, end.fault, end.total_bytes, end.status) == (
        Verdict.COMPLETE,
        "stop",
        None,
        10,
        200,
    )


def test_an_unknown_finish_reason_is_kept_as_it_is() -> None:
    assert read(delta("a", finish="abort"))[0].verdict().finish_reason == "abort"


def test_an_empty_finish_reason_is_none() -> None:
    assert read(delta("a", finish=""))[0].verdict().verdict is Verdict.CUT


def test_a_clean_end_without_done_is_cut() -> None:
    end = read(delta("a"))[0].verdict()
    assert (end.verdict, end.fault) == (Verdict.CUT, Fault(FaultKind.CLOSED))


def test_what_broke_the_connection_is_told() -> None:
    assert read(delta("a"))[0].verdict(Fault(FaultKind.IDLE)).fault == Fault(FaultKind.IDLE)


@pytest.mark.parametrize("data", ["{half", "ping", "5", "null"])
def test_a_garbled_payload_cuts_but_loses_nothing_else(data: str) -> None:
    reader, found = read(delta("a"), data, delta("b"))
    assert text(found) == "ab"
    end = reader.verdict()
    assert end.verdict is Verdict.CUT
    assert end.fault is not None
    assert end.fault.kind is FaultKind.GARBLED


def test_a_garbled_payload_in_a_complete_answer_is_forgiven() -> None:
    assert read("ping", delta("a"), "[DONE]")[0].verdict().verdict is Verdict.COMPLETE


@pytest.mark.parametrize(
    "payload",
    [
        delta(tool_calls=[{"function": {"name": "f"}}]),
        delta(function_call={"name": "f"}),
        delta(finish="tool_calls"),
    ],
)
def test_tool_calls_are_told(payload: object) -> None:
    assert read(payload)[0].verdict().tool_calls


A = json.dumps(delta("a"))


@pytest.mark.parametrize(
    ("rest", "saved", "verdict"),
    [
        pytest.param(UnfinishedEvent(A, b""), "a", Verdict.CUT, id="whole line"),
        pytest.param(UnfinishedEvent(A, b"data: {"), "a", Verdict.CUT, id="whole line and a half"),
        pytest.param(UnfinishedEvent(None, f"data: {A}".encode()), "a", Verdict.CUT, id="whole object, no line end"),
        pytest.param(UnfinishedEvent(None, f"data: {A}".encode()[:-1]), "", Verdict.CUT, id="half an object"),
        pytest.param(UnfinishedEvent(None, b"data: [DONE]"), "", Verdict.COMPLETE, id="done, no line end"),
        pytest.param(UnfinishedEvent("[DONE]", b""), "", Verdict.COMPLETE, id="done, no blank line"),
        pytest.param(UnfinishedEvent(None, b"data: [DON"), "", Verdict.CUT, id="half done"),
        pytest.param(UnfinishedEvent("oops", b"", "error"), "", Verdict.FAULT, id="error"),
        pytest.param(UnfinishedEvent(), "", Verdict.CUT, id="nothing"),
    ],
)
def test_what_can_be_saved_of_an_unended_event(rest: UnfinishedEvent, saved: str, verdict: Verdict) -> None:
    reader = ChunkReader()
    assert text(reader.read_rest(rest)) == saved
    assert reader.verdict().verdict is verdict


def test_a_whole_completion_is_read() -> None:
    reader = ChunkReader()
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "length"}], "usage": usage(1, 2)["usage"]}
    found = reader.read_body(json.dumps(body).encode())
    assert found == [Piece(CONTENT, "hi"), UsageSeen(Usage(1, 2))]
    assert (reader.verdict().verdict, reader.finish_reason) == (Verdict.COMPLETE, "length")


def test_an_error_with_status_200_is_one() -> None:
    reader = ChunkReader()
    assert reader.read_body(b'{"error": {"message": "boom", "code": 401}}') == []
    assert reader.verdict().fault == Fault(FaultKind.IN_BAND, "boom", 401)


def test_a_web_page_is_told_by_its_title() -> None:
    reader = ChunkReader()
    reader.read_body(b"<!DOCTYPE html><html><head><title>Hotel &amp; Wi-Fi\n \x1b[1m</title>")
    assert reader.verdict().fault == Fault(FaultKind.NOT_A_STREAM, "Hotel & Wi-Fi ␛[1m")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"hello", b"[" * 100_000])
def test_other_bodies_are_no_answer(body: bytes) -> None:
    reader = ChunkReader()
    assert reader.read_body(body) == []
    assert reader.verdict().verdict in (Verdict.FAULT, Verdict.CUT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "error", "usage", "message", "code", "detail", "index", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["choices", "error", "usage", "x_groq", "type", "detail"]), JSON))
def test_no_payload_however_strange_raises(payload: dict[str, Any]) -> None:
    reader, _ = read(payload)
    reader.verdict()
    ChunkReader().read_body(json.dumps(payload).encode())
