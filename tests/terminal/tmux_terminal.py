"""Bytes shown by a real tmux, and its output to the terminal around it, a reference terminal."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

from textual.geometry import Size

from tests.terminal.reference_terminal import Difference, Screen, Stream

TMUX = shutil.which("tmux")
PATIENCE = 20.0
# the reference terminal lacks the capabilities that are turned off
SETTINGS = """
set -g status off
set -g window-size latest
set -g set-titles on
set -g set-titles-string "#T"
set -as terminal-overrides ",xterm*:RGB:indn@:rin@:rep@:ich@:dch@:csr@"
"""
_IGNORED = re.compile(r"\x1b\[[?>=<][\d;]*\$?[a-zA-Z]|\x1b\[[\d;]*t|\x1b\][^\x07]*\x07|\x1b[=>]|\x1b\([B0]|\x0f")


class OuterTerminal(Screen):
    """The terminal around tmux, which sends letters and combining marks one by one."""

    def joins(self, mark: str) -> None:
        line = self.buffer[self.cursor.y]
        x = self.cursor.x - 1
        while x > 0 and line[x].data == "":
            x -= 1
        line[x] = line[x]._replace(data=line[x].data + mark)

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        x, y = self.cursor.x, self.cursor.y
        super().set_margins(top, bottom)
        if (top, bottom) == (1, self.lines):
            self.cursor.x, self.cursor.y = x, y


class TmuxTerminal:
    """A tmux with one window, and a terminal around it."""

    def __init__(self, folder: Path, size: Size) -> None:
        folder.mkdir()
        (folder / "tmux.conf").write_text(SETTINGS)
        fifo = folder / "bytes"
        os.mkfifo(fifo)
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")}
        self._environ = {**inherited, "TMUX_TMPDIR": str(folder), "TERM": "xterm-256color"}
        self._conf = str(folder / "tmux.conf")
        self._screen_of(size)
        shell = f"stty raw -echo; exec cat {fifo}"
        self._tmux("new-session", "-d", "-x", str(size.width), "-y", str(size.height), "sh", "-c", shell)
        self._fifo = os.open(fifo, os.O_WRONLY)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._pid, self._fd = self._attach(size)
        self._received = self._held = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")
        os.close(self._fifo)
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def _tmux(self, *arguments: str) -> str:
        assert TMUX is not None
        command = [TMUX, "-f", self._conf, *arguments]
        return subprocess.run(command, env=self._environ, capture_output=True, text=True, check=True).stdout

    def _attach(self, size: Size) -> tuple[int, int]:
        assert TMUX is not None
        pid, fd = pty.fork()
        if pid == 0:
            self._set_size(0, size)
            os.execve(TMUX, [TMUX, "-f", self._conf, "attach"], self._environ)
        return pid, fd

    def _screen_of(self, size: Size) -> None:
        self.screen = OuterTerminal(size.width, size.height)
        self._stream = Stream(self.screen)

    def _set_size(self, fd: int, size: Size) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size.height, size.width, 0, 0))

    def resize(self, size: Size) -> None:
        """The terminal around tmux gets another size, and so does the window."""
        self._screen_of(size)
        self._set_size(self._fd, size)
        wanted = f"{size.width}x{size.height}"
        end = time.monotonic() + PATIENCE
        while self._tmux("display-message", "-p", "#{pane_width}x#{pane_height}").strip() != wanted:
            assert time.monotonic() < end
            self.read(0.01)

    def write(self, text: str, mark: str) -> None:
        """Show `text`; wait until tmux has come to its end."""
        data = f"{text}\x1b]2;{mark}\x07".encode()
        self._received = ""
        end = time.monotonic() + PATIENCE
        while data:
            assert time.monotonic() < end
            if select.select([], [self._fifo], [], 0.0)[1]:
                data = data[os.write(self._fifo, data[:4096]) :]
            self.read(0.0)
        while mark not in self._received:
            assert time.monotonic() < end, self._received[-500:]
            self.read(0.1)

    def capture(self) -> str:
        """What tmux says that its window shows, with its colours."""
        return self._tmux("capture-pane", "-e", "-p", "-N")

    def read(self, seconds: float) -> bool:
        """Take what tmux paints within `seconds`; False when nothing came."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        text = self._held + self._decode(os.read(self._fd, 65536))
        cut = text.rfind("\x1b")
        whole = cut < 0 or re.match(r"\x1b(\[[?>=<]?[\d;]*\$?[@-~]|\][^\x07]*\x07|\([B0]|[78M=>])", text[cut:])
        text, self._held = (text, "") if whole else (text[:cut], text[cut:])
        self._received += text
        self._stream.feed(_IGNORED.sub("", text))
        return True


def differences(one: TmuxTerminal, other: TmuxTerminal, doubtful: frozenset[int]) -> list[Difference]:
    """Return the differences of two terminals outside doubtful rows: as painted by tmux, and as captured."""
    while one.read(0.05) or other.read(0.05):
        pass  # until both are quiet
    found = one.screen.differences(other.screen)
    found += captured_screen(one).differences(captured_screen(other))
    return [difference for difference in found if difference[1] not in doubtful]


def captured_screen(shown: TmuxTerminal) -> Screen:
    """Return the capture of a window as a screen, without the background of blanks."""
    screen = Screen(shown.screen.columns, shown.screen.lines)
    Stream(screen).feed(shown.capture().removesuffix("\n").replace("\n", "\r\n"))
    for row in screen.buffer.values():
        for x, char in row.items():
            if char.data == " ":
                row[x] = char._replace(bg="default")
    return screen
