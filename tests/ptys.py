"""A program in a real pseudo-terminal, with pyte as the terminal: what it shows is what a user would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import pyte

_ANSWERS = (
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
)
_PRIVATE = re.compile(
    rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*(?:\$p|u)|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_][^\x1b]*\x1b\\"
)
_REPEAT = re.compile(rb"([\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]+)\x1b\[(\d+)b")


class Terminal:
    """Runs `command`; `wait_for` reads until the screen says so, or fails with the screen in the error."""

    def __init__(self, command: Sequence[str], *, cols: int = 100, rows: int = 30, env: dict[str, str] | None = None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("COLUMNS", "LINES"):  # a test runner may have set a size of its own
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})})
            try:
                os.execvp(command[0], list(command))
            finally:
                os._exit(127)
        self.resize(cols, rows)
        self.screen = pyte.Screen(cols, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self.raw = bytearray()
        self.status: int | None = None

    @classmethod
    def holytui(cls, *arguments: str, **options: object) -> Terminal:
        """The program itself."""
        return cls([sys.executable, "-m", "holytui", *arguments], **options)  # type: ignore[arg-type]  # passed on

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def resize(self, cols: int, rows: int) -> None:
        """Tell the program another size."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        if hasattr(self, "screen"):
            self.screen.resize(rows, cols)

    def type(self, text: str | bytes) -> None:
        """Press keys."""
        os.write(self.fd, text.encode() if isinstance(text, str) else text)

    def write_over(self, words: str) -> None:
        """Another program writes on the screen, where the cursor is not."""
        self._stream.feed(b"\x1b7\x1b[H" + words.encode() + b"\x1b8")

    @property
    def text(self) -> str:
        """The screen as lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def pump(self, seconds: float) -> bool:
        """Read what comes within `seconds`; whether anything came."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            self._reap(block=True)
            return False
        self.raw += data
        for query, answer in _ANSWERS:
            for _ in query.findall(data):
                os.write(self.fd, answer)
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        data = self._held + data
        # an escape sequence cut by the read waits for its rest
        cut = data.rfind(b"\x1b")
        tail = data[cut:] if cut >= 0 and len(data) - cut < 24 and not re.search(rb"[a-zA-Z\x07\\]$", data) else b""
        data, self._held = (data[: len(data) - len(tail)], tail)
        data = _PRIVATE.sub(b"", data)
        # pyte does not know REP (ECMA-48 8.3.103): the graphic character before it, so many times
        data = _REPEAT.sub(lambda found: found[1] * (int(found[2]) + 1), data)
        self._stream.feed(data)

    def wait_until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        """Read until `true()`; AssertionError with the screen if it does not become so."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end or (self.status is not None and not true()):
                raise AssertionError(f"not on the screen (exit {self.status}):\n{self.text}")
            self.pump(0.05)

    def wait_for(self, words: str, seconds: float = 20.0) -> None:
        """Read until `words` are on the screen."""
        try:
            self.wait_until(lambda: words in self.text, seconds)
        except AssertionError as error:
            raise AssertionError(f"waited for {words!r}; {error}") from None

    def wait_gone(self, words: str, seconds: float = 20.0) -> None:
        """Read until `words` are no longer on the screen."""
        self.wait_until(lambda: words not in self.text, seconds)

    def wait_end(self, seconds: float = 20.0) -> int:
        """Read until the program has ended; its exit status."""
        end = time.monotonic() + seconds
        while self.status is None:
            if time.monotonic() > end:
                raise AssertionError(f"it did not end:\n{self.text}")
            self.pump(0.05)
            self._reap()
        return self.status

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end if it is SIGKILL."""
        os.kill(self.pid, number)
        if number == signal.SIGKILL:
            self._reap(block=True)

    def _reap(self, *, block: bool = False) -> None:
        if self.status is None:
            pid, status = os.waitpid(self.pid, 0 if block else os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """End the program if it still runs, and let go of the terminal."""
        if self.status is None:
            self.kill()
        os.close(self.fd)
