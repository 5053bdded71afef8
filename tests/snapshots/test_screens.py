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
from tests.ui.conftest import Build
from tests.ui.house import House, Visitor, config_with, details_page
from tests.ui.talks import CUT, NOON, TALK, furnish, spend

Compare = Callable[..., bool]
Steps = Callable[[Visitor], Awaitable[None]]
SIZE = (90, 28)
READY = Connection(Level.CALM, "")


async def nothing(_: Visitor) -> None:
    """As it opens."""


def picture(
    snap_compare: Compare,
    house: House,
    steps: Steps = nothing,
    size: tuple[int, int] = SIZE,
    conversation: str = TALK,
) -> bool:
    """Whether the screen looks as it did, after `steps` in the prepared conversation."""
    furnish(house.history)

    async def before(pilot: Pilot[Any]) -> None:
        visitor = Visitor(pilot, house)
        await visitor.until(lambda: visitor.chat.state.is_open)
        await visitor.calm()
        await steps(visitor)
        await pilot.pause()
        assert visitor.text.strip(), "an app that ended makes an empty picture, which is like itself every time"

    return snap_compare(house.app(conversation=conversation), terminal_size=size, run_before=before)


async def happening(visitor: Visitor, event: ev.TurnEvent, state: AnswerState) -> None:
    """The last answer is on its way, with a clock that stands at 100 seconds."""
    entry = visitor.chat.log_view.view_of(CUT)
    assert entry is not None
    entry.update(replace(entry.message, state=state, problem=None, duration_s=None))
    visitor.chat.log_view.changed()
    bar = visitor.chat.status_bar
    bar._clock = lambda: 100.0
    bar.status = Status(
        connection=connection(event, 100.0, READY),
        model="guide/half",
        usage=Usage(120, 36, at_least=True),
        rate=TokenRate(41.0, (12.0, 30.0, 44.0, 41.0)),
        first_token_s=0.8,
    )


def test_empty(snap_compare: Compare, build_house: Build) -> None:
    assert picture(snap_compare, build_house(), conversation="")


def test_streaming(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await happening(visitor, ev.Delta("t", "x"), AnswerState.STREAMING)

    assert picture(snap_compare, build_house(), steps)


def test_countdown(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        event = ev.Retrying("t", 1, 3, 104.0, Fault(FaultKind.STATUS, "slow down", 429))
        await happening(visitor, event, AnswerState.RETRYING)

    assert picture(snap_compare, build_house(), steps)


def test_offline(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await happening(visitor, ev.Offline("t", NOON, 112.0, Fault(FaultKind.DNS)), AnswerState.OFFLINE)

    assert picture(snap_compare, build_house(), steps)


def test_queued(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await happening(visitor, ev.Queued("t"), AnswerState.QUEUED)

    assert picture(snap_compare, build_house(), steps)


def test_seam(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.to_log()
        visitor.chat.log_view.reveal("0190-answer-2")

    assert picture(snap_compare, build_house(), steps)


def test_error(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        entry = visitor.chat.log_view.view_of(CUT)
        assert entry is not None
        problem = Problem("No credits are left on this account (HTTP 402)", "Add some, then r asks again")
        entry.update(replace(entry.message, state=AnswerState.FAILED, problem=problem))
        visitor.chat.log_view.changed()

    assert picture(snap_compare, build_house(), steps)


def test_reasoning_opened_and_code(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.to_log()
        visitor.chat.log_view.reveal("0190-answer-1b")
        await visitor.act("message.reasoning")

    assert picture(snap_compare, build_house(), steps)


@pytest.mark.parametrize("action", ["app.palette", "app.help", "app.details", "message.details", "model.pick"])
def test_dialogs(snap_compare: Compare, build_house: Build, action: str) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.to_log()
        visitor.chat.log_view.reveal("0190-answer-2")
        await visitor.act(action)

    assert picture(snap_compare, build_house(config_with("http://127.0.0.1:9/v1")), steps)


@pytest.mark.parametrize(("size", "key"), [((120, 40), "home"), ((120, 40), "end"), ((60, 20), "home")])
def test_details(snap_compare: Compare, build_house: Build, size: tuple[int, int], key: str) -> None:
    config = config_with("http://127.0.0.1:9/v1")
    priced = Model("one", context=8000, price=Price(2.5, 10.0))
    lab = replace(config.providers["lab"], models=MappingProxyType({"one": priced, "two": Model("two")}))
    house = build_house(replace(config, providers=MappingProxyType({"lab": lab})))
    talk = spend(house.history.path)

    async def steps(visitor: Visitor) -> None:
        visitor.app.push_screen(details_page(visitor.chat, clock=lambda: NOON + 3600))
        await visitor.calm()
        await visitor.press(key)

    assert picture(snap_compare, house, steps, size, talk)


def test_commands_are_offered(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.type("/c")
        await visitor.press("down")

    assert picture(snap_compare, build_house(), steps)


@pytest.mark.parametrize("theme", sorted(theme.name for theme in loader.load((loader.own_folder(),)).themes))
def test_themes(snap_compare: Compare, build_house: Build, theme: str) -> None:
    assert picture(snap_compare, build_house(config_with(theme=theme)), size=(110, 30))


def test_focused_list(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.to_sidebar()

    assert picture(snap_compare, build_house(), steps, size=(110, 30))


def test_selected_text(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        log = visitor.chat.log_view
        visitor.chat.selections = {log: Selection.from_offsets(Offset(4, 3), Offset(12, 6))}

    assert picture(snap_compare, build_house(), steps)


def test_found_words(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.to_log()
        visitor.chat.log_view.highlight("echo")
        await visitor.press("n")

    assert picture(snap_compare, build_house(), steps)


def test_search(snap_compare: Compare, build_house: Build) -> None:
    async def steps(visitor: Visitor) -> None:
        await visitor.act("history.search")
        await visitor.until(lambda: isinstance(visitor.app.screen, SearchDialog))
        await visitor.type("echo")
        await visitor.sees("2 places")
        await visitor.calm()

    assert picture(snap_compare, build_house(), steps)


def test_narrow(snap_compare: Compare, build_house: Build) -> None:
    assert picture(snap_compare, build_house(), size=(60, 20))


def test_vietnamese(snap_compare: Compare, build_house: Build) -> None:
    i18n.set_language("vi")

    async def steps(visitor: Visitor) -> None:
        await visitor.to_log()
        visitor.chat.log_view.reveal("0190-answer-2")

    assert picture(snap_compare, build_house(), steps, size=(110, 30))
