"""In a real tmux the screen is the same with either driver. Without tmux here there is nothing to test."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.terminal.reference_terminal import Cell, Screen, Stream

TMUX = shutil.which("tmux")
ROOT = Path(__file__).parents[2]


class Pane:
    """The subject in a tmux of its own."""

    def __init__(self, folder: Path, driver: str) -> None:
        folder.mkdir()
        # a test runner may have set a size of its own, which Textual would believe
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.environ = {**inherited, "TMUX_TMPDIR": str(folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        fifo = folder / "reports"
        os.mkfifo(fifo)
        self.reports = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.heard = ""
        command = f"cd {ROOT} && exec 9>{fifo} && exec {sys.executable} -m tests.terminal.sample_app {driver} 9"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "60", "-y", "14", command)

    def tmux(self, *arguments: str) -> str:
        assert TMUX is not None
        done = subprocess.run([TMUX, *arguments], env=self.environ, capture_output=True, text=True, check=True)
        return done.stdout

    def until_heard(self, text: str, count: int = 1) -> None:
        end = time.monotonic() + 20
        while self.heard.count(text) < count:
            assert select.select([self.reports], [], [], max(0.0, end - time.monotonic()))[0], self.heard
            self.heard += os.read(self.reports, 4096).decode()

    def screen_with(self, text: str) -> str:
        end = time.monotonic() + 20
        while text not in (screen := self.tmux("capture-pane", "-e", "-p", "-N")):
            assert time.monotonic() < end, screen
        return screen

    def close(self) -> None:
        """End tmux, and wait for the subject's end: a write to a closed pipe would keep it from ending."""
        self.tmux("kill-server")
        end = time.monotonic() + 20
        while select.select([self.reports], [], [], max(0.0, end - time.monotonic()))[0]:
            if not os.read(self.reports, 4096):
                break
        else:
            raise AssertionError("the subject did not end")
        os.close(self.reports)


def cells(capture: str) -> list[list[Cell]]:
    """What a capture shows, which leaves out the backgrounds of erased cells; styles carry from row to row."""
    screen = Screen(60, 14)
    Stream(screen).feed(capture.removesuffix("\n").replace("\n", "\r\n"))
    return [[cell if cell.text != " " else Cell(" ", "", "", frozenset()) for cell in row] for row in screen.cells()]


if TMUX is not None:

    def test_in_tmux_the_screen_is_the_same_as_with_textuals_own_driver(tmp_path: Path) -> None:
        screens = []
        for driver in ("stock", "thin"):
            pane = Pane(tmp_path / driver, driver)
            try:
                pane.until_heard(json.dumps("ready"))
                pane.tmux("send-keys", "a" * 9)
                pane.until_heard(json.dumps(["key", "a"]), 9)
                pane.tmux("send-keys", "s")
                screens.append(cells(pane.screen_with("state 10")))
            finally:
                pane.close()
        assert screens[0] == screens[1]
