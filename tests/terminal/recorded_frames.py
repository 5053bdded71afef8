"""Recorded frames of the whole app, written to terminals by Textual's own driver and by ours.

`TerminalComparison` has one terminal for the bytes of Textual's driver, and several for ours, with different
capabilities and some frames dropped; each of these must show the same as the first one whenever it was written to.
Another one gets the output of the real writer, slowly and in arbitrary pieces.
"""

from __future__ import annotations

import codecs
import fcntl
import inspect
import os
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._context import visible_screen_stack
from textual.geometry import Offset, Size
from textual.screen import Screen as TextualScreen
from textual.strip import Strip

from holytui.terminal.colours import fit_style
from holytui.terminal.diff.encode import encode
from holytui.terminal.diff.frame import Capabilities, Frame, Pen, TerminalCursor
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.frame_pacer import FramePacer
from holytui.terminal.textual_adapter.canvas import Canvas, Update
from holytui.terminal.textual_adapter.compositor import ThinCompositor
from holytui.terminal.writer import TerminalWriter
from holytui.ui.app import HolytuiApp
from tests.terminal.reference_terminal import Difference, Screen, Stream
from tests.ui.app_harness import AppHarness

DEPTHS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
ABILITIES = {
    "full": Capabilities(sync=True, rep=True, bce=True, margins=True),
    "xterm": Capabilities(sync=True, rep=True, bce=True),
    "tmux": Capabilities(rep=True, bce=True),
    "screen": Capabilities(),
    "margins": Capabilities(bce=True, margins=True, ech=False),
    "bare": Capabilities(ech=False, scroll=False),
}
"""Sets of abilities, named for terminals that have them."""
_PATIENCE = 10.0


class RecordedUpdate(NamedTuple):
    """An update as the driver gets it."""

    update: Update
    size: Size
    cursor: Offset


class WrittenFrame(NamedTuple):
    """The output for an update; `doubtful` are rows in which terminals may count other widths."""

    size: Size
    stock: str
    ours: dict[str, str]
    doubtful: frozenset[int]


class RecordedApp(HolytuiApp):
    """holytui, with updates passed to `record` instead of a driver."""

    CSS_PATH = str(Path(inspect.getfile(HolytuiApp)).with_name(HolytuiApp.CSS_PATH))
    record: Callable[[RecordedUpdate], None] | None = None

    def _display(self, screen: TextualScreen[Any], renderable: object) -> None:
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and self.record is not None and not self._batch_count:
            size = self.screen.outer_size
            self.record(RecordedUpdate(renderable, size, size.clamp_offset(self.cursor_position)))
        self.post_display_hook()

    def whole(self) -> RecordedUpdate:
        """Render the whole screen again with Textual's own compositor."""
        compositor = self.screen._compositor
        visible_screen_stack.set(self._background_screens)
        for screen in self.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget._styles_cache.clear()  # type: ignore[attr-defined]  # every node on a screen is a widget
            if isinstance(screen._compositor, ThinCompositor):
                screen._compositor._rendered.clear()
        return RecordedUpdate(compositor.render_full_update(), self.screen.outer_size, Offset())


class RecordingHouse(AppHarness):
    """A `AppHarness` whose app is recorded."""

    record: Callable[[RecordedUpdate], None] | None = None

    def app(self, **options: Any) -> RecordedApp:
        app = RecordedApp(self.config, self.keymap, lambda: self.services, config_file=self.config_file, **options)
        app.record = self.record
        return app


