"""Two holytui on one history."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.bootstrap import Services, open_services
from holytui.config.load import read_config
from holytui.engine.engine import StartedTurn
from holytui.engine.events import Ended
from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.chat.history_watcher import branch_change
from holytui.ui.composer.submit import Question, submit
from holytui.ui.state import OpenConversation
from tests.ptys import Terminal
from tests.store.samples import ask

READY = "Ask anything"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "history.db"


def only_conversation(file: Path) -> str:
    with SqliteHistory(file) as history:
        (one,) = history.conversations()
    return one.id


def test_the_answer_of_one_window_comes_in_the_other_as_it_grows(data: Path) -> None:
    with Terminal.holytui(cols=120) as other:
        other.wait_for(READY)
        with Terminal.holytui("count", "to", "900") as one:
            one.wait_for("19, 20")
            other.wait_for("◆ count to 900", seconds=4)  # in its list
            with Terminal.holytui("-c", only_conversation(data)) as follower:
                follower.wait_for("another holytui is receiving this answer")
                one.wait_for("79, 80")
                follower.wait_for("80", seconds=3)
                one.type("\x1b")
                follower.wait_for("stopped by you")
        other.wait_gone("◆ count to 900")


def test_an_answer_whose_window_died_is_offered_to_the_other(data: Path) -> None:
    with Terminal.holytui("count", "to", "400") as one:
        one.wait_for("19, 20")
        with Terminal.holytui("-c", only_conversation(data), cols=160) as other:
            other.wait_for("another holytui is receiving this answer")
            one.kill()
            other.wait_for("another holytui has ended: 1 answer was interrupted")
            other.wait_for("holytui ended before this answer did")
            other.type("\t")
            other.type("C")
            other.wait_for("59, 60")
    with closing(sqlite3.connect(data)) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (2,)


def test_two_windows_in_one_conversation_make_two_branches(data: Path) -> None:
    with Terminal.holytui("count", "to", "3") as one:
        one.wait_for("1, 2, 3")
        with Terminal.holytui("-c", only_conversation(data), cols=160) as two:
            two.wait_for("1, 2, 3")
            # one after the other, faster than either looks
            two.type("count to 5\r")
            one.type("count to 4\r")
            one.wait_for("1, 2, 3, 4")
            two.wait_for("1, 2, 3, 4, 5")
            for window in (one, two):
                window.wait_for("variant")
            one.wait_until(lambda: "ready" in one.screen.display[-1] or "another" in one.screen.display[-1])
            # each goes on with what it shows
            one.type("count to 6\r")
            one.wait_for("1, 2, 3, 4, 5, 6")
    with closing(sqlite3.connect(data)) as connection:
        rows = connection.execute(
            "SELECT text, (SELECT parent_id FROM message AS above WHERE above.id = message.parent_id), parent_id"
            " FROM message WHERE role = 'user'"
        ).fetchall()
        answers = dict(connection.execute("SELECT parent_id, id FROM message WHERE role = 'assistant'"))
        ids = dict(connection.execute("SELECT text, id FROM message WHERE role = 'user'"))
    parents = {text: parent for text, _above, parent in rows}
    assert parents["count to 4"] == parents["count to 5"] == answers[ids["count to 3"]]
    assert parents["count to 6"] == answers[ids["count to 4"]]


def test_what_one_window_asks_follows_what_it_shows(data: Path) -> None:
    config, keys, problems = read_config(None)
    with open_services(config, keys, problems) as one, open_services(config, keys, problems) as two:

        def ask_in(services: Services, shown: OpenConversation, text: str) -> StartedTurn:
            ended = threading.Event()
            silence = services.engine.listen(lambda event: ended.set() if isinstance(event, Ended) else None)
            started = submit(services, Question(text, (), shown, "guide/guide"))
            assert ended.wait(20)
            silence()
            return started

        def after(started: StartedTurn) -> OpenConversation:
            return OpenConversation(started.conversation_id, started.answer_id)

        first = ask_in(one, OpenConversation(), "count to 1")
        second = ask_in(one, after(first), "count to 2")
        other = ask_in(two, after(first), "count to 3")
        third = ask_in(one, after(second), "count to 4")
        history = two.history
        branches = [
            [message.text for message in history.branch(first.conversation_id, last.answer_id)]
            for last in (third, other)
        ]
        assert [texts[::2] for texts in branches] == [
            ["count to 1", "count to 2", "count to 4"],
            ["count to 1", "count to 3"],
        ]
        assert {each.id for each in history.variants(second.question_id)} == {second.question_id, other.question_id}
        assert [each.state for each in history.branch(first.conversation_id, third.answer_id)] == [
            AnswerState.COMPLETE
        ] * 6
        assert first.conversation_id == other.conversation_id


def test_what_another_window_adds_below_is_shown_below(data: Path) -> None:
    with Terminal.holytui("count", "to", "3") as one:
        one.wait_for("1, 2, 3")
        with Terminal.holytui("-c", only_conversation(data)) as two:
            two.wait_for("1, 2, 3")
            one.type("count to 7\r")
            two.wait_for("count to 7", seconds=4)
            two.wait_for("1, 2, 3, 4, 5, 6, 7", seconds=4)


def test_a_window_at_rest_writes_nothing_whatever_others_keep(data: Path) -> None:
    with Terminal.holytui() as terminal:
        terminal.wait_for("ready")
        terminal.wait_for("Enter sends")
        while terminal.pump(1.0):
            pass
        before = len(terminal.raw)
        with SqliteHistory(data) as history:
            for number in range(8):
                history.remember("something", str(number))
                terminal.pump(0.5)
        assert len(terminal.raw) == before


def test_growth_is_messages_below_or_a_sibling(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        asked = ask(history)
        history.finish(replace(asked.answer, text="a", state=AnswerState.COMPLETE))
        shown = [asked.question.id, asked.answer.id]

        def look() -> object:
            talk = history.conversation(asked.conversation_id)
            assert talk is not None
            found = branch_change(history, talk, shown)
            return found and (
                [entry.message.text for entry in found.added],
                found.sibling and (found.sibling.message.id, found.sibling.variant),
            )

        assert look() is None
        history.add_message(asked.conversation_id, Role.USER, "more", parent_id=asked.answer.id)
        assert look() == (["more"], None)
        history.add_message(asked.conversation_id, Role.USER, "Why not?", parent_id=None)
        assert look() == ([], (asked.question.id, (1, 2)))
        history.update_conversation(asked.conversation_id, leaf_id=asked.question.id)
        assert look() is None
