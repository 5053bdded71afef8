"""A whole holytui without a terminal: the real app, engine, history and guide; tests press keys and look."""

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

PATIENCE = 10.0
"""Seconds after which something that does not come fails the test."""


def config_with(base_url: str = "", **ui: object) -> Config:
    """A configuration whose retries are quick; with an address, a provider `lab` with a model `one` is there."""
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


class House:
    """The services, and an app over them that a test runs. The history stays when the app ends."""

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
        """The app, not run yet."""
        return HolytuiApp(self.config, self.keymap, lambda: self.services, config_file=self.config_file, **options)

    def close(self) -> None:
        """End everything."""
        self.services.close()


class Visitor:
    """Presses keys in a running app, and waits for what they do."""

    def __init__(self, pilot: Pilot[None], house: House) -> None:
        self.pilot = pilot
        self.house = house

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
        """What is on the screen, line by line."""
        screen = self.pilot.app.screen
        width, height = self.pilot.app.size
        lines = screen._compositor.render_strips(self.pilot.app.size)
        return "\n".join(strip.text.rstrip() for strip in lines[:height]) if width else ""

    @property
    def status(self) -> str:
        """The bottom line of the chat."""
        return self.chat.status_bar.render().plain

    async def until(self, true: Callable[[], object]) -> None:
        """Let the app work until it is so."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"it did not come to be so:\n{self.text}"
            await self.pilot.pause()
            await asyncio.to_thread(int)  # lets the engine's threads have their turn

    async def sees(self, words: str) -> None:
        """Wait for words on the screen."""
        await self.until(lambda: words in self.text)

    async def press(self, *keys: str) -> None:
        """Keys in Textual's names, as fast as a paste without brackets."""
        for key in keys:
            char = " " if key == "space" else key if len(key) == 1 else None
            self.app.post_message(events.Key(textual_key(key), char))
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Keys that write a text."""
        names = {" ": "space", "\n": "ctrl+j"}
        await self.press(*(names.get(char, char) for char in text))

    async def act(self, action_id: str, number: int = 0) -> None:
        """Press the (n-th) key of an action."""
        await self.press(self.house.keymap.keys_for(action_id)[number])

    async def ask(self, question: str) -> None:
        """Put a question and wait until its answer has come."""
        await self.type(question)
        await self.press("enter")
        await self.until(lambda: not self.chat.prompt.text)
        await self.calm()

    async def calm(self) -> None:
        """Wait until no answer is on its way and nothing is being done."""
        await self.until(lambda: not self.busy)
        await self.pilot.pause()
        await self.until(lambda: not self.busy)

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way or something is being done."""
        workers = any(not worker.is_finished and worker.group != "watch" for worker in self.app.workers)
        return workers or bool(self.house.engine.active()) or bool(self.chat.state.turns)

    async def to_log(self) -> None:
        """Give the messages the focus."""
        self.chat.log_view.focus()
        await self.pilot.pause()

    async def to_sidebar(self) -> None:
        """Give the list the focus."""
        self.chat.set_class(False, "-no-sidebar")
        self.chat.sidebar.focus()
        await self.pilot.pause()

    async def pick(self, letters: str) -> None:
        """Choose in the open list."""
        assert isinstance(self.app.screen, Picker), self.text
        await self.type(letters)
        await self.press("enter")
        await self.pilot.pause()

    def conversations(self) -> Sequence[Conversation]:
        """What is on disk."""
        return self.house.history.conversations()


@asynccontextmanager
async def visit(
    house: House, size: tuple[int, int] = (120, 40), calm: bool = True, **options: Any
) -> AsyncIterator[Visitor]:
    """Run the app and wait until its history is open, and what it then begins is done (if `calm`)."""
    app = house.app(**options)
    async with app.run_test(size=size) as pilot:
        visitor = Visitor(pilot, house)
        await visitor.until(lambda: any(isinstance(screen, ChatScreen) for screen in app.screen_stack))
        await visitor.until(lambda: visitor.chat.state.is_open)
        if calm:
            await visitor.calm()
        yield visitor


def key_name(keymap: Keymap, action_id: str) -> str:
    """A key as the screen writes it."""
    return display_key(keymap.keys_for(action_id)[0])
