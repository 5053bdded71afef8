"""The events of the Responses API, whole and with what servers leave out, repeat or add, and however they are cut."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.faults import FaultKind
from holytui.models import DeltaKind, Usage
from holytui.wire.events import End, Piece, UsageSeen, Verdict
from holytui.wire.response.body import AnswerBody
from tests.responses import Event, Reply, frames, numbered
from tests.servers import DONE, delta, event

REPLY = Reply(("Xin", " chào", " chào", " 🙂\n"), ("**Plan** it first", "Then write it"))
TEXT = "Xin chào chào 🙂\n"
REASONING = "**Plan** it first\n\nThen write it"


def take(pieces: Sequence[bytes]) -> tuple[str, str, list[Usage], End]:
    """Content, reasoning, usages and the end of a body."""
    body = AnswerBody("text/event-stream")
    found = [item for piece in pieces for item in body.feed(piece)] + body.close()
    texts = [
        "".join(item.text for item in found if isinstance(item, Piece) and item.kind is kind) for kind in DeltaKind
    ]
    usages = [item.usage for item in found if isinstance(item, UsageSeen)]
    return texts[0], texts[1], usages, body.verdict(None, sum(map(len, pieces)), 200)


def read(events: Sequence[Event]) -> tuple[str, str, list[Usage], End]:
    return take(frames(events))


def delta_of(text: object, **fields: object) -> Event:
    return {"type": "response.output_text.delta", "delta": text, **fields}


COMPLETED: Event = {"type": "response.completed", "response": {"status": "completed"}}


def test_a_whole_stream() -> None:
    text, reasoning, usages, end = read(REPLY.events())
    assert (text, reasoning, usages) == (TEXT, REASONING, [Usage(11, 9, 8, 4)])
    assert (end.verdict, end.finish_reason, end.fault, end.tool_calls) == (Verdict.COMPLETE, "stop", None, False)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.integers(0, 6000), max_size=8), st.booleans())
def test_any_cut_into_pieces_gives_the_same_answer(words: list[str], cuts: list[int], named: bool) -> None:
    events = Reply(words, ("a b", "c")).events()
    data = b"".join(frames(events) if named else map(event, events))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert take([data[a:b] for a, b in itertools.pairwise(edges)]) == take([data])


@pytest.mark.parametrize("count", range(len(REPLY.events())))
def test_a_cut_before_any_event_is_a_cut_and_keeps_the_text(count: int) -> None:
    parts = frames(REPLY.events())
    text, reasoning, _, end = take(parts[:count])
    assert (end.verdict, end.fault and end.fault.kind) == (Verdict.CUT, FaultKind.CLOSED)
    assert TEXT.startswith(text)
    assert REASONING.startswith(reasoning)
    inside = parts[count][: len(parts[count]) // 2]
    assert take([*parts[:count], inside])[:2] == (text, reasoning)
    assert take([*parts[:count], inside])[3].verdict is Verdict.CUT
    done = take([*parts[:count], DONE])[3]
    assert done.verdict is (Verdict.CUT if count else Verdict.COMPLETE), "[DONE] is no end of these streams"


@pytest.mark.parametrize("missing", sorted({one["type"] for one in REPLY.events()} - {"response.completed"}))
def test_events_of_one_type_left_out_cost_no_text(missing: str) -> None:
    text, reasoning, _, end = read([one for one in REPLY.events() if one["type"] != missing])
    assert (text, reasoning, end.verdict) == (TEXT, REASONING, Verdict.COMPLETE)


@pytest.mark.parametrize(
    "kept",
    [
        ("output_text.done",),
        ("output_item.done",),
        (),
        ("output_text.done", "output_item.done"),
        ("output_text.delta",),
    ],
)
def test_the_text_comes_once_from_whichever_events_have_it(kept: tuple[str, ...]) -> None:
    last = REPLY.events()[-1]
    for end in (last, {**last, "response": {**last["response"], "output": []}}):
        if not kept and end is not last:
            continue
        events = [one for one in REPLY.events() if one["type"].removeprefix("response.") in kept]
        assert read([*events, end])[0] == TEXT
        bare = [{k: v for k, v in one.items() if not k.endswith(("index", "id", "number"))} for one in [*events, end]]
        assert read(bare)[0] == TEXT


def message(text: str) -> Event:
    return {"type": "message", "content": [{"type": "output_text", "text": text}]}


ADDED: Event = {"type": "response.output_item.added", "item": {"type": "message", "content": []}}
SUMMARIES = {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in ("a", "b")]}


@pytest.mark.parametrize(
    ("events", "text"),
    [
        pytest.param([{"type": "response.output_text.done", "text": "A"}] * 2, "A", id="a part twice"),
        pytest.param([{"type": "response.output_item.done", "item": message("A")}] * 2, "A", id="an item twice"),
        pytest.param(
            [delta_of("A  b"), {"type": "response.output_text.done", "text": "A b and more"}], "A  b", id="other"
        ),
        *(
            pytest.param(
                [ADDED, delta_of("First."), ADDED, delta_of("Sec"), done], "First.\n\nSecond.", id=str(done["type"])
            )
            for done in (
                {"type": "response.output_text.done", "text": "Second."},
                {"type": "response.output_item.done", "item": message("Second.")},
            )
        ),
    ],
)
def test_whole_texts_add_only_what_the_deltas_lacked(events: list[Event], text: str) -> None:
    assert read([*events, COMPLETED])[0] == text


def test_a_whole_item_adds_the_parts_that_were_not_streamed() -> None:
    first = [
        {"type": f"response.reasoning_summary_text.{kind}", name: "a"}
        for kind, name in (("delta",) * 2, ("done", "text"))
    ]
    assert read([*first, {"type": "response.output_item.done", "item": SUMMARIES}, COMPLETED])[1] == "a\n\nb"


@pytest.mark.parametrize("twice", [lambda _e: True, lambda e: e["type"].endswith("done"), lambda e: "delta" in e])
def test_repeated_numbers_are_read_once(twice: Any) -> None:
    events = [again for one in REPLY.events() for again in [one] * (1 + twice(one))]
    assert read(events)[:2] == (TEXT, REASONING)
    behind = [*REPLY.events()[:-1], *REPLY.events()[5:]]  # a part of the stream is sent again
    assert read(behind)[:2] == (TEXT, REASONING)


@pytest.mark.parametrize("number", [lambda _n: 0, lambda _n: None, lambda n: n % 2, lambda _n: "x"])
def test_numbers_that_count_nothing_cost_no_text(number: Any) -> None:
    words = ["ha", "ha", "ho", "ho"] if number(1) != 1 else ["ha", "ho", "hi", "hu"]
    events = [{**one, "sequence_number": number(at)} for at, one in enumerate(Reply(words).events())]
    assert read(events)[0] == "".join(words)


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
        ("incomplete", {"reason": "other"}, "other"),
        ("incomplete", None, "incomplete"),
    ],
)
def test_an_incomplete_answer_has_ended_and_says_why(status: str, details: Event | None, reason: str) -> None:
    reply = Reply(("Half",), status=status, details=details)
    for pieces in (frames(reply.events()), [json.dumps(reply.whole).encode()]):
        text, _, usages, end = take(pieces)
        assert (text, end.verdict, end.finish_reason) == ("Half", Verdict.COMPLETE, reason)
        assert usages == [Usage(11, 9, 8, 4)]


@pytest.mark.parametrize(
    ("events", "code", "message"),
    [
        (
            Reply(("a",), status="failed", error={"code": "server_error", "message": "no"}).events(),
            "server_error",
            "no",
        ),
        (Reply(("a",), status="failed").events(), "", ""),
        ([delta_of("a"), {"type": "response.failed", "response": {"status": "completed"}}], "", ""),
        (
            [delta_of("a"), {"type": "error", "code": "rate_limit_exceeded", "message": "no"}],
            "rate_limit_exceeded",
            "no",
        ),
        ([delta_of("a"), {"type": "error", "error": {"code": "x_error", "message": "no"}}], "x_error", "no"),
        ([delta_of("a"), {"type": "response.error", "error": {"code": "x_error", "message": "no"}}], "x_error", "no"),
    ],
)
def test_errors_in_the_stream(events: list[Event], code: str, message: str) -> None:
    for pieces in (frames(events), [event(one) for one in events], [*frames(events), DONE]):
        text, _, _, end = take(pieces)
        assert (text, end.verdict) == ("a", Verdict.FAULT)
        assert end.fault is not None
        assert (end.fault.kind, end.fault.code, end.fault.message) == (FaultKind.IN_BAND, code, message)


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
def test_an_answer_that_is_not_ready_is_a_cut(status: str) -> None:
    for pieces in (
        [json.dumps(Reply(("Half",), status=status).whole).encode()],
        frames([delta_of("Half"), {"type": "response.done", "response": {"status": status}}]),
        frames([delta_of("Half"), {"type": "response.cancelled", "response": {"status": status}}]),
    ):
        text, _, _, end = take(pieces)
        assert (text, end.verdict) == ("Half", Verdict.CUT)


def test_a_whole_answer() -> None:
    text, reasoning, usages, end = take([json.dumps(REPLY.whole, indent=1).encode()])
    assert (text, reasoning, usages) == (TEXT, REASONING, [Usage(11, 9, 8, 4)])
    assert (end.verdict, end.finish_reason) == (Verdict.COMPLETE, "stop")
    failed = take([json.dumps(Reply(status="failed", error={"code": "server_error", "message": "no"}).whole).encode()])
    assert failed[3].fault is not None
    assert failed[3].fault.message == "no"


def test_a_refusal_is_content() -> None:
    refusal = [{"type": "response.refusal.delta", "delta": part} for part in ("I ", "won't.")]
    assert read([*refusal, {"type": "response.refusal.done", "refusal": "I won't."}, COMPLETED])[0] == "I won't."
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    assert read([{**COMPLETED, "response": {"status": "completed", "output": [item]}}])[0] == "No."


CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": ""}


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "response.output_item.added", "output_index": 1, "item": CALL}, COMPLETED],
        [{"type": "response.function_call_arguments.delta", "delta": '{"a'}, COMPLETED],
        [{"type": "response.custom_tool_call_input.delta", "delta": "a"}, COMPLETED],
        [{**COMPLETED, "response": {"status": "completed", "output": [CALL]}}],
    ],
)
def test_calls_of_tools_are_reported(events: list[Event]) -> None:
    end = read(events)[3]
    assert (end.verdict, end.finish_reason, end.tool_calls) == (Verdict.COMPLETE, "tool_calls", True)
    assert read(events[:-1])[3].verdict is Verdict.CUT


def test_reasoning_is_read_in_one_form_only() -> None:
    raw = {"type": "response.reasoning_text.delta", "delta": "Think."}
    summary = {"type": "response.reasoning_summary_text.delta", "delta": "It thought."}
    item = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "It thought."}],
        "content": [{"type": "reasoning_text", "text": "Think."}],
    }
    end = {**COMPLETED, "response": {"status": "completed", "output": [item]}}
    for events, words in (([raw, summary], "Think."), ([summary, raw], "It thought."), ([], "Think.")):
        assert read([*events, end])[1] == words
        assert read([*events, {"type": "response.output_item.done", "item": item}, end])[1] == words


def test_two_messages_are_two_paragraphs() -> None:
    items = [{"type": "message", "content": [{"type": "output_text", "text": text}]} for text in ("First.", "Second.")]
    events: list[Event] = []
    for number, text in enumerate(("First.", "Second.")):
        events.append({"type": "response.output_item.added", "output_index": number, "item": {"type": "message"}})
        events.append(delta_of(text, output_index=number))
        events.append({"type": "response.output_item.done", "output_index": number, "item": items[number]})
    end = {**COMPLETED, "response": {"status": "completed", "output": items}}
    for stream in (events, [end], [*events, end], [*events, *events, end]):
        assert read(numbered([*stream[:6], end]))[0] == "First.\n\nSecond."


@pytest.mark.parametrize(
    "strange",
    [
        {"type": "response.unheard_of.delta", "delta": "x"},
        {"type": "response.web_search_call.searching", "item_id": "ws_1"},
        {"type": "response.output_text.annotation.added", "annotation": {}},
        {"type": "response.output_text.delta", "delta": None},
        {"type": "response.output_text.delta", "delta": {"odd": 1}, "sequence_number": True},
        {"type": "response.output_text.done"},
        {"type": "response.output_item.done", "item": [1]},
        {"type": "response.output_item.done", "item": {"type": "mcp_call", "content": [None, 3]}},
        {"type": "response.reasoning_summary_text.done", "text": 5},
        {"type": "keepalive", "sequence_number": 3},
        {"type": "response."},
    ],
)
def test_strange_events_are_no_trouble(strange: Event) -> None:
    text, reasoning, _, end = read([delta_of("a"), strange, delta_of("b"), strange, COMPLETED])
    assert (text, reasoning, end.verdict) == ("ab", "", Verdict.COMPLETE)


def test_chat_chunks_and_these_events_are_told_apart_whatever_was_asked_for() -> None:
    chunks = [event(delta("Xin"), "response.output_text.delta"), event(delta(finish="stop")), DONE]
    text, _, _, end = take(chunks)
    assert (text, end.verdict, end.finish_reason) == ("Xin", Verdict.COMPLETE, "stop")
    untyped = [{k: v for k, v in one.items() if k != "type"} for one in REPLY.events()]
    named = [event(bare, one["type"]) for bare, one in zip(untyped, REPLY.events(), strict=True)]
    assert take([*named, DONE])[0] == TEXT
