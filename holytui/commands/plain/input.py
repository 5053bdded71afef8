"""What is typed in plain mode: lines from a descriptor, and the commands among them."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holytui.hints import Names
from holytui.i18n import N_, _
from holytui.text import nearest

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "stop": N_("/stop: stop the answer and keep the text so far (also Ctrl+C)"),
        "continue": N_("/continue: continue the last answer where it was cut; /continue N: one that was cut earlier"),
        "retry": N_("/retry: ask the last question again"),
        "now": N_("/now: try again at once instead of waiting"),
        "model": N_("/model NAME: use another model from now on; without a name: list the models"),
        "new": N_("/new: start a new conversation"),
        "list": N_("/list: the conversations, newest first"),
        "open": N_("/open N: open conversation N of the list, or one by the beginning of its id"),
        "copy": N_("/copy: copy the last answer to the clipboard"),
        "help": N_("/help: this list"),
        "quit": N_("/quit: quit holytui (also Ctrl+D, or Ctrl+C twice)"),
    }
)
"""Name to what it does, in the order of `/help`."""

COMMANDS_FOR_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "chat.stop": "/stop",
        "message.resume": "/continue",
        "chat.resume_all": "/continue N",
        "message.retry": "/retry",
        "model.pick": "/model",
        "chat.new": "/new",
        "chat.copy": "/copy",
        "app.help": "/help",
        "app.quit": "/quit",
    }
)
"""What is typed in place of the screen's keys."""
_IN_HINTS = MappingProxyType({**COMMANDS_FOR_KEYS, "model.pick": "/model NAME"})


def names() -> Names:
    """How hints name actions in plain mode, which has no keys."""
    return Names(commands=_IN_HINTS, type=_("type {key}"))


@dataclass(frozen=True, slots=True)
class LineTyped:
    """A line was typed, without its end."""

    text: str


@dataclass(frozen=True, slots=True)
class InputEnded:
    """No more lines will come."""


@dataclass(frozen=True, slots=True)
class PlainCommand:
    """A line that begins with `/` and names a command."""

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class UnknownPlainCommand:
    """A line that begins with `/` and names none; `meant` is a name that is close to it, or empty."""

    name: str
    meant: str


def parse(text: str) -> PlainCommand | UnknownPlainCommand | str:
    """What an entry is: a command, or a question (`//` stands for a slash). Several lines are always a question."""
    if not text.startswith("/") or "\n" in text:
        return text
    if text.startswith("//"):
        return text[1:]
    name, _space, rest = text[1:].partition(" ")
    if name.lower() in COMMANDS:
        return PlainCommand(name.lower(), rest.strip())
    return UnknownPlainCommand(f"/{name}", nearest(name.lower(), list(COMMANDS)) or "")


_QUIET = 0.2
"""Seconds without another line after which a paste has ended: a long one comes in several parts."""


class LineJoiner:
    """Joins lines of which all but the last end in a backslash."""

    def __init__(self) -> None:
        self._held: list[str] = []

    @property
    def open(self) -> bool:
        """The entry goes on in the next line."""
        return bool(self._held)

    def add(self, line: str) -> str | None:
        """The entry that is complete now, if it is."""
        if line.endswith("\\"):
            self._held.append(line[:-1])
            return None
        return self._take(line)

    def close(self) -> str | None:
        """The entry that the end of the input has completed."""
        return self._take() if self._held else None

    def clear(self) -> None:
        """Forget what was typed of it."""
        self._held.clear()

    def _take(self, *last: str) -> str:
        entry = "\n".join([*self._held, *last])
        self._held.clear()
        return entry


class LineReader:
    """Reads the lines of a descriptor on a thread of its own, for as long as the process lives.

    Not through `sys.stdin`: a thread that waits in it holds its lock, and Python does not end before it has that.
    """

    def __init__(self, fd: int, put: Callable[[LineTyped | InputEnded], None], *, quiet: float = _QUIET) -> None:
        self._fd = fd
        self._put = put
        self._quiet = quiet
        self._held = b""
        self._lock = threading.Lock()
        """Held while input is taken from the descriptor until it is put: nothing is on its way between the two."""

    def start(self) -> threading.Thread:
        """Begin; returns the thread, which nobody needs to wait for."""
        thread = threading.Thread(target=self._read, name="holytui-input", daemon=True)
        thread.start()
        return thread

    def discard(self) -> bool:
        """Throw away the terminal's pending input, the beginning of a line too, until no more comes; returns whether
        there were whole lines. What was put before is for the caller to drop."""
        dropped = False
        with self._lock:
            self._held = b""
            try:
                while _readable(self._fd, self._quiet):
                    dropped = True
                    termios.tcflush(self._fd, termios.TCIFLUSH)
                termios.tcflush(self._fd, termios.TCIFLUSH)  # the beginning of a line makes nothing readable
            except (termios.error, OSError, ValueError):
                pass  # the terminal is gone, and so is its input
        return dropped

    def _read(self) -> None:
        while self._wait():
            with self._lock:
                if not self._take():
                    break
        if self._held:
            self._put(_typed(self._held))
        self._put(InputEnded())

    def _wait(self) -> bool:
        try:
            return _readable(self._fd, None)  # somebody may have made it a descriptor that does not wait
        except (OSError, ValueError):
            return False

    def _take(self) -> bool:
        """Put what has come; False at the end of the input."""
        try:
            if not _readable(self._fd, 0):
                return True  # it was thrown away meanwhile
            data = os.read(self._fd, 65536)
        except (OSError, ValueError):
            return False  # closed, or its terminal is gone
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self._put(_typed(line))
        return bool(data)


def _readable(fd: int, timeout: float | None) -> bool:
    return bool(select.select([fd], [], [], timeout)[0])


def _typed(line: bytes) -> LineTyped:
    return LineTyped(line.decode("utf-8", "replace").removesuffix("\r"))
