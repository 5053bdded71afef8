"""The settings screen, and changes of the configuration while the app runs: each is asserted by what it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Static

from holytui import i18n, logs
from holytui.config.load import load
from holytui.config.schema import Recover
from holytui.keymap import build_keymap
from holytui.models import AnswerState
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.dialogs.line_input import LineInput
from holytui.ui.messages import AnswerEnded
from holytui.ui.settings.controller import SettingsController
from holytui.ui.settings.dialog import SettingsDialog
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.conftest import Build


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    i18n.set_language("")


@pytest.fixture
def harness(build_harness: Build, tmp_path: Path) -> AppHarness:
    """A harness over a file that has what its configuration has."""
    built = build_harness()
    built.config_file = tmp_path / "config" / "config.toml"
    built.config_file.parent.mkdir()
    built.config_file.write_text('# mine\n[ui]\ntheme = "holytui-dark"\n')
    built.config = load(built.config_file).config
    built.engine.config = built.config
    return built


def file_of(driver: ScreenDriver) -> Path:
    return driver.app.live.file


def controller(driver: ScreenDriver) -> SettingsController:
    return driver.chat.wiring.settings


async def open_settings(driver: ScreenDriver, words: str = "") -> SettingsDialog:
    await driver.act("app.settings")
    await driver.wait_until(lambda: isinstance(driver.app.screen, SettingsDialog) and driver.app.screen.focused)
    assert isinstance(driver.app.screen, SettingsDialog)
    await driver.type(words)
    return driver.app.screen


def title(driver: ScreenDriver) -> str:
    screen = driver.app.screen
    return str(screen.query_one("#dialog-title", Static).render()) if isinstance(screen, SettingsDialog) else ""


async def edit(driver: ScreenDriver, text: str) -> None:
    """Change the file by hand, and have it looked at until it is read."""
    file_of(driver).write_text(text)
    # the same size and time would be no change to see
    os.utime(file_of(driver), ns=(1, len(text)))
    await controller(driver).look()
    await controller(driver).look()
    await driver.pilot.pause()


async def test_enter_switches_a_setting_at_once_and_each_row_has_its_facts(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await open_settings(driver, "ui.sidebar")
        await driver.wait_for_text("Show the list of conversations.")
        assert "not in config.toml · default true · true or false · takes effect at once" in driver.text
        await driver.press("enter")
        await driver.wait_for_text("config.toml:4")
        assert file_of(driver).read_text() == '# mine\n[ui]\ntheme = "holytui-dark"\nsidebar = false\n'
        assert driver.app.screen.query_one(LineInput).text == "ui.sidebar"
        await driver.press("escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        assert driver.chat.has_class("-no-sidebar")
        await open_settings(driver, "ui.sidebar")
        await driver.press("ctrl+r")
        await driver.wait_for_text("not in config.toml")
        assert file_of(driver).read_text() == '# mine\n[ui]\ntheme = "holytui-dark"\n'
        assert not driver.chat.has_class("-no-sidebar")


async def test_two_enters_in_one_read_switch_twice_and_the_keys_after_closing_reach_the_prompt(
    harness: AppHarness,
) -> None:
    async with run_app(harness) as driver:
        await open_settings(driver, "ui.mouse")
        await driver.press("enter", "enter", "escape", "escape", "h", "i", "enter")
        await driver.wait_until(lambda: driver.conversations())
        assert "mouse = false" in file_of(driver).read_text()
        assert driver.conversations()[0].title == "hi"


async def test_two_enters_in_one_read_choose_a_value_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await open_settings(driver, "ui.notify")
        await driver.press("enter", "down", "enter", "escape", "x")
        await driver.wait_until(lambda: driver.chat.prompt.text == "x")
        assert driver.app.live.config.ui.notify == "bell"


async def test_a_value_is_checked_while_it_is_typed(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await open_settings(driver, "max_retries")
        await driver.press("enter")
        await driver.wait_until(lambda: title(driver) == "stream.max_retries")
        await driver.type("x")
        await driver.wait_for_text("expected: a whole number of 0 or more")
        await driver.press("enter")
        assert title(driver) == "stream.max_retries"
        await driver.press("backspace", "backspace", "7")
        await driver.wait_until(lambda: "expected:" not in driver.text)
        await driver.press("enter")
        await driver.wait_until(lambda: title(driver) == "Settings")
        assert harness.engine.config.stream.max_retries == 7


async def test_a_model_of_no_provider_is_not_written(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        before = file_of(driver).read_text()
        await open_settings(driver, "default_model")
        await driver.press("enter")
        await driver.wait_until(lambda: title(driver) == "default_model")
        await driver.type("nobody/x")
        await driver.press("enter")
        await driver.wait_for_text('no provider "nobody" is configured')
        assert file_of(driver).read_text() == before
        assert title(driver) == "default_model"


async def test_clashes_of_keys_are_shown_while_typing_and_a_pressed_key_is_written(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await open_settings(driver, "chat.new")
        await driver.press("enter")
        await driver.wait_until(lambda: title(driver) == 'keys."chat.new"')
        await driver.press("f1")
        await driver.wait_for_text("F1 belongs to “Help” (app.help)")
        await driver.press("enter")
        assert title(driver) == 'keys."chat.new"'
        await driver.press("ctrl+u", "alt+y")
        await driver.wait_until(lambda: "belongs to" not in driver.text)
        await driver.press("enter", "escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        assert '"chat.new" = "alt+y"' in file_of(driver).read_text()
        assert "Alt+Y New" in driver.text
        await driver.ask("Hello?")
        await driver.press("f4")
        assert driver.chat.state.conversation.id
        await driver.press("alt+y")
        await driver.wait_until(lambda: not driver.chat.state.conversation.id)


async def test_keys_of_every_part_change_at_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("Hello?")
        await edit(
            driver,
            '[keys]\n"prompt.send" = "alt+y"\n"log.last" = "z"\n"sidebar.pin" = "ctrl+g"\n"app.details" = "alt+d"\n',
        )
        harness.keymap = build_keymap(driver.app.live.config.keys)
        await driver.type("more")
        await driver.press("enter")
        assert driver.chat.prompt.text.startswith("more")
        await driver.press("alt+y")
        await driver.wait_until(lambda: not driver.chat.prompt.text)
        await driver.settle()
        await driver.focus_sidebar()
        await driver.press("ctrl+g")
        await driver.wait_until(lambda: driver.conversations()[0].pinned)
        assert "Details" not in driver.text
        await driver.press("alt+d")
        await driver.wait_for_text("Recent answers here")


async def test_the_language_changes_everywhere_at_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("Hello?")
        assert "You" in driver.text
        await open_settings(driver, "ui.language")
        await driver.press("enter")
        await driver.wait_until(lambda: title(driver) == "ui.language")
        await driver.press("down", "down", "enter")
        await driver.wait_until(lambda: title(driver) == "Cài đặt")
        await driver.wait_for_text("Đổi")
        await driver.press("escape")
        await driver.wait_until(lambda: isinstance(driver.app.screen, ChatScreen))
        for words in ("Hỏi bất cứ điều gì", "Trợ giúp", "Bạn", "Hôm nay"):
            assert words in driver.text
        await edit(driver, "[ui]\nlanguage = 'en'\n")
        assert "Ask anything" in driver.text


async def test_the_language_of_the_command_line_stays_in_force(harness: AppHarness) -> None:
    i18n.set_language("vi")
    async with run_app(harness) as driver:
        await edit(driver, "[ui]\nlanguage = 'en'\n")
        assert "Hỏi bất cứ điều gì" in driver.text
        await open_settings(driver, "ui.language")
        await driver.wait_for_text("--lang đang được dùng thay")


async def test_settings_of_the_screen_take_effect_at_once(harness: AppHarness) -> None:
    written: list[str] = []
    async with run_app(harness) as driver:
        await driver.ask("Tell me about keys and everything else that there is to know")
        sentence = "I am holytui's built-in offline guide, not a language model."
        assert sentence in driver.text
        await edit(
            driver,
            "[ui]\ntheme = 'holytui-light'\nenter = 'newline'\nmouse = true\ntext_width = 30\nsidebar = false\n"
            "notify = 'bell'\n",
        )
        assert driver.app.theme == "holytui-light"
        assert driver.chat.has_class("-no-sidebar")
        assert sentence not in driver.text
        assert "I am holytui's built-in" in driver.text
        await driver.type("a")
        await driver.press("enter")
        await driver.type("b")
        assert driver.chat.prompt.text == "a\nb"
        driver.app._notifier._write = written.append
        driver.app._notifier.ended(AnswerEnded("c", AnswerState.COMPLETE, 60.0))
        await driver.wait_until(lambda: written == ["\a"])
        await edit(driver, "[ui]\ntheme = 'no-such'\n")
        await driver.wait_for_text('there is no theme "no-such"')
        assert driver.app.theme == "holytui-light"


async def test_settings_of_answers_the_default_model_and_the_log_take_effect_at_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await edit(
            driver,
            'default_model = "lab/one"\nlog_level = "error"\nsystem = "Be short."\n[stream]\nrecover = "restart"\n'
            'max_retries = 1\n[providers.lab]\nbase_url = "http://127.0.0.1:9/v1"\n[providers.lab.models.one]\n',
        )
        await driver.wait_for_text("config.toml was read again: default_model, system, log_level, providers, …")
        assert driver.chat.state.model == "lab/one"
        assert "lab/one" in driver.status
        assert logs.level() == "error"
        assert harness.engine.config.stream.recover is Recover.RESTART
        await driver.act("model.pick")
        await driver.wait_for_text("ask lab for its models")
        await driver.press("escape")
        await edit(driver, "")
        assert driver.chat.state.model == "guide/guide"


async def test_a_model_of_the_command_line_stays(harness: AppHarness) -> None:
    async with run_app(harness, model="guide/guide") as driver:
        await edit(driver, 'default_model = "guide/cut"\n')
        assert driver.app.live.config.default_model == "guide/cut"
        assert driver.chat.state.model == "guide/guide"


async def test_a_file_broken_by_hand_keeps_the_settings_says_so_and_is_read_once_it_is_right(
    harness: AppHarness,
) -> None:
    async with run_app(harness) as driver:
        await edit(driver, "[ui]\nsidebar = false\nenter = 'maybe'\n")
        await driver.wait_for_text('config.toml:3: ui.enter: found "maybe", expected one of "send", "newline"')
        assert "the settings before stay" in driver.status
        assert not driver.chat.has_class("-no-sidebar")
        await open_settings(driver, "ui.mouse")
        await driver.press("enter")
        await driver.wait_for_text("It was written, but the settings before stay in force")
        await driver.press("escape")
        await edit(driver, "[ui]\nsidebar = false\n")
        assert driver.chat.has_class("-no-sidebar")


async def test_a_file_that_is_still_being_written_is_not_read(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        file_of(driver).write_text("[ui]\nside")
        await controller(driver).look()
        assert "config.toml" not in driver.status
        file_of(driver).write_text("[ui]\nsidebar = false\n")
        await controller(driver).look()
        assert not driver.chat.has_class("-no-sidebar")
        await controller(driver).look()
        await driver.pilot.pause()
        assert driver.chat.has_class("-no-sidebar")


async def test_a_setting_of_the_file_only_opens_it_in_the_editor(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, int | None]] = []
    async with run_app(harness) as driver:

        def edit_file(_self: object, file: Path, line: int | None) -> None:
            opened.append((file, line))
            file.write_text("[prompts]\nme = 'x'\n[ui]\nsidebar = false\n")

        monkeypatch.setattr("holytui.ui.external_programs.ExternalPrograms.edit_file", edit_file)
        await open_settings(driver, "ui.theme")
        await driver.press("f9")
        await driver.wait_until(lambda: driver.chat.has_class("-no-sidebar"))
        await driver.press("escape")
        await open_settings(driver, "prompts.me")
        await driver.press("enter")
        await driver.wait_until(lambda: len(opened) == 2)
        assert opened == [(file_of(driver), 3), (file_of(driver), 2)]
