"""The terminal is told that an answer has ended, once, and only where its reader may be elsewhere."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual import events

from holytui.config.schema import Ui
from holytui.models import AnswerState
from holytui.terminal.hangup import Cause
from holytui.ui.lifecycle.notifications import AFTER, is_wanted, words
from tests.ptys import Terminal
from tests.servers import DONE, FIN, READ, ScriptedServer, Step, chunk, chunked_head, delta, event
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build

TITLE = "Tell me of Hanoi"
TOLD = f"\x1b]9;holytui: the answer is complete · {TITLE}\a"


def test_nothing_is_told_unless_the_user_wants_it() -> None:
    assert Ui().notify == "off"


@pytest.mark.parametrize("state", AnswerState)
def test_an_answer_that_ended_by_itself_is_told_of(state: AnswerState) -> None:
    told = state in (AnswerState.COMPLETE, AnswerState.INTERRUPTED, AnswerState.FAILED)
    assert is_wanted(state, AFTER, in_sight=False) is told
    assert not is_wanted(state, AFTER - 0.1, in_sight=False)
    assert not is_wanted(state, AFTER, in_sight=True)


def test_the_words_are_short_safe_and_have_the_title_only() -> None:
    assert words(AnswerState.COMPLETE, "How do I print?") == "holytui: the answer is complete · How do I print?"
    assert words(AnswerState.FAILED, "") == "holytui: the answer failed"
    assert words(AnswerState.INTERRUPTED, "a\x1b]0;b\a\nc") == "holytui: the answer was interrupted · a␛]0;b␇ c"
    assert len(words(AnswerState.COMPLETE, "title " * 100)) < 100


def test_the_words_are_in_the_users_language(vietnamese: None) -> None:
    assert words(AnswerState.COMPLETE, "In ra") == "holytui: câu trả lời đã xong · In ra"


# -- in the app


@dataclass
class Desk:
    """A question on its way, whose answer begins and then waits for `gate`; and what the terminal was sent since."""

    driver: ScreenDriver
    gate: threading.Event
    sent: list[str]
    skipped: float = 0.0

    async def focus(self, has: bool) -> None:
        """The terminal tells that it got or lost the focus."""
        told = asyncio.Event()
        self.driver.app.post_message(events.AppFocus() if has else events.AppBlur())
        self.driver.app.call_later(told.set)
        await told.wait()

    async def ends(self, after: float = AFTER) -> None:
        """So much later the answer comes to its end."""
        self.skipped += after
        self.gate.set()
        await self.driver.wait_until(lambda: not self.driver.chat.state.turns)
        await self.driver.settle()


END = [chunk(event(delta("!", finish="stop"))), chunk(DONE), chunk(b"")]
CUT: list[Step] = [READ, chunked_head(), FIN]


@asynccontextmanager
async def desk(build_harness: Build, how: str, *end: Step) -> AsyncIterator[Desk]:
    gate = threading.Event()
    first: list[Step] = [READ, chunked_head(), chunk(event(delta("Hello"))), gate, *(end or END)]
    with ScriptedServer(first, CUT) as server:
        harness = build_harness(config_with(server.base_url, notify=how))
        async with run_app(harness, model="lab/one") as driver:
            made = Desk(driver, gate, [])
            driver.chat.wiring.answers._clock = lambda: time.monotonic() + made.skipped
            await driver.type(TITLE)
            await driver.press("enter")
            await driver.wait_for_text("Hello")
            terminal_driver = driver.app._driver
            assert terminal_driver is not None
            terminal_driver.write = made.sent.append  # type: ignore[assignment,method-assign]  # looked at
            yield made
            gate.set()
            harness.engine.stop_all()
            await driver.settle()


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY", "ZELLIJ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(("how", "sent"), [("off", []), ("bell", ["\a"]), ("osc9", [TOLD])])
async def test_a_terminal_that_tells_nothing_of_its_focus_is_told_once(
    build_harness: Build, how: str, sent: list[str]
) -> None:
    async with desk(build_harness, how) as here:
        await here.ends()
        assert here.sent == sent


async def test_who_looks_at_the_answer_is_left_in_peace(build_harness: Build) -> None:
    async with desk(build_harness, "bell") as here:
        await here.focus(True)
        await here.ends()
        assert here.sent == []


async def test_who_has_left_the_terminal_is_told(build_harness: Build) -> None:
    async with desk(build_harness, "bell") as here:
        await here.focus(True)
        await here.focus(False)
        await here.ends()
        assert here.sent == ["\a"]


async def test_who_came_back_before_the_end_is_left_in_peace(build_harness: Build) -> None:
    async with desk(build_harness, "bell") as here:
        await here.focus(False)
        await here.focus(True)
        await here.ends()
        assert here.sent == []


async def test_who_looks_at_another_conversation_is_told(build_harness: Build) -> None:
    async with desk(build_harness, "osc9") as here:
        await here.focus(True)
        await here.driver.act("chat.new")
        await here.driver.wait_until(lambda: here.driver.chat.state.conversation.id == "")
        await here.ends()
        assert here.sent == [TOLD]


async def test_a_short_answer_is_not_told_of(build_harness: Build) -> None:
    async with desk(build_harness, "bell") as here:
        await here.ends(after=0.0)
        assert here.sent == []


async def test_who_stops_the_answer_is_there(build_harness: Build) -> None:
    async with desk(build_harness, "bell") as here:
        here.skipped += AFTER
        await here.driver.act("chat.stop")
        await here.driver.wait_for_text("stopped by you")
        await here.ends()
        assert here.sent == []


async def test_an_answer_that_is_cut_for_good_is_told_of_once(build_harness: Build) -> None:
    async with desk(build_harness, "osc9", FIN) as here:
        await here.ends()
        await here.driver.wait_for_text("interrupted")
        assert here.sent == [f"\x1b]9;holytui: the answer was interrupted · {TITLE}\a"]


async def test_an_answer_that_fails_is_told_of(build_harness: Build) -> None:
    error = {"error": {"message": "no credits are left", "code": "insufficient_quota"}}
    async with desk(build_harness, "osc9", chunk(event(error)), chunk(b"")) as here:
        await here.ends()
        assert here.sent == [f"\x1b]9;holytui: the answer failed · {TITLE}\a"]


async def test_after_a_hang_up_nothing_is_told(build_harness: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(build_harness, "bell") as here:
        handler = here.driver.app.hangup
        assert handler is not None
        handler.cause = Cause.HANGUP
        await here.ends()
        assert here.sent == []


# -- in a real terminal

PROGRAM = (
    "import sys; import holytui.ui.lifecycle.notifications as notice; notice.AFTER = 0.0;"
    "from holytui.cli import main; sys.exit(main(sys.argv[1:]))"
)
FOCUS_IN, FOCUS_OUT = "\x1b[I", "\x1b[O"


def test_the_bytes_go_out_once_for_each_answer_that_nobody_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    config = tmp_path / "config.toml"
    config.write_text('[ui]\nnotify = "osc9"\n')

    def ask(words: str, focus: str, end: str) -> None:
        terminal.type(words + "\r" + focus)
        terminal.wait_for(end)
        terminal.wait_for("ready")

    with Terminal([sys.executable, "-c", PROGRAM, "--config", str(config)]) as terminal:
        terminal.wait_for("Ask anything")
        ask("count to 12", "", "11, 12")
        ask("count to 13", FOCUS_IN, "12, 13")
        ask("count to 14", FOCUS_OUT, "13, 14")
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    told = re.findall(rb"\x1b\]9;([^\a]*)\a", terminal.raw)
    assert [text.decode() for text in told] == ["holytui: the answer is complete · count to 12"] * 2
