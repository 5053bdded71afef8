"""Pictures of the states that people see. After a change that is meant: pytest tests/snapshots --snapshot-update"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from holytui import i18n
from holytui.config.schema import Model, Price
from holytui.engine import events as ev
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Problem, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.presentation.status import Status, TokenRate
from holytui.ui.dialogs.search import SearchDialog
from holytui.ui.themes import loader
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, details_page
from tests.ui.conftest import Build
from tests.ui.sample_conversations import CUT, NOON, TALK, add_sample, add_usage_sample

Compare = Callable[..., bool]
Steps = Callable[[ScreenDriver], Awaitable[None]]
SIZE = (90, 28)
READY = Connection(Level.CALM, "")


async def nothing(_: ScreenDriver) -> None:
    """As it opens."""


def picture(
    snap_compare: Compare,
    harness: AppHarness,
    steps: Steps = nothing,
    size: tuple[int, int] = SIZE,
    conversation: str = TALK,
) -> bool:
    """Whether the screen looks as it did, after `steps` in the prepared conversation."""
    add_sample(harness.history)

    async def before(pilot: Pilot[Any]) -> None:
        driver = ScreenDriver(pilot, harness)
        await driver.wait_until(lambda: driver.chat.state.is_open)
        await driver.settle()
        await steps(driver)
        await pilot.pause()
        assert driver.text.strip(), "an app that ended makes an empty picture, which is like itself every time"

    return snap_compare(harness.app(conversation=conversation), terminal_size=size, run_before=before)


async def happening(driver: ScreenDriver, event: ev.TurnEvent, state: AnswerState) -> None:
    """The last answer is on its way, with a clock that stands at 100 seconds."""
    entry = driver.chat.log_view.view_of(CUT)
    assert entry is not None
    entry.update(replace(entry.message, state=state, problem=None, duration_s=None))
    driver.chat.log_view.changed()
    bar = driver.chat.status_bar
    bar._clock = lambda: 100.0
    bar.status = Status(
        connection=connection(event, 100.0, READY),
        model="guide/half",
        usage=Usage(120, 36, at_least=True),
        rate=TokenRate(41.0, (12.0, 30.0, 44.0, 41.0)),
        first_token_s=0.8,
    )


def test_empty(snap_compare: Compare, build_harness: Build) -> None:
    assert picture(snap_compare, build_harness(), conversation="")


def test_streaming(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await happening(driver, ev.Delta("t", "x"), AnswerState.STREAMING)

    assert picture(snap_compare, build_harness(), steps)


def test_countdown(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        event = ev.Retrying("t", 1, 3, 104.0, Fault(FaultKind.STATUS, "slow down", 429))
        await happening(driver, event, AnswerState.RETRYING)

    assert picture(snap_compare, build_harness(), steps)


def test_offline(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await happening(driver, ev.Offline("t", NOON, 112.0, Fault(FaultKind.DNS)), AnswerState.OFFLINE)

    assert picture(snap_compare, build_harness(), steps)


def test_queued(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await happening(driver, ev.Queued("t"), AnswerState.QUEUED)

    assert picture(snap_compare, build_harness(), steps)


def test_seam(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-2")

    assert picture(snap_compare, build_harness(), steps)


def test_error(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        entry = driver.chat.log_view.view_of(CUT)
        assert entry is not None
        problem = Problem("No credits are left on this account (HTTP 402)", "Add some, then r asks again")
        entry.update(replace(entry.message, state=AnswerState.FAILED, problem=problem))
        driver.chat.log_view.changed()

    assert picture(snap_compare, build_harness(), steps)


def test_reasoning_opened_and_code(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-1b")
        await driver.act("message.reasoning")

    assert picture(snap_compare, build_harness(), steps)


@pytest.mark.parametrize("action", ["app.palette", "app.help", "app.details", "message.details", "model.pick"])
def test_dialogs(snap_compare: Compare, build_harness: Build, action: str) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-2")
        await driver.act(action)

    assert picture(snap_compare, build_harness(config_with("http://127.0.0.1:9/v1")), steps)


@pytest.mark.parametrize(("size", "key"), [((120, 40), "home"), ((120, 40), "end"), ((60, 20), "home")])
def test_details(snap_compare: Compare, build_harness: Build, size: tuple[int, int], key: str) -> None:
    config = config_with("http://127.0.0.1:9/v1")
    priced = Model("one", context=8000, price=Price(2.5, 10.0))
    lab = replace(config.providers["lab"], models=MappingProxyType({"one": priced, "two": Model("two")}))
    harness = build_harness(replace(config, providers=MappingProxyType({"lab": lab})))
    talk = add_usage_sample(harness.history.path)

    async def steps(driver: ScreenDriver) -> None:
        driver.app.push_screen(details_page(driver.chat, clock=lambda: NOON + 3600))
        await driver.settle()
        await driver.press(key)

    assert picture(snap_compare, harness, steps, size, talk)


def test_commands_are_offered(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.type("/c")
        await driver.press("down")

    assert picture(snap_compare, build_harness(), steps)


@pytest.mark.parametrize("theme", sorted(theme.name for theme in loader.load((loader.own_folder(),)).themes))
def test_themes(snap_compare: Compare, build_harness: Build, theme: str) -> None:
    assert picture(snap_compare, build_harness(config_with(theme=theme)), size=(110, 30))


def test_focused_list(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_sidebar()

    assert picture(snap_compare, build_harness(), steps, size=(110, 30))


def test_selected_text(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        log = driver.chat.log_view
        driver.chat.selections = {log: Selection.from_offsets(Offset(4, 3), Offset(12, 6))}

    assert picture(snap_compare, build_harness(), steps)


def test_found_words(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_log()
        driver.chat.log_view.highlight("echo")
        await driver.press("n")

    assert picture(snap_compare, build_harness(), steps)


def test_search(snap_compare: Compare, build_harness: Build) -> None:
    async def steps(driver: ScreenDriver) -> None:
        await driver.act("history.search")
        await driver.wait_until(lambda: isinstance(driver.app.screen, SearchDialog))
        await driver.type("echo")
        await driver.wait_for_text("2 places")
        await driver.settle()

    assert picture(snap_compare, build_harness(), steps)


def test_narrow(snap_compare: Compare, build_harness: Build) -> None:
    assert picture(snap_compare, build_harness(), size=(60, 20))


def test_vietnamese(snap_compare: Compare, build_harness: Build) -> None:
    i18n.set_language("vi")

    async def steps(driver: ScreenDriver) -> None:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-2")

    assert picture(snap_compare, build_harness(), steps, size=(110, 30))
