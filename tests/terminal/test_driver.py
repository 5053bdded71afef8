from __future__ import annotations

import fcntl
import os
import re
import signal
import termios
from collections.abc import Iterator

import pytest
from textual.drivers.linux_driver import LinuxDriver

from holytui.terminal.textual_adapter import app as thin_app
from tests.terminal.pty_session import Session

SETTLED_KEYS = ["a" * 9, "p", "s", "p", "aaa"]


def drive(session: Session) -> None:
    session.wait_until(lambda: "ready" in session.reports)
    for keys in SETTLED_KEYS:
        session.type(keys)
        seen = len(session.reports) + len(keys)
        session.wait_until(lambda seen=seen: len(session.reports) >= seen)  # type: ignore[misc]  # bound at once
        session.settle()


def test_the_screen_is_the_same_as_with_textuals_own_driver() -> None:
    with Session("stock") as stock, Session("thin") as thin:
        drive(stock)
        drive(thin)
        assert thin.screen.cells() == stock.screen.cells()
        assert len(thin.raw) < len(stock.raw) / 2


def test_a_terminal_that_never_answers_shows_everything() -> None:
    with Session("thin", answers=False) as session:
        session.wait_until(lambda: "ready" in session.reports)
        for count in range(1, 6):
            session.type("s")
            session.wait_until(lambda count=count: f"state {count}" in session.text())  # type: ignore[misc]  # bound at once


def test_a_terminal_that_is_not_read_never_holds_up_the_app_and_is_right_afterwards() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        session.type("b")
        session.wait_until(lambda: ["beat", 150] in session.reports, read=False)
        before = len(session.raw)
        session.wait_until(lambda: "state 200" in session.text())
        session.settle()
        beats = [report for report in session.reports if report[0] == "beat"]
        assert beats == [["beat", n] for n in range(1, 201)]
        assert len(session.raw) - before < 24_000, "frames were queued"
        session.type("l")
        known = session.screen.cells()
        session.settle()
        assert session.screen.cells() == known


def test_a_paste_with_an_escape_in_it_is_one_paste_and_no_key() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "ready" in session.reports)
        for piece in ("\x1b[20", "0~a \x1b[31mb\r", "c\x1b", "[201", "~"):
            session.type(piece)
        session.wait_until(lambda: any(report[0] == "paste" for report in session.reports))
        session.type("s")
        session.wait_until(lambda: ["key", "s"] in session.reports)
        assert [report for report in session.reports if report[0] != "ready" and report != "ready"] == [
            ["paste", "a ␛[31mb\nc"],
            ["key", "s"],
        ]


def test_answers_of_the_terminal_never_reach_the_app() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "ready" in session.reports)
        session.type("aas")
        session.wait_until(lambda: session.reports.count(["key", "a"]) == 2)
        session.settle()
        assert b"\x1b[5n" in session.raw
        assert [report for report in session.reports if report != "ready"] == [["key", "a"], ["key", "a"], ["key", "s"]]


def test_at_rest_nothing_is_written() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle(0.4)
        assert not session.pump(0.7)


def test_a_resize_repaints_in_the_new_size() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        before = len(session.raw)
        session.resize(44, 10)
        session.wait_until(lambda: "state 0" in session.text().splitlines()[-1])
        session.settle()
        assert session.raw[before:].count(b"\x1b[2J") == 1, "the old size is not painted once more"
        assert session.text().splitlines()[0].startswith("chats")


@pytest.mark.parametrize("how", ["l", "\x1b[O\x1b[I", "SIGCONT", "SIGWINCH"])
def test_garbage_on_the_screen_is_painted_over(how: str) -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        clean = session.screen.cells()
        session.stream.feed("\x1b[3;5H\x1b[0;31mwall: going down\x1b[5;1H\x1b[?69h\x1b[4;9s")
        if how.startswith("SIG"):
            os.kill(session.process.pid, signal.Signals[how])
        else:
            session.type(how)
        session.wait_until(lambda: "wall" not in session.text())
        session.settle()
        assert session.screen.cells() == clean


def test_the_terminal_is_given_back_as_it_was() -> None:
    with Session("thin", "mouse") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        assert b"\x1b[?1003h" not in session.raw
        session.type("q")
        session.wait_until(lambda: session.process.poll() is not None)
        session.settle()
        assert session.process.returncode == 0
        assert termios.tcgetattr(session.slave) == session.before
        for mode in re.findall(rb"\x1b\[\?(\d+)h", session.raw):
            if mode not in (b"25", b"7", b"2026", b"69"):
                assert session.raw.rfind(b"\x1b[?" + mode + b"l") > session.raw.rfind(b"\x1b[?" + mode + b"h")
        assert session.raw.rfind(b"\x1b[?25h") > session.raw.rfind(b"\x1b[?25l")


