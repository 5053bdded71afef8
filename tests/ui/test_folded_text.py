"""Long questions are folded in the messages, cost what is shown of them, and are opened by a key or by a hit."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.content import Content

from holytui.hints import KEYLESS
from holytui.keymap import build_keymap
from holytui.models import Conversation, Message, Role
from holytui.paths import runtime_dir
from holytui.store.values import Bundle
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.markdown.budget import Spent
from holytui.ui.transcript import folded_text, match_navigator, message_view
from holytui.ui.transcript.folded_text import FIRST_ROWS, LAST_ROWS, MIN_ROWS_TO_FOLD, FoldedText
from holytui.ui.transcript.match_navigator import MatchNavigator
from holytui.ui.transcript.message_list import MessageList
from holytui.ui.transcript.message_view import MessageView
from holytui.ui.transcript.scroll_math import Anchor
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import NOON, TALK, add_sample

LINES = [f"line {number} of many" for number in range(10_000)]
LOG = "\n".join(LINES)
TEXTS = st.text(st.sampled_from("abc đếか\u0301👩 \t\n"), max_size=400)


def shown(text: str, width: int = 30, *, is_open: bool = False, key: str = "Space") -> list[str]:
    return [row.content.plain for row in FoldedText(text).rows(width, is_open=is_open, key=key)]


def plain(text: str, width: int) -> list[str]:
    """All rows of a text, as Textual wraps them."""
    return [row.plain for row in Content(text.expandtabs(4)).wrap(width)]


def test_a_short_question_is_shown_whole() -> None:
    text = "\n".join(LINES[:MIN_ROWS_TO_FOLD])
    assert shown(text) == shown(text, is_open=True) == LINES[:MIN_ROWS_TO_FOLD]


def test_a_long_question_shows_its_first_lines_and_how_many_more_there_are() -> None:
    assert shown(LOG) == [*LINES[:FIRST_ROWS], "▸ 9,991 more lines", *LINES[-LAST_ROWS:]]
    assert shown(LOG, 40)[FIRST_ROWS] == "▸ 9,991 more lines · Space: expand"
    assert shown("\n".join(LINES[:13]), 40)[FIRST_ROWS] == "▸ 4 more lines · Space: expand"
    assert shown(LOG, 40, key="")[FIRST_ROWS] == "▸ 9,991 more lines"


def test_what_is_asked_below_a_paste_is_in_sight() -> None:
    rows = shown(LOG + "\n\nWhat is wrong here?", 40)
    assert rows[FIRST_ROWS:] == ["▸ 9,993 more lines · Space: expand", LINES[-1], "", "What is wrong here?"]


def test_a_last_line_that_is_long_is_not_shown_in_part() -> None:
    assert shown(LOG + "\n" + "long words " * 30, 40)[FIRST_ROWS:] == ["▸ 9,995 more lines · Space: expand"]


def test_opened_it_shows_all_and_how_to_fold_it() -> None:
    assert shown(LOG, is_open=True) == [*LINES, "▾ Space: collapse"]
    assert shown(LOG, is_open=True, key="") == LINES


def test_it_is_cut_between_lines_where_that_leaves_enough_of_it() -> None:
    text = "\n".join(["one", "two", "three", "four", "five", "long words " * 20, *LINES[:20]])
    note = "▸ 18 more lines · Space: expand"
    assert shown(text, 40) == ["one", "two", "three", "four", "five", note, *LINES[17:20]]


def test_a_line_longer_than_what_is_shown_is_cut_within_it() -> None:
    assert shown("x" * 1_000_030, 30) == ["x" * 30] * FIRST_ROWS + ["▸ 999,850 more characters"]
    assert shown("one\n" + "ab " * 400, 40)[-1] == "▸ 1,006 more characters · Space: expand"


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(4, 30))
@example("a " * 300, 4)
@example("か" * 300, 5)
@example("a\t" * 100, 7)
def test_its_rows_are_those_of_the_whole_text(text: str, width: int) -> None:
    rows = plain(text, width)
    if len(rows) <= MIN_ROWS_TO_FOLD:
        assert shown(text, width) == rows
        return
    folded = shown(text, width)
    note = next(at for at, row in enumerate(folded) if row.startswith("▸"))
    last = folded[note + 1 :]
    assert 4 <= note <= FIRST_ROWS
    assert len(last) <= LAST_ROWS
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
    opened, folded = FoldedText(text), FoldedText(text)
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

    monkeypatch.setattr(folded_text, "Content", Counted)
    made = FoldedText(text)
    made.rows(80, is_open=False, key="Space")
    assert 0 < wrapped < 20 * 80
    made.rows(80, is_open=True, key="Space")
    assert wrapped >= len(text) * 0.9


def once() -> Spent:
    """A budget for one step."""
    return lambda: True


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(4, 30), st.integers(1, 60))
@example("a " * 300, 4, 5)
@example("か" * 300, 5, 1)
@example("a\t" * 100, 7, 9)
@example(" " * 300 + "\n" + "abc" * 50, 4, 10)
def test_rows_laid_out_in_slices_are_those_of_the_whole_text(text: str, width: int, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folded_text, "_PIECE", piece)
        made = FoldedText(text, once)
        rows = made.rows(width, is_open=True, key="")
        while made.behind:
            made.advance(once())
        assert [row.content.plain for row in rows] == plain(text, width)


@pytest.mark.parametrize(
    "text",
    [LOG * 5, "x" * 1_000_000, "words and words " * 60_000, "tab\t" * 250_000],
    ids=["lines", "run", "words", "tabs"],
)
def test_no_step_lays_out_much_of_a_long_question(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [0]

    class Counted(Content):
        def __init__(self, text: str = "", *args: object, **options: object) -> None:
            steps[-1] += len(text)
            super().__init__(text, *args, **options)  # type: ignore[arg-type]  # passed on

    def counted(spent: Spent) -> Spent:
        steps.append(0)
        return spent

    monkeypatch.setattr(folded_text, "Content", Counted)
    monkeypatch.setattr(message_view, "_share", lambda: counted(once()))
    view = MessageView(Message("q", "c", None, Role.USER, text, NOON))
    messages = MessageList(KEYLESS)
    messages.show([view], ())
    messages.resize(80, 30)
    monkeypatch.setattr(match_navigator, "within", lambda _seconds: counted(once()))
    scrolled: list[Anchor] = []
    matches = MatchNavigator(
        messages, select=lambda _index: steps.append(0), scroll_to=scrolled.append, refresh=lambda: None
    )
    steps.extend(0 for _step in matches.reveal(0, [len(text) // 2]))
    height = messages.height_of(0)
    assert view.open
    assert abs(scrolled[0].offset - height / 2) < 0.01 * height
    assert sum(steps) >= len(text) * 0.9
    assert max(steps) < 20_000  # some 8 ms


async def test_a_long_one_is_laid_out_to_its_end_while_keys_are_handled(harness: AppHarness) -> None:
    async with at_the_question(harness) as driver:
        await driver.wait_for_text("▸ 9,991 more lines")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(message_view, "_share", once)
            await driver.act("message.reasoning")
            view = driver.chat.log_view.selected
            assert view is not None
            assert view.behind(driver.chat.log_view.size.width)
            assert not driver.chat.log_view.following
            await driver.wait_until(lambda: not view.behind(driver.chat.log_view.size.width))
            assert "line 9 of many" in driver.text
        await driver.act("log.last")
        await driver.wait_for_text("line 9999 of many")


def test_an_unfolded_text_keeps_few_objects() -> None:
    made = FoldedText(LOG)
    gc.collect()
    before = len(gc.get_objects())
    rows = made.rows(40, is_open=True, key="Space")
    assert sum(len(row.content.plain) for row in rows) >= len(LOG.replace("\n", ""))
    gc.collect()
    assert len(gc.get_objects()) - before < 0.3 * len(rows)
    assert rows[:3] == [rows[0], rows[1], rows[2]]
    shown = [rows[-1 - y] for y in range(100)]
    assert all(rows[-1 - y] is row for y, row in enumerate(shown))


def test_another_key_changes_only_the_hint() -> None:
    made = FoldedText(LOG)
    rows = list(made.rows(40, is_open=True, key="Space"))
    assert list(made.rows(40, is_open=True, key="")) == rows[:-1]
    first = made.rows(40, is_open=True, key="")[0]
    assert made.rows(40, is_open=True, key="t")[-1].content.plain == "▾ t: collapse"
    assert made.rows(40, is_open=True, key="t")[0] is first
    folded = list(made.rows(40, is_open=False, key="t"))
    assert made.rows(40, is_open=False, key="")[FIRST_ROWS].content.plain == "▸ 9,991 more lines"
    assert made.rows(40, is_open=False, key="")[0] is folded[0]


def test_the_rows_stay_the_same_objects_until_they_look_different() -> None:
    made = FoldedText(LOG)
    rows = made.rows(40, is_open=False, key="Space")
    assert made.rows(40, is_open=False, key="Space") is rows
    assert made.rows(41, is_open=False, key="Space") is not rows


# -- on the screen


def put_long(harness: AppHarness, text: str = LOG) -> None:
    """A conversation that begins with a long question."""
    asked = Message("0192-q", "0192-long", None, Role.USER, text, NOON)
    told = Message("0192-a", "0192-long", asked.id, Role.ASSISTANT, "That is long.", NOON + 1, model="guide/guide")
    harness.history.add_bundle(Bundle(Conversation("0192-long", "Long", NOON, NOON, leaf_id=told.id), [asked, told]))


@asynccontextmanager
async def at_the_question(harness: AppHarness, size: tuple[int, int] = (120, 40)) -> AsyncIterator[ScreenDriver]:
    put_long(harness)
    async with run_app(harness, size, conversation="0192-long") as driver:
        await driver.focus_log()
        await driver.press("g")
        yield driver


@pytest.mark.parametrize("size", [(60, 20), (120, 40)])
async def test_a_key_opens_it_where_it_stands_and_folds_it_again(harness: AppHarness, size: tuple[int, int]) -> None:
    async with at_the_question(harness, size) as driver:
        await driver.wait_for_text("▸ 9,991 more lines · Space: expand")
        assert "That is long." in driver.text
        before = driver.text.splitlines()
        await driver.act("message.reasoning")
        await driver.wait_for_text("line 9 of many")
        assert driver.text.splitlines()[: FIRST_ROWS + 1] == before[: FIRST_ROWS + 1]
        for _ in range(3):
            await driver.act("log.page_down")
        await driver.wait_until(lambda: "line 7 of many" not in driver.text)
        await driver.act("message.reasoning")
        await driver.wait_until(lambda: driver.text.splitlines()[: FIRST_ROWS + 2] == before[: FIRST_ROWS + 2])


async def test_one_below_others_is_opened_where_it_stands(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("hello")
        await driver.type("count to 3\n" + "\n".join(LINES[:60]))
        await driver.press("enter")
        await driver.wait_for_text("▸ 52 more lines")
        await driver.settle()
        await driver.focus_log()
        for _ in range(2):
            await driver.act("log.previous")
        before = driver.text.splitlines()
        at = next(y for y, line in enumerate(before) if "more lines" in line)
        await driver.act("message.reasoning")
        await driver.wait_for_text("line 9 of many")
        assert driver.text.splitlines()[:at] == before[:at]


async def test_the_end_of_an_opened_one_tells_how_to_fold_it(harness: AppHarness) -> None:
    async with at_the_question(harness) as driver:
        await driver.act("message.reasoning")
        await driver.act("log.last")
        await driver.wait_for_text("line 9999 of many")
        assert "▾ Space: collapse" in driver.text


async def test_the_key_in_force_is_named(build_harness: Build) -> None:
    harness = build_harness(keys=build_keymap({"message.reasoning": ("z",)}))
    async with at_the_question(harness) as driver:
        await driver.wait_for_text("more lines · z: expand")
        await driver.press("z")
        await driver.wait_for_text("line 9 of many")


async def test_without_a_key_none_is_named_and_the_palette_opens_it(build_harness: Build) -> None:
    harness = build_harness(keys=build_keymap({"message.reasoning": ()}))
    async with at_the_question(harness) as driver:
        await driver.wait_for_text("▸ 9,991 more lines")
        assert ": expand" not in driver.text
        await driver.act("app.palette")
        await driver.pick("Collapse expand")
        await driver.wait_for_text("line 9 of many")


async def test_a_copy_has_all_of_it(harness: AppHarness) -> None:
    async with at_the_question(harness) as driver:
        await driver.act("message.copy")
        await driver.wait_until(lambda: (runtime_dir() / "last-copy.txt").exists())
        await driver.settle()
        assert (runtime_dir() / "last-copy.txt").read_text("utf-8") == LOG


async def search(driver: ScreenDriver, words: str) -> None:
    await driver.act("history.search")
    await driver.type(words)
    await driver.wait_for_text("1 place")
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
    await driver.settle()


async def test_a_hit_in_the_folded_part_opens_it_there(harness: AppHarness) -> None:
    add_sample(harness.history)
    put_long(harness)
    async with run_app(harness, conversation=TALK) as driver:
        await search(driver, "line 5003 of")
        await driver.wait_for_text("line 5003 of many")
        selected = driver.chat.log_view.selected
        assert selected is not None
        assert selected.message.id == "0192-q"
        assert selected.open


async def test_a_hit_far_down_in_an_answer_is_in_sight(harness: AppHarness) -> None:
    parts = [f"Paragraph {number} has some **words** in it." for number in range(300)]
    parts[200] = "Here is a zebra."
    asked = Message("0192-q", "0192-long", None, Role.USER, "why?", NOON)
    told = Message("0192-a", "0192-long", asked.id, Role.ASSISTANT, "\n\n".join(parts), NOON + 1, model="guide/guide")
    harness.history.add_bundle(Bundle(Conversation("0192-long", "Long", NOON, NOON, leaf_id=told.id), [asked, told]))
    add_sample(harness.history)
    async with run_app(harness, (80, 24), conversation=TALK) as driver:
        await search(driver, "zebra")
        await driver.wait_for_text("Here is a zebra.")


async def test_a_hit_in_what_is_shown_leaves_it_folded(harness: AppHarness) -> None:
    add_sample(harness.history)
    put_long(harness, "Only here: zebra\n" + LOG)
    async with run_app(harness, conversation=TALK) as driver:
        await search(driver, "zebra")
        await driver.wait_for_text("Only here: zebra")
        await driver.wait_for_text("more lines")


async def test_an_answer_that_is_followed_is_still_followed_when_its_reasoning_is_opened(harness: AppHarness) -> None:
    async with run_app(harness, (60, 20)) as driver:
        await driver.ask("show reasoning")
        await driver.focus_log()
        assert driver.chat.log_view.following
        await driver.act("message.reasoning")
        answer = driver.chat.log_view.selected
        assert answer is not None
        assert answer.open
        await driver.pilot.pause()
        assert driver.chat.log_view.following
