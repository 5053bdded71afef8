"""The terminal goes away under the real program, in a real pseudo-terminal."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.lifecycle import bookmark
from tests.ptys import Terminal
from tests.store.samples import ask

READY = "Ask anything"
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "history.db"


def cpu_of(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def hang_up(terminal: Terminal) -> tuple[float, float, int]:
    """The terminal closes; returns how long the program went on, its share of a core meanwhile, its exit status."""
    before, began = cpu_of(terminal.pid), time.monotonic()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, terminal.fd)  # closes the terminal, and leaves something for the harness to close
    os.close(null)
    _pid, status, used = os.wait4(terminal.pid, 0)
    took = time.monotonic() - began
    terminal.status = os.waitstatus_to_exitcode(status)
    return took, (used.ru_utime + used.ru_stime - before) / took, terminal.status


def answers(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM lease").fetchone() == (0,)
        return connection.execute("SELECT state, text FROM message WHERE role = 'assistant' ORDER BY id").fetchall()


def test_the_answer_is_brought_home_without_a_terminal(data: Path) -> None:
    with Terminal.holytui("count", "to", "130") as terminal:
        terminal.wait_for("receiving")
        terminal.wait_for("9, 10")
        before, began = cpu_of(terminal.pid), time.monotonic()
        terminal.type("a draft")
        terminal.wait_for("a draft")
        terminal.wait_for("49, 50")
        with_screen = (cpu_of(terminal.pid) - before) / (time.monotonic() - began)
        took, share, status = hang_up(terminal)
    ((state, text),) = answers(data)
    assert state == "complete"
    assert text.endswith("129, 130")
    assert took > 2  # so that its share of a core means something
    # Seconds of a core depend on the machine; their ratio does not. Measured: 0.5 to 0.67, with Python's exit.
    assert share < with_screen
    assert status == 128 + signal.SIGHUP
    with Terminal.holytui() as terminal:
        terminal.wait_for("129, 130")  # the next start shows where the user was
        terminal.wait_for("a draft")


def test_with_nothing_on_its_way_the_program_is_gone_at_once(data: Path) -> None:
    with Terminal.holytui() as terminal:
        terminal.wait_for(READY)
        took, _share, status = hang_up(terminal)
    assert took < 3
    assert status == 128 + signal.SIGHUP


def test_a_terminal_that_goes_without_a_signal_is_noticed(data: Path) -> None:
    # as under nohup: SIGHUP never comes, only the end of the terminal
    program = (
        "import asyncio, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "asyncio.SelectorEventLoop.add_signal_handler = lambda *_: None;"
        "from holytui.cli import main; sys.exit(main(['count', 'to', '60']))"
    )
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.wait_for("9, 10")
        _took, share, _status = hang_up(terminal)
    ((state, text),) = answers(data)
    assert (state, text[-2:]) == ("complete", "60")
    assert share < 0.2


def test_what_takes_too_long_after_a_hang_up_ends_interrupted_and_is_offered(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[stream]\nfinish_after_hangup = 1.0\n")
    with Terminal.holytui("--config", str(config), "count", "to", "900") as terminal:
        terminal.wait_for("19, 20")
        took, _share, _status = hang_up(terminal)
    assert took < 4
    ((state, text),) = answers(data)
    assert state == "interrupted"
    assert text.count(",") > 20
    with SqliteHistory(data) as history:
        (talk,) = history.conversations()
        (cut,) = bookmark.take(history).interrupted
        assert cut.text == text
        assert cut.problem is not None
        assert cut.conversation_id == talk.id
        assert bookmark.take(history) == bookmark.Bookmark()


def test_sigterm_gives_the_terminal_back_and_says_what_goes_on(data: Path) -> None:
    with Terminal.holytui("count", "to", "900") as terminal:
        terminal.wait_for("19, 20")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait_for("1 answer is still in progress")
        assert b"\x1b[?1049l" in terminal.raw
        terminal.type("\x03")  # the terminal makes a SIGINT of it again
        assert terminal.wait_end() == 128 + signal.SIGTERM
    ((state, text),) = answers(data)
    assert state == "interrupted"
    assert "20" in text


def test_leaving_by_the_key_stops_what_is_on_its_way_and_keeps_its_text(data: Path) -> None:
    with Terminal.holytui("count", "to", "900") as terminal:
        terminal.wait_for("19, 20")
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    ((state, text),) = answers(data)
    assert state == "stopped"
    assert "20" in text


def test_bookmarks_of_several_windows_keep_all_that_was_cut(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        one, two = ask(history, "one"), ask(history, "two")
        history.set_state(one.answer.id, AnswerState.INTERRUPTED)
        bookmark.save(history, one.conversation_id)
        bookmark.save(history, None, [one.answer.id])
        bookmark.save(history, two.conversation_id)
        bookmark.save(history, None, [two.answer.id, one.answer.id, "gone"])
        found = bookmark.take(history)
        assert found.conversation_id == two.conversation_id
        # the second one is still on its way elsewhere
        assert [message.id for message in found.interrupted] == [one.answer.id]


def test_a_bookmark_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        for nonsense in ("", "{", "[1, 2]", '["x", [1]]', "null", '["gone", ["gone"]]'):
            history.remember(bookmark._KEY, nonsense)
            assert bookmark.take(history) == bookmark.Bookmark()
        talk = history.create_conversation(title="t")
        history.add_message(talk.id, Role.USER, "x", parent_id=None)
        bookmark.save(history, talk.id)
        history.delete_conversation(talk.id)
        assert bookmark.take(history) == bookmark.Bookmark()
