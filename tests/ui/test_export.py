from __future__ import annotations

import json
import stat
from functools import partial
from pathlib import Path

import pytest

from holytui.errors import TransferError
from holytui.store.transfer.transfer import Format
from holytui.ui.dialogs.dialogs import LineDialog
from holytui.ui.transcript.export import file_name, form_of
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.sample_conversations import TALK, add_sample


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I use a shell?", "how-do-i-use-a-shell.md"),
        ("Tiếng Việt: đường?", "tiếng-việt-đường.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("", "conversation.md"),
        ("???\n", "conversation.md"),
        ("a" * 500, "a" * 40 + ".md"),
    ],
)
def test_a_file_is_named_by_what_it_is_about(text: str, expected: str) -> None:
    assert file_name(text) == expected


def test_the_end_of_the_name_says_the_form() -> None:
    names = ("a.md", "b.HTML", "c.htm", "d.json", "e.jsonl")
    assert [form_of(Path(name)) for name in names] == [
        *(Format.MARKDOWN, Format.HTML, Format.HTML, Format.JSON, Format.JSONL)
    ]
    for name in ("a", "a.pdf", ".md"):
        with pytest.raises(TransferError):
            form_of(Path(name))


def said(driver: ScreenDriver, words: str) -> bool:
    return words in driver.status


async def write_to(driver: ScreenDriver, name: str) -> None:
    await driver.focus_log()
    await driver.act("chat.export")
    await driver.wait_until(lambda: isinstance(driver.app.screen, LineDialog))
    await driver.press("ctrl+a", "ctrl+k")
    await driver.type(name)
    await driver.press("enter")


async def test_the_open_conversation_is_written_to_a_private_file_and_nothing_is_overwritten(
    harness: AppHarness,
) -> None:
    add_sample(harness.history)
    async with run_app(harness, (120, 40), conversation=TALK) as driver:
        await write_to(driver, "talk.json")
        await driver.wait_until(lambda: "written to" in driver.status)
        out = Path("talk.json")
        (talk,) = json.loads(out.read_text("utf-8"))
        assert talk["id"] == TALK
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        before = out.read_bytes()
        await write_to(driver, "talk.json")
        await driver.wait_until(lambda: "already exists" in driver.status)
        assert out.read_bytes() == before
        await write_to(driver, "talk.pdf")
        await driver.wait_until(lambda: "does not name a format" in driver.status)
        await write_to(driver, "no/such/folder.md")
        await driver.wait_until(lambda: "cannot be written" in driver.status)
        for name in ("~nobody-of-that-name/talk.md", f"{'long' * 100}.md"):
            await write_to(driver, name)
            await driver.wait_until(partial(said, driver, f"✗ {name[:20]}"))


async def test_without_a_conversation_there_is_nothing_to_export(harness: AppHarness) -> None:
    async with run_app(harness, (120, 40)) as driver:
        await driver.act("chat.new")
        await driver.focus_log()
        await driver.act("chat.export")
        await driver.wait_until(lambda: "no conversation to export" in driver.status)
