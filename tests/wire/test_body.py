"""A body of any kind, cut into any pieces and broken off at any byte."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.faults import FaultKind
from holytui.wire.events import End, Piece, Verdict
from holytui.wire.response.body import AnswerBody
from tests.servers import DONE, delta, event, usage
from tests.wire.harness import content

TOKENS = st.lists(st.text(max_size=6), max_size=6)


def stream(tokens: list[str]) -> bytes:
    return b": hi\n\n" + b"".join(event(delta(token)) for token in tokens)


ENDING = event(delta(finish="stop")) + event(usage()) + DONE
BODIES = st.one_of(
    TOKENS.map(lambda tokens: stream(tokens) + ENDING),
    TOKENS.map(stream),
    st.text().map(lambda words: json.dumps({"choices": [{"message": {"content": words}}]}).encode()),
    st.just(b"<html><title>t</title></html>"),
    st.binary(max_size=50),
)


def take(pieces: list[bytes], kind: str = "") -> tuple[str, End]:
    body = AnswerBody(kind)
    found = [item for piece in pieces for item in body.feed(piece)] + body.close()
    return content(list(found)), body.verdict(None, sum(map(len, pieces)), 200)


@settings(max_examples=150, deadline=None)
@given(BODIES, st.lists(st.integers(0, 400), max_size=6))
def test_any_cut_into_pieces_gives_the_same_answer(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert take([data[a:b] for a, b in itertools.pairwise(edges)]) == take([data])


@settings(max_examples=150, deadline=None)
@given(TOKENS, st.integers(0, 2000))
def test_wherever_it_breaks_off_every_whole_delta_is_kept_and_nothing_is_called_complete(
    tokens: list[str], at: int
) -> None:
    data = stream(tokens)[:at]
    text, end = take([data])
    whole, _ = take([stream(tokens)])
    assert end.verdict is not Verdict.COMPLETE
    assert whole.startswith(text.removesuffix("␍"))  # a lone CR at the end is shown as what it is
    arrived = sum(len(stream(tokens[:n])) <= at for n in range(1, len(tokens) + 1))
    kept, _ = take([stream(tokens[:arrived])])
    assert text.startswith(kept.removesuffix("␍"))


def test_blank_lines_that_keep_the_connection_alive_are_no_answer_yet() -> None:
    body = AnswerBody("application/json")
    assert body.feed(b"\n\n") == []
    assert body.verdict(None, 2, 200).verdict is Verdict.CUT


WHOLE = json.dumps({"choices": [{"message": {"content": "late"}}]}).encode()


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", ""])
@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\n" * 5_000, b"\xef\xbb\xbf\r\n"], ids=["mark", "blanks", "both"]
)
def test_blanks_before_a_whole_answer_decide_nothing(before: bytes, kind: str) -> None:
    data = before + WHOLE
    assert take([data], kind) == take([data[at : at + 1] for at in range(len(data))], kind)
    assert take([data], kind)[0] == "late"


def test_after_the_limit_not_even_half_an_event_counts() -> None:
    body = AnswerBody("text/event-stream", most=3)
    found = body.feed(event(delta("whole")) + event(delta("not wanted")).rstrip())
    assert content([*found, *body.close()]) == "whole"


def test_a_stream_that_is_cut_in_its_first_line_is_a_cut_and_not_a_strange_body() -> None:
    _, end = take([b'data: {"choi'])
    assert (end.verdict, end.fault and end.fault.kind) == (Verdict.CUT, FaultKind.CLOSED)


def test_an_endless_json_body_is_too_long() -> None:
    body = AnswerBody("application/json")
    for _ in range(9):
        body.feed(b'{"a": "' + b"x" * (1 << 20))
    assert body.finished
    assert body.close() == []
    end = body.verdict(None, 1, 200)
    assert (end.verdict, end.fault and end.fault.kind) == (Verdict.CUT, FaultKind.TOO_LONG)


def test_text_beyond_the_limit_ends_the_answer_and_what_came_is_kept() -> None:
    body = AnswerBody("text/event-stream", most=10)
    pieces = [piece for _ in range(9) for piece in body.feed(event(delta("xin chào ")))]
    assert body.finished
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == "xin chào xin chào "
    end = body.verdict(None, 1, 200)
    assert (end.verdict, end.fault and end.fault.kind) == (Verdict.CUT, FaultKind.TOO_LONG)


def test_an_endless_call_of_tools_ends_too() -> None:
    body = AnswerBody("text/event-stream", most=10_000)
    call = event({"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"arguments": "x" * 500}}]}}]})
    fed = 0
    while not body.finished and fed < 20_000:
        body.feed(call)
        fed += len(call)
    assert body.finished
    assert fed < 20_000


def test_an_event_that_is_too_long_takes_nothing_of_what_came_before_it() -> None:
    body = AnswerBody("text/event-stream")
    found = body.feed(event(delta("before")) + b"data: " + b"x" * (9 << 20))
    assert [piece.text for piece in found if isinstance(piece, Piece)] == ["before"]
    assert body.close() == []
    end = body.verdict(None, 1, 200)
    assert (end.verdict, end.fault and end.fault.kind) == (Verdict.CUT, FaultKind.TOO_LONG)
