"""Half an hour of use in a few minutes, as a script that is the same each time.

Answers of every kind are received at different rates, and beside them the user scrolls, types, pastes, selects, opens
and closes every dialog, resizes the window, changes the theme. Time is the script's own: it goes on by what things
take.
"""

from __future__ import annotations

import asyncio
import queue
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from textual import events
from textual.widgets import Input

from benchmarks.corpus import answers
from holytui.engine.events import TurnEvent
from holytui.ui.themes import loader
from tests.servers import READ, Peer, ScriptedServer, chunk, chunked_head, delta, event, usage
from tests.terminal.recorded_frames import RecordedApp, TerminalComparison
from tests.ui.app_harness import TIMEOUT, ScreenDriver

FRAME = 1 / 30
SIZES = ((120, 40), (100, 30), (80, 24), (60, 20), (200, 60), (40, 12), (133, 43))
QUESTIONS = (
    "How do I keep a stream alive?", "Tiếng Việt có dấu: đường truyền bị ngắt thì sao?", "断线之后怎么办？",
    unicodedata.normalize("NFD", "Một câu hỏi dạng tổ hợp, gõ từng dấu"), "👩‍💻 and 🇻🇳 in one line, ❤️ too", "why?",
)  # fmt: skip
PASTED = "def f(x):\n    return x  # đã dán\n" * 4 + "| a | b |\n|---|---|\n| 漢字 | 👨‍👩‍👧 |\n"


