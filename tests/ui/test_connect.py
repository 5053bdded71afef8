"""Connecting a provider in the dialog: from nothing to an answer, and every step back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Static

from holytui.config.load import load
from holytui.config.presets import PRESETS
from holytui.connect import targets, writer
from holytui.ui.connect import dialog
from holytui.ui.connect.dialog import ConnectDialog
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.dialogs.line_input import LineInput
from tests.commands.test_check import MODELS, Router, count
from tests.servers import FIN, READ, Peer, ScriptedServer, answer, whole
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.conftest import Build

KEY = "cr_0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog, "find_local_servers", lambda _lister: {})
    for preset in PRESETS.values():
        monkeypatch.delenv(preset.key_env or "NO", raising=False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([Router(count(1, 40), answer("Hello ", "from the model."), models=MODELS)]) as running:
        yield running


@pytest.fixture
def sheep(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """A server in the place of HolySheep."""
    preset = replace(PRESETS["holysheep"], base_url=server.base_url)
    presets = {**PRESETS, "holysheep": preset}
    for module in (targets, writer):
        monkeypatch.setattr(module, "PRESETS", presets)
    monkeypatch.setattr("holytui.config.load.PRESETS", presets)
    monkeypatch.setattr("holytui.providers.resolve.PRESETS", presets)
    return server


@pytest.fixture
def harness(build_harness: Build, tmp_path: Path) -> AppHarness:
    built = build_harness()
    built.config_file = tmp_path / "config" / "config.toml"
    return built


def title(driver: ScreenDriver) -> str:
    screen = driver.app.screen
    return str(screen.query_one("#dialog-title", Static).render()) if isinstance(screen, ConnectDialog) else ""


async def open_dialog(driver: ScreenDriver) -> ConnectDialog:
    await driver.act("app.connect")
    await driver.wait_until(lambda: isinstance(driver.app.screen, ConnectDialog) and title(driver))
    assert isinstance(driver.app.screen, ConnectDialog)
    return driver.app.screen


async def at(driver: ScreenDriver, words: str) -> None:
    await driver.wait_until(lambda: words in title(driver))


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_from_nothing_to_an_answer(harness: AppHarness, sheep: ScriptedServer, tmp_path: Path) -> None:
    pressed = ["f10", "enter", "enter"]
    async with run_app(harness) as driver:
        await driver.wait_for_text("Press F10, or type /connect, to connect a provider")
        await open_dialog(driver)
        await driver.press("enter")
        await at(driver, "Key of HolySheep AI")
        await driver.press("enter")
        await at(driver, "Paste the key")
        driver.app.post_message(events.Paste(KEY + "\n"))
        await driver.pilot.pause()
        assert KEY not in driver.text
        assert "•" * len(KEY) in driver.text
        await driver.press("enter")
        await at(driver, "2 models of HolySheep AI")
        await driver.type("ot")
        await driver.press("enter")
        await at(driver, "other answers")
        await driver.wait_for_text("✓ streaming")
        await driver.press("enter")
        pressed += ["enter", "o", "t", "enter", "enter"]
        await driver.wait_until(lambda: driver.chat.state.model == "holysheep/other")
        await driver.wait_for_text("connected to holysheep/other")
        assert len(pressed) <= 12
        assert harness.engine.config.default_model == "holysheep/other"
        assert driver.chat.state.services.config is harness.engine.config
        await driver.ask("Hello?")
        await driver.wait_for_text("Hello from the model.")
        assert KEY not in driver.text
    assert sheep.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert harness.config_file is not None
    assert load(harness.config_file).problems == ()
    holders = [path for path, data in everything_in(tmp_path).items() if KEY.encode() in data]
    assert holders == [harness.config_file.parent / "keys" / "holysheep.key"]


async def test_an_address_is_pasted_into_the_list_of_providers(harness: AppHarness, server: ScriptedServer) -> None:
    async with run_app(harness) as driver:
        await open_dialog(driver)
        await driver.type("xqz")
        await driver.press("enter")
        await driver.wait_for_text("neither a provider nor an address")
        await driver.press(*["backspace"] * len("xqz"))
        driver.app.post_message(events.Paste(server.base_url))
        await driver.wait_for_text("use this address")
        await driver.press("enter")
        await at(driver, "Name of the provider")
        await driver.press("enter")
        await at(driver, "2 models of local")
        await driver.press("enter")
        await at(driver, "answers")
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.state.model.startswith("local/"))


async def test_a_key_is_offered_first_where_a_request_without_one_ends_in_an_internal_error(
    harness: AppHarness,
) -> None:
    with ScriptedServer([READ, whole("500 Internal Server Error", {"error": {"message": "no"}}), FIN]) as server:
        async with run_app(harness) as driver:
            await open_dialog(driver)
            driver.app.post_message(events.Paste(server.base_url))
            await driver.wait_for_text("use this address")
            await driver.press("enter")
            await at(driver, "Name of the provider")
            await driver.press("enter")
            await driver.wait_for_text("another key")
            await driver.press("enter")
            await at(driver, "Key of local")


async def test_escape_goes_back_a_step_and_the_key_is_neither_shown_again_nor_copied(
    harness: AppHarness, sheep: ScriptedServer
) -> None:
    async with run_app(harness) as driver:
        copied: list[str] = []
        driver.app.copy_to_clipboard = copied.append  # type: ignore[method-assign, assignment]
        await driver.press("f10", "enter", "enter", *KEY)  # in one read, none of it for the prompt
        await at(driver, "Paste the key")
        assert driver.chat.prompt.text == ""
        line = driver.app.screen.query_one(LineInput)
        line.select_all()
        await driver.press("ctrl+c", "ctrl+x")
        assert (copied, line.value) == ([], KEY)
        await driver.press("enter")
        await at(driver, "2 models")
        await driver.press("escape")
        await at(driver, "Paste the key")
        assert (line.value, line.password) == ("", True)
        await driver.press("escape")
        await at(driver, "Key of HolySheep AI")
        await driver.press("escape")
        await at(driver, "Connect a provider")
        await driver.press("escape", "d")
        await driver.wait_until(lambda: not isinstance(driver.app.screen, Picker))
        assert driver.chat.prompt.text == "d"
        assert not everything_in(harness.config_file.parent)  # type: ignore[union-attr]  # set by the fixture


async def test_a_wrong_key_is_told_and_another_can_be_given(build_harness: Build, tmp_path: Path) -> None:
    refusal = whole("401 Unauthorized", {"error": {"message": f"bad key {KEY}"}})
    harness = build_harness()
    harness.config_file = tmp_path / "config.toml"
    with ScriptedServer([Router(count(1, 40), models=refusal)]) as server:
        async with run_app(harness) as driver:
            await open_dialog(driver)
            await driver.type("another")
            await driver.press("enter")
            await at(driver, "Address of the endpoint")
            await driver.type("nonsense url")
            await driver.press("enter")
            await driver.wait_for_text("is not an address")
            await driver.press("ctrl+u")
            await driver.type(server.base_url)
            await driver.press("enter")
            await at(driver, "Name of the provider")
            await driver.press("enter")
            await at(driver, "local cannot be used yet")
            await driver.wait_for_text("✗ key")
            await driver.press("enter")
            await at(driver, "Key of local")
            await driver.press("enter", *KEY, "enter")
            await at(driver, "local cannot be used yet")
            assert KEY not in driver.text
            await driver.press("down", "down", "enter")
            await at(driver, "Model of local, by its name")
            await driver.press("escape")
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def stalls_below_v1(peer: Peer) -> None:
    """Answer as a server that has its list below /v1 only, and never answers a question."""
    for _request in iter(peer.read, False):
        request = peer.server.requests[-1]
        if request.method == "POST":
            peer.stall()
            return
        peer.sock.sendall(MODELS if request.target.startswith("/v1/") else whole("404 Not Found", b"no"))


async def test_the_better_address_is_used_and_escape_ends_a_test_that_hangs(harness: AppHarness) -> None:
    with ScriptedServer([stalls_below_v1]) as server:
        async with run_app(harness, (56, 20)) as driver:  # low: the marks leave room for the choices
            await open_dialog(driver)
            await driver.type("another")
            await driver.press("enter", *server.base_url.removesuffix("/v1"), "enter", "enter")
            await driver.wait_for_text(f"use {server.base_url}")
            assert "✗ models" in driver.text
            assert "✓" not in driver.text
            await driver.press("enter")
            await at(driver, "2 models of local")
            await driver.press("enter")
            await driver.wait_for_text("testing…")
            server.wait_for_requests(3)
            await driver.press("enter", "escape")
            await at(driver, "2 models of local")
            await driver.wait_until(lambda: any(peer.gone.is_set() for peer in server.peers))
            await driver.press("escape", "escape", "escape", "escape")


async def test_a_folder_that_cannot_be_written_keeps_the_dialog(harness: AppHarness, sheep: ScriptedServer) -> None:
    harness.config_file = Path("/proc/self/config.toml")
    async with run_app(harness) as driver:
        await open_dialog(driver)
        await driver.press("enter", "enter", *KEY, "enter")
        await at(driver, "2 models")
        await driver.press("enter")
        await at(driver, "model answers")
        await driver.press("enter")
        await driver.wait_for_text("cannot be written")
        assert harness.engine.config.default_model == "guide/guide"
        await driver.press("escape", "escape", "escape", "escape", "escape")


async def test_the_list_of_models_connects_too_local_servers_appear_and_a_broken_file_is_told(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def find(_lister: object) -> dict[str, tuple[str, ...]]:
        gate.wait(5)
        return {"vllm": ("qwen",)}

    monkeypatch.setattr(dialog, "find_local_servers", find)
    async with run_app(harness) as driver:
        await driver.act("model.pick")
        await driver.wait_until(lambda: isinstance(driver.app.screen, Picker))
        await driver.pick("connect a provider")
        await at(driver, "Connect a provider")
        await driver.press("down")
        gate.set()
        await driver.wait_for_text("runs here, 1 model")
        await driver.press("enter")
        await at(driver, "Key of OpenAI")
        await driver.press("down", "down")
        await driver.press("enter", *KEY, "enter")
        await driver.wait_for_text("The name of a variable is expected, not the key itself")
        await driver.press("escape", "escape", "escape")
        await driver.wait_until(lambda: not isinstance(driver.app.screen, Picker))
        assert harness.config_file is not None
        harness.config_file.parent.mkdir()
        harness.config_file.write_text("[ui]\ntheme = dark\n")
        await driver.act("app.connect")
        await driver.wait_until(lambda: "Nothing was changed" in driver.status)
        assert "config.toml:2" in driver.status
        assert not isinstance(driver.app.screen, Picker)


async def test_a_key_that_is_pasted_before_a_place_is_chosen_is_not_shown_and_is_used(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.act("app.connect")
        await driver.wait_for_text("HolySheep AI")
        await driver.press("enter")
        await driver.wait_for_text("Key of HolySheep AI")
        driver.app.post_message(events.Paste("cr_never_to_be_shown"))
        await driver.pilot.pause()
        assert "cr_never" not in driver.text
        assert "•" * 10 in driver.text
        assert "from a command" in driver.text  # it filters nothing
