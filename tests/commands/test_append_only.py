"""An answer that is cut back or begun again, on an output where nothing can be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.commands.append_only import AppendOnlyAnswer
from holytui.commands.plain.printer import PlainPrinter
from holytui.engine import events as ev

pieces = st.text("ab", max_size=4)
steps = st.lists(st.tuples(st.booleans(), pieces), max_size=12)


@given(steps)
def test_the_output_ends_with_the_answer_and_begins_anew_only_where_it_must(steps: list[tuple[bool, str]]) -> None:
    rejoin, answer, written, again = AppendOnlyAnswer(), "", "", 0

    def put(text: str) -> None:
        nonlocal written, again
        if rejoin.started_again:
            rejoin.started_again, written = False, ""
            again += 1
        written += text

    differs = False
    for replaces, text in steps:
        before = written
        answer = text if replaces else answer + text
        put(rejoin.replace(text) if replaces else rejoin.add(text))
        differs |= not (answer.startswith(before) or before.startswith(answer))
    put(rejoin.end())
    assert written == answer
    assert differs or again <= 1  # at the end, of an answer that is only a beginning of what is written


@pytest.mark.parametrize(
    ("new", "rest", "shown"),
    [
        ("one, two", ", three", "one, two, three"),
        ("one, ", "two, three", "one, two, three"),
        ("", "one, two, three", "one, two, three"),
        ("", "other", "one, two\n-- The answer started again; the new one follows. The old one is kept.\nother"),
        ("one", "", "one, two\n-- The answer started again; the new one follows. The old one is kept.\none"),
    ],
)
def test_plain_mode_says_so_only_if_the_answer_is_another_one(new: str, rest: str, shown: str) -> None:
    import io

    out = io.StringIO()
    printer = PlainPrinter(out, prompts=False)
    printer.event(ev.Delta("t", "one, two"))
    printer.event(ev.Replaced("t", new, "", ""))
    printer.event(ev.Delta("t", rest))
    printer._answered(printer._text_to_write.end())
    printer.new_line()
    assert out.getvalue() == shown + "\n"
