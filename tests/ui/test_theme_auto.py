"""`theme = "auto"`: the theme is that of the terminal's background, and changes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from holytui import paths
from holytui.terminal.queries import Background
from holytui.terminal.textual_adapter.driver import BackgroundReported
from holytui.ui.app import HolytuiApp
from holytui.ui.themes.picker import ThemePicker
from tests.ptys import Terminal
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def app_with(build: Build, **ui: str) -> HolytuiApp:
    return build(config_with(**ui)).app()


async def report(driver: ScreenDriver, background: Background, theme: str) -> None:
    driver.app.post_message(BackgroundReported(background))
    await driver.wait_until(lambda: driver.app.theme == theme)


def test_the_background_is_asked_for_only_where_the_theme_follows_it(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = app_with(build_harness, theme="auto")
    assert followed.theme == "holytui-dark"
    assert followed.watches_background
    assert not app_with(build_harness, theme="holytui-light").watches_background
    monkeypatch.setenv("NO_COLOR", "1")
    assert not app_with(build_harness, theme="auto").watches_background


def test_the_themes_of_both_backgrounds_can_be_named(build_harness: Build) -> None:
    assert app_with(build_harness, theme="auto", theme_dark="holytui-contrast").theme == "holytui-contrast"
    app = app_with(build_harness, theme="auto", theme_dark="nothing", theme_light="nothing")
    assert app.theme == "holytui-dark"
    assert [problem.split(":")[0] for problem in app._chat.state.theme_problems] == ["ui.theme_dark", "ui.theme_light"]


def test_sixteen_colours_keep_the_terminals_own(build_harness: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm")
    app = app_with(build_harness, theme="auto")
    assert app.console.color_system == "standard"
    assert app.theme == "holytui-16"
    app._background.reported(Background.LIGHT)
    assert app.theme == "holytui-16"


async def test_the_theme_follows_and_a_picked_one_stays(build_harness: Build) -> None:
    async with run_app(build_harness(config_with(theme="auto"))) as driver:
        await report(driver, Background.LIGHT, "holytui-light")
        await driver.chat.run("app.theme")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ThemePicker))
        await driver.type("contrast")
        await driver.wait_until(lambda: driver.app.theme == "holytui-contrast")
        await driver.press("escape")
        await driver.wait_until(lambda: driver.app.theme == "holytui-light")
        await report(driver, Background.DARK, "holytui-dark")

        await driver.chat.run("app.theme")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ThemePicker))
        await driver.type("contrast")
        await driver.press("enter")
        await driver.wait_for_text("theme holytui-contrast, written into")
        driver.app.post_message(BackgroundReported(Background.LIGHT))
        await driver.settle()
        assert driver.app.theme == "holytui-contrast"

        await driver.chat.run("app.theme")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ThemePicker))
        await driver.type("auto")
        await driver.wait_until(lambda: driver.app.theme == "holytui-light")
        await driver.press("enter")
        await driver.wait_for_text("theme auto, written into")
        await report(driver, Background.DARK, "holytui-dark")
    assert paths.config_file().read_text() == '[ui]\ntheme = "auto"\n'


def test_a_terminal_is_asked_and_left_as_it_was(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[ui]\ntheme = "auto"\n')
    with Terminal.holytui(
        "--config", str(config), env={"HOLYTUI_DATA_DIR": str(tmp_path), "VISUAL": "true"}
    ) as terminal:
        terminal.wait_until(lambda: b"\x1b]11;?\x07" in terminal.raw)
        assert b"\x1b[?2031h" in terminal.raw
        terminal.wait_for("guide/guide")
        terminal.type(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\")
        terminal.wait_until(lambda: terminal.screen.buffer[2][99].bg == "fbfbfd")
        seen = terminal.raw.count(b"\x1b]11;?\x07")
        terminal.type(b"\x1b[?997;1n")
        terminal.wait_until(lambda: terminal.raw.count(b"\x1b]11;?\x07") > seen)
        terminal.type(b"\x1b[20~")  # the editor
        terminal.wait_until(lambda: terminal.raw.count(b"\x1b[?2031h") == 2)
        left = terminal.raw.index(b"\x1b[?1049l")
        assert b"\x1b[?2031l" in terminal.raw[terminal.raw.index(b"\x1b[?2031h") : left], "watched behind the editor"
        terminal.type(b"\x04")
        assert terminal.wait_end() == 0
        assert terminal.raw.rindex(b"\x1b[?2031h") < terminal.raw.rindex(b"\x1b[?2031l")
