"""Earlier questions: by searching in all conversations, and by ↑ among those that contain the typed text."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from holytui.models import Role
from holytui.text import fold
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.composer import prompt_history
from holytui.ui.composer.draft_store import Draft
from holytui.ui.composer.prompt_history import PromptHistory
from holytui.ui.composer.question_search import QuestionPicker
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app

ASKED = ("Đường nào đi Huế?", "the way to Huế\nin two lines", "how far is it?")


@pytest.fixture
def asked(harness: AppHarness) -> AppHarness:
    for text in ASKED:
        talk = harness.history.create_conversation(title="Travel")
        harness.history.add_message(talk.id, Role.USER, text, parent_id=None)
    return harness


async def _open(driver: ScreenDriver) -> None:
    await driver.press("ctrl+r")
    await driver.wait_until(lambda: isinstance(driver.app.screen, QuestionPicker))


async def test_a_question_of_another_conversation_is_found_without_accents_and_inserted(asked: AppHarness) -> None:
    async with run_app(asked) as driver:
        await _open(driver)
        await driver.wait_for_text("how far is it?")
        await driver.type("duong hue")
        await driver.press("enter")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        assert driver.chat.prompt.text == ASKED[0]
        assert len(asked.history.questions(9)) == len(ASKED), "it was not sent"


async def test_the_preview_shows_all_lines_and_inserting_keeps_them(asked: AppHarness) -> None:
    async with run_app(asked) as driver:
        await _open(driver)
        await driver.type("two lines")
        preview = driver.app.screen.query_one("#dialog-preview", Static)
        await driver.wait_until(lambda: str(preview.content) == f"{ASKED[1]}\nTravel")
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.prompt.text == ASKED[1])


async def test_the_typed_text_is_searched_and_comes_back_with_up(asked: AppHarness) -> None:
    async with run_app(asked) as driver:
        await driver.type("far")
        await _open(driver)
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.prompt.text == ASKED[2])
        driver.chat.prompt.set_text("")
        await driver.press("up")
        assert driver.chat.prompt.text == "far"


async def test_escape_changes_nothing(asked: AppHarness) -> None:
    async with run_app(asked) as driver:
        await driver.type("far")
        await _open(driver)
        await driver.press("escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        assert driver.chat.prompt.text == "far"


async def test_a_question_is_sent_at_once_and_the_draft_stays(asked: AppHarness) -> None:
    async with run_app(asked) as driver:
        await driver.type("Huế")
        await _open(driver)
        await driver.press("down", "alt+enter")
        await driver.settle()
        assert driver.chat.prompt.text == "Huế"
        last = driver.chat.log_view.messages[0]
        assert (last.role, last.text) == (Role.USER, ASKED[0])


async def test_without_any_question_it_says_so(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.press("ctrl+r")
        await driver.wait_until(lambda: "no question has been sent yet" in driver.status)


def _history(*questions: str) -> PromptHistory:
    history = PromptHistory()
    history.load(questions)
    return history


def test_only_questions_that_contain_the_text_are_recalled() -> None:
    history = _history("Đường dài", "none", "the road: duong", "last")
    draft = Draft("DUONG")
    assert history.older(draft, draft.text) == "the road: duong"
    assert history.older(Draft("the road: duong"), "the road: duong") == "Đường dài"
    assert history.older(Draft("Đường dài"), "Đường dài") is None
    assert history.newer() == "the road: duong"
    assert history.newer() == draft
    assert history.newer() is None


def test_a_recalled_question_that_was_edited_is_looked_for_and_kept() -> None:
    history = _history("a road", "a road and more", "b")
    assert history.older(Draft("a"), "a") == "a road and more"
    assert history.older(Draft("a road"), "a road") == "a road and more"
    assert history.newer() == Draft("a road")


def test_an_empty_prompt_recalls_all() -> None:
    history = _history("one", "two")
    assert history.older(Draft(), "") == "two"
    assert history.older(Draft("two"), "two") == "one"
    assert history.older(Draft("one"), "one") is None


def test_a_recalled_question_with_a_folded_paste_is_not_an_edited_one() -> None:
    history, paste = _history("one", "two\n" + "x" * 3_000), "x" * 3_000
    assert history.older(Draft(), "") == f"two\n{paste}"
    assert history.older(Draft("two\n[chip]", {"[chip]": paste}), f"two\n{paste}") == "one"


def test_both_ends_of_a_long_question_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[int] = []

    def counted(text: str) -> str:
        folded.append(len(text))
        return fold(text)

    monkeypatch.setattr(prompt_history, "fold", counted)
    long = "First\n" + "か" * 1_000_000 + "\nlast"
    for wanted in ("first", "LAST"):
        assert _history("other", long, "other").older(Draft(wanted), wanted) == long
    assert max(folded) < 50_000
    folded.clear()
    assert _history(long).older(Draft(), "") == long
    assert max(folded) == 0
