"""The only one who writes to the terminal: a thread, so that a stuck line never holds up the event loop.

There is at most one frame in the making and one waiting, the newest. What the terminal shows is taken over only once
the bytes are out; when that is not certain, the next frame is a full repaint.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from holytui.terminal.diff.encode import encode
from holytui.terminal.diff.frame import Capabilities, Frame, Pen
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.pace import LinkFigures, Pace

log = logging.getLogger(__name__)

STATUS_REQUEST = b"\x1b[5n"
_CHUNK = 4096
_MOST_QUEUED = 2 << 20  # bytes of sequences (titles, copied text); a stuck terminal gets no more
_HURRY = 0.25  # seconds after a key press in which frames are written without waiting


class _Abandoned(Exception):
    """The terminal is given up; nothing more is to be written."""


class Writer:
    """Writes sequences in order, and between them the newest frame when `Pace` allows it.

    `on_broken` is called on the writer's thread when the terminal cannot be written to any more.
    """

    def __init__(
        self,
        fd: int,
        styles: StyleTable,
        caps: Capabilities,
        pace: Pace,
        *,
        on_broken: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fd = fd
        self._styles = styles
        self._caps = caps
        self._pace = pace
        self._on_broken = on_broken
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._wanted: Frame | None = None
        self._newest: Frame | None = None
        self._shown: Frame | None = None
        self._pen = Pen()
        self._repaint = True
        self._hurried = float("-inf")
        self._dropped = 0
        self._stopping = self._abandoned = False
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="holytui-terminal-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def show(self, frame: Frame) -> None:
        """`frame` is what the terminal is to show; one that waited is forgotten."""
        with self._changed:
            if self._wanted is not None:
                self._dropped += 1
            else:
                self._changed.notify()
            self._wanted = self._newest = frame

    def send(self, data: bytes) -> None:
        """Write a sequence as soon as the frame in the making is out, before the next."""
        with self._changed:
            if self._queued + len(data) > _MOST_QUEUED:
                return
            self._queue.append(data)
            self._queued += len(data)
            self._changed.notify()

    def repaint(self) -> None:
        """Something else wrote to the terminal, or it changed: write the whole screen anew."""
        with self._changed:
            self._repaint = True
            self._pace.forget()
            if self._wanted is None:
                self._wanted = self._newest  # what is shown may be the one before: the newest may be half written
            self._changed.notify()

    def spoil(self) -> None:
        """The terminal has another size: what waits is not for it, and the next frame is written whole."""
        with self._changed:
            self._repaint = True
            self._pace.forget()
            self._wanted = None

    def learn(self, **capabilities: bool) -> None:
        """The terminal answered what it can do."""
        with self._changed:
            self._caps = self._caps.learnt(**capabilities)

    def answered(self) -> None:
        """The terminal has come to the end of a frame."""
        with self._changed:
            self._pace.answered()
            self._changed.notify()

    def hurry(self) -> None:
        """The user pressed a key."""
        with self._changed:
            self._hurried = self._clock()
            self._changed.notify()

    def figures(self) -> LinkFigures:
        """How the line does."""
        with self._changed:
            return self._pace.figures(self._dropped)

    def expected(self) -> float | None:
        """Seconds for which the answer to a status request is still expected, as `Pace.expected`."""
        with self._changed:
            return self._pace.expected()

    def capabilities(self) -> Capabilities:
        """What the terminal is taken to be able to do."""
        with self._changed:
            return self._caps

    def stop(self, timeout: float) -> bool:
        """Write the sequences that are queued, no frame more, and end; after `timeout` seconds give up.

        Whether all of them were written.
        """
        with self._changed:
            self._stopping = True
            self._wanted = None
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        written = not self._thread.is_alive() and not self._queue
        self.abandon()
        return written

    def abandon(self) -> None:
        """Write nothing more, whatever is queued. Safe to call twice, and from any thread."""
        with self._changed:
            if self._abandoned:
                return
            self._abandoned = self._stopping = True
            self._changed.notify()
        os.write(self._wake_write, b"x")
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(1.0)
        if not self._thread.is_alive():
            os.close(self._wake_read)
            os.close(self._wake_write)

    # -- the writer's thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except _Abandoned:
            pass
        except OSError:
            self._on_broken()
        except Exception:  # a thread's edge: a screen that stands still must not go unnoticed
            log.exception("the screen could not be written any more")
            self._on_broken()

    def _step(self) -> bool:
        """Write what is due; False at the end."""
        with self._changed:
            if not self._wait():
                return False
            frame = None if self._queue else self._wanted
            if frame is None:
                data = b"".join(self._queue)
                self._queue.clear()
                self._queued = 0
            else:
                data = b""
                self._wanted = None
        if frame is not None:
            self._write_frame(frame)
        else:
            self._put(data)
            with self._changed:
                self._pace.sent(len(data))
        return True

    def _wait(self) -> bool:
        """Sleep until a sequence or a frame is due; False at the end."""
        while not self._queue:
            if self._stopping:
                return False
            wait: float | None = None
            if self._wanted is not None:
                wait = self._pace.delay(hurried=self._clock() - self._hurried < _HURRY)
                if wait <= 0:
                    break
            self._changed.wait(wait)
        return True

    def _write_frame(self, frame: Frame) -> None:
        with self._changed:
            old = None if self._repaint else self._shown
            self._repaint = False
            caps, asks = self._caps, self._pace.asks
        data, pen = encode(old, frame, self._pen, caps, self._styles)
        if data:
            if asks:
                data += STATUS_REQUEST
            self._put(data)
        with self._changed:
            self._shown, self._pen = frame, pen
            if data:
                self._pace.wrote(len(data), asked=asks)

    def _put(self, data: bytes) -> None:
        """Write all of `data`, however long the terminal takes.

        Raises OSError when it is gone and _Abandoned when it was given up meanwhile.
        """
        left = memoryview(data)
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.register(self._wake_read, select.POLLIN)
        while left:
            if any(fd == self._wake_read for fd, _ in poll.poll()):
                raise _Abandoned
            try:
                left = left[os.write(self._fd, left[:_CHUNK]) :]
            except BlockingIOError:
                continue
