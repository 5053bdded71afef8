"""Code stands on its own background, and lines of text are no longer than is good to read."""

from __future__ import annotations

import pytest

from holytui.models import AnswerState, Message, Role
from holytui.ui.markdown.document import MarkdownDocument
from holytui.ui.transcript.message_view import MessageView
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import TALK, add_sample

WORDS = "word " * 60
WIDE = f"{WORDS}\n\n- {WORDS}\n\n```\n{'x' * 150}\n```\n\n| {'a' * 70} | {'b' * 70} |\n|---|---|\n| 1 | 2 |\n\n---\n"


def widths(document: MarkdownDocument, width: int) -> dict[str, int]:
    """The longest line of each kind, by a letter that is in it."""
    lines = [line.text for line in document.lines(width)]
    return {letter: max(len(line) for line in lines if letter in line) for letter in ("w", "•", "x", "b", "─")}


def test_text_is_bounded_and_code_and_tables_are_not() -> None:
    document = MarkdownDocument(WIDE)
    document.text_width = 50
    found = widths(document, 200)
    assert found["w"] <= 50
    assert found["•"] <= 50
    assert found["x"] == 152
    assert found["b"] > 140
    narrow = widths(document, 30)
    assert max(narrow.values()) <= 30


def test_a_text_that_grows_is_bounded_as_one_that_came_at_once() -> None:
    whole, grown = MarkdownDocument(WIDE), MarkdownDocument()
    whole.text_width = grown.text_width = 50
    for at in range(0, len(WIDE), 7):
        grown.append(WIDE[at : at + 7])
        grown.lines(200)
    assert [line.text for line in grown.lines(200)] == [line.text for line in whole.lines(200)]


@pytest.mark.parametrize(("text_width", "longest"), [(0, 199), (60, 60), (500, 199)])
def test_questions_are_bounded_too(text_width: int, longest: int) -> None:
    entry = MessageView(Message("q", "t", None, Role.USER, WORDS, 0.0, state=AnswerState.COMPLETE))
    entry.text_width = text_width
    rows = [entry.line(202, y).content.plain.rstrip() for y in range(entry.height(202))]
    assert longest - 5 <= max(map(len, rows)) <= longest


@pytest.mark.parametrize(("configured", "longest"), [(0, 200), (40, 40)])
async def test_the_configuration_says_how_long(build_harness: Build, configured: int, longest: int) -> None:
    harness = build_harness(config_with(text_width=configured, sidebar=False))
    talk = harness.history.create_conversation(title="wide")
    question = harness.history.add_message(talk.id, Role.USER, "?", parent_id=None)
    answer = harness.history.add_message(talk.id, Role.ASSISTANT, WORDS, parent_id=question.id)
    harness.history.set_state(answer.id, AnswerState.COMPLETE)
    async with run_app(harness, (220, 30), conversation=talk.id) as driver:
        rows = [len(line.strip()) for line in driver.text.split("\n") if "word word" in line]
        assert longest - 5 <= max(rows) <= longest + 20 * (configured == 0)


def grounds(driver: ScreenDriver, words: str) -> list[tuple[str, str]]:
    """The row with these words: its pieces, each with its background."""
    log = driver.chat.log_view
    strip = next(strip for y in range(log.size.height) if words in (strip := log.render_line(y)).text)
    return [(piece.text, piece.style.bgcolor.name) for piece in strip if piece.style and piece.style.bgcolor]


async def test_code_stands_on_its_own_background(harness: AppHarness) -> None:
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        code = driver.app.get_css_variables()["code-background"].lower()
        plain = {ground for _, ground in grounds(driver, "Two ways:")}
        assert code not in plain
        margin, *rest = grounds(driver, 'print("one")')
        assert margin[1] in plain
        assert not margin[0].strip()
        assert {ground for _, ground in rest} == {code}
        assert sum(len(text) for text, _ in rest) == driver.chat.log_view.size.width - len(margin[0])
