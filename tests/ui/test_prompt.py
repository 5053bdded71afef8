from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual import events

from holytui.attachments.files import Chosen
from holytui.models import AnswerState, Role
from holytui.ui.clipboard import Clipboard
from holytui.ui.composer import draft_store
from holytui.ui.composer.draft_store import Draft
from tests.servers import READ, Received, ScriptedServer, Step, answer, chunk, chunked_head, delta, event
from tests.ui.conftest import Build
from tests.ui.house import House, Visitor, config_with, visit

LONG = "\n".join(f"line {number}" for number in range(10_000))


def questions(house: House) -> list[str]:
    """All that was asked, oldest first."""
    found = []
    for conversation in reversed(house.history.conversations()):
        found += [message.text for message in house.history.branch(conversation.id) if message.role is Role.USER]
    return found


def said(request: Received) -> list[tuple[str, str]]:
    """Role and text of what a server was sent."""
    return [(message["role"], message["content"]) for message in request.json["messages"]]


async def paste(visitor: Visitor, text: str) -> None:
    visitor.app.post_message(events.Paste(text))
    await visitor.pilot.pause()


async def test_a_question_goes_out_and_its_answer_is_shown(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 12")
        assert "11, 12" in visitor.text
        assert [one.title for one in visitor.conversations()] == ["count to 12"]


async def test_two_questions_in_one_breath_are_one_conversation(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.press(*"hello", "enter", *"topics", "enter")
        await visitor.until(lambda: questions(house) == ["hello", "topics"])
        await visitor.calm()
        assert len(visitor.conversations()) == 1


async def test_a_question_goes_where_it_was_written_even_if_the_user_goes_on_at_once(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.press(*"hello", "enter", "f4", *"topics", "enter")
        await visitor.until(lambda: sorted(one.title for one in visitor.conversations()) == ["hello", "topics"])
        await visitor.calm()


# -- pastes


async def test_a_long_paste_is_a_chip_and_is_sent_whole(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.type("look ")
        await paste(visitor, LONG)
        assert visitor.chat.prompt.text == "look [paste 1: 10,000 lines]"
        await visitor.press("enter")
        await visitor.calm()
        assert questions(house) == [f"look {LONG}"]


async def test_a_chip_goes_and_comes_back_as_a_whole(house: House) -> None:
    async with visit(house) as visitor:
        await paste(visitor, LONG)
        await visitor.press("backspace")
        assert visitor.chat.prompt.text == ""
        await visitor.press("ctrl+z")
        assert visitor.chat.prompt.whole == LONG
        await visitor.press("home", "delete")
        assert visitor.chat.prompt.text == ""


async def test_an_earlier_question_comes_back_with_its_chip(house: House) -> None:
    async with visit(house) as visitor:
        await paste(visitor, LONG)
        await visitor.press("enter")
        await visitor.calm()
        await visitor.press("up")
        assert visitor.chat.prompt.text == "[paste 1: 10,000 lines]"
        await visitor.press("down")
        assert visitor.chat.prompt.text == ""


async def test_a_short_paste_with_line_ends_does_not_send(house: House) -> None:
    async with visit(house) as visitor:
        await paste(visitor, "one\r\ntwo\n")
        assert visitor.chat.prompt.text == "one\ntwo\n"
        assert visitor.conversations() == []


# -- files


async def test_a_path_is_completed_and_the_file_is_sent(house: House) -> None:
    Path("src").mkdir()
    Path("src/main.py").write_text("print(1)\n")
    async with visit(house) as visitor:
        await visitor.type("explain @sr")
        await visitor.sees("src/  ")
        await visitor.press("tab")
        await visitor.sees("9 B")
        await visitor.press("enter")
        assert visitor.chat.prompt.text == "explain @src/main.py "
        await visitor.sees("main.py · 9 B ·")
        await visitor.press("enter")
        await visitor.calm()
        assert questions(house) == ["explain @src/main.py\n\nsrc/main.py:\n\n```py\nprint(1)\n```"]


async def test_a_question_of_the_command_line_has_the_files_that_were_chosen_there(house: House) -> None:
    Path("notes.txt").write_text("one line\n")
    Path("other.txt").write_text("another\n")
    chosen = [Chosen.at("notes.txt", Path())]
    async with visit(house, question="what is in @notes.txt and @other.txt", files=chosen) as visitor:
        await visitor.calm()
        assert questions(house) == ["what is in @notes.txt and @other.txt\n\nnotes.txt:\n\n```txt\none line\n```"]


async def test_escape_closes_the_list_and_enter_sends_what_is_written(house: House) -> None:
    Path("property").mkdir()
    async with visit(house) as visitor:
        await visitor.type("what is @prop")
        await visitor.sees("property/")
        await visitor.press("escape", "enter")
        await visitor.calm()
        assert questions(house) == ["what is @prop"]


async def test_a_path_that_leads_nowhere_is_told_and_enter_again_sends_it(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.type("what is @scope/package")
        await visitor.press("enter")
        await visitor.sees("@scope/package: there is no such file")
        assert visitor.chat.prompt.text == "what is @scope/package"
        assert questions(house) == []
        await visitor.press("enter")
        await visitor.calm()
        assert questions(house) == ["what is @scope/package"]


async def test_a_file_that_is_no_text_sends_nothing_and_gives_the_question_back(house: House) -> None:
    Path("image.png").write_bytes(b"\x89PNG\xff\x00")
    async with visit(house) as visitor:
        await visitor.type("see @image.png")
        await visitor.press("escape", "enter")
        await visitor.until(lambda: visitor.chat.prompt.text)
        assert visitor.chat.prompt.text == "see @image.png"
        assert "image.png cannot be attached: it is neither UTF-8 text" in visitor.status
        assert visitor.conversations() == []


async def test_paths_within_a_paste_are_no_files(house: House) -> None:
    Path("dataclass").write_text("secret")
    async with visit(house) as visitor:
        pasted = "@dataclass\n" * 20
        await paste(visitor, pasted)
        await visitor.press("enter")
        await visitor.calm()
        assert questions(house) == [pasted.strip("\n")]


# -- commands


async def test_a_command_is_offered_and_done(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("hello")
        await visitor.type("/ne")
        await visitor.sees("Start a new conversation")
        await visitor.press("enter")
        await visitor.until(lambda: not visitor.chat.state.conversation.id)
        assert visitor.chat.prompt.text == ""


async def test_commands_act_in_the_order_of_the_keys(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.press(*"/hel", "enter", "escape", *"after")
        await visitor.until(lambda: visitor.chat.prompt.text == "after")


async def test_a_model_is_named_behind_its_command(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.type("/model guide/slow")
        await visitor.press("enter")
        await visitor.until(lambda: visitor.chat.state.model == "guide/slow")
        assert visitor.chat.prompt.text == ""
        await visitor.type("/model nobody/at-all")
        await visitor.press("enter")
        await visitor.until(lambda: 'No provider "nobody"' in visitor.status)
        assert visitor.chat.state.model == "guide/slow"


async def test_words_behind_a_search_are_searched_for_at_once(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("Đường đến trường")
        await visitor.type("/search duong den")
        await visitor.press("enter")
        await visitor.sees("places")
        assert "  duong den" in visitor.text


async def test_a_title_is_written_behind_its_command(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("hi")
        await visitor.type("/rename Hai từ")
        await visitor.press("enter")
        await visitor.until(lambda: visitor.conversations()[0].title == "Hai từ")


async def test_words_behind_a_command_that_takes_none_stay_in_the_prompt(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.type("/new things")
        await visitor.press("enter")
        await visitor.until(lambda: "/new takes no text after it" in visitor.status)
        assert visitor.chat.prompt.text == "/new things"


async def test_an_unknown_command_sends_nothing(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.type("/modle")
        await visitor.press("enter")
        await visitor.sees("/modle is not a command")
        assert "did you mean /model?" in visitor.status
        assert visitor.chat.prompt.text == "/modle"
        assert visitor.conversations() == []


async def test_two_slashes_send_a_line_that_begins_with_one(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("//etc/hosts")
        assert questions(house) == ["/etc/hosts"]


async def test_a_command_on_a_conversation_without_one_does_nothing_to_others(house: House) -> None:
    house.history.create_conversation(title="keep me")
    async with visit(house) as visitor:
        await visitor.type("/delete")
        await visitor.press("enter")
        await visitor.sees("no conversation is open")
        assert [one.title for one in visitor.conversations()] == ["keep me"]


# -- drafts


async def test_each_conversation_keeps_what_is_written_in_it(house: House) -> None:
    one = house.history.create_conversation(title="one").id
    async with visit(house) as visitor:
        await visitor.type("new one")
        await visitor.chat.navigator.open(one)
        assert visitor.chat.prompt.text == ""
        await visitor.type("for one ")
        await paste(visitor, LONG)
        await visitor.act("chat.new")
        assert visitor.chat.prompt.text == "new one"
        await visitor.calm()
        assert draft_store.load(house.history, one).text == "for one [paste 1: 10,000 lines]"
        await visitor.chat.navigator.open(one)
        assert visitor.chat.prompt.whole == f"for one {LONG}"


async def test_what_is_written_is_there_after_a_restart(build_house: Build) -> None:
    first = build_house()
    async with visit(first) as visitor:
        await visitor.type("not sent")
    assert draft_store.load(first.history, "") == Draft("not sent")
    async with visit(first) as visitor:
        assert visitor.chat.prompt.text == "not sent"
        await visitor.press("enter")
        await visitor.calm()
        assert draft_store.load(first.history, "") == Draft()


async def test_a_draft_is_saved_after_a_pause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.ui.composer.drafts._DRAFT_AFTER", 0.02)
    async with visit(house) as visitor:
        await visitor.type("wait")
        await visitor.until(lambda: draft_store.load(house.history, "") == Draft("wait"))


async def test_editing_a_question_puts_the_draft_aside(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("hello")
        await visitor.type("draft")
        await visitor.to_log()
        await visitor.act("message.edit")
        await visitor.until(lambda: visitor.chat.prompt.text == "hello")
        await visitor.act("chat.stop")
        assert visitor.chat.prompt.text == "draft"
        await visitor.to_log()
        await visitor.act("message.edit")
        await visitor.until(lambda: visitor.chat.prompt.text == "hello")
        await visitor.type("!")
        await visitor.press("enter")
        await visitor.calm()
        assert questions(house) == ["hello!"]
        assert visitor.chat.prompt.text == "draft"


# -- questions in line


async def test_a_question_waits_for_the_answer_before_it_and_says_so(build_house: Build) -> None:
    gate = threading.Event()
    first: list[Step] = [
        READ,
        chunked_head(),
        chunk(event(delta("One."))),
        gate,
        chunk(event(delta(finish="stop"))),
        chunk(b""),
    ]
    with ScriptedServer([*first, READ, *answer("Two.")], [READ, *answer("Two.")]) as server:
        house = build_house(config_with(server.base_url))
        async with visit(house) as visitor:
            await visitor.type("first")
            await visitor.press("enter")
            await visitor.sees("One.")
            await visitor.type("second")
            await visitor.press("enter")
            await visitor.sees("Queued: goes out when the answer before it ends")
            gate.set()
            await visitor.sees("Two.")
            await visitor.calm()
        assert said(server.requests[1]) == [("user", "first"), ("assistant", "One."), ("user", "second")]


async def test_escape_takes_back_what_waits_in_line_and_then_stops_the_answer(build_house: Build) -> None:
    gate = threading.Event()
    script: list[Step] = [READ, chunked_head(), chunk(event(delta("One."))), gate]
    Path("a.txt").write_text("a text\n")
    with ScriptedServer(script) as server:
        house = build_house(config_with(server.base_url))
        async with visit(house) as visitor:
            prompt = visitor.chat.prompt
            for question in ("first", "second @a.txt ", "third"):
                await visitor.type(question)
                await visitor.press("enter")
                await visitor.until(lambda: not prompt.text)
                await visitor.sees("One.")
            await visitor.until(lambda: len(house.engine.active()) == 3)
            await visitor.sees("Queued: goes out")
            await visitor.type("typed")
            await visitor.act("chat.stop")
            await visitor.until(lambda: prompt.text == "third\ntyped")
            prompt.put("typed")
            await visitor.act("chat.stop")
            await visitor.until(lambda: prompt.text == "second @a.txt\ntyped")
            assert [each.path for each in prompt.files] == ["a.txt"]
            await visitor.until(lambda: "Queued" not in visitor.text)
            await visitor.act("chat.stop")
            await visitor.sees("stopped by you; the text so far is kept")
            await visitor.calm()
            gate.set()
        branch = house.history.branch(visitor.conversations()[0].id)
        assert [(one.text, one.state) for one in branch] == [
            ("first", AnswerState.COMPLETE),
            ("One.", AnswerState.STOPPED),
        ]
        assert not house.history.search("second")
        assert len(server.requests) == 1


async def test_ctrl_c_copies_else_empties_the_prompt_else_stops_else_says_which_key_leaves(
    build_house: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    async def note(_clipboard: object, text: str) -> None:
        copied.append(text)

    monkeypatch.setattr(Clipboard, "copy", note)
    Path("a.txt").write_text("a text\n")
    gate = threading.Event()
    with ScriptedServer([READ, chunked_head(), chunk(event(delta("One."))), gate]) as server:
        house = build_house(config_with(server.base_url))
        async with visit(house) as visitor:
            prompt = visitor.chat.prompt
            await visitor.press("ctrl+c")
            await visitor.sees("press Ctrl+D to quit")
            await visitor.type("first")
            await visitor.press("enter")
            await visitor.sees("One.")
            await visitor.type("two @a.txt \nlines")
            await visitor.press("shift+left", "ctrl+c")
            assert copied == ["s"]
            await visitor.press("end", "ctrl+c")
            assert prompt.text == ""
            await visitor.sees("prompt cleared · press ↑ to restore the text")
            await visitor.press("ctrl+z")
            assert prompt.text == "two @a.txt \nlines"
            await visitor.press("ctrl+c", "up")
            assert prompt.text == "two @a.txt \nlines"
            assert [each.path for each in prompt.files] == ["a.txt"]
            assert visitor.chat.state.turn is not None
            await visitor.press("ctrl+c", "ctrl+c")
            await visitor.sees("stopped by you; the text so far is kept")
            await visitor.calm()
            gate.set()


@pytest.mark.parametrize("wanted", ["always", "ask", "never"])
async def test_what_waited_at_a_kill_goes_out_as_the_configuration_says(build_house: Build, wanted: str) -> None:
    with ScriptedServer([READ, *answer("Here.")], [READ, *answer("There.")]) as server:
        house = build_house(config_with(server.base_url, resume_on_start=wanted))
        await orphan(house, "waited")
        async with visit(house) as visitor:
            if wanted == "never":
                await visitor.calm()
                assert server.requests == []
                return
            await visitor.sees("Here.")
            await visitor.calm()
        assert said(server.requests[0]) == [("user", "waited")]


async def orphan(house: House, question: str) -> None:
    """A question whose answer never began, as a kill leaves it: nobody has its lease."""
    import sqlite3

    conversation = house.history.create_conversation(title=question, model="lab/one")
    asked = house.history.add_message(conversation.id, Role.USER, question, parent_id=None)
    house.history.add_message(
        conversation.id, Role.ASSISTANT, "", parent_id=asked.id, model="lab/one", state=AnswerState.QUEUED
    )
    connection = sqlite3.connect(house.history.path)
    connection.execute("DELETE FROM lease")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Vie\u0323\u0302", "Vi"),
        ("Vi\u1ec7", "Vi"),
        ("a👩‍🚀", "a"),
        ("a🇻🇳🇯🇵", "a🇻🇳"),
        ("ab", "a"),
    ],
)
async def test_backspace_takes_a_letter_with_its_marks(house: House, text: str, left: str) -> None:
    async with visit(house) as visitor:
        visitor.chat.prompt.put(text)
        await visitor.press("backspace")
        assert visitor.chat.prompt.text == left


async def test_backspace_at_the_beginning_of_a_line_joins_it_to_the_one_before(house: House) -> None:
    async with visit(house) as visitor:
        visitor.chat.prompt.put("a\nb")
        await visitor.press("home", "backspace")
        assert visitor.chat.prompt.text == "ab"
