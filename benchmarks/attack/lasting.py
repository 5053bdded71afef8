"""What holds in the command and on the full screen while a server attacks it with `hostile`, and over a long answer."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack import flood, screen
from benchmarks.attack.flood import Answer, FloodServer
from benchmarks.attack.hostile import KEPT
from tests.ptys import Terminal

SHORT = "idle_timeout = 3\nfirst_token_timeout = 5\ntoken_timeout = 3\nmax_retries = 0\n"
ON_SCREEN = (
    "100,000 pieces of a tool call", "tool calls, 1 MB a piece", "tool calls, an index each", "chunk extensions",
    "chunks of one byte", "headers, two a second", "endless 100 Continue", "comments", "comments, five a second",
    "an event, a byte a second", "gzip bomb",
)  # fmt: skip
"""The attacks that last, where a person would press Esc."""
_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How `holytui ask` went; infinite seconds if it did not end."""

    seconds: float
    memory: float
    status: int | None
    kept: bool
    requests: int


def ask(answer: Answer, more: str = SHORT) -> Asked:
    """Ask once, and see what is printed."""
    with tempfile.TemporaryDirectory() as name, FloodServer(answer) as server, tempfile.TemporaryFile() as out:
        file = screen.config(Path(name), server.base_url, more)
        env = os.environ | {"HOLYTUI_DATA_DIR": f"{name}/data", "HOME": name}
        command = [sys.executable, "-m", "holytui", "--config", str(file), "ask", "hi"]
        begun, memory = time.monotonic(), 0.0
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, env=env) as run:
            while run.poll() is None and time.monotonic() - begun < _PATIENCE:
                try:
                    memory = max(memory, screen.peak(run.pid))
                except (OSError, StopIteration):
                    break  # it has just ended
                time.sleep(0.02)
            seconds = time.monotonic() - begun
            if seconds >= _PATIENCE:
                run.kill()
                seconds = math.inf
        out.seek(0)
        kept = out.read(1_000).startswith(KEPT.encode())
        return Asked(seconds, memory, run.returncode, kept, server.questions)


@dataclass(frozen=True, slots=True)
class Steady:
    """Seconds and megabytes of a long answer on the full screen."""

    gap: float
    """The longest time in which no new text was shown."""
    echo: float
    stop: float
    memory: float
    lost: int
    """Keys that were typed and not shown at the end."""


def steady(rate: float, seconds: float) -> Steady:
    """An answer of `rate` characters a second for `seconds`, with a key every half second, then Esc."""
    pieces = ("".join(f"{number} " for number in range(start, start + 4)) for start in range(0, 10**9, 4))

    def answer(sock: object) -> None:
        begun, told = time.monotonic(), 0
        sock.sendall(flood.HEAD + b"\r\n")  # type: ignore[attr-defined]  # a socket
        for piece in pieces:
            sock.sendall(flood.event(piece))  # type: ignore[attr-defined]  # likewise
            told += len(piece)
            time.sleep(max(0.0, begun + told / rate - time.monotonic()))

    with tempfile.TemporaryDirectory() as name, FloodServer(answer) as server:
        file = screen.config(Path(name), server.base_url)
        env = {"HOLYTUI_DATA_DIR": f"{name}/data", "HOME": name}
        command = [sys.executable, "-m", "holytui", "--config", str(file)]
        with Terminal(command, cols=100, rows=30, env=env) as terminal:
            return _watch(terminal, seconds)


def _watch(terminal: Terminal, seconds: float) -> Steady:
    terminal.wait_for("Ask anything", 40)
    terminal.type("go\r")
    terminal.wait_for("0 1 2 3", 20)
    keys = iter("qwxzjkvy" * 1_000)
    end, gap, echo, typed = time.monotonic() + seconds, 0.0, 0.0, ""
    shown, since, next_key, key_at = "", time.monotonic(), time.monotonic(), 0.0
    while (now := time.monotonic()) < end:
        text = terminal.text
        answer = "".join(character for character in text if character.isdigit())
        if answer != shown:
            gap, shown, since = max(gap, now - since), answer, now
        if key_at and (typed[-20:] in text.replace("\n", "")):
            echo, key_at = max(echo, now - key_at), 0.0
        if not key_at and now >= next_key:
            typed += next(keys)
            terminal.type(typed[-1])
            key_at, next_key = now, now + 0.5
        terminal.pump(0.01)
    gap = max(gap, time.monotonic() - since)
    begun = time.monotonic()
    terminal.type("\x1b")
    while not re.search("stopping|stopped", terminal.text) and time.monotonic() - begun < 15:
        terminal.pump(0.01)
    stop = time.monotonic() - begun
    return Steady(gap, echo, stop, screen.peak(terminal.pid), len(typed) if typed[-20:] not in terminal.text else 0)
