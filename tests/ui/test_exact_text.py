"""On the screen, characters that cannot be seen are signs; what is sent, kept and copied has them as they are."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events

from holytui.text import INVISIBLE, sanitize
from holytui.ui.markdown.document import MarkdownDocument
from holytui.ui.stand_ins import PlaceholderDocument, held, restored, signs
from holytui.ui.transcript.folded_text import FoldedText
from tests.servers import READ, ScriptedServer, answer
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build
from tests.ui.markdown_fragments import sources

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TEXT = "ab\u202edc\u2066 x\u2028y \U000e0041\ufeff."
FORMATS = set(INVISIBLE)
unseen = st.sampled_from([*INVISIBLE, ENGLAND, "&#8238;", "&#x2028;", "\u200d", "ไ\u200bท"])


def mixed(draw: st.DrawFn) -> str:
    text = draw(sources)
    for place in sorted(draw(st.lists(st.integers(0, max(1, len(text))), max_size=12)), reverse=True):
        text = text[:place] + draw(unseen) + text[place:]
    return text


documents = st.composite(mixed)()


@settings(max_examples=150, deadline=None)
@given(documents, st.integers(10, 60))
@example("| a\u2028b | c |\n|---|---|\n| &#8232; | \u202e |", 30)
@example("```py\u202e x\na\u2028b\tc\n\u202e\n```", 30)
@example('[a\u202e](http://b\u2066.c "\u200f") <http://b\u202e.c>', 40)
def test_no_format_character_is_painted_and_every_line_fits(source: str, width: int) -> None:
    document = MarkdownDocument(source)
    for line in document.lines(width):
        assert not set(line.text.replace(ENGLAND, "")) & FORMATS
        assert "\n" not in line.text
        assert cell_len(line.text) <= max(width, 10)
    assert document.source == source


@settings(max_examples=60, deadline=None)
@given(documents, st.integers(1, 5))
def test_a_text_in_pieces_is_painted_as_the_whole(source: str, size: int) -> None:
    grown = MarkdownDocument()
    for at in range(0, len(source), size):
        grown.append(source[at : at + size])
        grown.lines(40)
    assert [line.text for line in grown.lines(40)] == [line.text for line in MarkdownDocument(source).lines(40)]


def test_a_long_paragraph_is_cut_in_no_flag() -> None:
    shown = "".join(line.text for line in MarkdownDocument(ENGLAND * 100).lines(60))
    assert shown == ENGLAND * 100


def test_a_copied_code_block_is_exact_and_separators_end_no_line_of_it() -> None:
    document = MarkdownDocument("```\ns = 'a\u2028b'\u202e\n```\n")
    assert [block.text for block in document.code_blocks] == ["s = 'a\u2028b'\u202e"]
    assert [line.text for line in document.lines(60)] == ["1", "  s = 'a<U+2028>b'<U+202E>"]


def test_a_separator_is_a_break_in_a_paragraph_and_begins_no_block() -> None:
    assert [line.text for line in MarkdownDocument("one\u2028# two\u2029- three").lines(60)] == [
        "one",
        "# two",
        "- three",
    ]


def test_a_place_in_a_question_is_found_behind_signs() -> None:
    text = "\u202e" * 3 + "\n" * 20 + "word"
    question = FoldedText(text)
    rows = question.rows(40, is_open=True, key="")
    assert rows[question.row_of(text.index("word"))].content.plain == "word"
    assert rows[0].content.plain == "<U+202E>" * 3


texts = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from(["\n", *INVISIBLE])).map(sanitize)


@settings(max_examples=200, deadline=None)
@given(texts, texts, st.integers(0, 5), st.integers(0, 9))
@example("a\u2028b\u202e", "\u2029c", 0, 1)
def test_what_is_edited_is_exact_and_each_unseen_character_has_a_cell(
    text: str, more: str, row: int, column: int
) -> None:
    assert restored(held(text)) == text
    assert cell_len(signs(held(text))) == cell_len(held(text))
    document = PlaceholderDocument(text)
    assert document.text == text
    row = min(row, document.line_count - 1)
    place = (row, min(column, len(document.get_line(row))))
    before = sum(len(line) + 1 for line in text.split("\n")[:row]) + place[1]
    result = document.replace_range(place, place, more)
    assert document.text == text[:before] + more + text[before:]
    document.replace_range(place, result.end_location, "")
    assert document.text == text


async def test_a_conversation_is_exact_and_its_screen_is_all_signs(build_harness: Build) -> None:
    with ScriptedServer([READ, *answer(*f"Answer {TEXT}")], [READ, *answer("title")]) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            driver.app.post_message(events.Paste(TEXT))
            await driver.pilot.pause()
            assert driver.chat.prompt.text == TEXT
            assert "ab\ufffddc\ufffd x\u2424y \ufffd\ufffd." in driver.text
            await driver.press("left", "backspace", "left", "delete")
            assert driver.chat.prompt.text == TEXT[:-3] + "."
            await driver.press("ctrl+underscore", "ctrl+underscore")
            await driver.wait_until(lambda: driver.chat.prompt.text == TEXT)
            await driver.press("enter")
            await driver.settle()
            await driver.wait_for_text("ab<U+202E>dc<U+2066> x")
            assert not set(driver.text) & FORMATS
            found = driver.conversations()[0]
            harness.history.update_conversation(found.id, title=TEXT)
            await driver.chat.conversations.refresh()
            assert not set(driver.text) & FORMATS
            assert "ab<U+202E>dc" in driver.text.split("Answer")[0]
        assert server.requests[0].json["messages"][-1]["content"] == TEXT
        assert [message.text for message in harness.history.branch(found.id)] == [TEXT, f"Answer {TEXT}"]


async def test_a_title_is_edited_exactly(build_harness: Build) -> None:
    harness = build_harness(config_with())
    async with run_app(harness) as driver:
        await driver.ask("what does Esc do?")
        found = driver.conversations()[0]
        await driver.type("/rename")
        await driver.press("enter")
        await driver.pilot.pause()
        await driver.press("end")
        driver.app.post_message(events.Paste(" שלום\u200f!"))
        await driver.pilot.pause()
        assert "שלום\ufffd!" in driver.text
        await driver.press("enter")
        await driver.wait_until(lambda: harness.history.conversation(found.id).title.endswith(" שלום\u200f!"))  # type: ignore[union-attr]  # it is there
