"""Failures on the full screen name keys that work there."""

from __future__ import annotations

import pytest

from tests.servers import READ, ScriptedServer, whole
from tests.ui.app_harness import AppHarness, config_with, run_app
from tests.ui.conftest import Build

PAGE = whole("200 OK", b"<html><title>Sign in</title></html>", "text/html")
NO_CREDIT = whole("402 Payment Required", {"error": {"message": "none", "code": "insufficient_quota"}})


@pytest.mark.parametrize(
    ("response", "shown", "named"),
    [(PAGE, "such as a web page", "Type /retry"), (NO_CREDIT, "has no credit left", "Press F2")],
    ids=["captive portal", "no credit"],
)
async def test_an_answer_that_fails_names_what_works_in_the_prompt(
    build_harness: Build, response: bytes, shown: str, named: str
) -> None:
    with ScriptedServer([READ, response]) as server:
        async with run_app(build_harness(config_with(server.base_url))) as driver:
            await driver.ask("hello")
            await driver.wait_for_text(shown)
            await driver.wait_until(lambda: named in " ".join(driver.text.split()))
            if named == "Press F2":
                await driver.press("f2")
                await driver.wait_for_text("Model for the next question")
            else:
                await driver.type("/retry")
                await driver.press("enter")
                await driver.wait_until(lambda: len(server.requests) == 2)


async def test_the_first_screen_names_two_ways_to_connect(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.wait_for_text("Press F10, or type /connect, to connect a provider.")
        await driver.ask("hello")  # the guide answers without one
        await driver.wait_for_text("built-in offline guide")


async def test_a_tiny_terminal_shows_what_fits_and_loses_nothing(harness: AppHarness) -> None:
    async with run_app(harness, (12, 5)) as driver:
        await driver.ask("hello")
        await driver.pilot.resize_terminal(100, 30)
        await driver.wait_for_text("built-in offline guide")
