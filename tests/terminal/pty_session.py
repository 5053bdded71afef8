"""A program in a pseudo-terminal that a reference terminal shows; waits for conditions, never for a time."""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.terminal.reference_terminal import Screen, Stream

_IGNORED = re.compile(r"\x1b\[[?>=<][\d;]*\$?[a-zA-Z]|\x1b\][^\x07]*\x07")
_SUPPORTED = re.compile(r"\x1b\[\?(?:25|7|69|2026)[hl]")
_QUERY = re.compile(rb"\x1b\[(?:[56]n|\?\d+\$p)")
ANSWERS = {
    b"\x1b[5n": b"\x1b[0n",
    b"\x1b[6n": b"\x1b[2;4R",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?69$p": b"\x1b[?69;2$y",
}


def without_unsupported(text: str) -> str:
    """`text` without the sequences that change nothing on the screen, which the oracle does not know."""
    return _IGNORED.sub(lambda match: match.group() if _SUPPORTED.fullmatch(match.group()) else "", text)


class Session:
    """`answers` says whether the terminal answers questions."""

    def __init__(self, *arguments: str, width: int = 60, height: int = 14, answers: bool = True) -> None:
        self.screen = Screen(width, height)
        self.stream = Stream(self.screen)
        self.answers = answers
        self.raw = b""
        self.reports: list[Any] = []
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._pending = ""
        self._report_rest = b""
        self._asked = 0
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self._size(width, height)
        self._reports, child_reports = os.pipe()
        # a test runner may have set a size of its own, which Textual would believe
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environ = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal.sample_app", arguments[0], str(child_reports), *arguments[1:]],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environ, pass_fds=[child_reports],
            cwd=Path(__file__).parents[2], start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(child_reports)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave, self._reports):
            if fd >= 0:
                os.close(fd)

    def _size(self, width: int, height: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        self.screen.left, self.screen.right = 0, width
        self._size(width, height)

    def close_terminal(self) -> None:
        """The window is closed: the kernel tells the program."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def text(self) -> str:
        return "\n".join("".join(cell.text for cell in row) for row in self.screen.cells())

    def wait_until(self, true: Callable[[], bool], *, read: bool = True, seconds: float = 20.0) -> None:
        """Wait until `true()`; with `read=False` the terminal takes nothing meanwhile."""
        end = time.monotonic() + seconds
        while not true():
            left = end - time.monotonic()
            assert left > 0, f"it did not happen; reports {self.reports[-5:]}, screen:\n{self.text()}"
            self.pump(left, read=read)

    def settle(self, quiet: float = 0.25) -> None:
        """Read until nothing has come for `quiet` seconds."""
        last = time.monotonic()
        while (left := last + quiet - time.monotonic()) > 0:
            if self.pump(left):
                last = time.monotonic()

    def pump(self, seconds: float, *, read: bool = True) -> bool:
        """Handle what comes within `seconds`; False when nothing did."""
        watched = [self._reports, *([self.master] if read and self.master >= 0 else [])]
        ready = select.select(watched, [], [], seconds)[0]
        if self.master in ready:
            self._feed(self._read(self.master))
        if self._reports in ready:
            *lines, self._report_rest = (self._report_rest + self._read(self._reports)).split(b"\n")
            self.reports += [json.loads(line) for line in lines]
        return self.master in ready

    def _read(self, fd: int) -> bytes:
        try:
            return os.read(fd, 65536)
        except OSError:
            return b""

    def _feed(self, data: bytes) -> None:
        self.raw += data
        text = self._pending + self._decode(data)
        cut = text.rfind("\x1b", max(0, len(text) - 40))
        whole = cut < 0 or re.match(r"\x1b(\[[?>=<]?[\d;]*\$?[@-~]|\][^\x07]*\x07|[78M=>])", text[cut:])
        text, self._pending = (text, "") if whole else (text[:cut], text[cut:])
        self.stream.feed(without_unsupported(text))
        if self.answers:
            self.answer()

    def answer(self) -> None:
        """Answer every question that has come up to now and was not answered."""
        for match in _QUERY.finditer(self.raw, self._asked):
            os.write(self.master, ANSWERS.get(match.group(), b""))
            self._asked = match.end()  # not the end of what was read, which may have the first half of a question
