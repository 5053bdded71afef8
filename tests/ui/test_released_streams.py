"""Esc on an interrupted answer that its server still generates."""

from __future__ import annotations

from dataclasses import replace

from tests.keeping_server import KeepingServer, body_of
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build

BODY = body_of("A long answer that is cut. " * 20)


async def test_escape_has_the_server_stop_an_interrupted_answer_once(build_harness: Build) -> None:
    with KeepingServer(BODY, [900]) as server:
        config = config_with(server.base_url)
        lab = replace(config.providers["lab"], reattach=True)
        stream = replace(config.stream, max_retries=0)
        async with run_app(build_harness(replace(config, providers={"lab": lab}, stream=stream))) as driver:
            await driver.type("hello")
            await driver.press("enter")
            await driver.wait_for_text("/continue")
            await driver.focus_log()
            await driver.press("escape")
            assert driver.chat.prompt.has_focus
            assert server.ids("DELETE") == [], "Esc only led back to the prompt"
            await driver.press("escape")
            await driver.wait_for_text("stopped at the server")
            await driver.wait_until(lambda: server.ids("DELETE"))
            assert server.ids("DELETE") == server.ids("POST")


async def test_escape_asks_nothing_of_a_server_without_a_stream(build_harness: Build) -> None:
    with KeepingServer(BODY) as server:
        async with run_app(build_harness(config_with(server.base_url))) as driver:
            await driver.ask("hello")
            await driver.press("escape")
            assert server.ids("DELETE") == []
            assert "stopped at the server" not in driver.text
