"""Long questions are folded in the messages, cost what is shown of them, and are opened by a key or by a hit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.content import Content

from holytui.keymap import build_keymap
from holytui.models import Conversation, Message, Role
from holytui.paths import runtime_dir
from holytui.store.values import Bundle
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.transcript import folded_question
from holytui.ui.transcript.folded_question import KEPT, LAST, MOST, QuestionText
from tests.ui.conftest import Build
from tests.ui.house import House, Visitor, visit
from tests.ui.talks import NOON, TALK, furnish

LINES = [f"line {number} of many" for number in range(10_000)]
LOG = "\n".join(LINES)
TEXTS = st.text(st.sampled_from("abc đếか\u0301👩 \t\n"), max_size=400)


def shown(text: str, width: int = 30, *, is_open: bool = False, key: str = "Space") -> list[str]:
    return [row.content.plain for row in QuestionText(text).rows(width, is_open=is_open, key=key)]


def plain(text: str, width: int) -> list[str]:
    """All rows of a text, as Textual wraps them."""
    return [row.plain for row in Content(text.expandtabs(4)).wrap(width)]


def test_a_short_question_is_shown_whole() -> None:
    text = "\n".join(LINES[:MOST])
    assert shown(text) == shown(text, is_open=True) == LINES[:MOST]


def test_a_long_question_shows_its_first_lines_and_how_many_more_there_are() -> None:
    assert shown(LOG) == [*LINES[:KEPT], "▸ 9,991 more lines", *LINES[-LAST:]]
    assert shown(LOG, 40)[KEPT] == "▸ 9,991 more lines · Space: expand"
    assert shown("\n".join(LINES[:13]), 40)[KEPT] == "▸ 4 more lines · Space: expand"
    assert shown(LOG, 40, key="")[KEPT] == "▸ 9,991 more lines"


def test_what_is_asked_below_a_paste_is_in_sight() -> None:
    rows = shown(LOG + "\n\nWhat is wrong here?", 40)
    assert rows[KEPT:] == ["▸ 9,993 more lines · Space: expand", LINES[-1], "", "What is wrong here?"]


def test_a_last_line_that_is_long_is_not_shown_in_part() -> None:
    assert shown(LOG + "\n" + "long words " * 30, 40)[KEPT:] == ["▸ 9,995 more lines · Space: expand"]


def test_opened_it_shows_all_and_how_to_fold_it() -> None:
    assert shown(LOG, is_open=True) == [*LINES, "▾ Space: collapse"]
    assert shown(LOG, is_open=True, key="") == LINES


def test_it_is_cut_between_lines_where_that_leaves_enough_of_it() -> None:
    text = "\n".join(["one", "two", "three", "four", "five", "long words " * 20, *LINES[:20]])
    note = "▸ 18 more lines · Space: expand"
    assert shown(text, 40) == ["one", "two", "three", "four", "five", note, *LINES[17:20]]


def test_a_line_longer_than_what_is_shown_is_cut_within_it() -> None:
    assert shown("x" * 1_000_030, 30) == ["x" * 30] * KEPT + ["▸ 999,850 more characters"]
    assert shown("one\n" + "ab " * 400, 40)[-1] == "▸ 1,006 more characters · Space: expand"


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(4, 30))
@example("a " * 300, 4)
@example("か" * 300, 5)
@example("a\t" * 100, 7)
def test_its_rows_are_those_of_the_whole_text(text: str, width: int) -> None:
    rows = plain(text, width)
    if len(rows) <= MOST:
        assert shown(text, width) == rows
        return
    folded = shown(text, width)
    note = next(at for at, row in enumerate(folded) if row.startswith("▸"))
    last = folded[note + 1 :]
    assert 4 <= note <= KEPT
    assert len(last) <= LAST
    assert folded[:note] == rows[:note]
    assert last == rows[len(rows) - len(last) :]
    assert shown(text, width, is_open=True, key="") == rows


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(4, 30), st.data())
def test_every_place_is_in_the_row_that_it_is_found_in(text: str, width: int, data: st.DataObject) -> None:
    marked = [at for at, char in enumerate(text) if not char.isspace()]
    if not marked:
        return
    at = data.draw(st.sampled_from(marked))
    opened, folded = QuestionText(text), QuestionText(text)
    rows = opened.rows(width, is_open=True, key="k")
    first_rows = folded.rows(width, is_open=False, key="k")
    assert not opened.hides(at)
    if opened.long:
        row = opened.row_of(at)
        before = sum(len("".join(one.content.plain.split())) for one in rows[:row])
        letters = len("".join(text[:at].split()))
        assert before <= letters < before + len("".join(rows[row].content.plain.split()))
        note = next(y for y, one in enumerate(first_rows) if one.content.plain.startswith("▸"))
        behind = len(first_rows) - note - 1
        assert folded.hides(at) == (note <= row < len(rows) - 1 - behind)
        if not folded.hides(at) and row >= note:
            assert first_rows[folded.row_of(at)].content.plain == rows[row].content.plain


@pytest.mark.parametrize(
    "text",
    [LOG, "x" * 1_000_000, "words and words " * 60_000, "tab\t" * 250_000],
    ids=["lines", "run", "words", "tabs"],
)
def test_a_folded_question_costs_what_is_shown_of_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = 0

    class Counted(Content):
        def __init__(self, text: str = "", *args: object, **options: object) -> None:
            nonlocal wrapped
            wrapped += len(text)
            super().__init__(text, *args, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(folded_question, "Content", Counted)
    made = QuestionText(text)
    made.rows(80, is_open=False, key="Space")
    assert 0 < wrapped < 20 * 80
    made.rows(80, is_open=True, key="Space")
    assert wrapped >= len(text) * 0.9


def test_the_rows_stay_the_same_objects_until_they_look_different() -> None:
    made = QuestionText(LOG)
    rows = made.rows(40, is_open=False, key="Space")
    assert made.rows(40, is_open=False, key="Space") is rows
    assert made.rows(41, is_open=False, key="Space") is not rows


# -- on the screen


def put_long(house: House, text: str = LOG) -> None:
    """A conversation that begins with a long question."""
    asked = Message("0192-q", "0192-long", None, Role.USER, text, NOON)
    told = Message("0192-a", "0192-long", asked.id, Role.ASSISTANT, "That is long.", NOON + 1, model="guide/guide")
    house.history.add_bundle(Bundle(Conversation("0192-long", "Long", NOON, NOON, leaf_id=told.id), [asked, told]))


@asynccontextmanager
async def at_the_question(house: House, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Visitor]:
    put_long(house)
    async with visit(house, size, conversation="0192-long") as visitor:
        await visitor.to_log()
        await visitor.press("g")
        yield visitor


@pytest.mark.parametrize("size", [(60, 20), (120, 40)])
async def test_a_key_opens_it_where_it_stands_and_folds_it_again(house: House, size: tuple[int, int]) -> None:
    async with at_the_question(house, size) as visitor:
        await visitor.sees("▸ 9,991 more lines · Space: expand")
        assert "That is long." in visitor.text
        before = visitor.text.splitlines()
        await visitor.act("message.reasoning")
        await visitor.sees("line 9 of many")
        assert visitor.text.splitlines()[: KEPT + 1] == before[: KEPT + 1]
        for _ in range(3):
            await visitor.act("log.page_down")
        await visitor.until(lambda: "line 7 of many" not in visitor.text)
        await visitor.act("message.reasoning")
        await visitor.until(lambda: visitor.text.splitlines()[: KEPT + 2] == before[: KEPT + 2])


async def test_one_below_others_is_opened_where_it_stands(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("hello")
        await visitor.type("count to 3\n" + "\n".join(LINES[:60]))
        await visitor.press("enter")
        await visitor.sees("▸ 52 more lines")
        await visitor.calm()
        await visitor.to_log()
        for _ in range(2):
            await visitor.act("log.previous")
        before = visitor.text.splitlines()
        at = next(y for y, line in enumerate(before) if "more lines" in line)
        await visitor.act("message.reasoning")
        await visitor.sees("line 9 of many")
        assert visitor.text.splitlines()[:at] == before[:at]


async def test_the_end_of_an_opened_one_tells_how_to_fold_it(house: House) -> None:
    async with at_the_question(house) as visitor:
        await visitor.act("message.reasoning")
        await visitor.act("log.last")
        await visitor.sees("line 9999 of many")
        assert "▾ Space: collapse" in visitor.text


async def test_the_key_in_force_is_named(build_house: Build) -> None:
    house = build_house(keys=build_keymap({"message.reasoning": ("t",)}))
    async with at_the_question(house) as visitor:
        await visitor.sees("more lines · t: expand")
        await visitor.press("t")
        await visitor.sees("line 9 of many")


async def test_without_a_key_none_is_named_and_the_palette_opens_it(build_house: Build) -> None:
    house = build_house(keys=build_keymap({"message.reasoning": ()}))
    async with at_the_question(house) as visitor:
        await visitor.sees("▸ 9,991 more lines")
        assert ": expand" not in visitor.text
        await visitor.act("app.palette")
        await visitor.pick("Collapse expand")
        await visitor.sees("line 9 of many")


async def test_a_copy_has_all_of_it(house: House) -> None:
    async with at_the_question(house) as visitor:
        await visitor.act("message.copy")
        await visitor.until(lambda: (runtime_dir() / "last-copy.txt").exists())
        await visitor.calm()
        assert (runtime_dir() / "last-copy.txt").read_text("utf-8") == LOG


async def search(visitor: Visitor, words: str) -> None:
    await visitor.act("history.search")
    await visitor.type(words)
    await visitor.sees("1 place")
    await visitor.press("enter")
    await visitor.until(lambda: isinstance(visitor.app.screen, ChatScreen))
    await visitor.calm()


async def test_a_hit_in_the_folded_part_opens_it_there(house: House) -> None:
    furnish(house.history)
    put_long(house)
    async with visit(house, conversation=TALK) as visitor:
        await search(visitor, "line 5003 of")
        await visitor.sees("line 5003 of many")
        selected = visitor.chat.log_view.selected
        assert selected is not None
        assert selected.message.id == "0192-q"
        assert selected.open


async def test_a_hit_far_down_in_an_answer_is_in_sight(house: House) -> None:
    parts = [f"Paragraph {number} has some **words** in it." for number in range(300)]
    parts[200] = "Here is a zebra."
    asked = Message("0192-q", "0192-long", None, Role.USER, "why?", NOON)
    told = Message("0192-a", "0192-long", asked.id, Role.ASSISTANT, "\n\n".join(parts), NOON + 1, model="guide/guide")
    house.history.add_bundle(Bundle(Conversation("0192-long", "Long", NOON, NOON, leaf_id=told.id), [asked, told]))
    furnish(house.history)
    async with visit(house, (80, 24), conversation=TALK) as visitor:
        await search(visitor, "zebra")
        await visitor.sees("Here is a zebra.")


async def test_a_hit_in_what_is_shown_leaves_it_folded(house: House) -> None:
    furnish(house.history)
    put_long(house, "Only here: zebra\n" + LOG)
    async with visit(house, conversation=TALK) as visitor:
        await search(visitor, "zebra")
        await visitor.sees("Only here: zebra")
        await visitor.sees("more lines")


async def test_an_answer_that_is_followed_is_still_followed_when_its_reasoning_is_opened(house: House) -> None:
    async with visit(house, (60, 20)) as visitor:
        await visitor.ask("show reasoning")
        await visitor.to_log()
        assert visitor.chat.log_view.following
        await visitor.act("message.reasoning")
        answer = visitor.chat.log_view.selected
        assert answer is not None
        assert answer.open
        await visitor.pilot.pause()
        assert visitor.chat.log_view.following
