from __future__ import annotations

import pytest

from holytui.models import AnswerState, Conversation, Message, Role
from holytui.store.values import Bundle
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.tree import row_line, tree_view
from holytui.ui.tree.layout import TreeRow
from holytui.ui.tree.page import TreePage
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.sample_conversations import CUT, TALK, add_sample


async def opened(driver: ScreenDriver) -> TreePage:
    await driver.focus_log()
    await driver.press("t")
    await driver.wait_until(lambda: isinstance(driver.app.screen, TreePage))
    page = driver.app.screen
    assert isinstance(page, TreePage)
    await driver.wait_until(lambda: page.view.selected is not None)
    return page


async def test_enter_shows_the_branch_at_that_message(harness: AppHarness) -> None:
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        page = await opened(driver)
        await driver.press("home", "down")
        assert page.view.selected is not None
        assert page.view.selected.entry.id == "0190-answer-1"
        await driver.press("enter")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        await driver.wait_for_text("An older answer.")
        await driver.wait_until(lambda: driver.chat.state.conversation.leaf == "0190-answer-1")
        selected = driver.chat.log_view.selected
        assert selected is not None
        assert selected.message.id == "0190-answer-1"


async def test_a_branch_with_an_answer_in_progress_is_not_deleted(harness: AppHarness) -> None:
    add_sample(harness.history)
    busy = harness.history.add_message(
        TALK, Role.ASSISTANT, "", parent_id="0190-question-3", state=AnswerState.STREAMING, show=False
    )
    async with run_app(harness, conversation=TALK) as driver:
        await opened(driver)
        await driver.press("home", "down", "down", "down")
        await driver.press("delete")
        await driver.wait_for_text("Stop the answer first")
        harness.history.set_state(busy.id, AnswerState.STOPPED)
        await driver.press("home", "delete")
        await driver.wait_for_text("This is the whole conversation")
        await driver.press("end", "delete")
        await driver.wait_for_text("1 message deleted")
        assert harness.history.variant_ids(busy.id) == [busy.id]
        await driver.press("escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        await opened(driver)
        await driver.press("u")
        await driver.wait_for_text("restored")
        assert harness.history.variant_ids(busy.id) == [CUT, busy.id]


async def test_of_ten_thousand_messages_only_the_visible_ones_are_painted(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def role(number: int) -> Role:
        return Role.ASSISTANT if number % 2 else Role.USER

    messages = [
        Message(f"m{n}", "big", f"m{n - 1}" if n else None, role(n), f"text {n}", 1e9 + n) for n in range(10_000)
    ]
    harness.history.add_bundle(Bundle(Conversation("big", "big", 1e9, 1e9, leaf_id="m5"), messages))
    harness.history.update_conversation("big", leaf_id="m5")
    painted: list[str] = []
    plain = row_line.row_line

    def counted(row: TreeRow, *args: object, **more: object) -> object:
        painted.append(row.entry.id)
        return plain(row, *args, **more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(tree_view, "row_line", counted)
    async with run_app(harness, conversation="big") as driver:
        page = await opened(driver)
        await driver.press("end", "pageup", "home", "pagedown")
        assert page.view.selected is not None
        assert len({*painted}) < 300
        await driver.press("end")
        await driver.wait_for_text("text 9999")
