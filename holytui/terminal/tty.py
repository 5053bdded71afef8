"""The terminal's line settings, taken over and given back."""

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
    """termios of one descriptor; does nothing when that is no terminal."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._before: list[Any] | None = None

    def make_raw(self) -> None:
        """Every byte comes and goes as it is: no echo, no lines, no signals, no flow control, no added returns."""
        try:
            now = termios.tcgetattr(self._fd)
            if self._before is None:
                self._before = termios.tcgetattr(self._fd)
            signals = 0 if os.environ.get("TEXTUAL_ALLOW_SIGNALS") else termios.ISIG
            now[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | signals)
            now[_IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            now[_OFLAG] &= ~termios.OPOST
            now[_CC][termios.VMIN] = 1
            termios.tcsetattr(self._fd, termios.TCSANOW, now)
        except termios.error:
            log.debug("input is no terminal; its settings stay")

    def restore(self) -> None:
        """The settings from before `make_raw`."""
        if self._before is None:
            return
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
        except termios.error:
            log.debug("the terminal has gone; its settings cannot be restored")
        self._before = None

    def discard_input(self) -> None:
        """Throw away what was typed and not read."""
        try:
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error:
            log.debug("input is no terminal; there is nothing to discard")

    def hear_out(self, last: re.Pattern[bytes], seconds: float) -> None:
        """Throw away what the terminal still says, up to `last`; for at most `seconds`."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        end = time.monotonic() + seconds
        heard = b""
        while not last.search(heard) and poll.poll(max(0.0, end - time.monotonic()) * 1000):
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            heard = heard[-16:] + data

    def in_foreground(self) -> bool:
        """Whether the terminal may be changed. A job in the background stops here until it is in front."""
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
    """The terminal behind `fd`, opened again for writing without blocking; None when that cannot be had.

    It is a description of its own, so that not blocking does not spread to whoever shares the terminal.
    """
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
