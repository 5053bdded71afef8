from __future__ import annotations

import json
import stat
from functools import partial
from pathlib import Path

import pytest

from holytui.errors import TransferError
from holytui.store.transfer import Format
from holytui.ui.exporting import file_name, form_of
from holytui.ui.screens.dialogs import LineDialog
from tests.ui.house import House, Visitor, visit
from tests.ui.talks import TALK, furnish


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


def said(visitor: Visitor, words: str) -> bool:
    return words in visitor.status


async def write_to(visitor: Visitor, name: str) -> None:
    await visitor.to_log()
    await visitor.act("chat.export")
    await visitor.until(lambda: isinstance(visitor.app.screen, LineDialog))
    await visitor.press("ctrl+a", "ctrl+k")
    await visitor.type(name)
    await visitor.press("enter")


async def test_the_open_conversation_is_written_to_a_private_file_and_nothing_is_overwritten(house: House) -> None:
    furnish(house.history)
    async with visit(house, (120, 40), conversation=TALK) as visitor:
        await write_to(visitor, "talk.json")
        await visitor.until(lambda: "written to" in visitor.status)
        out = Path("talk.json")
        (talk,) = json.loads(out.read_text("utf-8"))
        assert talk["id"] == TALK
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        before = out.read_bytes()
        await write_to(visitor, "talk.json")
        await visitor.until(lambda: "already exists" in visitor.status)
        assert out.read_bytes() == before
        await write_to(visitor, "talk.pdf")
        await visitor.until(lambda: "does not name a format" in visitor.status)
        await write_to(visitor, "no/such/folder.md")
        await visitor.until(lambda: "cannot be written" in visitor.status)
        for name in ("~nobody-of-that-name/talk.md", f"{'long' * 100}.md"):
            await write_to(visitor, name)
            await visitor.until(partial(said, visitor, f"✗ {name[:20]}"))


async def test_without_a_conversation_there_is_nothing_to_export(house: House) -> None:
    async with visit(house, (120, 40)) as visitor:
        await visitor.act("chat.new")
        await visitor.to_log()
        await visitor.act("chat.export")
        await visitor.until(lambda: "no conversation to export" in visitor.status)
