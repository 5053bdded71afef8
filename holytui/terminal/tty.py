"""The terminal's line settings (termios): raw mode and its reversal."""

from __future__ import annotations

import logging
import os
import re
import select
import signal
import termios
import time
from typing import Any

log = logging.getLogger(__name__)

_IFLAG, _OFLAG, _LFLAG, _CC = 0, 1, 3, 6


class LineSettings:
    """The termios settings of a descriptor; without effect if it is not a terminal."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before: list[Any] | None = None

    def make_raw(self) -> None:
        """Turn off echo, line mode, signals, flow control and translation of newlines."""
        try:
            settings = termios.tcgetattr(self._fd)
            if self._before is None:
                self._before = termios.tcgetattr(self._fd)
            signals = 0 if os.environ.get("TEXTUAL_ALLOW_SIGNALS") else termios.ISIG
            settings[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | signals)
            settings[_IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            settings[_OFLAG] &= ~termios.OPOST
            settings[_CC][termios.VMIN] = 1
            termios.tcsetattr(self._fd, termios.TCSANOW, settings)
        except termios.error:
            log.debug("input is not a terminal; its settings are unchanged")

    def restore(self) -> None:
        """Restore the settings from before `make_raw`."""
        if self._before is None:
            return
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
        except termios.error:
            log.debug("the terminal is lost; its settings cannot be restored")
        self._before = None

    def discard_input(self) -> None:
        """Discard input that was not read yet."""
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error:
            log.debug("input is not a terminal; there is nothing to discard")

    def discard_until(self, last: re.Pattern[bytes], seconds: float) -> None:
        """Discard input up to a match of `last`, for at most `seconds`."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        end = time.monotonic() + seconds
        received = b""
        while not last.search(received) and poll.poll(max(0.0, end - time.monotonic()) * 1000):
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            received = received[-16:] + data

    def in_foreground(self) -> bool:
        """Return whether the terminal may be changed. A background job stops here until it is in the foreground."""
        if not os.isatty(self._fd):
            return True
        stops = (signal.SIGTTOU, signal.SIGTTIN)
        for number in stops:
            signal.signal(number, lambda *_: os.kill(os.getpid(), signal.SIGSTOP))
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, termios.tcgetattr(self._fd))
        except termios.error:
            return False
        finally:
            for number in stops:
                signal.signal(number, signal.SIG_DFL)
        return True


def open_output(fd: int) -> int | None:
    """Reopen the terminal behind `fd` for non-blocking writes; None if unavailable.

    It is a separate open file description: O_NONBLOCK must not affect other programs that share the terminal.
    """
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