class Clock:
    """The simulated time, for the figures of the status bar."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class ScriptedModel:
    """A model that sends given texts piece by piece."""

    def __init__(self) -> None:
        self.pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.server = ScriptedServer([READ, chunked_head(), self._send], patience=TIMEOUT)

    def begin(self) -> None:
        """Begin another answer; the rest of a stopped one is dropped."""
        self.pieces = queue.SimpleQueue()

    def say(self, text: str) -> None:
        self.pieces.put(chunk(event(delta(text))))

    def think(self, text: str) -> None:
        self.pieces.put(chunk(event(delta(reasoning_content=text))))

    def end(self) -> None:
        self.pieces.put(chunk(event(delta(finish="stop")) + event(usage()) + event("[DONE]")) + chunk(b""))
        self.pieces.put(None)

    def _send(self, peer: Peer) -> None:
        pieces = self.pieces
        while (piece := pieces.get(timeout=10 * TIMEOUT)) is not None:
            peer.sock.sendall(piece)


@dataclass
class ScriptedUser:
    """A user with random actions."""

    driver: ScreenDriver
    model: ScriptedModel
    comparison: TerminalComparison
    clock: Clock
    rng: Random

    def __post_init__(self) -> None:
        chat = self.driver.chat
        self.driver.pilot.pause = self.paint  # type: ignore[method-assign]  # its own waits until the machine is idle
        chat.status_bar._clock = self.clock.monotonic
        mailbox = chat.wiring.answers._events
        mailbox._frame = 0.0
        deliver = mailbox._deliver

        def delivered(batch: list[TurnEvent]) -> None:
            deliver(batch)
            self.news.set()

        self.news = asyncio.Event()
        mailbox._deliver = delivered  # type: ignore[assignment]  # a spy
        self.asides: tuple[Callable[[], Awaitable[None]], ...] = (
            self.page, self.page, self.lines, self.lines, self.select, self.type, self.type, self.paste,
            self.dialog, self.dialog, self.search, self.sidebar, self.resize, self.theme, self.mouse, self.repaint,
            self.other_conversation, self.small,
        )  # fmt: skip

    # -- time

    async def paint(self, delay: float | None = None) -> None:
        """Let what happened be painted, without waiting for anything else."""
        await self.driver.pilot._wait_for_screen()
        self.driver.app.screen._on_timer_update()

    async def passes(self, seconds: float) -> None:
        """Time goes by in which nothing happens but the ticking of the status bar."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            if self.driver.chat.status_bar._ticker is not None:
                self.driver.chat.status_bar.refresh()
            await self.paint()

    async def keys(self, *keys: str, each: float = 0.15) -> None:
        """Keys one after another, each painted."""
        for key in keys:
            char = " " if key == "space" else key if len(key) == 1 else None
            self.driver.app.post_message(events.Key(key, char))
            self.clock.now += each
            await self.paint()

    async def look(self) -> None:
        """Is all that is to be seen on the screen? What was only just changed may be a moment later."""
        app = self.driver.app
        assert isinstance(app, RecordedApp)
        await self.driver.wait_until(lambda: not self.comparison.stale(app.whole()))
        self.comparison.catch_up()

    # -- answers

    async def answer(self, text: str, rate: float, *, aside: float = 0.0, reasoning: str = "") -> None:
        """Ask, and receive `text` at `rate` tokens a second; `aside`: how often the user does something else."""
        self.model.begin()
        await self.to_prompt()
        await self.keys(*self.rng.choice(QUESTIONS), "enter", each=0.1)
        await self.driver.wait_until(lambda: self.comes)
        await self.passes(1)
        at = 0
        for start in range(0, len(reasoning), 12):
            await self._piece(self.model.think, reasoning[start : start + 12])
        while at < len(text) and self.comes:
            count = max(1, round(self.rng.uniform(0.5, 1.5) * 4 * rate * FRAME))
            await self._piece(self.model.say, text[at : at + count])
            at += count
            if self.rng.random() < aside * FRAME:
                await self.rng.choice(self.asides)()
                await self.home()
        self.model.end()
        await self.driver.settle()

    @property
    def comes(self) -> bool:
        """Whether an answer is on its way; escape may have stopped it."""
        return bool(self.driver.harness.engine.active())

    async def _piece(self, send: Callable[[str], None], text: str) -> None:
        self.news.clear()
        if not self.comes:
            return
        send(text)
        self.clock.now += FRAME
        await asyncio.wait_for(self.news.wait(), TIMEOUT)
        await self.paint()

    # -- what else a user does

    async def home(self) -> None:
        """Back to the prompt and the end, whatever was open."""
        while len(self.driver.app.screen_stack) > 2:
            await self.keys("escape")
        if self.rng.random() < 0.7:
            self.driver.chat.log_view.action_log_last()
        await self.to_prompt()

    async def to_prompt(self) -> None:
        self.driver.chat.prompt.focus()
        await self.paint()

    async def page(self) -> None:
        await self.driver.focus_log()
        for _ in range(self.rng.randrange(1, 6)):
            await self.keys(self.rng.choice(("pageup", "pageup", "pagedown")), each=1.0)

    async def lines(self) -> None:
        for _ in range(self.rng.randrange(1, 12)):
            self.driver.chat.log_view.scroll_lines(self.rng.choice((-3, -3, -1, 1, 3)))
            self.clock.now += 0.1
            await self.paint()

    async def select(self) -> None:
        await self.driver.focus_log()
        await self.keys(*self.rng.choices(("k", "j", "{", "}", "g", "G", "space", "v", "k"), k=6), each=0.5)

    async def type(self) -> None:
        await self.to_prompt()
        await self.keys(*"Tieng", "backspace", "backspace", "backspace", *"ếng Việt, ", *"漢字", "ctrl+j", "👍")
        await self.keys("home", "x", "end", "left", "delete", "ctrl+u")
        self.driver.chat.prompt.text = ""
        await self.paint()

    async def paste(self) -> None:
        await self.to_prompt()
        self.driver.app.post_message(events.Paste(PASTED))
        await self.keys("up", "shift+down", "shift+down")
        self.driver.chat.prompt.text = ""
        await self.paint()

    async def dialog(self) -> None:
        await self.keys(self.rng.choice(("f1", "f2", "f5", "f6", "f12")), each=1.0)
        await self.keys("down", "down", "pagedown", "t", "backspace", "up", "pageup", each=0.5)
        await self.keys("escape")

    async def search(self) -> None:
        await self.keys("ctrl+f", *"the", each=0.3)
        await self.driver.wait_until(lambda: self.driver.app.screen.query(Input))
        await self.passes(1)
        await self.keys("down", "down", "escape")

    async def sidebar(self) -> None:
        await self.keys("f3", "down", "up", "down", each=0.5)
        await self.passes(2)
        await self.keys("f3")

    async def small(self) -> None:
        """The sidebar over a small window, and a dialog in it."""
        await self.driver.pilot.resize_terminal(60, 16)
        await self.keys("f3", "f5", each=0.5)
        await self.driver.pilot.resize_terminal(40, 10)
        await self.keys("escape", "f3", each=0.5)
        await self.driver.pilot.resize_terminal(*SIZES[0])

    async def resize(self) -> None:
        for _ in range(self.rng.randrange(1, 4)):
            await self.driver.pilot.resize_terminal(*self.rng.choice(SIZES))
            await self.passes(1)

    async def theme(self) -> None:
        names = [theme.name for theme in loader.load().themes if theme.name != self.driver.app.theme]
        self.driver.app.theme = self.rng.choice(names)
        await self.paint()
        await self.passes(2)

    async def mouse(self) -> None:
        """Select text with the mouse, which is off at first."""
        await self.keys("f7")
        log = self.driver.chat.log_view
        pilot = self.driver.pilot
        x, y = log.region.x + 3, log.region.y + 2
        if log.size.height > 6 and log.size.width > 30:
            await pilot.mouse_down(offset=(x, y))
            await pilot.hover(offset=(x + 20, y + 2))
            await pilot.mouse_up(offset=(x + 20, y + 2))
        await self.passes(1)
        self.driver.app.screen.clear_selection()
        await self.keys("f7")

    async def repaint(self) -> None:
        await self.keys("ctrl+l", each=1.0)

    async def other_conversation(self) -> None:
        """Look into another conversation and come back."""
        here = self.driver.chat.state.conversation.id
        found = [one.id for one in self.driver.conversations() if one.id != here]
        if found and here:
            await self.driver.chat.navigator.open(self.rng.choice(found))
            await self.passes(2)
            await self.driver.chat.navigator.open(here)
            await self.paint()


async def play(user: ScriptedUser, seconds: float, kinds: Sequence[str] = (), length: int = 10_000) -> None:
    """Use the app for so many seconds of the film's time.

    `kinds`: the kinds of answers, else all in a random order; `length`: the longest answer, in characters.
    """
    rng, end = user.rng, user.clock.now + seconds
    made = answers()
    texts = [next(text for name, text in made if name == kind) for kind in kinds]
    if not texts:
        texts = [text for _, text in made]
        rng.shuffle(texts)
    asked = 0
    while user.clock.now < end:
        text = texts[asked % len(texts)][:length]
        if rng.random() < 0.3:
            text = unicodedata.normalize("NFD", text)
        reasoning = text[:300] if rng.random() < 0.2 else ""
        await user.answer(text, rng.choice((10, 30, 60, 100, 300)), aside=0.4, reasoning=reasoning)
        asked += 1
        await user.passes(rng.uniform(2, 8))
        await user.look()
        await user.rng.choice(user.asides)()
        await user.look()
        await user.home()
        if asked % 8 == 0:
            await user.keys("f4")
