"""Every action through its key, in every place and state: what it does when nothing else happens, and that it does no
harm while an answer streams, waits for a retry, or the server is away."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from holytui.keymap import ACTIONS, BY_ID, Where
from holytui.models import AnswerState, Role
from holytui.paths import runtime_dir
from holytui.store.tags import TagChange
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.check.page import CheckPage
from holytui.ui.composer.question_search import QuestionPicker
from holytui.ui.connect.dialog import ConnectDialog
from holytui.ui.details.page import DetailsPage
from holytui.ui.dialogs.dialogs import LineDialog, PageDialog, Picker
from holytui.ui.dialogs.search import SearchDialog
from holytui.ui.settings.dialog import SettingsDialog
from holytui.ui.themes.picker import ThemePicker
from holytui.ui.tree.page import Comparison, TreePage
from tests.servers import READ, STALL, ScriptedServer, Step, chunk, chunked_head, delta, event, whole
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import CUT, TALK, add_sample

Check = Callable[[ScreenDriver], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def checks(action_id: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        assert action_id not in CHECKS
        CHECKS[action_id] = check
        return check

    return keep


def copied() -> str:
    file = runtime_dir() / "last-copy.txt"
    return file.read_text("utf-8") if file.exists() else ""


def selected(driver: ScreenDriver) -> str:
    entry = driver.chat.log_view.selected
    assert entry is not None
    return entry.message.id


async def select(driver: ScreenDriver, message_id: str) -> None:
    await driver.focus_log()
    driver.chat.log_view.reveal(message_id)
    await driver.pilot.pause()


async def goes_to(driver: ScreenDriver, kind: type[object]) -> None:
    await driver.wait_until(lambda: isinstance(driver.app.screen, kind))
    await driver.press("escape")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))


# -- everywhere


@checks("chat.stop")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("chat.stop")
    assert driver.chat.prompt.has_focus


@checks("chat.interrupt")
async def _(driver: ScreenDriver) -> None:
    driver.chat.prompt.set_text("draft")
    await driver.act("chat.interrupt")
    assert driver.chat.prompt.text == ""
    await driver.act("chat.interrupt")
    await driver.wait_until(lambda: "Ctrl+D to quit" in driver.status)


@checks("app.help")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.help")
    await driver.wait_for_text("Everywhere")
    await driver.wait_for_text("PgDn Scroll  Esc Close")
    await goes_to(driver, PageDialog)


@checks("app.connect")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.connect")
    await goes_to(driver, ConnectDialog)


@checks("model.pick")
async def _(driver: ScreenDriver) -> None:
    await driver.act("model.pick")
    await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
    await driver.pick("guide/slow")
    await driver.wait_until(lambda: driver.chat.state.model == "guide/slow")
    await driver.wait_until(lambda: "guide/slow" in driver.status)


@checks("chat.system")
async def _(driver: ScreenDriver) -> None:
    await driver.act("chat.system")
    await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
    await driver.pick("pirate")
    await driver.wait_for_text("the system prompt applies from the next question on")
    conversation = driver.harness.history.conversation(TALK)
    assert conversation is not None
    assert conversation.system == "Answer as a pirate would."
    assert driver.chat.log_view.views[0].message.role is Role.SYSTEM


@checks("chat.effort")
async def _(driver: ScreenDriver) -> None:
    def stored() -> object:
        conversation = driver.harness.history.conversation(TALK)
        assert conversation is not None
        return conversation.params.get("effort")

    for level in ("low", "medium", "high", "off", None):
        await driver.act("chat.effort")
        await driver.wait_until(lambda wanted=level: stored() == driver.chat.state.effort == wanted)  # type: ignore[misc]
    await driver.act("chat.effort")
    await driver.wait_until(lambda: driver.chat.status_bar.status.effort == "low")
    await driver.act("chat.new")
    await driver.wait_until(lambda: driver.chat.status_bar.status.effort == "")


@checks("chat.prompt")
async def _(driver: ScreenDriver) -> None:
    await driver.chat.run("chat.prompt")  # it has no key
    await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
    await driver.pick("pirate")
    await driver.wait_until(lambda: driver.chat.prompt.text == "Answer as a pirate would.")
    driver.chat.prompt.clear_undoable()


@checks("chat.over_limit")
async def _(driver: ScreenDriver) -> None:
    await driver.chat.run("chat.over_limit")  # it has no key
    await driver.wait_for_text("no question of this conversation is held")


@checks("sidebar.toggle")
async def _(driver: ScreenDriver) -> None:
    shown = driver.chat.sidebar.display and not driver.chat.has_class("-no-sidebar")
    await driver.act("sidebar.toggle")
    assert driver.chat.has_class("-no-sidebar") is shown
    assert driver.chat.sidebar.has_focus is not shown
    await driver.act("sidebar.toggle")
    assert driver.chat.has_class("-no-sidebar") is not shown


@checks("chat.new")
async def _(driver: ScreenDriver) -> None:
    await driver.act("chat.new")
    await driver.wait_until(lambda: driver.chat.state.conversation.id == "")
    await driver.wait_for_text("Questions go to")


@checks("app.palette")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.palette")
    await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
    await driver.pick("copy whole")
    await driver.wait_until(lambda: "How do I print?" in copied())


@checks("app.check")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.check")
    await driver.wait_for_text("Configuration")
    await goes_to(driver, CheckPage)


@checks("app.details")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.details")
    await driver.wait_for_text("Recent answers here")
    await goes_to(driver, DetailsPage)


@checks("chat.copy")
async def _(driver: ScreenDriver) -> None:
    await driver.act("chat.copy")
    await driver.wait_until(lambda: "Once upon a" in copied())


@checks("history.search")
async def _(driver: ScreenDriver) -> None:
    await driver.act("history.search")
    await driver.wait_until(lambda: isinstance(driver.app.screen, SearchDialog))
    await driver.type("shell")
    await driver.wait_for_text("And in a shell?")
    await driver.wait_for_text("1 place")
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
    await driver.wait_until(lambda: selected(driver) == "0190-question-2")


@checks("app.focus")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.act("app.focus")
    assert driver.chat.log_view.has_focus
    await driver.act("app.focus")
    assert driver.chat.prompt.has_focus is driver.chat.has_class("-no-sidebar")
    await driver.press("escape")


@checks("app.repaint")
async def _(driver: ScreenDriver) -> None:
    before = driver.text
    await driver.act("app.repaint")
    assert driver.text.splitlines()[:3] == before.splitlines()[:3]


@checks("app.mouse")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.mouse")
    await driver.wait_until(lambda: "the mouse is" in driver.status)


@checks("app.settings")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.settings")
    await driver.wait_for_text("Often changed")
    await goes_to(driver, SettingsDialog)


@checks("app.reload")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.type("/reload")
    await driver.press("enter")
    await driver.wait_for_text("was read again")


@checks("app.sync")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.type("/sync")
    await driver.press("enter")
    await driver.wait_for_text("/sync needs a target")


@checks("app.theme")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.type("/theme")
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ThemePicker))
    await driver.pick("light")
    await driver.wait_until(lambda: driver.app.theme == "holytui-light")
    await driver.wait_for_text("theme holytui-light, written into")


@checks("app.quit")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    driver.chat.prompt.set_text("ab")
    await driver.press("home")
    await driver.act("app.quit")
    assert driver.chat.prompt.text == "b"
    await driver.act("app.quit")
    assert driver.app.is_running
    await driver.act("app.quit")
    await driver.wait_until(lambda: driver.app._exit)


# -- in the prompt


@checks("prompt.send")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    before = len(driver.chat.log_view.views)
    await driver.type("hello")
    await driver.act("prompt.send")
    await driver.wait_until(lambda: len(driver.chat.log_view.views) == before + 2)
    assert driver.chat.prompt.text == ""


@checks("prompt.newline")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    driver.chat.prompt.set_text("a")
    for number in range(len(BY_ID["prompt.newline"].keys)):
        await driver.act("prompt.newline", number)
    await driver.type("b")
    assert driver.chat.prompt.text == "a\n\nb"
    driver.chat.prompt.set_text("")


@checks("prompt.editor")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.act("prompt.editor")
    await driver.wait_until(lambda: "this terminal cannot run another program" in driver.status)


@checks("prompt.attach")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.act("prompt.attach")
    await driver.wait_until(lambda: "names no file" in driver.status)


@checks("prompt.search")
async def _(driver: ScreenDriver) -> None:
    driver.chat.prompt.set_text("")
    await driver.act("prompt.search")
    await driver.wait_until(lambda: isinstance(driver.app.screen, QuestionPicker))
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
    newest = driver.harness.history.questions(1)[0]
    await driver.wait_until(lambda: driver.chat.prompt.text == newest.excerpt)
    driver.chat.prompt.set_text("")


@checks("prompt.undo")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    await driver.type("ab")
    await driver.act("prompt.undo")
    assert driver.chat.prompt.text == ""
    await driver.act("prompt.redo")
    assert driver.chat.prompt.text == "ab"
    driver.chat.prompt.set_text("")


CHECKS["prompt.redo"] = CHECKS["prompt.undo"]


@checks("app.suspend")
async def _(driver: ScreenDriver) -> None:
    with patch.object(driver.app, "action_suspend_process") as suspend:
        with patch("os.getpgrp", return_value=os.getsid(0)):
            await driver.act("app.suspend")
        await driver.wait_until(lambda: "no shell started holytui" in driver.status)
        suspend.assert_not_called()
        with patch("os.getpgrp", return_value=os.getsid(0) + 1):
            await driver.act("app.suspend")
        suspend.assert_called_once_with()


@checks("prompt.older")
async def _(driver: ScreenDriver) -> None:
    driver.chat.set_focus(driver.chat.prompt)
    driver.chat.prompt.set_text("l")
    await driver.act("prompt.older")
    assert driver.chat.prompt.text in ("Tell me a long story", "hello")
    await driver.act("prompt.newer")
    assert driver.chat.prompt.text == "l"
    driver.chat.prompt.set_text("")


CHECKS["prompt.newer"] = CHECKS["prompt.older"]


# -- in the messages


@checks("log.next")
async def _(driver: ScreenDriver) -> None:
    for number in range(2):
        await select(driver, "0190-question-1")
        await driver.act("log.next", number)
        await driver.wait_until(lambda: selected(driver) == "0190-answer-1b")


@checks("log.previous")
async def _(driver: ScreenDriver) -> None:
    for number in range(2):
        await select(driver, "0190-question-2")
        await driver.act("log.previous", number)
        await driver.wait_until(lambda: selected(driver) != "0190-question-2")


@checks("log.first")
async def _(driver: ScreenDriver) -> None:
    for number in range(2):
        await select(driver, CUT)
        await driver.act("log.first", number)
        await driver.wait_until(lambda: selected(driver) == driver.chat.log_view.views[0].message.id)


@checks("log.last")
async def _(driver: ScreenDriver) -> None:
    for number in range(2):
        await select(driver, "0190-question-1")
        await driver.act("log.last", number)
        await driver.wait_until(lambda: selected(driver) == driver.chat.log_view.views[-1].message.id)
        assert driver.chat.log_view.following


@checks("log.next_question")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-question-1")
    await driver.act("log.next_question")
    assert selected(driver) == "0190-question-2"


@checks("log.previous_question")
async def _(driver: ScreenDriver) -> None:
    await select(driver, CUT)
    await driver.act("log.previous_question")
    assert selected(driver) == "0190-question-3"


@checks("log.page_up")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("log.last")
    await driver.act("log.page_up")
    await driver.act("log.page_down")
    await driver.wait_until(lambda: driver.chat.log_view.following)


CHECKS["log.page_down"] = CHECKS["log.page_up"]


@checks("message.copy")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-question-2")
    await driver.act("message.copy")
    await driver.wait_until(lambda: copied() == "And in a shell?")


@checks("chat.copy_all")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("chat.copy_all")
    await driver.wait_until(lambda: "And in a shell?" in copied() and "Once upon a" in copied())


@checks("chat.export")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("chat.export")
    await goes_to(driver, LineDialog)


@checks("message.copy_code")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-1b")
    await driver.act("message.copy_code", 0)
    await driver.wait_until(lambda: copied().strip() == 'print("one")')
    await driver.act("message.copy_code", 1)
    await driver.wait_until(lambda: copied().strip() == "echo two")
    await driver.act("message.copy_code", 8)
    await driver.wait_until(lambda: "this message has 2 code blocks" in driver.status)


@checks("message.edit")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-1b")
    await driver.act("message.edit")
    await driver.wait_until(lambda: driver.chat.prompt.text == "How do I print?")
    await driver.press("escape")
    assert driver.chat.prompt.text == ""


@checks("message.retry")
async def _(driver: ScreenDriver) -> None:
    await select(driver, CUT)
    await driver.act("message.retry")
    await driver.wait_until(lambda: len(driver.harness.history.variants(CUT)) > 1)


@checks("message.resume")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.resume")
    await driver.wait_until(lambda: "this answer was not interrupted" in driver.status)
    await select(driver, CUT)
    await driver.act("message.resume")
    await driver.wait_until(lambda: driver.harness.history.message(CUT).state is not AnswerState.INTERRUPTED)  # type: ignore[union-attr]  # it is there


@checks("chat.resume_all")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("chat.resume_all")
    await driver.wait_until(lambda: "no answer was interrupted when holytui last ended" in driver.status)


@checks("message.fork")
async def _(driver: ScreenDriver) -> None:
    before = driver.chat.state.conversation.id
    await select(driver, "0190-answer-1b")
    await driver.act("message.fork")
    await driver.wait_until(lambda: driver.chat.state.conversation.id not in ("", before))
    assert [entry.message.text for entry in driver.chat.log_view.views][-2:][0] == "How do I print?"
    assert len(driver.harness.history.branch(TALK)) >= 6


@checks("message.variant")
async def _(driver: ScreenDriver) -> None:
    for action in ("message.variant", "message.variant_back"):
        await driver.chat.navigator.open(TALK)
        await select(driver, "0190-answer-1b")
        await driver.act(action)
        await driver.wait_until(lambda: "An older answer." in driver.text)
        await select(driver, "0190-answer-1")
        await driver.act(action)
        await driver.wait_until(lambda: driver.chat.log_view.view_of("0190-answer-1b") is not None)


CHECKS["message.variant_back"] = CHECKS["message.variant"]


@checks("message.details")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.details")
    await driver.wait_for_text("connection reset")
    await goes_to(driver, PageDialog)


@checks("message.reasoning")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-1b")
    await driver.act("message.reasoning")
    await driver.wait_for_text("Perhaps twice.")
    await driver.act("message.reasoning")
    await driver.wait_until(lambda: "Perhaps twice." not in driver.text)


@checks("message.undo_seam")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.undo_seam")
    await driver.wait_for_text("Use echo,Use")


@checks("message.links")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.links")
    await driver.wait_until(lambda: "no links" in driver.status)


@checks("message.pager")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.pager")
    await driver.wait_until(lambda: "this terminal cannot run another program" in driver.status)


@checks("message.print")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-2")
    await driver.act("message.print")
    await driver.wait_until(lambda: "this terminal cannot run another program" in driver.status)


@checks("log.search")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("log.search")
    await driver.wait_for_text("Search in this conversation")
    await goes_to(driver, SearchDialog)


async def find(driver: ScreenDriver, query: str) -> None:
    await driver.focus_log()
    await driver.act("log.search")
    await driver.wait_until(lambda: isinstance(driver.app.screen, SearchDialog))
    await driver.type(query)
    await driver.wait_for_text("2 places")
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
    await driver.settle()


@checks("log.next_match")
async def _(driver: ScreenDriver) -> None:
    await find(driver, "echo")
    before = selected(driver)
    await driver.act("log.next_match")
    assert {before, selected(driver)} == {"0190-answer-1b", "0190-answer-2"}
    await driver.act("log.next_match")
    assert selected(driver) == before


@checks("log.previous_match")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("log.previous_match")
    await goes_to(driver, SearchDialog)
    await find(driver, "echo")
    before = selected(driver)
    await driver.act("log.previous_match")
    assert {before, selected(driver)} == {"0190-answer-1b", "0190-answer-2"}


@checks("log.prompt")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_log()
    await driver.act("log.prompt")
    assert driver.chat.prompt.has_focus


# -- in the list


@checks("sidebar.filter")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.filter")
    await driver.type("nothing like it")
    await driver.wait_until(lambda: driver.chat.sidebar.selected is None)
    await driver.press("enter")
    await driver.wait_until(lambda: driver.chat.sidebar.has_focus)
    await driver.act("sidebar.filter")
    await driver.press("down")
    await driver.wait_until(lambda: driver.chat.sidebar.has_focus)
    await driver.act("sidebar.filter")
    await driver.press("escape")
    await driver.wait_until(lambda: driver.chat.sidebar.selected is not None)
    await driver.wait_until(lambda: driver.chat.sidebar.has_focus)


@checks("sidebar.rename")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.rename")
    await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
    await driver.type("!")
    await driver.press("enter")
    await driver.wait_until(lambda: any(one.title.endswith("!") for one in driver.conversations()))


@checks("sidebar.pin")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.pin")
    await driver.wait_until(lambda: any(one.pinned for one in driver.conversations()))
    await driver.wait_for_text("Pinned")


@checks("sidebar.local")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    replica = driver.harness.history.replica
    await driver.act("sidebar.local")
    await driver.wait_until(replica.unshared)
    await driver.wait_for_text("⌂ stays on this machine")
    assert driver.text.count("⌂") == 2  # in the list as well
    await driver.act("sidebar.local")
    await driver.wait_until(lambda: not replica.unshared())
    await driver.wait_for_text("shared with other machines")


@checks("sidebar.tag")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.tag")
    await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
    await driver.type("+idea")
    await driver.press("enter")
    await driver.wait_until(lambda: any(one.tags == ("idea",) for one in driver.conversations()))
    await driver.wait_for_text("tags: #idea")


@checks("sidebar.export")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.export")
    await goes_to(driver, LineDialog)


@checks("sidebar.mark")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    for number, words in enumerate(("1 conversation marked", "no conversation is marked")):
        await driver.press("home")
        await driver.act("sidebar.mark", number)
        await driver.wait_for_text(words)


@checks("sidebar.mark_all")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    await driver.act("sidebar.mark_all")
    await driver.wait_until(lambda: len(driver.chat.sidebar.chosen) == len(driver.conversations()))
    await driver.act("sidebar.mark_all")
    await driver.wait_for_text("no conversation is marked")


@checks("sidebar.fold")
async def _(driver: ScreenDriver) -> None:
    history = driver.harness.history
    filed = history.create_conversation(title="in a folder")
    history.change_tags(filed.id, TagChange(("work/",)))
    await driver.chat.conversations.refresh()
    await driver.focus_sidebar()
    await driver.wait_for_text("▾ work")
    await driver.press("end")
    await driver.act("sidebar.fold")
    await driver.wait_for_text("▸ work · 1")
    assert "in a folder" not in driver.text
    await driver.press("enter")
    await driver.wait_for_text("in a folder")
    history.delete_conversation(filed.id)
    await driver.chat.conversations.refresh()


@checks("sidebar.archive")
async def _(driver: ScreenDriver) -> None:
    await driver.focus_sidebar()
    before = len(driver.conversations())
    await driver.act("sidebar.archive")
    await driver.wait_until(lambda: driver.harness.history.conversations(archived=True))
    await driver.wait_for_text("archived · press u to undo")
    await driver.act("sidebar.undo")
    await driver.wait_until(lambda: len(driver.conversations()) == before)


@checks("sidebar.archived")
async def _(driver: ScreenDriver) -> None:
    history = driver.harness.history
    away = history.create_conversation(title="put away once")
    history.update_conversation(away.id, archived=True)
    await driver.focus_sidebar()
    await driver.act("sidebar.archived")
    await driver.wait_for_text("Archive")
    await driver.wait_for_text("put away once")
    await driver.press("home")
    await driver.act("sidebar.archive")
    await driver.wait_until(lambda: not history.conversations(archived=True))
    await driver.act("sidebar.archived")
    await driver.wait_for_text("Today")
    history.delete_conversation(away.id)


@checks("sidebar.delete")
async def _(driver: ScreenDriver) -> None:
    before = len(driver.conversations())
    for number in range(2):
        await driver.focus_sidebar()
        await driver.act("sidebar.delete", number)
        await driver.wait_until(lambda: len(driver.conversations()) == before - 1)
        await driver.wait_for_text("press u to bring it back")
        await driver.act("sidebar.undo")
        await driver.wait_until(lambda: len(driver.conversations()) == before)


CHECKS["sidebar.undo"] = CHECKS["sidebar.delete"]


# -- on the page with the details


@checks("chat.tree")
async def _(driver: ScreenDriver) -> None:
    await select(driver, CUT)
    await driver.act("chat.tree")
    await driver.wait_for_text("An older answer.")
    assert tree_at(driver) == CUT
    await goes_to(driver, TreePage)


@checks("message.label")
async def _(driver: ScreenDriver) -> None:
    await select(driver, "0190-answer-1b")
    await driver.act("message.label")
    await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
    await driver.type("with code")
    await driver.press("enter")
    await driver.wait_for_text("⚑ with code")
    assert selected(driver) == "0190-answer-1b"
    driver.harness.history.set_label("0190-answer-1b", "")


# -- in the tree


def tree_at(driver: ScreenDriver) -> str:
    page = driver.app.screen
    assert isinstance(page, TreePage)
    row = page.view.selected
    return row.entry.id if row is not None else ""


async def open_tree(driver: ScreenDriver, message_id: str) -> None:
    await driver.chat.navigator.open(TALK)
    await select(driver, message_id)
    await driver.act("chat.tree")
    await driver.wait_until(lambda: isinstance(driver.app.screen, TreePage))
    await driver.wait_until(lambda: tree_at(driver) == message_id)


@checks("tree.compare")
async def _(driver: ScreenDriver) -> None:
    await open_tree(driver, "0190-answer-1b")
    for number in range(2):
        await driver.act("tree.compare", number)
        await driver.wait_until(lambda: isinstance(driver.app.screen, Comparison))
        await driver.wait_for_text("- An older answer.")
        await driver.press("escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, TreePage))
    await goes_to(driver, TreePage)


@checks("tree.choose")
async def _(driver: ScreenDriver) -> None:
    await open_tree(driver, "0190-question-1")
    await driver.act("tree.choose")
    await driver.wait_for_text("✓ You")
    await driver.press("end")
    await driver.act("tree.compare")
    await driver.wait_until(lambda: isinstance(driver.app.screen, Comparison))
    await driver.wait_for_text("- How do I print?")
    await driver.press("escape")
    await driver.wait_until(lambda: isinstance(driver.app.screen, TreePage))
    await goes_to(driver, TreePage)


@checks("tree.label")
async def _(driver: ScreenDriver) -> None:
    await open_tree(driver, "0190-question-1")
    await driver.act("tree.label")
    await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
    await driver.type("begin here")
    await driver.press("enter")
    await driver.wait_until(lambda: isinstance(driver.app.screen, TreePage))
    await driver.wait_for_text("⚑ begin here")
    await goes_to(driver, TreePage)
    driver.harness.history.set_label("0190-question-1", "")


@checks("tree.prune")
async def _(driver: ScreenDriver) -> None:
    for number in range(2):
        await open_tree(driver, "0190-question-1")
        await driver.press("down")
        assert tree_at(driver) == "0190-answer-1"
        await driver.act("tree.prune", number)
        await driver.wait_for_text("1 message deleted · u brings it back")
        assert driver.harness.history.variant_ids("0190-answer-1b") == ["0190-answer-1b"]
        await driver.act("tree.undo")
        await driver.wait_for_text("restored")
        assert driver.harness.history.variant_ids("0190-answer-1b") == ["0190-answer-1", "0190-answer-1b"]
        await goes_to(driver, TreePage)


CHECKS["tree.undo"] = CHECKS["tree.prune"]


@checks("details.scope")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.details")
    await driver.wait_for_text("Recent answers here")
    await driver.act("details.scope")
    await driver.wait_for_text("Recent answers of all conversations")
    await driver.act("details.scope")
    await driver.wait_for_text("Recent answers here")
    await goes_to(driver, DetailsPage)


# -- on the page with the check


@checks("check.again")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.check")
    await driver.wait_until(lambda: page(driver).is_done)
    first = page(driver).entries
    assert first
    await driver.act("check.again")
    await driver.wait_until(lambda: page(driver).is_done and page(driver).entries)
    assert page(driver).entries is not first
    await goes_to(driver, CheckPage)


@checks("check.copy")
async def _(driver: ScreenDriver) -> None:
    await driver.act("app.check")
    await driver.wait_until(lambda: page(driver).is_done)
    await driver.act("check.copy")
    await driver.wait_until(lambda: "Settings" in copied())
    await goes_to(driver, CheckPage)


def page(driver: ScreenDriver) -> CheckPage:
    assert isinstance(driver.app.screen, CheckPage)
    return driver.app.screen


# -- the tests


def test_every_action_has_a_check() -> None:
    assert set(CHECKS) == set(BY_ID)


@asynccontextmanager
async def furnished(harness: AppHarness, size: tuple[int, int] = (120, 40)) -> AsyncIterator[ScreenDriver]:
    add_sample(harness.history)
    async with run_app(harness, size, conversation=TALK) as driver:
        yield driver


LARGER = [(120, 40), (200, 60)]
ALONE = {"app.quit", "chat.new", "sidebar.archive"}
"""These take the conversation away that the others need."""


@pytest.mark.parametrize("action_id", sorted(ALONE))
async def test_what_ends_or_empties_the_screen(harness: AppHarness, action_id: str) -> None:
    async with furnished(harness) as driver:
        await CHECKS[action_id](driver)


@pytest.mark.parametrize("where", list(Where))
@pytest.mark.parametrize("size", [(60, 20), *(pytest.param(size, marks=pytest.mark.long) for size in LARGER)])
async def test_every_action_does_what_it_says_at_any_size(
    harness: AppHarness, where: Where, size: tuple[int, int]
) -> None:
    async with furnished(harness, size) as driver:
        done: set[Check] = set()
        for action in ACTIONS:
            check = CHECKS[action.id]
            if action.where is not where or action.id in ALONE or check in done:
                continue
            done.add(check)
            harness.history.update_conversation(TALK, leaf_id=CUT)
            await driver.chat.navigator.open(TALK)
            try:
                await check(driver)
            except AssertionError as error:
                error.add_note(f"in the check of {action.id}")
                raise
            await driver.settle()
            assert len(driver.text.splitlines()) <= size[1]


# -- while an answer is on its way


async def press_all(driver: ScreenDriver, where: Where) -> None:
    """Every key of a place, each from where it acts; dialogs are left again."""
    chat = driver.chat
    for action in ACTIONS:
        # a check sends requests of its own
        if action.where is not where or action.id in ("chat.stop", "chat.resume_all", "app.check"):
            continue
        for number in range(len(action.keys)):
            await chat.navigator.open(TALK)
            place = {Where.LOG: chat.log_view, Where.SIDEBAR: chat.sidebar}.get(where, chat.prompt)
            chat.set_class(False, "-no-sidebar")
            chat.set_focus(place)
            chat.prompt.set_text("x")
            await driver.act(action.id, number)
            while not isinstance(driver.app.screen, ChatScreen):
                await driver.press("escape")
            if chat.drafts.editing is not None:
                await driver.press("escape")
    assert driver.app.is_running


STREAMING: list[Step] = [READ, chunked_head(), chunk(event(delta("Hel"))), chunk(event(delta("lo"))), STALL]
RETRYING: list[Step] = [READ, whole("429 Too Many Requests", {"error": {"message": "later"}}, retry_after="100")]


@asynccontextmanager
async def under_way(
    build_harness: Build, server: ScriptedServer, words: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[ScreenDriver]:
    """In the middle of an answer of `server`, when its words are on the screen."""
    harness = build_harness(config_with(server.base_url))
    add_sample(harness.history)
    async with run_app(harness, size, conversation=TALK) as driver:
        driver.chat.state.model = "lab/one"
        await driver.type("go")
        await driver.press("enter")
        await driver.wait_for_text(words)
        yield driver
        harness.engine.stop_all()
        await driver.settle()


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_streams(build_harness: Build, where: Where) -> None:
    with ScriptedServer(STREAMING) as server:
        async with under_way(build_harness, server, "Hello") as driver:
            turn = driver.chat.state.turn
            assert turn is not None
            await press_all(driver, where)
            assert driver.harness.engine.live_text(turn.answer_id) == ("Hello", "")
            assert driver.harness.engine.active()[turn.answer_id].state is AnswerState.STREAMING
            assert len(server.requests) == 1
        assert driver.harness.history.message(turn.answer_id).text == "Hello"  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_waits_for_a_retry(build_harness: Build, where: Where) -> None:
    with ScriptedServer(RETRYING) as server:
        async with under_way(build_harness, server, "retry 1/3 in 1 min") as driver:
            turn = driver.chat.state.turn
            assert turn is not None
            await press_all(driver, where)
            assert driver.harness.engine.active()[turn.answer_id].state is AnswerState.RETRYING
            assert len(server.requests) == 1


@pytest.mark.parametrize("where", list(Where))
async def test_no_key_harms_an_answer_that_waits_for_the_network(build_harness: Build, where: Where) -> None:
    with ScriptedServer(STREAMING) as server:
        server.shut()
        async with under_way(build_harness, server, "offline since") as driver:
            turn = driver.chat.state.turn
            assert turn is not None
            await press_all(driver, where)
            assert driver.harness.engine.active()[turn.answer_id].state is AnswerState.OFFLINE


@pytest.mark.parametrize("size", [(60, 20), (120, 40), (200, 60)])
async def test_stop_keeps_what_has_come(build_harness: Build, size: tuple[int, int]) -> None:
    with ScriptedServer(STREAMING) as server:
        async with under_way(build_harness, server, "Hello", size) as driver:
            await driver.act("chat.stop")
            await driver.wait_for_text("stopped by you; the text so far is kept")
            assert "Hello" in driver.text


async def test_enter_tries_again_at_once_while_a_retry_waits(build_harness: Build) -> None:
    with ScriptedServer(RETRYING, STREAMING) as server:
        async with under_way(build_harness, server, "retry 1/3 in 1 min") as driver:
            await driver.act("prompt.send")
            await driver.wait_for_text("Hello")


async def test_enter_tries_again_at_once_while_the_server_is_away(build_harness: Build) -> None:
    with ScriptedServer(STREAMING) as server:
        server.shut()
        async with under_way(build_harness, server, "offline since") as driver:
            server.open()
            await driver.act("prompt.send")
            await driver.wait_for_text("Hello")
