"""Input in plain mode: lines from a descriptor, and the commands among them."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from holytui.hints import ActionNames
from holytui.i18n import N_, _
from holytui.text import nearest

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "stop": N_("/stop: stop the answer and keep the text so far (also Ctrl+C)"),
        "continue": N_("/continue: continue the last interrupted answer; /continue N: an earlier one"),
        "retry": N_("/retry: ask the last question again"),
        "now": N_("/now: retry at once instead of waiting"),
        "model": N_("/model NAME: use another model from now on; without a name: list the models"),
        "overlimit": N_("/overlimit: send a question that a limit of spending holds, once"),
        "effort": N_("/effort LEVEL: the reasoning effort of this conversation: off, low, medium, high or default"),
        "connect": N_("/connect: connect a provider, by questions, and use its model from now on"),
        "new": N_("/new: start a new conversation"),
        "list": N_("/list: the conversations, newest first"),
        "open": N_("/open N: open conversation N of the list, or one by the beginning of its id"),
        "copy": N_("/copy: copy the last answer to the clipboard"),
        "help": N_("/help: this list"),
        "quit": N_("/quit: quit holytui (also Ctrl+D, or Ctrl+C twice)"),
    }
)
"""ActionNames and descriptions of the commands, in the order of `/help`."""

COMMANDS_FOR_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "chat.stop": "/stop",
        "message.resume": "/continue",
        "chat.resume_all": "/continue N",
        "message.retry": "/retry",
        "model.pick": "/model",
        "chat.effort": "/effort",
        "chat.over_limit": "/overlimit",
        "app.connect": "/connect",
        "chat.new": "/new",
        "chat.copy": "/copy",
        "app.help": "/help",
        "app.quit": "/quit",
    }
)
"""Commands by the id of the action that a key has on the full screen."""
_IN_HINTS = MappingProxyType({**COMMANDS_FOR_KEYS, "model.pick": "/model NAME"})


def names() -> ActionNames:
    """Return the names of actions in hints: commands, as plain mode has no keys."""
    return ActionNames(commands=_IN_HINTS, type=_("type {key}"))


@dataclass(frozen=True, slots=True)
class LineTyped:
    """A typed line, without its newline."""

    text: str


@dataclass(frozen=True, slots=True)
class InputEnded:
    """The end of the input."""


@dataclass(frozen=True, slots=True)
class PlainCommand:
    """A line that begins with `/` and names a command."""

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class UnknownPlainCommand:
    """A line that begins with `/` and names no command; `meant` is the nearest name, or empty."""

    name: str
    meant: str


def parse(text: str) -> PlainCommand | UnknownPlainCommand | str:
    """Parse an entry: a command, or a question (`//` stands for a slash). Several lines are always a question."""
    if not text.startswith("/") or "\n" in text:
        return text
    if text.startswith("//"):
        return text[1:]
    name, _space, rest = text[1:].partition(" ")
    if name.lower() in COMMANDS:
        return PlainCommand(name.lower(), rest.strip())
    return UnknownPlainCommand(f"/{name}", nearest(name.lower(), list(COMMANDS)) or "")


_QUIET = 0.2
"""Seconds without input after which a paste has ended; a long one arrives in parts."""


class LineJoiner:
    """Joins lines that end with a backslash with the next one."""

    def __init__(self) -> None:
        self._held: list[str] = []

    @property
    def open(self) -> bool:
        """The entry continues on the next line."""
        return bool(self._held)

    def add(self, line: str) -> str | None:
        """Add a line; return the entry if it is complete."""
        if line.endswith("\\"):
            self._held.append(line[:-1])
            return None
        return self._take(line)

    def close(self) -> str | None:
        """Return the entry that the end of the input completes."""
        return self._take() if self._held else None

    def clear(self) -> None:
        """Discard the incomplete entry."""
        self._held.clear()

    def _take(self, *last: str) -> str:
        entry = "\n".join([*self._held, *last])
        self._held.clear()
        return entry


class LineReader:
    """Reads the lines of a descriptor on a thread, until the process ends.

    It does not use `sys.stdin`: a thread that waits there holds its lock, which Python needs to exit.
    """

    def __init__(self, fd: int, put: Callable[[LineTyped | InputEnded], None], *, quiet: float = _QUIET) -> None:
        self._fd = fd
        self._put = put
        self._quiet = quiet
        self._held = b""
        self._lock = threading.Lock()
        """Held from reading input until it is passed to `put`."""

    def start(self) -> threading.Thread:
        """Start and return the daemon thread."""
        thread = threading.Thread(target=self._read, name="holytui-input", daemon=True)
        thread.start()
        return thread

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the input to another reader until the block ends."""
        with self._lock:
            yield

    def discard(self) -> bool:
        """Discard pending input, also an incomplete line, until no more arrives; return whether there were lines.

        Input that was passed to `put` before is not affected.
        """
        dropped = False
        with self._lock:
            self._held = b""
            try:
                while _readable(self._fd, self._quiet):
                    dropped = True
                    termios.tcflush(self._fd, termios.TCIFLUSH)
                termios.tcflush(self._fd, termios.TCIFLUSH)  # an incomplete line is not readable
            except (termios.error, OSError, ValueError):
                pass  # the terminal is lost, with its input
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
            return _readable(self._fd, None)  # the descriptor may be non-blocking
        except (OSError, ValueError):
            return False

    def _take(self) -> bool:
        """Pass available input to `put`; False at the end of the input."""
        try:
            if not _readable(self._fd, 0):
                return True  # discarded meanwhile
            data = os.read(self._fd, 65536)
        except (OSError, ValueError):
            return False  # closed, or the terminal is lost
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self._put(_typed(line))
        return bool(data)


def _readable(fd: int, timeout: float | None) -> bool:
    return bool(select.select([fd], [], [], timeout)[0])


def _typed(line: bytes) -> LineTyped:
    return LineTyped(line.decode("utf-8", "replace").removesuffix("\r"))
