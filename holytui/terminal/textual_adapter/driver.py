"""A driver for Textual that writes only what changed, at the pace of the terminal, and never holds up the event loop.

It reads private parts of Textual, as `app`, `compositor`, `paint` and `parser` do and nobody else. `app.check_textual`
tries them out, and `app.driver_class` steps aside for Textual's own driver when they are not as expected.
"""

from __future__ import annotations

import logging
import os
import re
import select
import signal
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem
from textual import constants, events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size
from textual.message import Message

from holytui.terminal.diff.frame import Capabilities, Cursor, capabilities
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.pace import LinkFigures, Pace
from holytui.terminal.textual_adapter.canvas import Canvas, Update
from holytui.terminal.textual_adapter.parser import SafeParser
from holytui.terminal.tty import LineSettings, open_output
from holytui.terminal.writer import Writer

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)

# A session that was cut off leaves these on: every move of the mouse would type.
_STALE_OFF = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2048l"
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
_MOUSE_ON = "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF = "\x1b[?1000l\x1b[?1002l\x1b[?1006l"
_LEAVE = "\x1b[m\x1b[r\x1b[?2004l\x1b[?7h\x1b[?1004l\x1b[?1049l\x1b[?25h"
_KITTY_ON, _KITTY_OFF = "\x1b[>25u", "\x1b[<u"

# Does it know synchronized updates, side margins, REP? The last is tried: a line of three, then where is the cursor.
# With a line, since tmux repeats only ASCII; on row 2, since an answer for row 1 would look like a function key.
# The first frame clears it away.
_ASK = "\x1b[?2026$p\x1b[?69$p\x1b[2;1H─\x1b[2b\x1b[6n"
_REP_WORKS = Offset(3, 1)
# Asked last of all: whatever else the terminal says comes before the answer, and not into the shell behind us.
_LAST = "\x1b[6n"
_LAST_ANSWER = re.compile(rb"\x1b\[\d+;\d+R")
_ANSWER_TIME = 1.0  # seconds for which the first answers are waited for, and after which none comes any more
_NO_ANSWER_TIME = 60.0
_STOP_WAIT = 1.0
_LAST_WAIT = 2.0


class ThinDriver(LinuxDriver):
    """Textual's driver for a thin line. The app must be a `ThinApp`."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert self._file is not None
        self._out = self._file.fileno()
        depth = getattr(app.console, "_color_system", ColorSystem.TRUECOLOR)
        self._styles = StyleTable(colours=depth is not None, links=capabilities(os.environ).links)
        self._canvas = Canvas(self._styles, depth)
        self._pace = Pace()
        self._writer: Writer | None = None
        self._own_out: int | None = None
        self._line = LineSettings(self.fileno)
        self._cursor = Cursor()
        self._running = False
        self._dead = False
        self._probing = False
        self._probed_at = 0.0
        self._wake: tuple[int, int] | None = None
        self._stop_reading = threading.Event()
        self.show_cursor = False
        """Show the terminal's own cursor, for magnifiers, screen readers and the previews of input methods."""
        self.on_lost: Callable[[], None] | None = None
        """Called on the event loop when the terminal has gone: its end was read, or writing failed."""

    # -- painting ---------------------------------------------------------------------------------------------------

    def paint(self, update: Update, size: Size, cursor: Offset) -> None:
        """Show what Textual painted, as soon as the terminal is ready for it."""
        if self._dead:
            return
        if self._canvas.size != (size.width, size.height):
            self._canvas.resize(size.width, size.height)
        self._canvas.apply(update)
        self._cursor = Cursor(cursor.x, cursor.y, visible=self.show_cursor)
        if self._writer is not None:
            self._writer.show(self._canvas.frame(self._cursor))

    def repaint(self) -> None:
        """Write the whole screen anew, for when something else has written to the terminal."""
        if self._writer is not None:
            self._writer.repaint()

    def set_mouse(self, on: bool) -> None:
        """Let clicks and the wheel come to the app, or leave the mouse to the terminal."""
        self._mouse = on
        self.write(_MOUSE_ON if on else _MOUSE_OFF)

    def link_figures(self) -> LinkFigures:
        """How the line to the terminal does."""
        return self._writer.figures() if self._writer is not None else self._pace.figures(0)

    def learnt(self) -> Capabilities | None:
        """What is known of the terminal; None while nothing is written to it."""
        return self._writer.capabilities() if self._writer is not None else None

    def write(self, data: str) -> None:
        """A sequence of the app's own (title, bell, copied text), written between two frames."""
        if self._writer is not None and not self._dead:
            self._writer.send(data.encode("utf-8", "replace"))

    # -- the terminal's modes ---------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal over. A second call sets the modes again and repaints."""
        if self._dead or not self._line.in_foreground():
            return
        if not self._running:
            self._make_writer()
        self.write(_STALE_OFF + _ENTER)
        if self._mouse:
            self.write(_MOUSE_ON)
        if not constants.DISABLE_KITTY_KEY and not self._running:
            self.write(_KITTY_ON)
        self._line.make_raw()
        signal.signal(signal.SIGWINCH, self._resized)
        self._send_size()
        if not self._running:
            self._running = True
            self._ask()
            self._start_writer()
            self._start_reading()
        self.repaint()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        if not self._running:
            return
        self._running = False
        self.disable_input()
        if self._writer is not None:
            self.write(_MOUSE_OFF if self._mouse else "")
            patience = min(_LAST_WAIT, self._pace.patience) if self.input_tty else 0.0
            self.write(("" if constants.DISABLE_KITTY_KEY else _KITTY_OFF) + _LEAVE + (_LAST if patience else ""))
            if self._writer.stop(0.0 if self._dead else _STOP_WAIT) and not self._dead:
                self._line.hear_out(_LAST_ANSWER, patience)
            self._writer = None
        self._line.restore()
        self._close_output()

    def close(self) -> None:
        """Nothing is left to close: `stop_application_mode`, which Textual calls after this, does it all."""

    def go_dead(self, *, restore: bool) -> None:
        """Never touch the terminal again: no drawing, no input, though the app may go on.

        With `restore` it is first given back as it was, for when it is still there. Does not wait long.
        """
        if self._dead:
            return
        if restore:
            self.stop_application_mode()
        self._dead = True
        self._end_reading()
        if self._writer is not None:
            self._writer.abandon()

    def _make_writer(self) -> None:
        self._own_out = open_output(self._out)
        out = self._out if self._own_out is None else self._own_out
        self._pace = Pace()
        self._writer = Writer(out, self._styles, capabilities(os.environ), self._pace, on_broken=self._lost)

    def _start_writer(self) -> None:
        """Only now that the modes are queued: a frame before them would be painted on the shell's own screen."""
        assert self._writer is not None
        width, height = self._canvas.size
        if width and height:
            self._writer.show(self._canvas.frame(self._cursor))
        self._writer.start()

    def _close_output(self) -> None:
        if self._own_out is not None:
            os.close(self._own_out)
            self._own_out = None

    def _ask(self) -> None:
        """Ask what the terminal can do. Apple's writes a part of the question on the screen."""
        if self.input_tty and os.environ.get("TERM_PROGRAM") != "Apple_Terminal":
            self._probing = True
            self._probed_at = time.monotonic()
            self.write(_ASK)

    # -- size and signals -------------------------------------------------------------------------------------------

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out)
        except OSError:
            return super()._get_terminal_size()
        return (size.columns, size.lines) if size.columns and size.lines else super()._get_terminal_size()

    def _resized(self, *_: object) -> None:
        if self._get_terminal_size() == self._canvas.size:
            self.repaint()  # it may have been another size in between
        elif self._writer is not None:
            self._writer.spoil()
        self._send_size()

    def _send_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self.send_message(events.Resize(size, size))

    # -- input ------------------------------------------------------------------------------------------------------

    def _start_reading(self) -> None:
        self._stop_reading.clear()
        self._wake = os.pipe()
        self._key_thread = threading.Thread(target=self._run_input_thread, name="holytui-terminal-reader", daemon=True)
        self._key_thread.start()

    def _end_reading(self) -> None:
        self._stop_reading.set()
        if self._wake is None:
            return
        os.write(self._wake[1], b"x")
        thread = self._key_thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)
            if thread.is_alive():
                return
        if self._wake is not None:
            for end in self._wake:
                os.close(end)
            self._wake = None

    def disable_input(self) -> None:
        """Read nothing more; what was typed and not read is thrown away."""
        if self._wake is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._end_reading()
        if not self._dead:
            self._line.discard_input()

    def run_input_thread(self) -> None:
        """Read until told to stop or the terminal's end; asleep whenever nothing comes in."""
        assert self._wake is not None
        wake = self._wake[0]
        parser = SafeParser(self._answered, self._mode_reported, expected=self._expected)
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while not self._stop_reading.is_set():
            timeout = parser.timeout
            ready = dict(poll.poll(None if timeout is None else timeout * 1000 + 1))
            if wake in ready:
                break
            if ready:
                try:
                    data = os.read(self.fileno, 1 << 16)
                except OSError:
                    data = b""
                if not data:
                    if self.input_tty:  # a pipe that ends says nothing about the terminal
                        self._lost()
                    break
                for message in parser.feed(text) if (text := decode(data)) else ():
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass a message on to the app, unless it was meant for the driver."""
        if isinstance(message, events.CursorPosition) and self._probing:
            self._probing = False
            if self._writer is not None:
                self._writer.learn(rep=Offset(message.x, message.y) == _REP_WORKS)
            return
        if isinstance(message, events.AppFocus):
            self.repaint()
        elif self._writer is not None and isinstance(message, events.Key | events.Paste | events.MouseEvent):
            self._writer.hurry()
        super().process_message(message)

    def _expected(self) -> float | None:
        """Seconds for which an answer of the terminal is still expected, 0 for a late one; None for none."""
        since = time.monotonic() - self._probed_at
        first = max(0.0, _ANSWER_TIME - since) if self._probing and since < _NO_ANSWER_TIME else None
        status = self._writer.expected() if self._writer is not None else None
        return max((each for each in (first, status) if each is not None), default=None)

    def _answered(self) -> None:
        if self._writer is not None:
            self._writer.answered()

    def _mode_reported(self, mode: int, value: int) -> None:
        if self._writer is None:
            return
        if mode == 2026:
            self._writer.learn(sync=value in (1, 2, 3))
        elif mode == 69:
            self._writer.learn(margins=value in (1, 2))

    def _lost(self) -> None:
        """On the reader's or writer's thread: the terminal has gone."""
        if self._stop_reading.is_set() and not self._running:
            return

        def tell() -> None:
            self.go_dead(restore=False)
            if self.on_lost is not None:
                self.on_lost()

        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:
            log.debug("the terminal has gone, and so has the event loop")

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart:
            self.start_application_mode()
