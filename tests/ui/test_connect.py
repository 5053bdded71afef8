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
from holytui.ui.dialogs.line_input import Line
from tests.commands.test_check import MODELS, Router, count
from tests.servers import ScriptedServer, answer, whole
from tests.ui.conftest import Build
from tests.ui.house import House, Visitor, visit

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
def house(build_house: Build, tmp_path: Path) -> House:
    built = build_house()
    built.config_file = tmp_path / "config" / "config.toml"
    return built


def title(visitor: Visitor) -> str:
    screen = visitor.app.screen
    return str(screen.query_one("#dialog-title", Static).render()) if isinstance(screen, ConnectDialog) else ""


async def open_dialog(visitor: Visitor) -> ConnectDialog:
    await visitor.act("app.connect")
    await visitor.until(lambda: isinstance(visitor.app.screen, ConnectDialog) and title(visitor))
    assert isinstance(visitor.app.screen, ConnectDialog)
    return visitor.app.screen


async def at(visitor: Visitor, words: str) -> None:
    await visitor.until(lambda: words in title(visitor))


def everything_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_from_nothing_to_an_answer(house: House, sheep: ScriptedServer, tmp_path: Path) -> None:
    pressed = ["f10", "enter", "enter"]
    async with visit(house) as visitor:
        await visitor.sees("F10 to connect a provider")
        await open_dialog(visitor)
        await visitor.press("enter")
        await at(visitor, "Key of HolySheep AI")
        await visitor.press("enter")
        await at(visitor, "Paste the key")
        visitor.app.post_message(events.Paste(KEY + "\n"))
        await visitor.pilot.pause()
        assert KEY not in visitor.text
        assert "•" * len(KEY) in visitor.text
        await visitor.press("enter")
        await at(visitor, "2 models of HolySheep AI")
        await visitor.type("ot")
        await visitor.press("enter")
        await at(visitor, "other answers")
        await visitor.sees("✓ streaming")
        await visitor.press("enter")
        pressed += ["enter", "o", "t", "enter", "enter"]
        await visitor.until(lambda: visitor.chat.state.model == "holysheep/other")
        await visitor.sees("connected to holysheep/other")
        assert len(pressed) <= 12
        assert house.engine.config.default_model == "holysheep/other"
        assert visitor.chat.state.services.config is house.engine.config
        await visitor.ask("Hello?")
        await visitor.sees("Hello from the model.")
        assert KEY not in visitor.text
    assert sheep.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert house.config_file is not None
    assert load(house.config_file).problems == ()
    holders = [path for path, data in everything_in(tmp_path).items() if KEY.encode() in data]
    assert holders == [house.config_file.parent / "keys" / "holysheep.key"]


async def test_all_keys_in_one_read_reach_the_dialog_only(house: House, sheep: ScriptedServer) -> None:
    async with visit(house) as visitor:
        await visitor.press("f10", "enter", "enter", *KEY, "enter")
        await at(visitor, "2 models of HolySheep AI")
        assert visitor.chat.prompt.text == ""
        for _step in range(4):
            await visitor.press("escape")
        await visitor.until(lambda: not isinstance(visitor.app.screen, Picker))
        assert not house.config_file.exists()  # type: ignore[union-attr]  # set by the fixture


async def test_escape_goes_back_a_step_and_the_key_is_neither_shown_again_nor_copied(
    house: House, sheep: ScriptedServer
) -> None:
    async with visit(house) as visitor:
        shown = await open_dialog(visitor)
        copied: list[str] = []
        visitor.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        line = shown.query_one(Line)
        await visitor.press("enter", "enter", *KEY)
        line.select_all()
        await visitor.press("ctrl+c", "ctrl+x")
        assert (copied, line.value) == ([], KEY)
        await visitor.press("enter")
        await at(visitor, "2 models")
        await visitor.press("escape")
        await at(visitor, "Paste the key")
        assert (line.value, line.password) == ("", True)
        await visitor.press("escape")
        await at(visitor, "Key of HolySheep AI")
        await visitor.press("escape")
        await at(visitor, "Connect a provider")
        await visitor.press("escape")
        await visitor.until(lambda: not isinstance(visitor.app.screen, Picker))


