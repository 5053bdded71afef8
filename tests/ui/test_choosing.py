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
from holytui.ui.composer.provenance import Choice, Provenance, mentions
from tests.ui.house import House, Visitor, visit


@pytest.fixture(autouse=True)
def files(house: House) -> None:
    Path("notes.txt").write_text("TOPSECRET\n")
    Path("no").write_text("x")


def names(visitor: Visitor) -> list[str]:
    return [each.path for each in visitor.chat.prompt.files]


async def paste(visitor: Visitor, text: str) -> None:
    visitor.app.post_message(events.Paste(text))
    await visitor.pilot.pause()


def sent(house: House) -> list[str]:
    found = [house.history.branch(one.id) for one in house.history.conversations()]
    return [message.text for branch in found for message in branch if message.role is Role.USER]


async def test_only_a_path_that_is_typed_or_taken_attaches(house: House) -> None:
    async with visit(house) as visitor:
        prompt = visitor.chat.prompt
        for pasted in (
            "see @notes.txt",
            "\n".join(["@notes.txt"] * 10),
            " " * 300 + "@notes.txt",
            f"@{Path('notes.txt').absolute()} ",
            '@"notes.txt"',
        ):
            await paste(visitor, pasted)
            assert names(visitor) == [], pasted
            prompt.put("")
        await visitor.type("a @")
        await paste(visitor, "notes.txt")
        assert names(visitor) == []
        prompt.put("")
        await visitor.type("@no")
        assert names(visitor) == ["no"]
        await paste(visitor, "tes.txt")
        assert names(visitor) == []
        prompt.put("")
        await paste(visitor, "@notes.tx")
        await visitor.type("t")
        assert names(visitor) == []
        prompt.put("")
        await paste(visitor, "before ")
        await visitor.type("@notes.txt ")
        await paste(visitor, "after @no")
        assert names(visitor) == ["notes.txt"]
        await visitor.sees("▣ notes.txt · 10 B ·")
        await visitor.sees("work/notes.txt")
        await visitor.sees("@no is sent as text · press Ctrl+R to attach it")
        await visitor.press("enter")
        await visitor.until(lambda: sent(house))
        await visitor.calm()
        assert [text.count("TOPSECRET") for text in sent(house)] == [1]
        assert "no:\n" not in sent(house)[0]


async def test_what_is_pasted_goes_out_as_words(house: House) -> None:
    async with visit(house) as visitor:
        await paste(visitor, "read @notes.txt")
        await visitor.press("enter")
        await visitor.until(lambda: sent(house))
        await visitor.calm()
        assert sent(house) == ["read @notes.txt"]


async def test_an_earlier_question_and_undone_text_attach_nothing_anew(house: House) -> None:
    async with visit(house) as visitor:
        prompt = visitor.chat.prompt
        await visitor.type("x @notes.txt ")
        await visitor.press("ctrl+u")
        assert names(visitor) == []
        prompt.undo()
        assert prompt.text == "x @notes.txt "
        assert names(visitor) == []
        prompt.put("")
        await paste(visitor, "old @notes.txt")
        await visitor.press("enter")
        await visitor.until(lambda: sent(house))
        await visitor.calm()
        await visitor.press("up")
        assert (prompt.text, names(visitor)) == ("old @notes.txt", [])
        await visitor.press("down")
        await visitor.to_log()
        await visitor.act("message.edit")
        await visitor.until(lambda: prompt.text == "old @notes.txt")
        assert names(visitor) == []


async def test_a_key_attaches_what_is_named_and_takes_it_off(house: House) -> None:
    async with visit(house) as visitor:
        prompt = visitor.chat.prompt
        await paste(visitor, "see @notes.txt")
        await visitor.sees("@notes.txt is sent as text")
        await visitor.act("prompt.attach")
        await visitor.until(lambda: names(visitor) == ["notes.txt"])
        await visitor.sees("to remove it")
        prompt.restore(decode(encode(prompt.draft)))
        assert names(visitor) == ["notes.txt"]
        await visitor.act("prompt.attach")
        await visitor.until(lambda: names(visitor) == [])
        prompt.put("")
        await visitor.type("@notes.txt ")
        await paste(visitor, "@no")
        await visitor.act("prompt.attach")
        await visitor.sees("Files of this question")
        await visitor.pick("remove it")
        await visitor.until(lambda: names(visitor) == [])


def test_a_draft_keeps_the_place_that_was_meant(house: House, tmp_path: Path) -> None:
    draft = Draft("@a.txt", {}, {"a.txt": "/there/a.txt"})
    assert decode(encode(draft)) == draft
    assert decode('{"holytui draft": "@a", "pastes": {}, "files": {"a": 1}}') == Draft("@a")


def test_an_imported_draft_has_no_files(house: House, tmp_path: Path) -> None:
    one = house.history.create_conversation(title="t").id
    house.history.update_conversation(one, draft=encode(Draft("@notes.txt", {}, {"notes.txt": "/etc/passwd"})))
    file = tmp_path / "talk.json"
    export_file(house.history, [one], Format.JSON, file)
    (tmp_path / "other").mkdir()
    other = House(tmp_path / "other")
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
    choice = Choice()
    choice.load(["@a"], {"a": "/a"})
    choice.changed(["@"])
    choice.changed(["@a"])
    assert choice.chosen(["@a"]) == {}
