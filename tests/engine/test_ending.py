"""Doubts about how an answer ended, of live and of stored ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holytui import i18n
from holytui.engine.ending import Doubt, Ending, command_for, describe_doubts, with_tool_calls_reason
from holytui.hints import KEYLESS
from holytui.models import AnswerState, Attempt, Join, Message, Role
from holytui.store.assembly import seam_contexts
from holytui.wire.events import End, Verdict

WHOLE = Ending(AnswerState.COMPLETE, "stop", "Some words.")


@pytest.mark.parametrize(
    ("ending", "doubts"),
    [
        (WHOLE, ()),
        (replace(WHOLE, finish_reason=""), ()),
        (replace(WHOLE, finish_reason="STOP"), ()),
        (replace(WHOLE, finish_reason="end_turn"), ()),
        (replace(WHOLE, finish_reason="length"), (Doubt.LENGTH,)),
        (replace(WHOLE, finish_reason="MAX_TOKENS"), (Doubt.LENGTH,)),
        (replace(WHOLE, finish_reason="length", text="", reasoning="Hm"), (Doubt.LENGTH, Doubt.REASONING_ONLY)),
        (replace(WHOLE, finish_reason="SAFETY", text=""), (Doubt.CONTENT_FILTER, Doubt.EMPTY)),
        (replace(WHOLE, finish_reason="function_call"), (Doubt.TOOL_CALLS,)),
        (replace(WHOLE, finish_reason="odd"), (Doubt.UNKNOWN_REASON,)),
        (replace(WHOLE, text=" \n"), (Doubt.EMPTY,)),
        (replace(WHOLE, text="", reasoning="Hm"), (Doubt.REASONING_ONLY,)),
        (replace(WHOLE, seams=(4,)), (Doubt.SEAM,)),
        (replace(WHOLE, begun_again=True), (Doubt.BEGUN_AGAIN,)),
        # what did not end as complete tells why by itself; its text may be doubtful all the same
        (Ending(AnswerState.STOPPED), ()),
        (Ending(AnswerState.FAILED, "tool_calls"), ()),
        (Ending(AnswerState.INTERRUPTED, "", "Some words.", seams=(4,)), (Doubt.SEAM,)),
        (Ending(AnswerState.STREAMING, "", "Some words.", seams=(4,), begun_again=True), ()),
    ],
)
def test_what_is_doubtful(ending: Ending, doubts: tuple[Doubt, ...]) -> None:
    assert ending.doubts == doubts
    assert len(describe_doubts(ending)) == len(doubts)


def test_a_stored_answer_has_the_doubts_that_it_had() -> None:
    fields = {"reasoning": "Hm", "finish_reason": "length", "seams": (4,), "begun_again": True}
    message = Message("m", "c", None, Role.ASSISTANT, "Some words.", 0.0, **fields)  # type: ignore[arg-type]  # fields
    assert Ending.of(message) == Ending(AnswerState.COMPLETE, "length", "Some words.", "Hm", (4,), begun_again=True)


@pytest.mark.parametrize(
    ("ending", "resumable"),
    [
        (WHOLE, False),
        (replace(WHOLE, finish_reason="length"), True),
        (replace(WHOLE, finish_reason="odd"), True),
        (replace(WHOLE, finish_reason="content_filter"), False),
        (replace(WHOLE, state=AnswerState.STOPPED), True),
        (replace(WHOLE, state=AnswerState.STREAMING), False),
    ],
)
def test_which_answers_can_go_on(ending: Ending, resumable: bool) -> None:
    assert ending.resumable is resumable


@pytest.mark.parametrize(
    ("reason", "tools", "told"),
    [
        ("stop", True, "tool_calls"),
        ("", True, "tool_calls"),
        ("stop", False, "stop"),
        ("length", True, "length"),
        ("function_call", True, "function_call"),
    ],
)
def test_tools_are_told_where_the_server_says_that_all_is_well(reason: str, tools: bool, told: str) -> None:
    assert with_tool_calls_reason(End(Verdict.COMPLETE, finish_reason=reason, tool_calls=tools)).finish_reason == told


EVERY = [
    *(replace(WHOLE, finish_reason=reason) for reason in ("length", "content_filter", "tool_calls", "odd")),
    replace(WHOLE, text=""),
    replace(WHOLE, text="", reasoning="Hm"),
    replace(WHOLE, seams=(4, 7), begun_again=True),
]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_doubt_has_words_and_no_keys_where_there_are_none(language: str) -> None:
    before = i18n.language()
    i18n.set_language(language)
    try:
        told = [problem for ending in EVERY for problem in describe_doubts(ending)]
        assert {doubt for ending in EVERY for doubt in ending.doubts} == set(Doubt)
        assert len({problem.title for problem in told}) == len(Doubt)
        for problem in told:
            assert "{" in problem.hint
            assert not any(key in KEYLESS.render(problem.hint) for key in ("ress ", "hấn ", "{")), problem.hint
    finally:
        i18n.set_language(before)


def test_a_seam_is_placed_by_the_words_before_it() -> None:
    text = "word " * 20 + "\nand then"
    (one,) = describe_doubts(Ending(text=text, seams=(104,)))
    assert one.title.endswith("at a seam, after “…d " + "word " * 7 + "and”")
    (two,) = describe_doubts(Ending(text=text, seams=(4, 104)))
    assert "2 seams" in two.title
    assert two.title.endswith("after “word”")


def test_commands_are_named_for_what_they_show_only() -> None:
    shown = {doubt for doubt in Doubt if "history show --attempts 0190" in command_for(doubt, "0190")}
    assert shown == {Doubt.SEAM, Doubt.BEGUN_AGAIN}


def test_both_sides_are_those_that_came() -> None:
    def attempt(number: int, join: Join, keep: int = -1, cut: int = 0, how: str = "instruct") -> Attempt:
        return Attempt(str(number), "m", number, 0.0, join=join, keep=keep, cut=cut, resumed_by=how)

    pieces = [
        (attempt(1, Join.FIRST, how=""), "One two"),
        (attempt(2, Join.OVERLAP, cut=3), "two three"),
        (attempt(3, Join.MARKED, cut=6), "Sure! four"),
        (attempt(4, Join.RESTART, keep=0, cut=1), "\nAnew"),
        # an imported text is adopted like this: nothing was asked for
        (attempt(5, Join.RESTART, keep=0, how=""), "Anew, edited"),
    ]
    assert [(one.attempt.number, one.before, one.after) for one in seam_contexts(pieces)] == [
        (3, "One two three", "Sure! four"),
        (4, "One two threefour", "\nAnew"),
    ]