async def test_a_wrong_key_is_told_and_another_can_be_given(build_house: Build, tmp_path: Path) -> None:
    refusal = whole("401 Unauthorized", {"error": {"message": f"bad key {KEY}"}})
    house = build_house()
    house.config_file = tmp_path / "config.toml"
    with ScriptedServer([Router(count(1, 40), models=refusal)]) as server:
        async with visit(house) as visitor:
            await open_dialog(visitor)
            await visitor.type("another")
            await visitor.press("enter")
            await at(visitor, "Address of the endpoint")
            await visitor.type("nonsense url")
            await visitor.press("enter")
            await visitor.sees("is not an address")
            await visitor.press("ctrl+u")
            await visitor.type(server.base_url)
            await visitor.press("enter")
            await at(visitor, "Name of the provider")
            await visitor.press("enter")
            await at(visitor, "local cannot be used yet")
            await visitor.sees("✗ key")
            await visitor.press("enter")
            await at(visitor, "Key of local")
            await visitor.press("enter", *KEY, "enter")
            await at(visitor, "local cannot be used yet")
            assert KEY not in visitor.text
            await visitor.press("down", "down", "enter")
            await at(visitor, "Model of local, by its name")
            await visitor.press("escape")
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


async def test_the_better_address_is_offered_and_used(house: House) -> None:
    def route(peer: object) -> None:
        router = Router(count(1, 40), models=MODELS)
        while peer.read():  # type: ignore[attr-defined]  # a Peer
            request = peer.server.requests[-1]  # type: ignore[attr-defined]
            good = request.target.startswith("/v1/")
            peer.sock.sendall(router._models if good else whole("404 Not Found", b"no"))  # type: ignore[attr-defined]

    with ScriptedServer([route]) as server:
        async with visit(house) as visitor:
            await open_dialog(visitor)
            await visitor.type("another")
            await visitor.press("enter")
            await visitor.type(server.base_url.removesuffix("/v1"))
            await visitor.press("enter", "enter")
            await visitor.sees(f"use {server.base_url}")
            await visitor.press("enter")
            await at(visitor, "2 models of local")
            await visitor.press("escape", "escape", "escape", "escape")


async def test_escape_ends_a_test_that_hangs(house: House) -> None:
    with ScriptedServer([Router([lambda peer: peer.stall()], models=MODELS)]) as server:
        async with visit(house) as visitor:
            await open_dialog(visitor)
            await visitor.type("another")
            await visitor.press("enter", *server.base_url, "enter", "enter")
            await at(visitor, "2 models of local")
            await visitor.press("enter")
            await visitor.sees("testing…")
            server.wait_for_requests(2)
            await visitor.press("enter", "escape")
            await at(visitor, "2 models of local")
            await visitor.until(lambda: any(peer.gone.is_set() for peer in server.peers))
            await visitor.press("escape", "escape", "escape", "escape")


async def test_a_folder_that_cannot_be_written_keeps_the_dialog(house: House, sheep: ScriptedServer) -> None:
    house.config_file = Path("/proc/self/config.toml")
    async with visit(house) as visitor:
        await open_dialog(visitor)
        await visitor.press("enter", "enter", *KEY, "enter")
        await at(visitor, "2 models")
        await visitor.press("enter")
        await at(visitor, "model answers")
        await visitor.press("enter")
        await visitor.sees("cannot be written")
        assert house.engine.config.default_model == "guide/guide"
        await visitor.press("escape", "escape", "escape", "escape", "escape")


async def test_the_list_of_models_connects_too_local_servers_appear_and_a_broken_file_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def find(_lister: object) -> dict[str, tuple[str, ...]]:
        gate.wait(5)
        return {"vllm": ("qwen",)}

    monkeypatch.setattr(dialog, "find_local_servers", find)
    async with visit(house) as visitor:
        await visitor.act("model.pick")
        await visitor.until(lambda: isinstance(visitor.app.screen, Picker))
        await visitor.pick("connect a provider")
        await at(visitor, "Connect a provider")
        await visitor.press("down")
        gate.set()
        await visitor.sees("runs here, 1 model")
        await visitor.press("enter")
        await at(visitor, "Key of OpenAI")
        await visitor.type("another variable")
        await visitor.press("enter", *KEY, "enter")
        await visitor.sees("The name of a variable is expected, not the key itself")
        await visitor.press("escape", "escape", "escape")
        await visitor.until(lambda: not isinstance(visitor.app.screen, Picker))
        assert house.config_file is not None
        house.config_file.parent.mkdir()
        house.config_file.write_text("[ui]\ntheme = dark\n")
        await visitor.act("app.connect")
        await visitor.until(lambda: "Nothing was changed" in visitor.status)
        assert "config.toml:2" in visitor.status
        assert not isinstance(visitor.app.screen, Picker)
