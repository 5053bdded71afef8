"""Numbered events of an answer in the background: wherever it is cut, its rest follows exactly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.schema import Api
from holytui.engine.turn.kept_stream import KeptStream
from holytui.faults import FaultKind
from holytui.models import DeltaKind, StreamKind, StreamPosition
from holytui.text import sanitize
from holytui.wire.events import GAP, MISMATCH, Piece, StreamNamed, Verdict
from holytui.wire.kept_streams import StreamCall, end_call, is_stream_name, read_call
from holytui.wire.request import Reattach
from holytui.wire.response.body import AnswerBody
from holytui.wire.response.event_numbers import EventNumbers, Place
from tests.responses import Event
from tests.responses_server import Answer
from tests.wire.harness import endpoint

# a carriage return and half a surrogate pair at the end of a delta are held back
TEXTS = st.text(st.sampled_from("aé\r\nữ🙂\ud83d\ude42x"), max_size=30)


def data_of(events: list[Event]) -> bytes:
    """The events as a server sends them; JSON escapes lone surrogates."""
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def read(body: AnswerBody, data: bytes, stream: KeptStream, texts: dict[DeltaKind, str]) -> None:
    """Feed `data` up to its end; add its text."""
    for found in [*body.feed(data), *body.close()]:
        if isinstance(found, Piece):
            assert stream.add(found) is not None
            texts[found.kind] += found.text


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS, st.integers(1, 4), st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_wherever_it_is_cut_the_rest_follows_exactly(
    text: str, summaries: list[str], refusal: str, size: int, cuts: list[float]
) -> None:
    answer = Answer(text, summaries, refusal, size)
    events = answer.events()
    whole: dict[DeltaKind, str] = dict.fromkeys(DeltaKind, "")
    read(AnswerBody(kept=StreamKind.EVENTS), data_of(events), KeptStream("id", kind=StreamKind.EVENTS), whole)
    assert whole[DeltaKind.CONTENT] == sanitize(text + refusal)
    stream = KeptStream("id", kind=StreamKind.EVENTS)
    texts: dict[DeltaKind, str] = dict.fromkeys(DeltaKind, "")
    body, data = AnswerBody(kept=StreamKind.EVENTS), data_of(events)
    for share in cuts:
        read(body, data[: int(share * len(data))], stream, texts)
        after = stream.reattach()
        body, data = AnswerBody(reattach=after), data_of(events[after.position.offset + 1 :])
    read(body, data, stream, texts)
    assert body.verdict(None, 0, 200).verdict is Verdict.COMPLETE
    assert texts == whole


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=2), st.integers(1, 4), st.floats(0, 1))
def test_an_answer_as_one_object_has_the_rest_too(text: str, summaries: list[str], size: int, share: float) -> None:
    answer = Answer(text, summaries, size=size)
    data, stream = data_of(answer.events()), KeptStream("id", kind=StreamKind.EVENTS)
    texts: dict[DeltaKind, str] = dict.fromkeys(DeltaKind, "")
    read(AnswerBody(kept=StreamKind.EVENTS), data[: int(share * len(data))], stream, texts)
    body = AnswerBody("application/json", reattach=replace(stream.reattach(), whole=True))
    read(body, json.dumps(answer.whole("completed")).encode(), stream, texts)
    assert body.verdict(None, 0, 200).verdict is Verdict.COMPLETE
    assert texts[DeltaKind.CONTENT] == sanitize(text)


def test_the_server_names_the_answer_before_any_text() -> None:
    body = AnswerBody(kept=StreamKind.EVENTS)
    found = [*body.feed(data_of(Answer("Hello").events())), *body.close()]
    assert found[0] == StreamNamed("resp_1")
    assert sum(isinstance(each, StreamNamed) for each in found) == 1


@pytest.mark.parametrize("name", ["../x", "a/b", "", None, "a b", "x" * 257, ".", "a?b", "a\n"])
def test_a_name_that_would_change_the_path_is_no_name(name: object) -> None:
    assert not is_stream_name(name)
    events = [{"type": "response.created", "sequence_number": 0, "response": {"id": name, "background": True}}]
    assert AnswerBody(kept=StreamKind.EVENTS).feed(data_of(events)) == []


def fault_of(body: AnswerBody, data: bytes) -> tuple[FaultKind, str]:
    body.feed(data)
    body.close()
    fault = body.verdict(None, 0, 200).fault
    assert fault is not None
    return fault.kind, fault.code


def test_missing_events_are_a_fault_and_text_after_them_is_not_read() -> None:
    events = Answer("Hello, world", ()).events()
    body = AnswerBody(kept=StreamKind.EVENTS)
    at = next(i for i, one in enumerate(events) if one["type"] == "response.output_text.delta")
    found = body.feed(data_of(events[: at + 1] + events[at + 2 :]))
    assert [each.text for each in found if isinstance(each, Piece)] == ["Hello"]
    fault = body.verdict(None, 0, 200).fault
    assert fault is not None
    assert (fault.kind, fault.code) == (FaultKind.GARBLED, GAP)


def test_a_last_event_with_more_text_than_came_is_a_fault() -> None:
    events = Answer("Hello, world", (), size=3).events()
    deltas = [i for i, one in enumerate(events) if one["type"] == "response.output_text.delta"]
    # the server leaves out a delta without leaving out its number, and repeats no text but at the end
    kept = [one for i, one in enumerate(events) if i != deltas[1] and not one["type"].endswith(".done")]
    lost = [one | {"sequence_number": number} for number, one in enumerate(kept)]
    assert fault_of(AnswerBody(kept=StreamKind.EVENTS), data_of(lost)) == (FaultKind.GARBLED, GAP)


def test_an_object_that_lacks_text_received_is_a_fault() -> None:
    asked = Reattach("id", StreamPosition(), "Hello, world", "", StreamKind.EVENTS, whole=True)
    body = AnswerBody("application/json", reattach=asked)
    assert fault_of(body, json.dumps(Answer("Hello").whole("completed")).encode()) == (FaultKind.GARBLED, MISMATCH)


def test_numbers() -> None:
    numbers = EventNumbers(is_kept=True)
    assert [numbers.place(number, number) for number in (4, 5, 5, 4, 7, 6)] == [
        *(Place.NEXT, Place.NEXT, Place.REPEATED, Place.REPEATED, Place.AFTER_GAP, Place.NEXT)
    ]
    after = [numbers.last]
    assert numbers.place(3, 99) is Place.NEXT, "another event with an old number"
    assert [*after, numbers.last] == [6, None]
    again = EventNumbers(6, is_kept=True, gap_seen=True)
    assert [again.place(number, 0) for number in (5, 6, 9)] == [Place.REPEATED, Place.REPEATED, Place.NEXT]


def test_the_requests() -> None:
    where = endpoint("https://host/v1/", api=Api.RESPONSES, chat_path="/chat/completions?api-version=1")
    asked = Reattach("resp_1", StreamPosition(7), "", "", StreamKind.EVENTS)
    address = "https://host/v1/responses/resp_1"
    assert read_call(where, asked) == StreamCall("GET", f"{address}?api-version=1&stream=true&starting_after=7")
    assert read_call(where, replace(asked, whole=True)) == StreamCall("GET", f"{address}?api-version=1")
    assert end_call(where, StreamKind.EVENTS, "resp_1") == StreamCall("POST", f"{address}/cancel?api-version=1")
