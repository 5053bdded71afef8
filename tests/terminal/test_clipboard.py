from __future__ import annotations

import base64
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.errors import TerminalError
from holytui.terminal.clipboard import CopyMethod, CopyReport, copy_text, diagnose, osc52, run_command, wrap_for_screen

SSH = {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}


class World:
    """The programs and the terminal that a text is copied to."""

    def __init__(self, *, fails: bool = False, clipboard: bool = True) -> None:
        self.sent: list[bytes] = []
        self.runs: list[tuple[list[str], bytes]] = []
        self.system: list[str] = []
        self.fails = fails
        self.clipboard = clipboard

    def run(self, command: Sequence[str], data: bytes) -> bytes:
        self.runs.append((list(command), data))
        if self.fails:
            raise FileNotFoundError(2, "No such file or directory")
        return b""

    def copy_here(self, text: str) -> None:
        if not self.clipboard:
            raise RuntimeError("no clipboard")
        self.system.append(text)

    def copy(
        self, text: str, environ: dict[str, str], file: Path | None = None, command: Sequence[str] = ()
    ) -> CopyReport:
        return copy_text(
            text, environ=environ, send=self.sent.append, file=file, command=command, run=self.run,
            system=self.copy_here,
        )  # fmt: skip


def test_over_ssh_the_text_goes_to_the_terminal_and_not_to_this_machine() -> None:
    world = World()
    report = world.copy("xin chào", SSH)
    assert world.sent == [b"\x1b]52;c;" + base64.b64encode("xin chào".encode()) + b"\x07"]
    assert report.methods == (CopyMethod.TERMINAL,)
    assert world.system == []
    assert "sent to the terminal" in report.summary
    assert "copied" not in report.summary


def test_in_tmux_over_ssh_both_ways_are_tried() -> None:
    world = World()
    report = world.copy("a", {**SSH, "TMUX": "/tmp/tmux,1,0"})
    assert world.runs == [(["tmux", "load-buffer", "-w", "-"], b"a")]
    assert report.methods == (CopyMethod.TMUX, CopyMethod.TERMINAL)


def test_a_tmux_that_fails_leaves_the_terminal() -> None:
    assert World(fails=True).copy("a", {**SSH, "TMUX": "x"}).methods == (CopyMethod.TERMINAL,)


def test_locally_this_machines_clipboard_comes_first_and_the_terminal_too() -> None:
    world = World()
    report = world.copy("a", {})
    assert report.methods == (CopyMethod.SYSTEM, CopyMethod.TERMINAL)
    assert world.system == ["a"]


def test_without_a_clipboard_here_the_terminal_is_left() -> None:
    assert World(clipboard=False).copy("a", {}).methods == (CopyMethod.TERMINAL,)


@given(st.binary(max_size=5000))
def test_screen_gets_pieces_that_join_to_the_sequence(data: bytes) -> None:
    sequence = osc52(data.decode("latin1"))
    wrapped = wrap_for_screen(sequence)
    pieces = wrapped.removeprefix(b"\x1bP").removesuffix(b"\x1b\\").split(b"\x1b\\\x1bP")
    assert b"".join(pieces) == sequence
    assert all(len(piece) <= 700 for piece in pieces)


def test_in_screen_the_sequence_is_passed_through() -> None:
    world = World()
    world.copy("a", {**SSH, "STY": "1.x"})
    assert world.sent == [b"\x1bP" + osc52("a") + b"\x1b\\"]


def test_the_users_own_command_is_the_only_way_besides_the_file(tmp_path: Path) -> None:
    world = World()
    report = world.copy("a", SSH, tmp_path / "run" / "last-copy", ["my-copy", "-x"])
    assert world.runs == [(["my-copy", "-x"], b"a")]
    assert world.sent == []
    assert report.methods == (CopyMethod.COMMAND, CopyMethod.FILE)


def test_the_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "run" / "last-copy"
    report = World().copy("giữ kín", SSH, file)
    assert file.read_text() == "giữ kín"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert report.file == file


def test_a_long_text_comes_with_a_warning_and_a_huge_one_is_refused(tmp_path: Path) -> None:
    world = World()
    assert not world.copy("x" * 12_000, SSH).warnings
    assert world.copy("x" * 13_000, SSH).warnings
    report = world.copy("x" * (1 << 20), SSH, tmp_path / "f")
    assert report.methods == (CopyMethod.FILE,)
    assert len(world.sent) == 2
    assert str(tmp_path / "f") in report.summary


def test_no_way_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no folder")
    with pytest.raises(TerminalError) as caught:
        World(fails=True).copy("a", SSH, tmp_path / "plain" / "f", ["missing"])
    assert "missing" in caught.value.hint


@pytest.mark.parametrize(
    ("version", "clipboard", "features", "words"),
    [
        (b"tmux 3.3a", b"external", b"xterm*:clipboard:ccolour", []),
        (b"tmux 3.3a", b"off", b"xterm*:clipboard", ["set-clipboard on"]),
        (b"tmux 3.3a", b"on", b"xterm*:ccolour", ["terminal-features"]),
        (b"tmux 2.9", b"external", b"", ["3.2", "set-clipboard on"]),
    ],
)
def test_a_missing_tmux_setting_is_named(version: bytes, clipboard: bytes, features: bytes, words: list[str]) -> None:
    answers = {"-V": version, "set-clipboard": clipboard, "terminal-features": features}

    def run(command: Sequence[str], _data: bytes) -> bytes:
        return answers[command[-1]]

    found = diagnose({"TMUX": "x"}, run)
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def _missing(_command: Sequence[str], _data: bytes) -> bytes:
    raise FileNotFoundError


def _slow(_command: Sequence[str], _data: bytes) -> bytes:
    raise subprocess.TimeoutExpired("tmux", 1)


@pytest.mark.parametrize("run", [_missing, _slow])
def test_a_tmux_that_does_not_answer_is_said(run: Callable[[Sequence[str], bytes], bytes]) -> None:
    assert len(diagnose({"TMUX": "x"}, run)) == 1


def test_other_terminals_are_diagnosed_too() -> None:
    assert diagnose({"STY": "1.x"})
    assert diagnose({"TERM_PROGRAM": "Apple_Terminal"})
    assert diagnose({}) == []


def test_commands_get_the_text_and_fail_loudly() -> None:
    assert run_command(["cat"], b"text") == b"text"
    with pytest.raises(subprocess.CalledProcessError):
        run_command(["false"], b"")