@pytest.mark.parametrize("key", ["q", "e"])
def test_late_answers_do_not_reach_who_has_the_terminal_next(key: str) -> None:
    with Session("thin", answers=False) as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.answer()
        session.type("aaa")
        session.wait_until(lambda: session.reports.count(["key", "a"]) == 3)
        session.wait_until(lambda: session.raw.endswith(b"\x1b[5n"))
        session.type(key)
        session.wait_until(lambda: b"\x1b[?1049l" in session.raw)
        assert termios.tcgetattr(session.slave) != session.before
        session.answer()
        session.answers = True
        if key == "q":
            session.wait_until(lambda: session.process.poll() is not None)
            assert fcntl.ioctl(session.slave, termios.FIONREAD, bytes(4)) == bytes(4)
        else:  # asked inside, as the app comes back at once and asks anew
            session.wait_until(lambda: ["outside", 0] in session.reports)
        session.settle()
        assert b"^[" not in session.raw  # the echo of what came when the terminal was given back


def test_nothing_is_painted_on_the_screen_of_the_shell() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        session.type("e")
        session.wait_until(lambda: session.raw.count(b"\x1b[?1049h") == 2)
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        outside = session.raw.split(b"\x1b[?1049l")[1].split(b"\x1b[?1049h")[0]
        assert b"the editor was here" in outside
        assert b"state" not in outside


def test_a_terminal_that_never_answers_is_left_all_the_same() -> None:
    with Session("thin", answers=False) as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.type("q")
        session.wait_until(lambda: session.process.poll() is not None)
        assert termios.tcgetattr(session.slave) == session.before


def test_after_an_editor_had_the_terminal_the_screen_is_as_before() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        clean = session.screen.cells()
        session.type("e")
        session.wait_until(lambda: ["outside", 0] in session.reports)
        session.wait_until(lambda: b"the editor was here" in session.raw)
        session.wait_until(lambda: "editor" not in session.text())
        session.settle()
        assert session.screen.cells() == clean
        session.type("s")
        session.wait_until(lambda: "state 1" in session.text())


def test_a_sequence_of_the_app_arrives_whole_between_frames() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.type("ata")
        session.wait_until(lambda: b"\x1b]52;c;Y29waWVk\x07" in session.raw)


def test_after_a_hangup_the_app_finishes_without_a_screen() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.close_terminal()
        session.wait_until(lambda: "finished" in session.reports)
        session.wait_until(lambda: session.process.poll() is not None)
        assert session.process.returncode == 7
        assert len([report for report in session.reports if report[0] == "hangup"]) == 1


def test_a_termination_gives_the_terminal_back_first() -> None:
    with Session("thin") as session:
        session.wait_until(lambda: "state 0" in session.text())
        session.settle()
        os.kill(session.process.pid, signal.SIGTERM)
        session.wait_until(lambda: ["hangup", "terminate"] in session.reports)
        session.wait_until(lambda: b"\x1b[?1049l" in session.raw)
        left = session.raw.rfind(b"\x1b[?25h")
        session.wait_until(lambda: session.process.poll() is not None)
        session.settle()
        assert session.process.returncode == 7
        assert session.raw[left:] in (b"\x1b[?25h", b"\x1b[?25h\x1b[6n"), "something was drawn after the end"
        assert termios.tcgetattr(session.slave) == session.before


def test_this_textual_is_as_expected() -> None:
    assert thin_app.check_textual() is None


@pytest.fixture
def _unchecked() -> Iterator[None]:
    thin_app.check_textual.cache_clear()
    yield
    thin_app.check_textual.cache_clear()


@pytest.mark.usefixtures("_unchecked")
@pytest.mark.parametrize(
    "gone",
    [
        "textual._xterm_parser.XTermParser._sequence_to_key_events",
        "textual._compositor.Compositor._get_renders",
        "textual.app.App._display",
    ],
)
def test_another_textual_gets_its_own_driver(
    gone: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(gone)
    assert thin_app.check_textual() is not None
    assert thin_app.driver_class() is LinuxDriver
    assert caplog.records
