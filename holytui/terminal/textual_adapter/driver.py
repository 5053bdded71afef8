"""A driver for Textual that writes only changes, at the pace of the terminal, and never blocks the event loop.

It uses private parts of Textual, as `app`, `canvas`, `compositor` and `parser` do. `app.check_textual` checks them, and
`app.driver_class` returns Textual's own driver if they are not as expected.
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

from holytui.terminal.diff.frame import Capabilities, TerminalCursor, capabilities
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.frame_pacer import FramePacer, LinkFigures
from holytui.terminal.queries import Background, TerminalQueries
from holytui.terminal.textual_adapter.canvas import Canvas, Update
from holytui.terminal.textual_adapter.parser import SafeParser
from holytui.terminal.tty import LineSettings, open_output
from holytui.terminal.writer import TerminalWriter

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)

# A session that was cut off leaves these on, and mouse movements would arrive as text.
_STALE_OFF = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2031l\x1b[?2048l"
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
_MOUSE_ON = "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF = "\x1b[?1000l\x1b[?1002l\x1b[?1006l"
_LEAVE = "\x1b[m\x1b[r\x1b[?2004l\x1b[?7h\x1b[?1004l\x1b[?1049l\x1b[?25h"
_KITTY_ON, _KITTY_OFF = "\x1b[>25u", "\x1b[<u"

# The last query: all other reports arrive before its answer, and do not end up in the shell.
_FINAL_QUERY = "\x1b[6n"
_FINAL_REPORT = re.compile(rb"\x1b\[\d+;\d+R")
_STOP_WAIT = 1.0
_MAX_FINAL_WAIT = 2.0


class BackgroundReported(Message):
    """The terminal reported its background."""

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.background = background


class ThinDriver(LinuxDriver):
    """A Textual driver for slow connections. The app must be a `ThinApp`."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert self._file is not None
        self._out = self._file.fileno()
        depth = getattr(app.console, "_color_system", ColorSystem.TRUECOLOR)
        self._styles = StyleTable(colours=depth is not None, links=capabilities(os.environ).links)
        self._canvas = Canvas(self._styles, depth)
        self._pacer = FramePacer()
        self._writer: TerminalWriter | None = None
        self._own_out: int | None = None
        self._line = LineSettings(self.fileno)
        self._cursor = TerminalCursor()
        self._running = False
        self._detached = False
        self._queries = TerminalQueries(asks_modes=os.environ.get("TERM_PROGRAM") != "Apple_Terminal")
        self._watches = bool(getattr(app, "watches_background", False))  # of a `ThinApp`
        self._wake: tuple[int, int] | None = None
        self._stop_reading = threading.Event()
        self.show_cursor = False
        """Show the terminal's cursor, for magnifiers, screen readers and the previews of input methods."""
        self.last_input = float("-inf")
        """When the last key, paste or mouse event was read, on the monotonic clock."""
        self.on_lost: Callable[[], None] | None = None
        """Called on the event loop when the terminal is lost: end of file on input, or a failed write."""

    # -- painting ---------------------------------------------------------------------------------------------------

    def paint(self, update: Update, size: Size, cursor: Offset) -> None:
        """Show an update of Textual's as soon as the terminal is ready for it."""
        if self._detached:
            return
        if self._canvas.size != (size.width, size.height):
            self._canvas.resize(size.width, size.height)
        self._canvas.apply(update)
        self._cursor = TerminalCursor(cursor.x, cursor.y, visible=self.show_cursor)
        if self._writer is not None:
            self._writer.show(self._canvas.frame(self._cursor))

    def repaint(self) -> None:
        """Write the whole screen again, after another program wrote to the terminal."""
        if self._writer is not None:
            self._writer.repaint()

    def set_mouse(self, on: bool) -> None:
        """Report clicks and the wheel to the app, or leave the mouse to the terminal."""
        self._mouse = on
        self.write(_MOUSE_ON if on else _MOUSE_OFF)

    def watch_background(self, on: bool) -> None:
        """Report the terminal's background and its changes to the app by `BackgroundReported`, or no longer."""
        self._watches = on
        if self._running and self.input_tty:
            self.write(self._queries.watch_background() if on else self._queries.unwatch_background())

    def link_figures(self) -> LinkFigures:
        """Return the measurements of the link to the terminal."""
        return self._writer.figures() if self._writer is not None else self._pacer.figures(0)

    def capabilities(self) -> Capabilities | None:
        """Return the capabilities of the terminal; None before it is written to."""
        return self._writer.capabilities() if self._writer is not None else None

    def write(self, data: str) -> None:
        """Write a sequence (title, bell, copied text) between two frames."""
        if self._writer is not None and not self._detached:
            self._writer.send(data.encode("utf-8", "replace"))

    # -- the terminal's modes ---------------------------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Set the modes of the terminal and start. A second call sets the modes again and repaints."""
        if self._detached or not self._line.in_foreground():
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
            if self.input_tty:
                self.write(self._queries.start(watch=self._watches))
            self._start_writer()
            self._start_reading()
        self.repaint()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self.send_message(self.SignalResume())

    def stop_application_mode(self) -> None:
        """Restore the terminal."""
        if not self._running:
            return
        self._running = False
        self.disable_input()
        if self._writer is not None:
            self.write((_MOUSE_OFF if self._mouse else "") + self._queries.unwatch_background())
            timeout = min(_MAX_FINAL_WAIT, self._pacer.answer_timeout) if self.input_tty else 0.0
            self.write(("" if constants.DISABLE_KITTY_KEY else _KITTY_OFF) + _LEAVE + (_FINAL_QUERY if timeout else ""))
            if self._writer.stop(0.0 if self._detached else _STOP_WAIT) and not self._detached:
                self._line.discard_until(_FINAL_REPORT, timeout)
            self._writer = None
        self._line.restore()
        self._close_output()

    def close(self) -> None:
        """Do nothing: `stop_application_mode`, which Textual calls after this, closes everything."""

    def detach(self, *, restore: bool) -> None:
        """Stop using the terminal for output and input, though the app may continue.

        With `restore` its modes are restored first, for a terminal that still works. Blocks for a few seconds at most.
        """
        if self._detached:
            return
        if restore:
            self.stop_application_mode()
        self._detached = True
        self._end_reading()
        if self._writer is not None:
            self._writer.abandon()

    def _make_writer(self) -> None:
        self._own_out = open_output(self._out)
        out = self._out if self._own_out is None else self._own_out
        self._pacer = FramePacer()
        self._writer = TerminalWriter(out, self._styles, capabilities(os.environ), self._pacer, on_broken=self._lost)

    def _start_writer(self) -> None:
        """Start the writer after the modes are queued: an earlier frame would be painted on the shell's screen."""
        assert self._writer is not None
        width, height = self._canvas.size
        if width and height:
            self._writer.show(self._canvas.frame(self._cursor))
        self._writer.start()

    def _close_output(self) -> None:
        if self._own_out is not None:
            os.close(self._own_out)
            self._own_out = None

    # -- size and signals -------------------------------------------------------------------------------------------

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out)
        except OSError:
            return super()._get_terminal_size()
        return (size.columns, size.lines) if size.columns and size.lines else super()._get_terminal_size()

    def _resized(self, *_: object) -> None:
        if self._get_terminal_size() == self._canvas.size:
            self.repaint()  # the size may have changed twice
        elif self._writer is not None:
            self._writer.invalidate()
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
        """Stop reading; discard input that was not read."""
        if self._wake is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._end_reading()
        if not self._detached:
            self._line.discard_input()

    def run_input_thread(self) -> None:
        """Read until stopped or the end of file; blocks in poll() without input."""
        assert self._wake is not None
        wake = self._wake[0]
        parser = SafeParser(
            self._answered,
            self._mode_reported,
            expected=self._expected,
            on_colour=lambda report: self._report_background(self._queries.colour_reported(report)),
            on_scheme=self._scheme_reported,
            notified=self._queries.notified,
        )
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
                    if self.input_tty:  # the end of a pipe is not the loss of the terminal
                        self._lost()
                    break
                for message in parser.feed(text) if (text := decode(data)) else ():
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass a message on to the app, unless it is for the driver."""
        if isinstance(message, events.CursorPosition):
            rep = self._queries.position_reported(message.x, message.y)
            if rep is not None:
                if self._writer is not None:
                    self._writer.update_capabilities(rep=rep)
                return
        if isinstance(message, events.AppFocus):
            self.write(self._queries.background_again())
            self.repaint()
        elif isinstance(message, events.Key | events.Paste | events.MouseEvent):
            self.last_input = time.monotonic()
            if self._writer is not None:
                self._writer.hurry()
        super().process_message(message)

    def _expected(self) -> float | None:
        """Return the seconds for which a report is still expected, 0 for a late one; None for none."""
        status = self._writer.expected() if self._writer is not None else None
        return max((seconds for seconds in (self._queries.expected(), status) if seconds is not None), default=None)

    def _answered(self) -> None:
        if self._writer is not None:
            self._writer.answered()

    def _scheme_reported(self, background: Background) -> None:
        self._report_background(self._queries.scheme_reported(background))
        # the notification may be about the preference of the system, which the colours need not follow
        self.write(self._queries.background_again())

    def _report_background(self, background: Background | None) -> None:
        if background is not None:
            self.send_message(BackgroundReported(background))

    def _mode_reported(self, mode: int, value: int) -> None:
        self._queries.mode_reported(mode, value)
        if self._writer is None:
            return
        if mode == 2026:
            self._writer.update_capabilities(sync=value in (1, 2, 3))
        elif mode == 69:
            self._writer.update_capabilities(margins=value in (1, 2))

    def _lost(self) -> None:
        """Handle the loss of the terminal, on the reader's or the writer's thread."""
        if self._stop_reading.is_set() and not self._running:
            return

        def report() -> None:
            self.detach(restore=False)
            if self.on_lost is not None:
                self.on_lost()

        try:
            self._loop.call_soon_threadsafe(report)
        except RuntimeError:
            log.debug("the terminal is lost, and the event loop is closed")

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart:
            self.start_application_mode()
