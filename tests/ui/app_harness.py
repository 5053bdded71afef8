"""The whole app without a terminal, with real engine, history and guide, and a driver that presses keys in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from textual import events
from textual.pilot import Pilot

from holytui.bootstrap import Services
from holytui.config.schema import Config, Model, Provider, Stream, Ui
from holytui.credentials.keyring import KeyRings
from holytui.engine.engine import Engine
from holytui.guide.server import GuideServer
from holytui.keymap import Keymap, build_keymap, display_key
from holytui.models import Conversation
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.app import HolytuiApp
from holytui.ui.bindings import shown_keys, textual_key
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.details.page import DetailsPage
from holytui.ui.dialogs.dialogs import Picker
from holytui.wire.client import ChatClient

TIMEOUT = 10.0
"""Seconds after which waiting fails the test."""


def config_with(base_url: str = "", **ui: object) -> Config:
    """A configuration with short retry delays; with an address, it has a provider `lab` with models `one` and `two`."""
    lab = Provider("lab", base_url, models=MappingProxyType({"one": Model("one", context=8000), "two": Model("two")}))
    return Config(
        default_model="lab/one" if base_url else "guide/guide",
        providers=MappingProxyType({"lab": lab} if base_url else {}),
        stream=Stream(retry_delay=0.01, max_delay=0.02, max_retry_after=600.0),
        ui=Ui(**{"theme": "holytui-dark", **ui}),  # type: ignore[arg-type]  # each test knows its fields
        prompts=MappingProxyType({"pirate": "Answer as a pirate would.", "short": "Answer in one sentence."}),
    )


def details_page(chat: ChatScreen, clock: Callable[[], float] = time.time) -> DetailsPage:
    """The details page over a chat."""
    return DetailsPage(chat.state, chat.keymap, chat.status_bar, lambda: chat.status_bar.status, clock)


class AppHarness:
    """The services of an app, and apps that use them. The history stays open when an app ends."""

    def __init__(self, folder: Path, config: Config | None = None, keys: Keymap | None = None) -> None:
        self.config = config or config_with()
        self.keymap = keys or build_keymap({})
        self.config_file: Path | None = None
        self.history = SqliteHistory.open(folder / "history.db")
        self.client = ChatClient()
        self.keyrings = KeyRings()
        self.engine = Engine(
            self.config, self.history, self.client, self.keyrings.ring_for, self._guide, probe_scale=1000.0
        )
        self.services = Services(self.config, self.keymap, self.history, self.engine, self.client, self.keyrings, ())

    def _guide(self) -> GuideServer:
        return GuideServer(shown_keys(self.keymap), pace=0.0)

    def app(self, **options: Any) -> HolytuiApp:
        """A new app, not running yet."""
        return HolytuiApp(self.config, self.keymap, lambda: self.services, config_file=self.config_file, **options)

    def close(self) -> None:
        """Close all services."""
        self.services.close()


class ScreenDriver:
    """Presses keys in a running app, reads its screen, and waits for changes."""

    def __init__(self, pilot: Pilot[None], harness: AppHarness) -> None:
        self.pilot = pilot
        self.harness = harness

    @property
    def chat(self) -> ChatScreen:
        """The chat screen."""
        return next(screen for screen in self.pilot.app.screen_stack if isinstance(screen, ChatScreen))

    @property
    def app(self) -> HolytuiApp:
        """The app."""
        assert isinstance(self.pilot.app, HolytuiApp)
        return self.pilot.app

    @property
    def text(self) -> str:
        """The text of the screen, line by line."""
        screen = self.pilot.app.screen
        width, height = self.pilot.app.size
        lines = screen._compositor.render_strips(self.pilot.app.size)
        return "\n".join(strip.text.rstrip() for strip in lines[:height]) if width else ""

    @property
    def status(self) -> str:
        """The status line of the chat."""
        return self.chat.status_bar.render().plain

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Let the app run until a condition is true. Fails after `TIMEOUT`."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, f"timed out:\n{self.text}"
            await self.pilot.pause()
            await asyncio.to_thread(int)  # lets the threads of the engine run

    async def wait_for_text(self, words: str) -> None:
        """Wait until the screen has this text."""
        await self.wait_until(lambda: words in self.text)

    async def press(self, *keys: str) -> None:
        """Press keys, in Textual's names, without waiting between them."""
        for key in keys:
            char = " " if key == "space" else key if len(key) == 1 else None
            if key.startswith("alt+") and len(key) == 5:
                char = key[-1]  # as Textual's parser does
            self.app.post_message(events.Key(textual_key(key), char))
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Press the keys that type a text."""
        names = {" ": "space", "\n": "ctrl+j"}
        await self.press(*(names.get(char, char) for char in text))

    async def act(self, action_id: str, number: int = 0) -> None:
        """Press the (n-th) key of an action."""
        await self.press(self.harness.keymap.keys_for(action_id)[number])

    async def ask(self, question: str) -> None:
        """Send a question and wait until its answer is complete."""
        await self.type(question)
        await self.press("enter")
        await self.wait_until(lambda: not self.chat.prompt.text)
        await self.settle()

    async def settle(self) -> None:
        """Wait until no answer is being received and no background work runs."""
        await self.wait_until(lambda: not self.busy)
        await self.pilot.pause()
        await self.wait_until(lambda: not self.busy)

    @property
    def busy(self) -> bool:
        """Whether an answer is being received or background work runs."""
        workers = any(not worker.is_finished and worker.group != "watch" for worker in self.app.workers)
        return workers or bool(self.harness.engine.active()) or bool(self.chat.state.turns)

    async def focus_log(self) -> None:
        """Focus the messages."""
        self.chat.log_view.focus()
        await self.pilot.pause()

    async def focus_sidebar(self) -> None:
        """Show and focus the list of conversations."""
        self.chat.set_class(False, "-no-sidebar")
        self.chat.sidebar.focus()
        await self.pilot.pause()

    async def pick(self, letters: str) -> None:
        """Filter the open picker, and pick the first choice."""
        assert isinstance(self.app.screen, Picker), self.text
        await self.type(letters)
        await self.press("enter")
        await self.pilot.pause()

    def conversations(self) -> Sequence[Conversation]:
        """The stored conversations."""
        return self.harness.history.conversations()


@asynccontextmanager
async def run_app(
    harness: AppHarness, size: tuple[int, int] = (120, 40), settle: bool = True, **options: Any
) -> AsyncIterator[ScreenDriver]:
    """Run an app until its history is open, and with `settle` until its background work is done."""
    app = harness.app(**options)
    async with app.run_test(size=size) as pilot:
        driver = ScreenDriver(pilot, harness)
        await driver.wait_until(lambda: any(isinstance(screen, ChatScreen) for screen in app.screen_stack))
        await driver.wait_until(lambda: driver.chat.state.is_open)
        if settle:
            await driver.settle()
        yield driver


def key_name(keymap: Keymap, action_id: str) -> str:
    """The first key of an action, as the screen names it."""
    return display_key(keymap.keys_for(action_id)[0])
