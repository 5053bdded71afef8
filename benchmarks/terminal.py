"""What a streamed answer costs the line to the terminal: Textual's own driver beside ours, in one run.

usage: python -m benchmarks.terminal [--tokens 1000] [--rate 100] [--bytes-per-s N --rtt MS]

The same small chat runs with both drivers in a pseudo-terminal that answers as a terminal does, at will no faster than
`--bytes-per-s` and half of `--rtt` away in each direction. Ratios hold from machine to machine; times do not.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import threading
import time
from dataclasses import dataclass, field

COLUMNS, ROWS = 120, 40
FIRST, LAST = "ALPHA", "OMEGA"
KEYS = "2345679"  # no digit is in the text
SENTENCES = (
    "A terminal client receives tokens one by one and shows them without painting the whole screen. "
    "Tiếng Việt có dấu: những dòng chữ này kiểm tra độ rộng ký tự và xuống dòng. "
    "The quick brown fox jumps over the lazy dog while inline_code() waits. \n\n"
)
QUESTIONS = {rb"\x1b\[5n": b"\x1b[0n", rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y", rb"\x1b\[6n": b"\x1b[2;4R"}
_SEQUENCE = re.compile(rb"\x1b\[[\d;:<=>?]*[ $]?[@-~]|\x1b\][^\x07]*\x07|\x1b.")


def answer(count: int) -> list[str]:
    """`count` tokens of four characters, marked at both ends."""
    text = SENTENCES * (count * 4 // len(SENTENCES) + 1)
    pieces = [text[at : at + 4] for at in range(0, count * 4, 4)]
    return [f"{FIRST} ", *pieces[: count - 2], f"\n\n{LAST}"]


def run_chat(driver: str, tokens: int, rate: float) -> None:
    """The app that is measured. Marks its own start, first and last token on descriptor 3."""
    from holytui.terminal.environ import prepare_environment

    prepare_environment(os.environ, over_ssh=True)
    from textual.app import App, ComposeResult
    from textual.containers import VerticalScroll
    from textual.content import Content
    from textual.widgets import Static, TextArea

    from holytui.terminal.app import ThinApp, driver_class

    base: type[App[None]] = ThinApp if driver == "thin" else App

    class Chat(base):  # type: ignore[valid-type,misc]  # the class under test is chosen at run time
        CSS = "#log { height: 1fr; scrollbar-size: 0 0; layout: stream; } TextArea { height: 5; }"
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield VerticalScroll(id="log")
            prompt = TextArea()
            prompt.cursor_blink = False
            yield prompt

        def on_ready(self) -> None:
            self.waiting: list[str] = []
            self.tail = ""
            self.current: Static | None = None
            self.log_view = self.query_one("#log")
            self.log_view.anchor()
            self.query_one(TextArea).focus()
            self.set_interval(1 / 30, self.flush)
            threading.Thread(target=self.stream, daemon=True).start()
            mark("ready")

        def stream(self) -> None:
            start = time.monotonic() + 1.0
            for count, token in enumerate(answer(tokens)):
                time.sleep(max(0.0, start + count / rate - time.monotonic()))
                self.waiting.append(token)
                if count == 0:
                    mark("first")
            mark("last")

        def flush(self) -> None:
            taken, self.waiting = self.waiting, []
            if not taken:
                return
            *closed, self.tail = (self.tail + "".join(taken)).split("\n\n")
            for text in closed:
                self.message().update(Content(text))
                self.current = None
            self.message().update(Content(self.tail))

        def message(self) -> Static:
            if self.current is None:
                self.current = Static(markup=False)
                self.log_view.mount(self.current)
            return self.current

    Chat(driver_class=driver_class() if driver == "thin" else None).run(mouse=False)


def mark(name: str) -> None:
    """Tell the harness the time of `name` and the processor time until then."""
    os.write(3, f"{name} {time.monotonic()} {time.process_time()}\n".encode())


@dataclass
class Terminal:
    """The far end: reads at its pace, answers, types, and remembers when what came."""

    pid: int
    fd: int
    marks_fd: int
    rate: int
    half: float
    got: list[tuple[float, bytes]] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)
    posted: list[tuple[float, bytes]] = field(default_factory=list)
    budget: float = 4096.0
    counted: float = field(default_factory=time.monotonic)
    tail: bytes = b""

    def post(self, data: bytes, now: float, trip: float) -> None:
        """`data` reaches the program `trip` seconds after `now`."""
        self.posted.append((now + trip, data))
        self.posted.sort()

    def step(self) -> None:
        """One round of at most 5 ms."""
        now = time.monotonic()
        while self.posted and self.posted[0][0] <= now:
            os.write(self.fd, self.posted.pop(0)[1])
        room = 65536
        if self.rate:
            self.budget = min(4096.0, self.budget + (now - self.counted) * self.rate)
            self.counted = now
            room = int(self.budget)
        watched = [self.marks_fd, *([self.fd] if room else [])]
        for fd in select.select(watched, [], [], 0.005)[0]:
            data = os.read(fd, room if fd == self.fd else 4096)
            if fd == self.fd:
                self.take(data)
            else:
                for line in data.decode().splitlines():
                    name, at, used = line.split()
                    self.marks[name], self.used[name] = float(at), float(used)

    def take(self, data: bytes) -> None:
        """Remember what came, and answer the questions in it."""
        now = time.monotonic()
        self.budget -= len(data)
        self.got.append((now + self.half, data))
        text = self.tail + data
        for question, reply in QUESTIONS.items():
            for _ in re.findall(question, text):
                self.post(reply, now, 2 * self.half)
        start = text.rfind(b"\x1b")
        self.tail = text[start:] if start >= 0 and not _SEQUENCE.match(text[start:]) else b""

    def seen(self, text: str, since: float) -> float | None:
        """When the last letter of `text` was on the screen."""
        for at, data in self.got:
            if at >= since and text.encode() in _SEQUENCE.sub(b"", data):
                return at
        return None


def measure(driver: str, options: argparse.Namespace) -> dict[str, float]:
    """Run the chat with `driver` and take the figures."""
    marks_read, marks_write = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        os.dup2(marks_write, 3)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(
            sys.executable,
            [sys.executable, "-m", "benchmarks.terminal", "--chat", driver, "--tokens", str(options.tokens),
             "--rate", str(options.rate)],
        )  # fmt: skip
    os.close(marks_write)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    far = Terminal(pid, fd, marks_read, options.bytes_per_s, options.rtt / 2000)
    typed: list[tuple[float, str]] = []
    end = float("inf")
    while time.monotonic() < end:
        far.step()
        now = time.monotonic()
        if "first" in far.marks and "last" not in far.marks and now > (typed[-1][0] if typed else 0) + 0.4:
            key = KEYS[len(typed) % len(KEYS)]
            typed.append((now, key))
            far.post(key.encode(), now, far.half)
        if "last" in far.marks and end == float("inf"):
            end = now + 3
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    os.close(marks_read)
    return figures(far, typed, options.tokens)


def figures(far: Terminal, typed: list[tuple[float, str]], tokens: int) -> dict[str, float]:
    """What the run comes to."""
    shown = far.seen(LAST, far.marks["last"]) or float("inf")
    count = sum(len(data) for at, data in far.got if far.marks["first"] <= at <= shown)
    echoes = [came - at for at, key in typed if (came := far.seen(key, at)) is not None]
    echoes.sort()
    return {
        "bytes a token": count / tokens,
        "CPU ms a token": (far.used["last"] - far.used["ready"]) * 1000 / tokens,
        "last token late by ms": (shown - far.marks["last"]) * 1000,
        "echo median ms": statistics.median(echoes) * 1000,
        "echo p95 ms": echoes[min(len(echoes) - 1, int(len(echoes) * 0.95))] * 1000,
    }


def main() -> None:
    """Measure both drivers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--bytes-per-s", type=int, default=0)
    parser.add_argument("--rtt", type=float, default=0)
    parser.add_argument("--chat", choices=["stock", "thin"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.chat:
        run_chat(options.chat, options.tokens, options.rate)
        return
    stock, thin = measure("stock", options), measure("thin", options)
    print(f"{'':24}{'Textual':>12}{'holytui':>12}{'ratio':>9}")
    for name, ours in thin.items():
        theirs = stock[name]
        print(f"{name:24}{theirs:12.1f}{ours:12.1f}{theirs / ours if ours else 0:8.1f}x")


if __name__ == "__main__":
    main()
