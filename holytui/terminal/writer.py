"""All output to the terminal, on a thread of its own, so that a blocked terminal never blocks the event loop.

At most one frame is being written and one, the newest, waits. The model of the screen is updated only after the bytes
are written; if that is not certain, the next frame is a full repaint.
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
from holytui.terminal.frame_pacer import FramePacer, LinkFigures

log = logging.getLogger(__name__)

STATUS_REQUEST = b"\x1b[5n"
_CHUNK = 4096
_MAX_QUEUED = 2 << 20  # bytes of sequences (titles, copied text); more are dropped while the terminal is blocked
_AFTER_KEY = 0.25  # seconds after a key press in which frames are written with less delay


class _Abandoned(Exception):
    """The terminal was abandoned; nothing more may be written."""


class TerminalWriter:
    """Writes sequences in order, and between them the newest frame when `FramePacer` allows it. Thread-safe.

    `on_broken` is called on the writer's thread when the terminal can no longer be written to.
    """

    def __init__(
        self,
        fd: int,
        styles: StyleTable,
        caps: Capabilities,
        pacer: FramePacer,
        *,
        on_broken: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fd = fd
        self._styles = styles
        self._caps = caps
        self._pacer = pacer
        self._on_broken = on_broken
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._waiting: Frame | None = None
        self._newest: Frame | None = None
        self._shown: Frame | None = None
        self._pen = Pen()
        self._repaint = True
        self._key_pressed_at = float("-inf")
        self._dropped = 0
        self._stopping = self._abandoned = False
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="holytui-terminal-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def show(self, frame: Frame) -> None:
        """Show `frame`; it replaces a frame that still waits."""
        with self._changed:
            if self._waiting is not None:
                self._dropped += 1
            else:
                self._changed.notify()
            self._waiting = self._newest = frame

    def send(self, data: bytes) -> None:
        """Write a sequence after the current frame and before the next one."""
        with self._changed:
            if self._queued + len(data) > _MAX_QUEUED:
                return
            self._queue.append(data)
            self._queued += len(data)
            self._changed.notify()

    def repaint(self) -> None:
        """Write the whole screen again: another program wrote to the terminal, or it changed."""
        with self._changed:
            self._repaint = True
            self._pacer.reset()
            if self._waiting is None:
                self._waiting = self._newest  # not the shown one: the newest may be half written
            self._changed.notify()

    def invalidate(self) -> None:
        """Drop the waiting frame, as the terminal has another size; the next one is a full repaint."""
        with self._changed:
            self._repaint = True
            self._pacer.reset()
            self._waiting = None

    def update_capabilities(self, **capabilities: bool) -> None:
        """Record capabilities that the terminal reported."""
        with self._changed:
            self._caps = self._caps.updated(**capabilities)

    def answered(self) -> None:
        """Record that the terminal has processed a frame."""
        with self._changed:
            self._pacer.answered()
            self._changed.notify()

    def hurry(self) -> None:
        """Record a key press: the next frames are written with less delay."""
        with self._changed:
            self._key_pressed_at = self._clock()
            self._changed.notify()

    def figures(self) -> LinkFigures:
        """Return the measurements of the link."""
        with self._changed:
            return self._pacer.figures(self._dropped)

    def expected(self) -> float | None:
        """Return `FramePacer.expected`."""
        with self._changed:
            return self._pacer.expected()

    def capabilities(self) -> Capabilities:
        """Return the capabilities that the terminal is assumed to have."""
        with self._changed:
            return self._caps

    def stop(self, timeout: float) -> bool:
        """Write the queued sequences but no frame, and end; give up after `timeout` seconds.

        Returns whether all of them were written.
        """
        with self._changed:
            self._stopping = True
            self._waiting = None
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        written = not self._thread.is_alive() and not self._queue
        self.abandon()
        return written

    def abandon(self) -> None:
        """Stop writing, whatever is queued. May be called more than once."""
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
        except Exception:  # else the thread would end unnoticed, and the screen freeze
            log.exception("the screen can no longer be written")
            self._on_broken()

    def _step(self) -> bool:
        """Write a sequence or a frame that is due; False at the end."""
        with self._changed:
            if not self._wait():
                return False
            frame = None if self._queue else self._waiting
            if frame is None:
                data = b"".join(self._queue)
                self._queue.clear()
                self._queued = 0
            else:
                data = b""
                self._waiting = None
        if frame is not None:
            self._write_frame(frame)
        else:
            self._put(data)
            with self._changed:
                self._pacer.bytes_written(len(data))
        return True

    def _wait(self) -> bool:
        """Sleep until a sequence or a frame is due; False at the end."""
        while not self._queue:
            if self._stopping:
                return False
            wait: float | None = None
            if self._waiting is not None:
                wait = self._pacer.delay(after_key=self._clock() - self._key_pressed_at < _AFTER_KEY)
                if wait <= 0:
                    break
            self._changed.wait(wait)
        return True

    def _write_frame(self, frame: Frame) -> None:
        with self._changed:
            old = None if self._repaint else self._shown
            self._repaint = False
            caps, requests = self._caps, self._pacer.requests_status
        data, pen = encode(old, frame, self._pen, caps, self._styles)
        if data:
            if requests:
                data += STATUS_REQUEST
            self._put(data)
        with self._changed:
            self._shown, self._pen = frame, pen
            if data:
                self._pacer.frame_written(len(data), requested=requests)

    def _put(self, data: bytes) -> None:
        """Write all of `data`, however long the terminal takes.

        Raises OSError when it is lost and _Abandoned when it was abandoned meanwhile.
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