@dataclass
class Terminal:
    """One that is written to in our way; `dropped` is the part of the frames that it never gets."""

    name: str
    caps: Capabilities
    styles: StyleTable
    dropped: float = 0.0
    old: Frame | None = None
    pen: Pen = Pen()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        self.chance = Random(self.name)
        self.resize(Size(1, 1))

    def resize(self, size: Size) -> None:
        """A terminal of that size, on which anything may stand."""
        self.screen = Screen(size.width, size.height, bce=self.caps.bce)
        self.stream = Stream(self.screen)
        self.stream.feed("\x1b[31;44mleft over" * (size.height // 2))

    def show(self, frame: Frame) -> str | None:
        """What is written for the frame; None if this one is left out."""
        if self.chance.random() < self.dropped:
            return None
        data, self.pen = encode(self.old, frame, self.pen, self.caps, self.styles)
        self.old = frame
        text = data.decode()
        self.stream.feed(text)
        return text


class SlowTerminal:
    """One that reads a little now and then; what the writer drops and where its bytes are cut is left to chance."""

    def __init__(self, caps: Capabilities, styles: StyleTable) -> None:
        self._chance = Random(3)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._held = ""
        self._read_end, self._write_end = os.pipe()
        fcntl.fcntl(self._write_end, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)
        self.writer = TerminalWriter(self._write_end, styles, caps, FramePacer(), on_broken=lambda: None)
        self.writer.start()
        self.resize(Size(1, 1))

    def resize(self, size: Size) -> None:
        """The window changes; the rest of a frame for the old one is still to come."""
        self.screen = Screen(size.width, size.height)
        self._stream = Stream(self.screen)
        self.writer.repaint()

    def show(self, frame: Frame) -> None:
        """One more frame."""
        self.writer.show(frame)
        if self._chance.random() < 0.3:
            self._read(self._chance.randrange(1, 2000))

    def catch_up(self, stock: Screen) -> None:
        """Read all there is until it shows what `stock` shows, or fail."""
        end = time.monotonic() + _PATIENCE
        while self.screen.differences(stock):
            assert time.monotonic() < end, f"the slow terminal shows something else: {self.screen.differences(stock)}"
            select.select([self._read_end], [], [], 0.05)
            self._read(1 << 16)

    def close(self) -> None:
        """No more frames."""
        self.writer.abandon()
        os.close(self._read_end)
        os.close(self._write_end)

    def _read(self, count: int) -> None:
        try:
            self._held += self._decode(os.read(self._read_end, count))
        except BlockingIOError:
            whole = len(self._held)
        else:  # the last sequence, or a letter's accents, may go on
            whole = max(self._held.rfind("\x1b"), 0)
        self._stream.feed(self._held[:whole])
        self._held = self._held[whole:]
        for _ in self.screen.answers:
            self.writer.answered()
        self.screen.answers.clear()


class TerminalComparison:
    """Shows a film on all of its terminals and compares them."""

    def __init__(self, depth: str, abilities: Sequence[str] = tuple(ABILITIES), dropped: Sequence[float] = (0.0,)):
        self._console = Console(color_system=depth, force_terminal=True)  # type: ignore[arg-type]  # one of DEPTHS
        self._styles = StyleTable()
        self._depth = DEPTHS[depth]
        self._canvas = Canvas(self._styles, self._depth)
        self.stock = Screen(1, 1)
        self._stream = Stream(self.stock)
        self.terminals = [
            Terminal(f"{depth} {name} without {part:.0%}", ABILITIES[name], self._styles, part)
            for name in abilities
            for part in dropped
        ]
        self._slow = SlowTerminal(ABILITIES["full"], self._styles)
        self.kept: list[WrittenFrame] | None = None
        """What was written, if it is to be played again."""
        self.frames = self.stock_bytes = self.pauses = 0
        self.bytes = dict.fromkeys((terminal.name for terminal in self.terminals), 0)

    def show(self, shot: RecordedUpdate) -> None:
        """One more update on all terminals."""
        self.frames += 1
        _fit_colours(shot.update, self._depth)
        if self._canvas.size != shot.size:
            self._resize(shot.size)
        text = shot.update.render_segments(self._console) + Control.move_to(*shot.cursor).segment.text
        self.stock_bytes += len(text.encode())
        self._stream.feed(text)
        self._canvas.apply(shot.update)
        frame = self._canvas.frame(TerminalCursor(*shot.cursor))
        doubtful = frozenset(y for y, row in enumerate(frame.rows) if row.risky)
        take = WrittenFrame(shot.size, text, {}, doubtful)
        if self.kept is not None:
            self.kept.append(take)
        for terminal in self.terminals:
            written = terminal.show(frame)
            if written is not None:
                take.ours[terminal.name] = written
                self.bytes[terminal.name] += len(written.encode())
                self._compare(terminal, written)
        self._slow.show(frame)

    def stale(self, whole: RecordedUpdate) -> list[Difference]:
        """Where the terminals do not show what is to be seen when everything is rendered anew, from nothing."""
        _fit_colours(whole.update, self._depth)
        screen = Screen(*whole.size)
        Stream(screen).feed(whole.update.render_segments(self._console))
        return self.stock.differences(screen)

    def catch_up(self) -> None:
        """The slow terminal reads on."""
        self.pauses += 1
        self._slow.catch_up(self.stock)

    def close(self) -> None:
        """The end."""
        self._slow.close()

    def _resize(self, size: Size) -> None:
        self._canvas.resize(size.width, size.height)
        self.stock = Screen(size.width, size.height)
        self._stream = Stream(self.stock)
        for terminal in self.terminals:
            terminal.resize(size)
        self._slow.resize(size)

    def _compare(self, terminal: Terminal, written: str) -> None:
        wrong = self.stock.differences(terminal.screen)
        where = f"{terminal.name}, frame {self.frames}"
        assert not wrong, f"{where}: {len(wrong)} cells, the first {wrong[:5]}, after {written!r}"
        cursors = [(screen.cursor.x, screen.cursor.y) for screen in (self.stock, terminal.screen)]
        assert cursors[0] == cursors[1], f"{where}: the cursor is at {cursors[1]}, not {cursors[0]}"


@lru_cache(maxsize=4096)
def _sgr(style: Style, depth: ColorSystem) -> str:
    return Strip.render_ansi(fit_style(style, depth), depth)


def _fit_colours(update: Update, depth: ColorSystem) -> None:
    """Styles remember the colours of the depth for which they were first written. Textual's own bytes get our choice
    of colours here, as what is compared is where they are."""
    lines = update.strips if isinstance(update, LayoutUpdate) else [chops.values() for chops in update.chops]
    for line in lines:
        for strip in line:
            if strip is None:
                continue
            strip._render_cache = None
            for _, style, _ in strip:
                if style is not None:
                    style._ansi = _sgr(style, depth)
