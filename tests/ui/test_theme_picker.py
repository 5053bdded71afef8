"""Choosing a theme: seen at once, kept by Enter, undone by Esc; and the arrows in the lists of dialogs."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.color import ColorType
from textual.widgets import OptionList

from holytui import paths
from holytui.terminal.colours import NoColourFilter
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.dialogs.search import SearchDialog
from holytui.ui.themes import loader
from holytui.ui.themes.picker import ThemePicker
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import TALK, add_sample

OURS = ["holytui-16", "holytui-contrast", "holytui-dark", "holytui-light"]
Painted = list[list[tuple[str, str]]]


def add_theme(name: str, text: str) -> None:
    folder = loader.user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(text)


def painted(driver: ScreenDriver) -> Painted:
    """Every piece of the screen with its style, but for the status bar, in which notices stand."""
    lines = driver.app.screen._compositor.render_strips(driver.app.size)
    return [[(piece.text, str(piece.style)) for piece in line.simplify()] for line in lines[:-1]]


@asynccontextmanager
async def at_the_talk(harness: AppHarness) -> AsyncIterator[ScreenDriver]:
    """A conversation with code and opened reasoning, the selected answer marked."""
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-1b")
        await driver.act("message.reasoning")
        await driver.wait_for_text("Perhaps twice.")
        yield driver


async def open_picker(driver: ScreenDriver) -> OptionList:
    await driver.chat.run("app.theme")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ThemePicker))
    await driver.pilot.pause()
    return driver.app.screen.query_one(OptionList)


async def leave(driver: ScreenDriver, key: str) -> None:
    await driver.press(key)
    await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
    await driver.settle()


async def test_the_highlighted_theme_is_on_the_whole_screen(harness: AppHarness) -> None:
    async with at_the_talk(harness) as driver:
        offered = await open_picker(driver)
        assert [option.id for option in offered.options] == [*OURS, "auto"]
        assert offered.highlighted == OURS.index("holytui-dark")
        colours = set()
        for key, name in (("down", "holytui-light"), ("up", "holytui-dark"), ("up", "holytui-contrast")):
            await driver.press(key)
            await driver.wait_until(lambda name=name: driver.app.theme == name)  # type: ignore[misc]  # bound at once
            await driver.pilot.pause()
            background = driver.app.current_theme.background
            assert background is not None
            rows = painted(driver)
            assert background.lower() in rows[-6][0][1], "what is behind the list is not painted in its colours"
            colours.add(rows[-6][0][1])
        assert len(colours) == 3
        assert "Once upon a" in driver.text
        await driver.type("16")
        await driver.wait_until(lambda: driver.app.theme == "holytui-16")


@pytest.mark.parametrize("name", [*OURS, "sunset"])
async def test_after_a_change_the_screen_is_as_if_it_had_begun_so(build_harness: Build, name: str) -> None:
    add_theme("sunset", 'primary = "#ff8800"\nbackground = "#14161f"\nforeground = "#c8d0e8"')
    async with at_the_talk(build_harness(config_with(theme=name))) as driver:
        expected = painted(driver)
    other = "holytui-light" if name == "holytui-dark" else "holytui-dark"
    harness = build_harness(config_with(theme=other))
    async with run_app(harness, conversation=TALK) as driver:
        await driver.focus_log()
        driver.chat.log_view.reveal("0190-answer-1b")
        await driver.act("message.reasoning")
        await driver.wait_for_text("Perhaps twice.")
        await open_picker(driver)
        await driver.type(name)
        await driver.wait_until(lambda: driver.app.theme == name)
        await leave(driver, "enter")
        await driver.wait_until(lambda: painted(driver) == expected)


async def test_esc_brings_the_old_theme_back_and_writes_nothing(harness: AppHarness) -> None:
    async with at_the_talk(harness) as driver:
        before = painted(driver)
        await open_picker(driver)
        await driver.press("down")
        await driver.wait_until(lambda: driver.app.theme == "holytui-light")
        await leave(driver, "escape")
        assert driver.app.theme == "holytui-dark"
        await driver.wait_until(lambda: painted(driver) == before)
    assert not paths.config_file().exists()


@pytest.mark.parametrize(("end", "kept"), [("escape", "holytui-dark"), ("enter", "holytui-light")])
async def test_keys_as_fast_as_a_paste_end_with_the_right_theme(harness: AppHarness, end: str, kept: str) -> None:
    async with at_the_talk(harness) as driver:
        await open_picker(driver)
        await driver.press("down", "up", "up", "up", "down", "down", "down", end)
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        await driver.settle()
        assert driver.app.theme == kept


async def test_enter_writes_it_into_the_users_file_and_keeps_the_rest(harness: AppHarness) -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True)
    file.write_text('# mine\n[ui]\ntheme = "holytui-dark" # at night\nmouse = false\n')
    async with at_the_talk(harness) as driver:
        await open_picker(driver)
        await driver.type("light")
        await leave(driver, "enter")
        await driver.wait_for_text("theme holytui-light, written into")
    assert file.read_text() == '# mine\n[ui]\ntheme = "holytui-light" # at night\nmouse = false\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_file_is_made_where_the_command_line_says(build_harness: Build, tmp_path: Path) -> None:
    file = tmp_path / "other" / "mine.toml"
    harness = build_harness()
    harness.config_file = file
    async with at_the_talk(harness) as driver:
        await open_picker(driver)
        await driver.type("light")
        await leave(driver, "enter")
        await driver.wait_for_text("theme holytui-light, written into")
    assert file.read_text() == '[ui]\ntheme = "holytui-light"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not paths.config_file().exists()


@pytest.mark.parametrize("text", [None, "ui = 3\n"], ids=["no folder", "no table"])
async def test_what_cannot_be_written_stays_until_the_end_and_that_is_said(
    harness: AppHarness, text: str | None
) -> None:
    file = paths.config_file()
    if text is None:
        file.parent.parent.mkdir(parents=True, exist_ok=True)
        file.parent.write_text("a file where the folder should be")
    else:
        file.parent.mkdir(parents=True)
        file.write_text(text)
    async with at_the_talk(harness) as driver:
        await open_picker(driver)
        await driver.type("light")
        await leave(driver, "enter")
        await driver.wait_for_text("theme holytui-light, only until holytui ends · ")
        assert driver.app.theme == "holytui-light"
    assert text is None or file.read_text() == text


async def test_a_broken_theme_is_told_and_not_offered(harness: AppHarness) -> None:
    add_theme("bad", 'primry = "#ff8800"')
    add_theme("mine", 'primary = "#ff8800"')
    async with at_the_talk(harness) as driver:
        offered = await open_picker(driver)
        assert [option.id for option in offered.options] == [*OURS, "mine", "auto"]
        await driver.wait_for_text("▲ bad.toml: unknown key “primry”; did you mean “primary”?")
        await leave(driver, "escape")


async def test_a_theme_that_was_changed_meanwhile_is_read_again(build_harness: Build) -> None:
    add_theme("mine", 'primary = "#ff8800"\nbackground = "#101010"')
    async with at_the_talk(build_harness(config_with(theme="mine"))) as driver:
        add_theme("mine", 'primary = "#ff8800"\nbackground = "#303030"')
        await open_picker(driver)
        await leave(driver, "enter")
        await driver.wait_until(lambda: "on #303030" in painted(driver)[-6][0][1])


async def test_the_terminals_own_colours_are_used_from_the_start(build_harness: Build) -> None:
    async with at_the_talk(build_harness(config_with(theme="holytui-16"))) as driver:
        lines = driver.app.screen._compositor.render_strips(driver.app.size)
        styles = [piece.style for line in lines for piece in line if piece.style is not None]
        colours = [colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None]
        assert {colour.type for colour in colours} == {ColorType.DEFAULT, ColorType.STANDARD}


@pytest.mark.parametrize(
    ("term", "configured", "used"),
    [
        ("linux", "", "holytui-16"),
        ("screen", "", "holytui-16"),
        ("xterm", "", "holytui-16"),
        ("xterm", "holytui-light", "holytui-light"),
        ("xterm", "no such theme", "holytui-16"),
        ("xterm-256color", "", "holytui-dark"),
        ("unknown", "", "holytui-dark"),
    ],
)
def test_a_terminal_of_sixteen_colours_gets_their_theme_unless_one_is_configured(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch, term: str, configured: str, used: str
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    app = build_harness(config_with(theme=configured)).app()
    assert app.theme == used
    assert (app.console.color_system is None) == (term == "unknown")
    assert any(isinstance(one, NoColourFilter) for one in app.get_line_filters()) == (term == "unknown")


@pytest.mark.parametrize("action", ["model.pick", "history.search"])
async def test_arrows_move_in_the_list_while_one_types(harness: AppHarness, action: str) -> None:
    async with at_the_talk(harness) as driver:
        await driver.act(action)
        await driver.wait_until(lambda: isinstance(driver.app.screen, Picker | SearchDialog))
        await driver.type("e")
        options = driver.app.screen.query_one(OptionList)
        await driver.wait_until(lambda: options.option_count > 2 and options.highlighted == 0)
        await driver.press("down", "down", "up")
        await driver.wait_until(lambda: options.highlighted == 1)
        await driver.press("pagedown")
        await driver.wait_until(lambda: options.highlighted > 1)  # type: ignore[operator]  # there are some
