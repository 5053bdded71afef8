from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from holytui.terminal.notifications import BELL, notification
from tests.ptys import Terminal

PLAIN = {"TERM": "xterm-256color"}
TMUX = {**PLAIN, "TMUX": "/tmp/tmux,1,0", "TMUX_PANE": "%4"}


def never(command: Sequence[str], _data: bytes) -> bytes:
    raise AssertionError(command)


def tmux_says(words: str) -> dict[str, object]:
    def run(command: Sequence[str], _data: bytes) -> bytes:
        assert command[:5] == ("tmux", "display-message", "-p", "-t", "%4")
        return words.encode() + b"\n"

    return {"environ": TMUX, "run": run}


def test_a_terminal_gets_it_as_it_is() -> None:
    assert notification("holytui: done", environ=PLAIN, run=never) == "\x1b]9;holytui: done\a"


def test_nothing_in_it_can_end_the_sequence_or_begin_another() -> None:
    sequence = notification("holytui: a\x1b\\b\ac\x9cd\ne", environ=PLAIN, run=never)
    assert sequence == "\x1b]9;holytui: a␛\\b␇c\ufffdd e\a"


@pytest.mark.parametrize(
    "environ",
    [
        {**PLAIN, "STY": "1.pts"},
        {**TMUX, "STY": "1.pts"},
        {**PLAIN, "ZELLIJ": "0"},
        {"TERM": "screen-256color"},
        {"TERM": "tmux-256color"},
        {"TERM": "linux"},
    ],
)
def test_where_it_would_be_dropped_the_bell_rings(environ: dict[str, str]) -> None:
    assert notification("holytui: done", environ=environ, run=never) == BELL


@pytest.mark.parametrize("told", ["1 1 0 1 1", "on 1 0 0 2", "on 1 1 1 1", "all 0 0 0 1"])
def test_tmux_gets_it_wrapped_where_it_passes_that_on(told: str) -> None:
    sequence = notification("holytui: done", **tmux_says(told))  # type: ignore[arg-type]  # both are given
    assert sequence == "\x1bPtmux;\x1b\x1b]9;holytui: done\a\x1b\\"


@pytest.mark.parametrize(
    "told", ["0 1 0 1 1", "off 1 0 1 1", "1 0 0 1 1", "on 1 1 0 1", "all 1 0 1 0", " 1 0 1 1", "", "what?"]
)
def test_where_tmux_keeps_it_the_bell_rings(told: str) -> None:
    assert notification("holytui: done", **tmux_says(told)) == BELL  # type: ignore[arg-type]  # both are given


@pytest.mark.parametrize("error", [FileNotFoundError("tmux"), subprocess.TimeoutExpired("tmux", 1.0)])
def test_where_tmux_does_not_answer_the_bell_rings(error: Exception) -> None:
    def run(_command: Sequence[str], _data: bytes) -> bytes:
        raise error

    assert notification("holytui: done", environ=TMUX, run=run) == BELL


PROGRAM = (
    "import os, sys; from holytui.terminal.notifications import notification;"
    "sys.stdout.write(notification('holytui: done', environ=os.environ)); sys.stdout.write('written');"
    "sys.stdout.flush();"
    "sys.stdin.read()"
)


def tmux_version() -> tuple[int, ...]:
    if shutil.which("tmux") is None:
        return ()
    told = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", told)))


@pytest.mark.skipif(tmux_version() < (3, 3), reason="tmux 3.3 or newer is not installed")
@pytest.mark.parametrize("allowed", ["on", "off"])
def test_a_real_tmux_passes_it_on_if_it_may_and_else_rings(allowed: str, tmp_path: Path) -> None:
    # with a socket of its own; a path of any length would be too long for one
    server = ["tmux", "-f", "/dev/null", "-S", os.path.relpath(tmp_path / "socket")]
    settings = ["set", "-g", "allow-passthrough", allowed, ";"]
    with Terminal(
        [*server, "start", ";", *settings, "new", sys.executable, "-c", PROGRAM], env={"TMUX": ""}
    ) as terminal:
        try:
            terminal.wait_for("written")
            assert terminal.raw.count(b"\x1b]9;holytui: done\a") == (allowed == "on")
            assert (b"\a" in terminal.raw) is (allowed == "off") or allowed == "on"
        finally:
            subprocess.run([*server, "kill-server"], check=True)
        terminal.wait_end()
