"""The full screen under a flood: how soon a key echoes and Esc acts, how long the loop is held, how much memory."""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack.flood import Answer, FloodServer
from tests.ptys import Terminal

_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, milliseconds and megabytes; infinite where nothing came within the patience."""

    echo: float
    stop: float
    stop_cpu: float
    """What the process worked from Esc to its effect, in all its threads: where others use the machine this says more
    than the time that went by."""
    callback: float
    callback_cpu: float
    memory: float


def config(folder: Path, base_url: str, more: str = "") -> Path:
    """A configuration with the flood as its only provider."""
    file = folder / "config.toml"
    file.write_text(
        f'default_model = "flood/one"\n[providers.flood]\nbase_url = "{base_url}"\n[stream]\nretry_delay = 0.1\n{more}'
    )
    return file


@dataclass(frozen=True, slots=True)
class PickerFigures:
    """Seconds to the list, the fetch of it included, and for the slowest key; milliseconds of the longest callback."""

    opened: float
    echo: float
    callback_cpu: float


def measure(answer: Answer, seconds: float = 6.0, more: str = "") -> Figures:
    """Ask, let it flow for `seconds` with a key each half second, then press Esc. `more` are lines of `[stream]`."""
    with _watched(FloodServer(answer), more) as (screen, longest):
        return _play(screen, longest, seconds)


def measure_picker(names: bytes, count: int) -> PickerFigures:
    """Ask a server for its models, and type the name of one."""
    with _watched(FloodServer(lambda _sock: None, names)) as (screen, longest):
        screen.wait_for("Ask anything", 40)
        screen.pump(0.5)
        screen.type("\x1bOQ")  # F2
        screen.wait_for("ask flood for its models", 10)
        screen.type("ask flood")
        screen.pump(0.5)
        os.kill(screen.pid, signal.SIGUSR1)
        screen.type("\r")
        opened, echo, typed = _until(screen, f"{count} models of flood"), 0.0, ""
        for letter in "mo7":
            typed += letter
            screen.type(letter)
            echo = max(echo, _until(screen, rf"\b{typed}\b"))
        screen.pump(3.0)
        return PickerFigures(opened, echo, float(longest.read_text().split()[1]))


@contextmanager
def _watched(flood: FloodServer, more: str = "") -> Iterator[tuple[Terminal, Path]]:
    """The full screen before a flood, and the file with its longest callback."""
    with tempfile.TemporaryDirectory() as name, flood as server:
        folder = Path(name)
        longest = folder / "longest"
        options = ["--config", str(config(folder, server.base_url, more))]
        env = {"HOLYTUI_DATA_DIR": str(folder / "data"), "HOME": name, "TERM": "xterm-256color"}
        before = os.environ.copy()
        os.environ.update(env)
        command = [sys.executable, "-m", "benchmarks.attack.timed", str(longest), *options]
        try:
            with Terminal(command, cols=100, rows=30) as screen:
                yield screen, longest
        finally:
            os.environ.clear()
            os.environ.update(before)


def _play(screen: Terminal, longest: Path, seconds: float) -> Figures:
    screen.wait_for("Ask anything", 40)
    screen.pump(0.5)
    os.kill(screen.pid, signal.SIGUSR1)
    screen.type("go\r")
    end = time.monotonic() + seconds
    screen.wait_until(lambda: "Ask anything" in screen.text or time.monotonic() > end, seconds + 1)
    echo, word = 0.0, ""
    while time.monotonic() < end and echo < _PATIENCE:
        word += "zqxjkv"[len(word) % 6]
        screen.type(word[-1])
        echo = max(echo, _until(screen, word))
        screen_end = time.monotonic() + 0.4
        while time.monotonic() < screen_end:
            screen.pump(0.02)
    worked = _worked(screen.pid)
    screen.type("\x1b")
    stop = _until(screen, r"stopping|stopped|exceeds the size limit")
    worked = _worked(screen.pid) - worked
    wall, cpu = map(float, (longest.read_text() if longest.exists() else "0 0").split())
    return Figures(echo, stop, worked, wall, cpu, peak(screen.pid))


def _until(screen: Terminal, pattern: str) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < _PATIENCE:
        if re.search(pattern, screen.text):
            return time.monotonic() - begun
        screen.pump(0.01)
    return float("inf")


def _worked(pid: int) -> float:
    """Seconds that a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> float:
    """The most memory that a process has had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024
