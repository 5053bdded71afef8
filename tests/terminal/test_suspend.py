"""Suspending under a real shell with job control, and coming back."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.ptys import Terminal


def test_ctrl_z_stops_and_fg_repaints(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "HOLYTUI_DATA_DIR": str(tmp_path / "data"), "PS1": "shell"}
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env=env) as terminal:
        terminal.wait_for("shell")
        terminal.type(f"{sys.executable} -m holytui\r")
        terminal.wait_for("Ask anything")
        terminal.type("half a question")
        terminal.wait_for("half a question")
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        terminal.type("echo in the $((40 + 2)) shell\r")
        terminal.wait_for("in the 42 shell")
        terminal.type("fg\r")
        terminal.wait_for("half a question")
        terminal.type(" goes on")
        terminal.wait_for("half a question goes on")
        terminal.type("\x03\x04")
        terminal.wait_for("shell")
        terminal.type("exit\r")
        assert terminal.wait_end() == 0
