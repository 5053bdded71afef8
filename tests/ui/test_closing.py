"""Keys that arrive in one read: each dialog closes once, and what is typed behind its closing key is not lost."""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

import holytui.ui
from holytui.models import AnswerState, Role
from holytui.store.values import OutlineEntry, StoredQuestion
from holytui.terminal.textual_adapter.app import ThinScreen
from holytui.ui.bindings import textual_key
from holytui.ui.chat.layout import ChatLayout
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.check.page import CheckPage
from holytui.ui.composer.question_search import QuestionPicker
from holytui.ui.connect.dialog import ConnectDialog
from holytui.ui.details.page import DetailsPage
from holytui.ui.dialogs.base import Dialog
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import LineDialog, PageDialog, Picker
from holytui.ui.dialogs.search import SearchDialog
from holytui.ui.dialogs.steps import StepDialog
from holytui.ui.dialogs.text import TextDialog
from holytui.ui.settings.dialog import SettingsDialog
from holytui.ui.themes import loader
from holytui.ui.themes.picker import ThemePicker
from holytui.ui.tree.commands import Tree, TreeCommands
from holytui.ui.tree.layout import lay_out
from holytui.ui.tree.page import Comparison, TreePage
from tests.ui.app_harness import ScreenDriver, details_page, run_app
from tests.ui.conftest import Build

NO_DIALOGS = {ThinScreen, ChatLayout, ChatScreen, Dialog, StepDialog, ConnectDialog, SettingsDialog}
"""Also dialogs of several steps, in which Enter does not close (see `test_connect` and `test_settings`)."""
DARK = replace(loader.load(), themes=[one for one in loader.load().themes if one.name.startswith("holytui-dark")])
CHOICES = [Choice("one", "one"), Choice("two", "two"), Choice("odd", "odd")]

QUESTIONS = [StoredQuestion("one", "the one", 1.0, "Title"), StoredQuestion("two", "and two", 2.0, "Title")]


class IdleCheckPage(CheckPage):
    def action_again(self) -> None:
        """Begin nothing."""


def check_page(driver: ScreenDriver) -> CheckPage:
    return IdleCheckPage(
        driver.chat.state, driver.harness.keymap, Path("config.toml"), lambda _ui: (), driver.chat.clipboard
    )


class FixedTree(TreeCommands):
    async def read(self) -> Tree:
        entries = [
            OutlineEntry(name, parent, Role.USER, name, 1.0, "", AnswerState.COMPLETE)
            for name, parent in (("one", None), ("two", "one"))
        ]
        return Tree(lay_out(entries, "two"), {})


def tree_page(driver: ScreenDriver) -> TreePage:
    commands = FixedTree(driver.chat.state, navigation=driver.chat.navigator)
    return TreePage(driver.harness.keymap, commands, "one")


DIALOGS: Mapping[type[Screen[Any]], tuple[str, Callable[[ScreenDriver], Screen[Any]]]] = {
    Picker: ("f2", lambda _: Picker("Pick", CHOICES, "one")),
    ThemePicker: ("f5", lambda _: ThemePicker(DARK, "holytui-dark", "holytui-dark")),
    LineDialog: ("e", lambda _: LineDialog("Name", "x")),
    TextDialog: ("f12", lambda _: TextDialog("Text", "x")),
    PageDialog: ("f1", lambda _: PageDialog("Page", lambda _width: [Content("line")] * 99)),
    DetailsPage: ("f6", lambda driver: details_page(driver.chat)),
    CheckPage: ("f11", check_page),
    QuestionPicker: ("ctrl+r", lambda _: QuestionPicker(QUESTIONS, "")),
    TreePage: ("t", tree_page),
    Comparison: ("d", lambda _: Comparison("Two", lambda _width: [Content("line")] * 99)),
    SearchDialog: ("ctrl+f", lambda driver: SearchDialog(driver.harness.history, None, "wor")),
}
"""Each dialog with the key that opens it."""
_CALM = 12
"""Turns of the loop in which nothing happened."""


def all_screens() -> set[type[Screen[Any]]]:
    for module in pkgutil.walk_packages(holytui.ui.__path__, "holytui.ui."):
        import_module(module.name)
    found: set[type[Screen[Any]]] = set()
    new: list[type[Screen[Any]]] = [Screen]
    while new:
        subclasses = new.pop().__subclasses__()
        found.update(subclasses)
        new += subclasses
    return {each for each in found if each.__module__.startswith("holytui.")}


