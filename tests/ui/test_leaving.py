"""What of the chat stays in the terminal when the screen closes."""

from __future__ import annotations

import io
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.config.schema import Leave
from holytui.models import AnswerState, Message, Role
from holytui.text import visible
from holytui.ui.lifecycle.leaving import LONGEST, print_left, text_to_leave
from tests.ptys import Terminal

ASKED = Message("m1", "talk", None, Role.USER, "What is *it*?", 0.0)
ANSWERED = Message("m2", "talk", "m1", Role.ASSISTANT, "# It\n\n- one", 0.0, model="lab/one")
AGAIN = replace(ASKED, id="m3", text="And?")


def test_the_last_answer_is_left_as_its_markdown() -> None:
    branch = [ASKED, ANSWERED, AGAIN, replace(ANSWERED, id="m4", text="")]
    assert text_to_leave(Leave.ANSWER, branch, "talk") == "# It\n\n- one", "an empty answer is none"
    assert text_to_leave(Leave.NOTHING, branch, "talk") == ""
    assert text_to_leave(Leave.ANSWER, [ASKED], "talk") == ""
    assert text_to_leave(Leave.CONVERSATION, [], "talk") == ""


def test_the_conversation_is_left_with_its_speakers() -> None:
    left = text_to_leave(Leave.CONVERSATION, [ASKED, ANSWERED], "talk")
    assert left == "## You\n\nWhat is *it*?\n\n## lab/one\n\n# It\n\n- one"


@pytest.mark.parametrize(
    ("state", "note"),
    [
        (AnswerState.STREAMING, "> Stopped."),
        (AnswerState.STOPPED, "> Stopped."),
        (AnswerState.INTERRUPTED, "> Interrupted."),
    ],
)
def test_an_incomplete_answer_does_not_look_complete(state: AnswerState, note: str) -> None:
    assert text_to_leave(Leave.ANSWER, [ASKED, replace(ANSWERED, state=state)], "t").endswith(f"- one\n\n{note}")


def test_of_a_long_answer_the_end_is_left_with_the_command_for_all() -> None:
    lines = [f"line {number:06}" for number in range(20_000)]
    left = text_to_leave(Leave.ANSWER, [replace(ANSWERED, text="\n".join(lines))], "0190-talk").split("\n")
    assert left[0] == f"… {20_001 - len(left):,} earlier lines: holytui history show 0190-talk".replace(",", "")
    assert left[1:] == lines[-len(left) + 1 :]
    assert LONGEST[Leave.ANSWER] - 20 < len("\n".join(left[1:])) <= LONGEST[Leave.ANSWER]
    one_line = text_to_leave(Leave.ANSWER, [replace(ANSWERED, text="x" * 100_000)], "t")
    assert one_line.endswith("\n" + "x" * LONGEST[Leave.ANSWER])


@given(st.text(), st.sampled_from([Leave.ANSWER, Leave.CONVERSATION]))
def test_nothing_that_a_terminal_obeys_is_left(text: str, leave: Leave) -> None:
    left = text_to_leave(leave, [replace(ASKED, text=text), replace(ANSWERED, text=f"a{text}")], "t")
    assert visible(left) == left
    assert not set(left) & {*map(chr, range(9)), "\x1b", "\x9b", "\x7f", "\u202e"}


class Interrupted(io.StringIO):
    """Ctrl+C while the second piece is written."""

    pieces = 0

    def flush(self) -> None:
        self.pieces += 1
        if self.pieces == 2:
            raise KeyboardInterrupt


def test_ctrl_c_ends_the_printing_on_a_new_line() -> None:
    out = Interrupted()
    print_left("x" * 10_000, out)
    assert len(out.getvalue()) < 5_000
    assert out.getvalue().endswith("x\n")


def test_a_lost_terminal_is_no_error() -> None:
    class Lost(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "gone")

    print_left("text", Lost())


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('[ui]\nleave = "answer"\n')
    return file


def ask(terminal: Terminal) -> None:
    terminal.wait_for("guide/guide")
    terminal.type("What is holytui?\r")
    terminal.wait_for("See also: ")


def test_the_answer_is_on_the_shells_screen_after_quitting(tmp_path: Path, config: Path) -> None:
    options = {"HOLYTUI_DATA_DIR": str(tmp_path / "data")}
    with Terminal.holytui("--config", str(config), env=options) as terminal:
        ask(terminal)
        terminal.type("\x04")
        assert terminal.wait_end() == 0
        after = bytes(terminal.raw[terminal.raw.rindex(b"\x1b[?1049l") :])
    text = after.split(b"\x1b[?25h")[1].replace(b"\x1b[6n", b"").decode()
    assert "holytui" in text
    assert len(text.splitlines()) > 3
    assert "\x1b" not in text


def test_after_a_hangup_nothing_is_printed(tmp_path: Path, config: Path) -> None:
    options = {"HOLYTUI_DATA_DIR": str(tmp_path / "data")}
    with Terminal.holytui("--config", str(config), env=options) as terminal:
        ask(terminal)
        terminal.kill(signal.SIGTERM)
        terminal.wait_end()
        after = bytes(terminal.raw[terminal.raw.rindex(b"\x1b[?1049l") :])
    assert b"See also" not in after


def test_nothing_goes_into_a_pipe(tmp_path: Path, config: Path) -> None:
    piped = tmp_path / "piped"
    command = f"python -m holytui --config {config} > {piped}"
    with Terminal(
        ["sh", "-c", f'PATH="{Path(sys.executable).parent}:$PATH"; {command}'],
        env={"HOLYTUI_DATA_DIR": str(tmp_path / "data")},
    ) as terminal:
        ask(terminal)
        terminal.type("\x04")
        terminal.wait_end()
    assert piped.read_bytes() == b""
