"""Nothing is attached that the user did not choose, however its path came into the prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from holytui.attachments.selection import AttachedItem, SelectedFiles
from holytui.models import Role
from holytui.store.transfer.transfer import Format, export_file, import_file
from holytui.ui.composer.draft_store import Draft, decode, encode
from holytui.ui.composer.provenance import MentionSelection, Provenance, mentions
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app


@pytest.fixture(autouse=True)
def files(harness: AppHarness) -> None:
    Path("notes.txt").write_text("TOPSECRET\n")
    Path("no").write_text("x")


def names(driver: ScreenDriver) -> list[str]:
    return [each.path for each in driver.chat.prompt.files]


async def paste(driver: ScreenDriver, text: str) -> None:
    driver.app.post_message(events.Paste(text))
    await driver.pilot.pause()


def sent(harness: AppHarness) -> list[str]:
    found = [harness.history.branch(one.id) for one in harness.history.conversations()]
    return [message.text for branch in found for message in branch if message.role is Role.USER]


async def test_only_a_path_that_is_typed_or_taken_attaches(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        prompt = driver.chat.prompt
        for pasted in (
            "see @notes.txt",
            "\n".join(["@notes.txt"] * 10),
            " " * 300 + "@notes.txt",
            f"@{Path('notes.txt').absolute()} ",
            '@"notes.txt"',
        ):
            await paste(driver, pasted)
            assert names(driver) == [], pasted
            prompt.set_text("")
        await driver.type("a @")
        await paste(driver, "notes.txt")
        assert names(driver) == []
        prompt.set_text("")
        await driver.type("@no")
        assert names(driver) == ["no"]
        await paste(driver, "tes.txt")
        assert names(driver) == []
        prompt.set_text("")
        await paste(driver, "@notes.tx")
        await driver.type("t")
        assert names(driver) == []
        prompt.set_text("")
        await paste(driver, "before ")
        await driver.type("@notes.txt ")
        await paste(driver, "after @no")
        assert names(driver) == ["notes.txt"]
        await driver.wait_for_text("▣ notes.txt · 10 B ·")
        await driver.wait_for_text("work/notes.txt")
        await driver.wait_for_text("@no is sent as text · press Alt+A to attach it")
        await driver.press("enter")
        await driver.wait_until(lambda: sent(harness))
        await driver.settle()
        assert [text.count("TOPSECRET") for text in sent(harness)] == [1]
        assert "no:\n" not in sent(harness)[0]


async def test_what_is_pasted_goes_out_as_words(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await paste(driver, "read @notes.txt")
        await driver.press("enter")
        await driver.wait_until(lambda: sent(harness))
        await driver.settle()
        assert sent(harness) == ["read @notes.txt"]


async def test_an_earlier_question_and_undone_text_attach_nothing_anew(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        prompt = driver.chat.prompt
        await driver.type("x @notes.txt ")
        await driver.press("ctrl+u")
        assert names(driver) == []
        prompt.undo()
        assert prompt.text == "x @notes.txt "
        assert names(driver) == []
        prompt.set_text("")
        await paste(driver, "old @notes.txt")
        await driver.press("enter")
        await driver.wait_until(lambda: sent(harness))
        await driver.settle()
        await driver.press("up")
        assert (prompt.text, names(driver)) == ("old @notes.txt", [])
        await driver.press("down")
        await driver.focus_log()
        await driver.act("message.edit")
        await driver.wait_until(lambda: prompt.text == "old @notes.txt")
        assert names(driver) == []


async def test_a_key_attaches_what_is_named_and_takes_it_off(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        prompt = driver.chat.prompt
        await paste(driver, "see @notes.txt")
        await driver.wait_for_text("@notes.txt is sent as text")
        await driver.act("prompt.attach")
        await driver.wait_until(lambda: names(driver) == ["notes.txt"])
        await driver.wait_for_text("to remove it")
        prompt.restore(decode(encode(prompt.draft)))
        assert names(driver) == ["notes.txt"]
        await driver.act("prompt.attach")
        await driver.wait_until(lambda: names(driver) == [])
        prompt.set_text("")
        await driver.type("@notes.txt ")
        await paste(driver, "@no")
        await driver.act("prompt.attach")
        await driver.wait_for_text("Files of this question")
        await driver.pick("remove it")
        await driver.wait_until(lambda: names(driver) == [])


def test_a_draft_keeps_the_place_that_was_meant(harness: AppHarness, tmp_path: Path) -> None:
    draft = Draft("@a.txt", {}, {"a.txt": "/there/a.txt"})
    assert decode(encode(draft)) == draft
    assert decode('{"holytui draft": "@a", "pastes": {}, "files": {"a": 1}}') == Draft("@a")


def test_an_imported_draft_has_no_files(harness: AppHarness, tmp_path: Path) -> None:
    one = harness.history.create_conversation(title="t").id
    harness.history.update_conversation(one, draft=encode(Draft("@notes.txt", {}, {"notes.txt": "/etc/passwd"})))
    file = tmp_path / "talk.json"
    export_file(harness.history, [one], Format.JSON, file)
    (tmp_path / "other").mkdir()
    other = AppHarness(tmp_path / "other")
    try:
        import_file(other.history, file)
        kept = other.history.conversations()[0].draft
    finally:
        other.close()
    assert "passwd" not in json.dumps(kept)
    assert decode(kept) == Draft("@notes.txt")


def test_a_listed_path_is_made_safe_and_many_are_counted() -> None:
    lines = SelectedFiles((), [AttachedItem(f"a\x1b{number}", "x") for number in range(9)]).lines("attach", "remove")
    assert len(lines) == 5
    assert "\x1b" not in "".join(line for line, _sent in lines)
    assert lines[-1] == ("and 5 more files", False)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.text("@a \n", max_size=5), st.booleans())))
def test_provenance_follows_every_edit(edits: list[tuple[int, int, str, bool]]) -> None:
    text, flags, provenance = "", list[bool](), Provenance()

    def location(at: int) -> tuple[int, int]:
        before = text[:at]
        return before.count("\n"), at - (before.rfind("\n") + 1)

    for one, two, new, typed in edits:
        start, end = sorted((min(one, len(text)), min(two, len(text))))
        places = location(start), location(end)
        text = text[:start] + new + text[end:]
        flags[start:end] = [typed] * len(new)
        provenance.replace(*places, [len(line) for line in new.split("\n")], typed=typed)
    lines, offset, wanted = text.split("\n"), 0, []
    for line in lines:
        wanted.append(flags[offset : offset + len(line)])
        offset += len(line) + 1
    for mention in mentions(lines):
        assert provenance.is_typed(mention) == all(wanted[mention.line][mention.start : mention.end])


def test_a_choice_ends_with_the_path_in_the_text() -> None:
    choice = MentionSelection()
    choice.load(["@a"], {"a": "/a"})
    choice.changed(["@"])
    choice.changed(["@a"])
    assert choice.chosen(["@a"]) == {}
