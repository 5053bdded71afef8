"""What is copied of text that the mouse selected, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.geometry import Offset
from textual.selection import SELECT_ALL, Selection

from holytui import paths
from holytui.models import AnswerState, Message, Role
from holytui.ui.markdown import mathematics
from holytui.ui.transcript.message_view import MessageView
from holytui.ui.transcript.selecting import selected_text
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app

ANSWER = """A **bold** word and `code`, then so many words that the line has to be wrapped somewhere.

- one
- two

```make
all:
\techo one\t# a comment which is longer than forty columns
\tb
```
"""


def rows_of(entry: MessageView, width: int) -> list[tuple[object, int]]:
    rows = [entry.line(width, y) for y in range(entry.height(width))]
    return [(row, len(row.gutter)) for row in rows]


def answer(text: str, **more: object) -> MessageView:
    message = Message("a", "t", "q", Role.ASSISTANT, text, 0.0, state=AnswerState.COMPLETE, **more)  # type: ignore[arg-type]  # fields
    return MessageView(message)


def asked(text: str) -> MessageView:
    return MessageView(Message("q", "t", None, Role.USER, text, 0.0))


def copied(entry: MessageView, width: int, selection: Selection = SELECT_ALL) -> str:
    return selected_text(rows_of(entry, width), selection)  # type: ignore[arg-type]  # rows


def between(entry: MessageView, width: int, first: str, last: str) -> str:
    """From the beginning of some words to the end of others, as they are shown."""
    shown = [row.gutter + row.content.plain for row, _ in rows_of(entry, width)]  # type: ignore[attr-defined]  # rows
    start = next(Offset(line.find(first), y) for y, line in enumerate(shown) if first in line)
    end = next(Offset(line.find(last) + len(last), y) for y, line in enumerate(shown) if last in line)
    return copied(entry, width, Selection.from_offsets(start, end))


@pytest.mark.parametrize("width", [24, 42, 200])
def test_line_breaks_of_the_screen_and_margins_are_not_copied(width: int) -> None:
    heading, *lines = copied(answer(ANSWER), width).split("\n")
    assert heading.startswith("Assistant")
    assert lines == [
        "A bold word and code, then so many words that the line has to be wrapped somewhere.",
        "",
        "• one",
        "• two",
        "",
        "1 make",
        "all:",
        "\techo one\t# a comment which is longer than forty columns",
        "\tb",
    ]


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("old", "wo", "old wo"),
        ("echo", "one", "echo one"),
        ("one ", "#", "one\t#"),
        ("comment", "b", "comment which is longer than forty columns\n\tb"),
        ("two", "1 m", "two\n\n1 m"),
    ],
)
def test_a_part_is_copied_to_the_letter(first: str, last: str, text: str) -> None:
    entry = answer(ANSWER)
    code = "somewhere" not in text and first in ("echo", "one ", "comment")
    if code:  # the words are elsewhere too
        entry = answer(ANSWER[ANSWER.index("```") :].replace("all:\n", ""))
    assert between(entry, 200, first, last) == text


def test_signs_of_seams_are_not_copied() -> None:
    text = "Use echo, which prints.\n\n```\n\tone two\n```\n"
    entry = answer(text, seams=(9, text.index("two")))
    assert "┊" in "".join(row.content.plain for row, _ in rows_of(entry, 80))  # type: ignore[attr-defined]  # rows
    assert copied(entry, 80).split("\n")[1:5] == ["Use echo, which prints.", "", "1", "\tone two"]


@pytest.mark.parametrize("width", [20, 33, 100])
def test_a_question_is_copied_as_it_was_typed(width: int) -> None:
    text = "a\tb  c and   many words which  \tgo on\n\n\tindented\n# no heading **here**"
    assert copied(asked(text), width).split("\n", 1)[1] == text


@asynccontextmanager
async def with_mouse(harness: AppHarness, *answers: str) -> AsyncIterator[ScreenDriver]:
    history = harness.history
    talk = history.create_conversation(title="talk")
    parent = None
    for text in answers:
        question = history.add_message(talk.id, Role.USER, "?", parent_id=parent)
        told = history.add_message(talk.id, Role.ASSISTANT, text, parent_id=question.id)
        history.set_state(told.id, AnswerState.COMPLETE)
        parent = told.id
    async with run_app(harness, (80, 24), conversation=talk.id) as driver:
        driver.chat.log_view.selectable = True
        driver.chat.log_view.refresh()
        await driver.pilot.pause()
        yield driver


async def drag(driver: ScreenDriver, first: str, last: str, *, release: bool = True) -> None:
    lines = driver.text.split("\n")
    start = next(Offset(line.find(first), y) for y, line in enumerate(lines) if first in line)
    end = next(Offset(line.find(last) + len(last) - 1, y) for y, line in enumerate(lines) if last in line)
    for kind, at in ((events.MouseDown, start), (events.MouseMove, end), (events.MouseUp, end)):
        if kind is events.MouseUp and not release:
            return
        driver.app.screen._forward_event(
            kind(None, at.x, at.y, 0, 0, 1, False, False, False, screen_x=at.x, screen_y=at.y)
        )
        await driver.pilot.pause()


def last_copy() -> str:
    return paths.copied_file().read_text()


async def test_letting_the_mouse_go_copies(harness: AppHarness) -> None:
    async with with_mouse(harness, "Some words to be **selected** here.") as driver:
        await drag(driver, "words", "selected")
        await driver.wait_for_text("20 bytes")
        assert last_copy() == "words to be selected"
        assert driver.chat.log_view.selected_text == "words to be selected"


@pytest.mark.parametrize("key", ["y", "ctrl+c"])
async def test_keys_copy_the_selection_else_the_message(harness: AppHarness, key: str) -> None:
    async with with_mouse(harness, "Some words to be **selected** here.") as driver:
        await driver.focus_log()
        await drag(driver, "Some", "words", release=False)
        await driver.press(key)
        await driver.wait_for_text("10 bytes")
        assert last_copy() == "Some words"
        driver.chat.clear_selection()
        await driver.press("y")
        await driver.wait_for_text("35 bytes")
        assert last_copy() == "Some words to be **selected** here."


async def test_a_click_copies_nothing(harness: AppHarness) -> None:
    async with with_mouse(harness, "Some words.") as driver:
        await drag(driver, "w", "w")
        await driver.settle()
        assert not paths.copied_file().exists()


async def test_a_selection_holds_the_view_until_it_is_gone(harness: AppHarness) -> None:
    async with with_mouse(harness, *[f"Answer {n}." for n in range(20)]) as driver:
        log = driver.chat.log_view
        followed = [log.following]
        await drag(driver, "Answer 19", "Answer 19", release=False)
        shown = driver.text
        followed.append(log.following)
        entry = log.views[-1]
        before = entry.height(80)
        entry.sync(entry.message.text + "\n\nMore.\n\nAnd more.\n" * 8, "")
        log.changed()
        await driver.pilot.pause()
        assert log.selected_text == "Answer 19"
        assert log.new_lines == log.views[-1].height(80) - before
        assert "And more." not in driver.text
        assert shown.split("\n")[:15] == driver.text.split("\n")[:15]
        driver.chat.clear_selection()
        await driver.pilot.pause()
        assert [*followed, log.following] == [True, False, True]
        assert "And more." in driver.text


@pytest.mark.parametrize("key", ["pageup", "G", "k"])
async def test_moving_the_view_ends_the_selection(harness: AppHarness, key: str) -> None:
    async with with_mouse(harness, *[f"Answer {n}." for n in range(40)]) as driver:
        await driver.focus_log()
        driver.chat.log_view.action_log_page_up()
        await driver.pilot.pause()
        word = next(line.strip() for line in driver.text.split("\n") if "Answer" in line)
        await drag(driver, word, word, release=False)
        assert driver.chat.log_view.selected_text == word
        for _ in range(30 if key == "k" else 1):
            await driver.press(key)
        assert not driver.chat.log_view.selected_text


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("a\u200eb = target # c", "target"),
        ("\u2066x\u2069\t\u00ady target end", "target end"),
        ("a\tb target", "target"),
    ],
)
def test_code_with_format_characters_is_copied_at_the_right_place(line: str, part: str) -> None:
    assert between(answer(f"```\n{line}\n```"), 80, part, part) == part
    assert copied(answer(f"```\n{line}\n```"), 80).endswith(line)


FORMULAS = r"""Words $\alpha^2$, then \(\frac{a}{b} + \frac{c}{d} + \frac{e}{f} + \frac{g}{h}\) end.

$$
\begin{aligned}
a &= b \\
c &= d
\end{aligned}
$$

- $x_1$
- $x_1$
"""
DISPLAY = FORMULAS[FORMULAS.index("$$") : FORMULAS.rindex("$$") + 2]


@pytest.mark.parametrize("width", [16, 24, 200])
def test_formulas_are_copied_as_they_were_written(width: int) -> None:
    mathematics.to_text("x")
    mathematics.wait()
    text = copied(answer(FORMULAS), width)
    for source in (r"$\alpha^2$, then \(\frac{a}{b} + \frac{c}{d} + \frac{e}{f} + \frac{g}{h}\) end.", DISPLAY):
        assert text.count(source) == 1
    assert text.count("$x_1$") == 2


def test_a_part_of_a_formula_is_copied_as_the_whole_of_it() -> None:
    entry = answer(FORMULAS)
    assert between(entry, 60, "rds", "α") == r"rds $\alpha^2$"
    assert between(entry, 60, "c = d", "c = d") == DISPLAY
