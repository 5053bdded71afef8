"""Vim's modes in the prompt of the running app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holytui.attachments.files import Chosen
from holytui.config.load import load
from holytui.ui.clipboard import Clipboard
from holytui.ui.status.key_hints import KeyHints
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.test_prompt import LONG, paste, questions


@pytest.fixture
def harness(build_harness: Build) -> AppHarness:
    return build_harness(config_with(editing="vim"))


def hints(driver: ScreenDriver) -> str:
    return driver.chat.query_one(KeyHints).render().plain


def handlers_of(driver: ScreenDriver) -> dict[str, Any]:
    handlers = driver.chat.wiring.handlers
    assert isinstance(handlers, dict)
    return handlers


def state(driver: ScreenDriver) -> tuple[str, tuple[int, int]]:
    prompt = driver.chat.prompt
    return prompt.text, prompt.cursor_location


async def test_modes(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        assert hints(driver).startswith("INSERT")
        assert "Stop" not in hints(driver)  # Esc has another meaning
        await driver.type("one two")
        await driver.press("escape")
        assert hints(driver).startswith("NORMAL")
        assert "Stop" in hints(driver)
        await driver.press("b", "2")
        assert hints(driver).startswith("NORMAL 2 ")
        await driver.press("escape", "D", *"Ax", "backspace", *"yz", "escape", "0")
        assert state(driver) == ("one yz", (0, 0))
        await driver.press("v", "e")
        assert hints(driver).startswith("VISUAL")
        assert "Send" not in hints(driver)
        assert driver.chat.prompt.selected_text == "one"
        await driver.press("U", "$", "end", "left", "delete")
        assert state(driver) == ("ONE z", (0, 4))
        await driver.press("enter")
        await driver.wait_until(lambda: questions(harness) == ["ONE z"])
        assert hints(driver).startswith("INSERT")
        await driver.settle()


async def test_undo_takes_back_whole_changes(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        prompt = driver.chat.prompt
        await driver.type("one two\nthree")
        await driver.press("escape", "g", "g", *"cwx", "backspace", *"four", "escape", *"w.", "3", "x")
        assert prompt.text == "four fou\nthree"
        await driver.press("u")
        assert state(driver) == ("four four\nthree", (0, 8))
        await driver.press("2", "u")
        assert prompt.text == "one two\nthree"
        await driver.press("u")
        assert prompt.text == ""
        await driver.press("2", "ctrl+r")
        assert prompt.text == "four two\nthree"
        await driver.press("o", *"new", "escape", "u")
        assert prompt.text == "four two\nthree"
        await driver.press("i", "ctrl+r")
        assert prompt.text == "four two\nthree"
        await driver.wait_for_text("no question has been sent yet")  # in insert mode it searches


async def test_keys_of_the_screen(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Esc stops in normal mode only, Tab and the arrows do as without modes."""
    async with run_app(harness) as driver:
        await driver.ask("hello")
        await driver.type("draft")
        stops: list[str] = []
        monkeypatch.setitem(handlers_of(driver), "chat.stop", lambda _invocation: stops.append("stop"))
        await driver.press("escape", "d", "escape", "v", "escape")
        assert stops == []
        await driver.press("escape")
        assert stops == ["stop"]
        await driver.press("d", "d", "up")
        assert state(driver) == ("hello", (0, 4))
        await driver.press("x")
        assert state(driver) == ("hell", (0, 3))
        await driver.press("tab")
        assert driver.chat.focused is driver.chat.log_view
        assert "NORMAL" not in hints(driver)


async def test_escape_and_a_letter_at_once(harness: AppHarness) -> None:
    """Terminals send the bytes of Alt with the letter."""
    async with run_app(harness) as driver:
        await driver.type("one two")
        await driver.press("alt+b", "d", "alt+x")
        assert state(driver) == ("one wo", (0, 4))
        await driver.press("v", "b", "alt+x")
        assert state(driver) == ("ne wo", (0, 0))
        driver.chat.prompt.move_cursor((0, 3))  # as the mouse does
        await driver.press("x")
        assert driver.chat.prompt.text == "ne o"


async def test_enter_moves_down_where_it_inserts_lines(build_harness: Build) -> None:
    harness = build_harness(config_with(editing="vim", enter="newline"))
    async with run_app(harness) as driver:
        await driver.press("a", "enter", "b", "escape", "g", "g", "enter")
        assert state(driver) == ("a\nb", (1, 0))
        await driver.press("alt+enter")
        await driver.wait_until(lambda: questions(harness) == ["a\nb"])
        await driver.settle()


async def test_chips_and_attachments(harness: AppHarness, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    async with run_app(harness) as driver:
        prompt = driver.chat.prompt
        await driver.type("see ")
        await paste(driver, LONG)
        await driver.type(" and ok")
        await driver.press("escape", "0", "w", "y", "l", "x", "$", "p")
        assert prompt.full_text == f"see  and ok{LONG}"
        await driver.press("d", "d", "i")
        await driver.type(f"x @{tmp_path}/a.txt ok")
        await driver.press("escape", "0", "x", "$", "x")
        assert prompt.files == [Chosen(f"{tmp_path}/a.txt", f"{tmp_path}/a.txt")]
        await driver.press("0", "i", *"@/", "escape", "0", "l", "l")
        assert not driver.chat.composer.query_one("#completions").display


async def test_copying(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []

    async def copy(_self: Clipboard, text: str) -> None:
        copied.append(text)

    monkeypatch.setattr(Clipboard, "copy", copy)
    async with run_app(harness) as driver:
        await paste(driver, "one\u202e two")
        await driver.press("escape", "0", '"', "+", "y", "t", "t", "y", "y")
        await driver.wait_until(lambda: copied)
        await driver.press('"', "+", "P")
        assert copied == ["one\u202e "]
        assert driver.chat.prompt.text == "one\u202e one\u202e two"


async def test_setting_takes_effect_at_once(build_harness: Build, tmp_path: Path) -> None:
    harness = build_harness()
    harness.config_file = tmp_path / "config.toml"
    harness.config_file.write_text('[ui]\ntheme = "holytui-dark"\n')
    harness.config = load(harness.config_file).config
    async with run_app(harness) as driver:
        await driver.type("one two")
        await driver.press("escape", "x")
        assert driver.chat.prompt.text == "one twox"
        assert "INSERT" not in hints(driver)
        for editing, expected in (("vim", "one two"), ("plain", "one twxo")):
            harness.config_file.write_text(f'[ui]\ntheme = "holytui-dark"\nediting = "{editing}"\n')
            await driver.chat.wiring.settings.reload()
            await driver.pilot.pause()
            await driver.press("escape", "x")
            assert driver.chat.prompt.text == expected
        assert "NORMAL" not in hints(driver)