def test_every_dialog_is_tried_and_has_the_base_that_closes_once() -> None:
    assert all_screens() - NO_DIALOGS == set(DIALOGS)
    assert all(issubclass(each, Dialog) for each in DIALOGS)


class Recorder(Widget, can_focus=True):
    """What is typed on the screen below."""

    def __init__(self) -> None:
        super().__init__()
        self.typed: list[str] = []

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.typed.append(event.key)

    def on_paste(self) -> None:
        self.typed.append("paste")


class Below(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Recorder()


class Trial:
    """Types bursts into a fresh dialog over a screen that records what comes through."""

    def __init__(self, driver: ScreenDriver, below: Below, kind: type[Screen[Any]]) -> None:
        self._visitor = driver
        self._recorder = below.query_one(Recorder)
        self._make = DIALOGS[kind][1]

    async def __call__(self, *burst: str, early: bool = False) -> tuple[list[Any], list[str]]:
        """What the dialog gave back, and what came to the screen below."""
        app, given = self._visitor.app, list[Any]()
        self._recorder.typed.clear()
        dialog = self._make(self._visitor)
        await_mount = app.push_screen(dialog, given.append)
        if not early:
            await await_mount
        for key in burst:
            if key == "paste":
                app.post_message(events.Paste("d"))
            else:
                app.post_message(events.Key(textual_key(key), key if len(key) == 1 else None))
        await self._settled(dialog)
        if app.screen is dialog:
            assert not given
            await dialog.dismiss()
            given.clear()
        else:
            assert len(given) == 1
        return given, [*self._recorder.typed]

    async def closed_twice(self) -> list[Any]:
        """What a dialog gives back that is closed once more before it is gone, as by a click and a key."""
        app, given = self._visitor.app, list[Any]()
        dialog = self._make(self._visitor)
        await app.push_screen(dialog, given.append)
        dialog.dismiss("first")
        dialog.dismiss("second")
        await self._settled(dialog)
        assert app.screen is self._recorder.screen
        return given

    async def _settled(self, dialog: Screen[Any]) -> None:
        """Wait until nothing is to be done any more. `Pilot.pause` waits for the clock, which is too long here."""
        app, calm = self._visitor.app, 0
        while calm < _CALM:
            await asyncio.sleep(0)
            pumps = [app, *app.screen_stack, dialog, *dialog.walk_children(), self._recorder]
            busy = any(pump.message_queue_size for pump in pumps)
            searches = [worker._task for worker in app.workers if worker.group == "search" and not worker.is_finished]
            if running := [task for task in searches if task is not None]:
                await asyncio.wait(running)  # in a thread: turning the loop meanwhile would take its time
            calm = 0 if busy or searches else calm + 1


async def test_of_keys_in_one_read_those_behind_the_closing_one_come_to_the_screen_below(build_harness: Build) -> None:
    harness = build_harness()
    harness.history.create_conversation(title="words")
    async with run_app(harness, (40, 12)) as driver:  # one for all dialogs: it takes longer to start than they do
        below = Below()
        await driver.app.push_screen(below)
        driver.app._begin_batch()  # nothing need be painted
        for kind in DIALOGS:
            trial = Trial(driver, below, kind)
            await try_all_pairs(trial, DIALOGS[kind][0])
            assert await trial.closed_twice() == ["first"]


async def try_all_pairs(trial: Trial, opener: str) -> None:
    keys = ("enter", "escape", opener, "d", "down", "tab", "paste")
    alone = {key: await trial(key) for key in keys}
    closing = {key for key in keys if alone[key][0]}
    assert {"enter", "escape"} <= closing
    assert not any(below for _given, below in alone.values())
    for first, second in product(keys, keys):
        if not closing & {first, second}:
            continue  # nothing closes, so nothing can go astray
        given, typed = await trial(first, second)
        if first in closing:
            assert (given, typed) == (alone[first][0], [second]), (first, second)
        else:
            assert (len(given), typed) == (second in closing, []), (first, second)
    given, typed = await trial("enter", *"abc", early=True)
    assert (given, typed) == (alone["enter"][0], [*"abc"])
