"""The far end of a line: a terminal that reads at its own pace, answers, types, and remembers when what came."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

QUESTIONS = {
    rb"\x1b\[5n": b"\x1b[0n",
    rb"\x1b\[6n": b"\x1b[2;4R",
    rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y",
}
MARGINS = {rb"\x1b\[\?69\$p": b"\x1b[?69;2$y"}
_SEQUENCE = re.compile(rb"\x1b\[[\d;:<=>?]*[ $]?[@-~]|\x1b\][^\x07]*\x07|\x1b.")
_TICKS = os.sysconf("SC_CLK_TCK")
_BURST = 4096.0


class FarEnd:
    """Runs `command` in a pseudo-terminal, `rate` bytes a second (0: any) and `rtt` seconds there and back away."""

    def __init__(
        self,
        command: Sequence[str],
        environ: dict[str, str],
        size: tuple[int, int],
        *,
        rate: int = 0,
        rtt: float = 0.0,
        questions: dict[bytes, bytes] = QUESTIONS,
    ) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(command[0], list(command), environ)
        self.got: list[tuple[float, bytes]] = []
        self._rate, self._half = rate, rtt / 2
        self._questions = questions
        self._posted: list[tuple[float, bytes]] = []
        self._budget = _BURST
        self._counted = time.monotonic()
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    # -- typing and reading

    def type(self, text: str) -> float:
        """Press keys; when that was."""
        now = time.monotonic()
        self._post(text.encode(), now + self._half)
        return now

    def step(self, seconds: float = 0.005) -> bool:
        """One round of at most `seconds`; whether something came."""
        now = time.monotonic()
        while self._posted and self._posted[0][0] <= now:
            os.write(self.fd, self._posted.pop(0)[1])
        room = 65536
        if self._rate:
            self._budget = min(_BURST, self._budget + (now - self._counted) * self._rate)
            self._counted = now
            room = int(self._budget)
        if not room:
            time.sleep(seconds)
            return False
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        self._take(os.read(self.fd, room))
        return True

    def run(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def wait_until(self, true: Callable[[], object], seconds: float = 60.0) -> None:
        """Read until it is so."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"the program did not come so far; it wrote {self.text[-1000:]}")
            self.step()

    def settle(self, quiet: float) -> None:
        """Read until nothing has come for `quiet` seconds."""
        last = time.monotonic()
        while time.monotonic() - last < quiet:
            if self.step():
                last = time.monotonic()

    def _post(self, data: bytes, at: float) -> None:
        self._posted.append((at, data))
        self._posted.sort()

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self._budget -= len(data)
        self.got.append((now + self._half, data))
        text = self._tail + data
        for question, reply in self._questions.items():
            for _ in re.findall(question, text):
                self._post(reply, now + 2 * self._half)
        start = text.rfind(b"\x1b")
        self._tail = text[start:] if start >= 0 and not _SEQUENCE.match(text[start:]) else b""

    # -- what came

    def data(self, since: float, until: float = float("inf")) -> bytes:
        """What reached the eye between two times."""
        return b"".join(data for at, data in self.got if since <= at <= until)

    @property
    def text(self) -> str:
        """All letters that came, in that order."""
        return _SEQUENCE.sub(b"", self.data(0.0)).decode(errors="replace")

    def seen(self, text: str, since: float) -> float | None:
        """When `text` came first."""
        wanted = text.encode()
        for at, data in self.got:
            if at >= since and wanted in _SEQUENCE.sub(b"", data):
                return at
        return None

    # -- the program

    @property
    def used(self) -> float:
        """Seconds of processor time that the program has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> tuple[float, float]:
        """What it takes now and the most it took, in MB."""
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        now, most = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return now, most
