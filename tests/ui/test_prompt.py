from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from textual import events
from textual.widgets import TextArea

from holytui.attachments.files import Chosen
from holytui.models import AnswerState, Role, StoredStream
from holytui.ui.clipboard import Clipboard
from holytui.ui.composer import draft_store
from holytui.ui.composer.draft_store import Draft
from holytui.ui.external_programs import ExternalPrograms
from tests.servers import READ, Received, ScriptedServer, Step, answer, chunk, chunked_head, delta, event
from tests.ui.app_harness import AppHarness, ScreenDriver, config_with, run_app
from tests.ui.conftest import Build

LONG = "\n".join(f"line {number}" for number in range(10_000))


def questions(harness: AppHarness) -> list[str]:
    """All that was asked, oldest first."""
    found = []
    for conversation in reversed(harness.history.conversations()):
        found += [message.text for message in harness.history.branch(conversation.id) if message.role is Role.USER]
    return found


def said(request: Received) -> list[tuple[str, str]]:
    """Role and text of what a server was sent."""
    return [(message["role"], message["content"]) for message in request.json["messages"]]


async def paste(driver: ScreenDriver, text: str) -> None:
    driver.app.post_message(events.Paste(text))
    await driver.pilot.pause()


async def test_a_question_goes_out_and_its_answer_is_shown(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("count to 12")
        assert "11, 12" in driver.text
        assert [one.title for one in driver.conversations()] == ["count to 12"]


async def test_two_questions_in_one_breath_are_one_conversation(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.press(*"hello", "enter", *"topics", "enter")
        await driver.wait_until(lambda: questions(harness) == ["hello", "topics"])
        await driver.settle()
        assert len(driver.conversations()) == 1


async def test_a_question_goes_where_it_was_written_even_if_the_user_goes_on_at_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.press(*"hello", "enter", "f4", *"topics", "enter")
        await driver.wait_until(lambda: sorted(one.title for one in driver.conversations()) == ["hello", "topics"])
        await driver.settle()


# -- pastes


async def test_a_long_paste_is_a_chip_and_is_sent_whole(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.type("look ")
        await paste(driver, LONG)
        assert driver.chat.prompt.text == "look [paste 1: 10,000 lines]"
        await driver.press("enter")
        await driver.settle()
        assert questions(harness) == [f"look {LONG}"]


async def test_a_chip_goes_and_comes_back_as_a_whole(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await paste(driver, LONG)
        await driver.press("backspace")
        assert driver.chat.prompt.text == ""
        await driver.press("ctrl+underscore")
        assert driver.chat.prompt.full_text == LONG
        await driver.press("home", "delete")
        assert driver.chat.prompt.text == ""


async def test_an_earlier_question_comes_back_with_its_chip(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await paste(driver, LONG)
        await driver.press("enter")
        await driver.settle()
        await driver.press("up")
        assert driver.chat.prompt.text == "[paste 1: 10,000 lines]"
        await driver.press("down")
        assert driver.chat.prompt.text == ""


async def test_a_very_long_question_is_edited_in_part_and_sent_whole(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = "\n".join(f"line {number} of the log" for number in range(40_000))
    talk = harness.history.create_conversation(title="Long")
    asked = harness.history.add_message(talk.id, Role.USER, f"why?\n{log}\nand how?", parent_id=None)
    harness.history.update_conversation(talk.id, leaf_id=asked.id, draft=f"{log}\na draft")
    laid_out: list[int] = []
    load_text = TextArea.load_text

    def counted(self: TextArea, text: str) -> None:
        laid_out.append(len(text))
        load_text(self, text)

    monkeypatch.setattr(TextArea, "load_text", counted)
    monkeypatch.setattr(ExternalPrograms, "edit", lambda _self, text: f"{text}\nedited")
    async with run_app(harness, conversation=talk.id) as driver:
        prompt = driver.chat.prompt
        await driver.wait_until(lambda: prompt.full_text == f"{log}\na draft")  # a draft is restored
        await driver.act("prompt.editor")
        assert prompt.full_text == f"{log}\na draft\nedited"
        prompt.clear_undoable()
        await driver.press("up")  # the draft again
        assert prompt.full_text == f"{log}\na draft\nedited"
        prompt.clear()
        await driver.press("up")  # the question
        assert prompt.full_text == asked.text
        prompt.recall(asked.text, send=False)
        assert prompt.full_text == asked.text
        prompt.clear()
        await driver.focus_log()
        await driver.act("message.edit")
        assert prompt.text.startswith("why?\nline 0 of the log\n")
        assert prompt.text.endswith("line 39999 of the log\nand how?")
        assert "to edit all of it" in driver.status
        await driver.type(" now")
        await driver.press("enter")
        await driver.wait_until(lambda: len(harness.history.variants(asked.id)) == 2)
        assert {one.text for one in harness.history.variants(asked.id)} == {asked.text, f"{asked.text} now"}
    assert max(laid_out) < 5_000


async def test_a_short_paste_with_line_ends_does_not_send(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await paste(driver, "one\r\ntwo\n")
        assert driver.chat.prompt.text == "one\ntwo\n"
        assert driver.conversations() == []


# -- files


async def test_a_path_is_completed_and_the_file_is_sent(harness: AppHarness) -> None:
    Path("src").mkdir()
    Path("src/main.py").write_text("print(1)\n")
    async with run_app(harness) as driver:
        await driver.type("explain @sr")
        await driver.wait_for_text("src/  ")
        await driver.press("tab")
        await driver.wait_for_text("9 B")
        await driver.press("enter")
        assert driver.chat.prompt.text == "explain @src/main.py "
        await driver.wait_for_text("main.py · 9 B ·")
        await driver.press("enter")
        await driver.settle()
        assert questions(harness) == ["explain @src/main.py\n\nsrc/main.py:\n\n```py\nprint(1)\n```"]


async def test_a_question_of_the_command_line_has_the_files_that_were_chosen_there(harness: AppHarness) -> None:
    Path("notes.txt").write_text("one line\n")
    Path("other.txt").write_text("another\n")
    chosen = [Chosen.at("notes.txt", Path())]
    async with run_app(harness, question="what is in @notes.txt and @other.txt", files=chosen) as driver:
        await driver.settle()
        assert questions(harness) == ["what is in @notes.txt and @other.txt\n\nnotes.txt:\n\n```txt\none line\n```"]


async def test_escape_closes_the_list_and_enter_sends_what_is_written(harness: AppHarness) -> None:
    Path("property").mkdir()
    async with run_app(harness) as driver:
        await driver.type("what is @prop")
        await driver.wait_for_text("property/")
        await driver.press("escape", "enter")
        await driver.settle()
        assert questions(harness) == ["what is @prop"]


async def test_a_path_that_leads_nowhere_is_told_and_enter_again_sends_it(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.type("what is @scope/package")
        await driver.press("enter")
        await driver.wait_for_text("@scope/package: there is no such file")
        assert driver.chat.prompt.text == "what is @scope/package"
        assert questions(harness) == []
        await driver.press("enter")
        await driver.settle()
        assert questions(harness) == ["what is @scope/package"]


async def test_a_file_that_is_no_text_sends_nothing_and_gives_the_question_back(harness: AppHarness) -> None:
    Path("image.png").write_bytes(b"\x89PNG\xff\x00")
    async with run_app(harness) as driver:
        await driver.type("see @image.png")
        await driver.press("escape", "enter")
        await driver.wait_until(lambda: driver.chat.prompt.text)
        assert driver.chat.prompt.text == "see @image.png"
        assert "image.png cannot be attached: it is neither UTF-8 text" in driver.status
        assert driver.conversations() == []


async def test_paths_within_a_paste_are_no_files(harness: AppHarness) -> None:
    Path("dataclass").write_text("secret")
    async with run_app(harness) as driver:
        pasted = "@dataclass\n" * 20
        await paste(driver, pasted)
        await driver.press("enter")
        await driver.settle()
        assert questions(harness) == [pasted.strip("\n")]


# -- commands


async def test_a_command_is_offered_and_done(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("hello")
        await driver.type("/ne")
        await driver.wait_for_text("Start a new conversation")
        await driver.press("enter")
        await driver.wait_until(lambda: not driver.chat.state.conversation.id)
        assert driver.chat.prompt.text == ""


async def test_commands_act_in_the_order_of_the_keys(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.press(*"/hel", "enter", "escape", *"after")
        await driver.wait_until(lambda: driver.chat.prompt.text == "after")


async def test_a_model_is_named_behind_its_command(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.type("/model guide/slow")
        await driver.press("enter")
        await driver.wait_until(lambda: driver.chat.state.model == "guide/slow")
        assert driver.chat.prompt.text == ""
        await driver.type("/model nobody/at-all")
        await driver.press("enter")
        await driver.wait_until(lambda: 'No provider "nobody"' in driver.status)
        assert driver.chat.state.model == "guide/slow"


async def test_words_behind_a_search_are_searched_for_at_once(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("Đường đến trường")
        await driver.type("/search duong den")
        await driver.press("enter")
        await driver.wait_for_text("places")
        assert "  duong den" in driver.text


async def test_a_title_is_written_behind_its_command(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("hi")
        await driver.type("/rename Hai từ")
        await driver.press("enter")
        await driver.wait_until(lambda: driver.conversations()[0].title == "Hai từ")


async def test_words_behind_a_command_that_takes_none_stay_in_the_prompt(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.type("/new things")
        await driver.press("enter")
        await driver.wait_until(lambda: "/new takes no text after it" in driver.status)
        assert driver.chat.prompt.text == "/new things"


async def test_an_unknown_command_sends_nothing(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.type("/modle")
        await driver.press("enter")
        await driver.wait_for_text("/modle is not a command")
        assert "did you mean /model?" in driver.status
        assert driver.chat.prompt.text == "/modle"
        assert driver.conversations() == []


async def test_two_slashes_send_a_line_that_begins_with_one(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("//etc/hosts")
        assert questions(harness) == ["/etc/hosts"]


async def test_a_command_on_a_conversation_without_one_does_nothing_to_others(harness: AppHarness) -> None:
    harness.history.create_conversation(title="keep me")
    async with run_app(harness) as driver:
        await driver.type("/delete")
        await driver.press("enter")
        await driver.wait_for_text("no conversation is open")
        assert [one.title for one in driver.conversations()] == ["keep me"]


# -- drafts


async def test_each_conversation_keeps_what_is_written_in_it(harness: AppHarness) -> None:
    one = harness.history.create_conversation(title="one").id
    async with run_app(harness) as driver:
        await driver.type("new one")
        await driver.chat.navigator.open(one)
        assert driver.chat.prompt.text == ""
        await driver.type("for one ")
        await paste(driver, LONG)
        await driver.act("chat.new")
        assert driver.chat.prompt.text == "new one"
        await driver.settle()
        assert draft_store.load(harness.history, one).text == "for one [paste 1: 10,000 lines]"
        await driver.chat.navigator.open(one)
        assert driver.chat.prompt.full_text == f"for one {LONG}"


async def test_what_is_written_is_there_after_a_restart(build_harness: Build) -> None:
    first = build_harness()
    async with run_app(first) as driver:
        await driver.type("not sent")
    assert draft_store.load(first.history, "") == Draft("not sent")
    async with run_app(first) as driver:
        assert driver.chat.prompt.text == "not sent"
        await driver.press("enter")
        await driver.settle()
        assert draft_store.load(first.history, "") == Draft()


async def test_a_draft_is_saved_after_a_pause(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.ui.composer.drafts._DRAFT_AFTER", 0.02)
    async with run_app(harness) as driver:
        await driver.type("wait")
        await driver.wait_until(lambda: draft_store.load(harness.history, "") == Draft("wait"))


async def test_editing_a_question_puts_the_draft_aside(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        await driver.ask("hello")
        await driver.type("draft")
        await driver.focus_log()
        await driver.act("message.edit")
        await driver.wait_until(lambda: driver.chat.prompt.text == "hello")
        await driver.act("chat.stop")
        assert driver.chat.prompt.text == "draft"
        await driver.focus_log()
        await driver.act("message.edit")
        await driver.wait_until(lambda: driver.chat.prompt.text == "hello")
        await driver.type("!")
        await driver.press("enter")
        await driver.settle()
        assert questions(harness) == ["hello!"]
        assert driver.chat.prompt.text == "draft"


# -- questions in line


async def test_a_question_waits_for_the_answer_before_it_and_says_so(build_harness: Build) -> None:
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
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            await driver.type("first")
            await driver.press("enter")
            await driver.wait_for_text("One.")
            await driver.type("second")
            await driver.press("enter")
            await driver.wait_for_text("Queued: goes out when the answer before it ends")
            gate.set()
            await driver.wait_for_text("Two.")
            await driver.settle()
        assert said(server.requests[1]) == [("user", "first"), ("assistant", "One."), ("user", "second")]


async def test_escape_takes_back_what_waits_in_line_and_then_stops_the_answer(build_harness: Build) -> None:
    gate = threading.Event()
    script: list[Step] = [READ, chunked_head(), chunk(event(delta("One."))), gate]
    Path("a.txt").write_text("a text\n")
    with ScriptedServer(script) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            prompt = driver.chat.prompt
            for question in ("first", "second @a.txt ", "third"):
                await driver.type(question)
                await driver.press("enter")
                await driver.wait_until(lambda: not prompt.text)
                await driver.wait_for_text("One.")
            await driver.wait_until(lambda: len(harness.engine.active()) == 3)
            await driver.wait_for_text("Queued: goes out")
            await driver.type("typed")
            await driver.act("chat.stop")
            await driver.wait_until(lambda: prompt.text == "third\ntyped")
            prompt.set_text("typed")
            await driver.act("chat.stop")
            await driver.wait_until(lambda: prompt.text == "second @a.txt\ntyped")
            assert [each.path for each in prompt.files] == ["a.txt"]
            await driver.wait_until(lambda: "Queued" not in driver.text)
            await driver.act("chat.stop")
            await driver.wait_for_text("stopped by you; the text so far is kept")
            await driver.settle()
            gate.set()
        branch = harness.history.branch(driver.conversations()[0].id)
        assert [(one.text, one.state) for one in branch] == [
            ("first", AnswerState.COMPLETE),
            ("One.", AnswerState.STOPPED),
        ]
        assert not harness.history.search("second")
        assert len(server.requests) == 1


async def test_ctrl_c_copies_else_empties_the_prompt_else_stops_else_says_which_key_leaves(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    async def note(_clipboard: object, text: str) -> None:
        copied.append(text)

    monkeypatch.setattr(Clipboard, "copy", note)
    Path("a.txt").write_text("a text\n")
    gate = threading.Event()
    with ScriptedServer([READ, chunked_head(), chunk(event(delta("One."))), gate]) as server:
        harness = build_harness(config_with(server.base_url))
        async with run_app(harness) as driver:
            prompt = driver.chat.prompt
            await driver.press("ctrl+c")
            await driver.wait_for_text("press Ctrl+D to quit")
            await driver.type("first")
            await driver.press("enter")
            await driver.wait_for_text("One.")
            await driver.type("two @a.txt \nlines")
            await driver.press("shift+left", "ctrl+c")
            assert copied == ["s"]
            await driver.press("end", "ctrl+c")
            assert prompt.text == ""
            await driver.wait_for_text("prompt cleared · press ↑ to restore the text")
            await driver.press("ctrl+underscore")
            assert prompt.text == "two @a.txt \nlines"
            await driver.press("ctrl+c", "up")
            assert prompt.text == "two @a.txt \nlines"
            assert [each.path for each in prompt.files] == ["a.txt"]
            assert driver.chat.state.turn is not None
            await driver.press("ctrl+c", "ctrl+c")
            await driver.wait_for_text("stopped by you; the text so far is kept")
            await driver.settle()
            gate.set()


@pytest.mark.parametrize("wanted", ["always", "ask", "never"])
async def test_what_waited_at_a_kill_goes_out_as_the_configuration_says(build_harness: Build, wanted: str) -> None:
    with ScriptedServer([READ, *answer("Here.")], [READ, *answer("There.")]) as server:
        harness = build_harness(config_with(server.base_url, resume_on_start=wanted))
        answer_id = await orphan(harness, "waited")
        elsewhere = StoredStream("name", answer_id, "attempt", "lab/one", "http://elsewhere/v1", time.time())
        harness.history.streams.begin(elsewhere)
        async with run_app(harness) as driver:
            if wanted == "never":
                await driver.settle()
                assert server.requests == []
                await driver.wait_until(lambda: harness.history.streams.find(answer_id) is None)
                return
            await driver.wait_for_text("Here.")
            await driver.settle()
        assert said(server.requests[0]) == [("user", "waited")]


async def orphan(harness: AppHarness, question: str) -> str:
    """A question whose answer never began, as a kill leaves it: nobody has its lease. The answer's id."""
    import sqlite3

    conversation = harness.history.create_conversation(title=question, model="lab/one")
    asked = harness.history.add_message(conversation.id, Role.USER, question, parent_id=None)
    answer = harness.history.add_message(
        conversation.id, Role.ASSISTANT, "", parent_id=asked.id, model="lab/one", state=AnswerState.QUEUED
    )
    connection = sqlite3.connect(harness.history.path)
    connection.execute("DELETE FROM lease")
    connection.commit()
    connection.close()
    return answer.id


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
async def test_backspace_takes_a_letter_with_its_marks(harness: AppHarness, text: str, left: str) -> None:
    async with run_app(harness) as driver:
        driver.chat.prompt.set_text(text)
        await driver.press("backspace")
        assert driver.chat.prompt.text == left


async def test_backspace_at_the_beginning_of_a_line_joins_it_to_the_one_before(harness: AppHarness) -> None:
    async with run_app(harness) as driver:
        driver.chat.prompt.set_text("a\nb")
        await driver.press("home", "backspace")
        assert driver.chat.prompt.text == "ab"
