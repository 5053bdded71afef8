"""Take the pictures of the README anew: the real app, answering from the built-in guide, in an empty history."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from holytui.terminal.environ import prepare_environment

prepare_environment(os.environ)

from textual.pilot import Pilot  # noqa: E402 - Textual reads its environment when it is imported

from holytui.bootstrap import open_services  # noqa: E402
from holytui.config.load import read_config  # noqa: E402
from holytui.ui.app import HolytuiApp  # noqa: E402
from holytui.ui.bindings import shown_keys  # noqa: E402
from holytui.ui.chat.screen import ChatScreen  # noqa: E402
from holytui.ui.status.widget import StatusBar  # noqa: E402

HERE = Path(__file__).parent
SIZE = (110, 30)


async def _until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await pilot.pause(0.02)
    raise TimeoutError("the picture's moment did not come")


def _status(app: HolytuiApp) -> str:
    return app.screen.query_one(StatusBar).render().plain


async def _talk(pilot: Pilot[None], app: HolytuiApp, question: str) -> None:
    screen = app.screen
    assert isinstance(screen, ChatScreen)
    await _until(pilot, lambda: screen.state.is_open and "ready" in _status(app))
    screen.prompt.set_text(question)
    await pilot.press("enter")


async def _picture(name: str, model: str, questions: list[str], moment: str, *keys: str) -> None:
    config, keymap, problems = read_config(None)
    opening = partial(open_services, config, keymap, problems, shown_keys=shown_keys(keymap))
    app = HolytuiApp(config, keymap, opening, model=model)
    async with app.run_test(size=SIZE) as pilot:
        for number, question in enumerate(questions):
            await _talk(pilot, app, question)
            await _until(pilot, lambda: "ready" not in _status(app))
            wanted = moment if number == len(questions) - 1 else "ready"
            await _until(pilot, lambda wanted=wanted: wanted in _status(app))  # type: ignore[misc]  # bound now
        await pilot.press(*keys)
        await pilot.pause(0.3)
        (HERE / name).write_text(app.export_screenshot(title="holytui"), "utf-8")
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        if screen.state.is_open:
            await asyncio.to_thread(screen.state.services.close)


def main() -> None:
    """Both pictures."""
    os.environ["COLORTERM"] = "truecolor"
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "empty.toml")
        empty.touch()
        os.environ.update(HOLYTUI_DATA_DIR=folder, HOLYTUI_CONFIG=str(empty), HOLYTUI_LANG="en")
        os.environ.update(XDG_CONFIG_HOME=folder)
        asyncio.run(_picture("recovery.svg", "guide/cut", ["count to 300"], "retry"))
        asyncio.run(_picture("chat.svg", "guide/guide", ["xin chào", "show me markdown"], "ready", "tab", "pageup"))


if __name__ == "__main__":
    main()
