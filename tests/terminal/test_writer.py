from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator

import pytest

from holytui.terminal.diff.cells import blank_row
from holytui.terminal.diff.frame import Capabilities, Frame
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.frame_pacer import FramePacer
from holytui.terminal.writer import TerminalWriter
from tests.terminal.reference_terminal import Screen, Stream

STYLES = StyleTable()


def frame(text: str, width: int = 40, height: int = 6) -> Frame:
    row = blank_row(width).replaced(0, list(text), [0] * len(text), risky=False)
    return Frame(width, (row,) * height)


class Line:
    """A pipe for a terminal: it takes 64 KB that nobody reads, and no more."""

    def __init__(self, pace: FramePacer | None = None) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.write_end, False)
        self.broken = threading.Event()
        self.writer = TerminalWriter(
            self.write_end, STYLES, Capabilities(bce=True), pace or FramePacer(), on_broken=self.broken.set
        )
        self.screen = Screen(40, 6)
        self.stream = Stream(self.screen)

    def read(self) -> bytes:
        data = os.read(self.read_end, 1 << 17)
        self.stream.feed(data.decode())
        return data

    def has_more(self) -> bool:
        return bool(select.select([self.read_end], [], [], 0.01)[0])

    def wait_until(self, text: str) -> None:
        while text not in self.screen.display[0]:
            self.read()
            for _ in self.screen.answers:
                self.writer.answered()
            self.screen.answers.clear()

    def close(self) -> None:
        self.writer.abandon()
        os.close(self.write_end)
        os.close(self.read_end)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def test_the_newest_frame_is_shown_and_older_ones_are_dropped(line: Line) -> None:
    for count in range(50):
        line.writer.show(frame(f"frame {count}"))
    line.writer.start()
    line.wait_until("frame 49")
    figures = line.writer.figures()
    assert figures.frames_dropped == 49


def test_a_stuck_terminal_holds_one_frame_and_gets_the_newest_afterwards(line: Line) -> None:
    os.write(line.write_end, b" " * 65536)
    line.writer.start()
    for count in range(1000):
        line.writer.show(frame(f"frame {count}"))
    assert line.writer.figures().frames_written <= 1
    assert os.read(line.read_end, 65536) == b" " * 65536
    line.wait_until("frame 999")
    assert line.writer.figures().frames_written <= 3


def test_sequences_come_in_order_and_never_inside_a_frame(line: Line) -> None:
    for count in range(5):
        line.writer.send(b"\x1b]2;%d\x07" % count)
    line.writer.show(frame("text"))
    line.writer.start()
    data = b""
    while b"text" not in data:
        data += line.read()
    assert data.startswith(b"\x1b]2;0\x07\x1b]2;1\x07\x1b]2;2\x07\x1b]2;3\x07\x1b]2;4\x07\x1b[")


def test_what_a_stuck_terminal_is_sent_is_bounded(line: Line) -> None:
    for _ in range(100):
        line.writer.send(b"x" * 100_000)
    line.writer.start()
    line.writer.stop(0.0)
    assert line.writer.figures().bytes_total == 0


def test_a_repaint_writes_everything_though_nothing_changed(line: Line) -> None:
    line.writer.show(frame("same"))
    line.writer.start()
    line.wait_until("same")
    line.stream.feed("\x1b[Hgarbage")
    line.writer.repaint()
    line.wait_until("same")


def test_a_repaint_in_the_middle_of_a_frame_paints_that_frame_and_not_the_one_before(line: Line) -> None:
    line.writer.start()
    line.writer.show(frame("before"))
    line.wait_until("before")
    os.write(line.write_end, b" " * 65000)
    line.writer.show(frame("newest", height=200))
    while line.writer._waiting is not None:
        pass  # until the writer has taken it, and stands still in the middle of it
    line.writer.repaint()
    line.screen.resize(200, 40)
    while line.writer.figures().frames_written < 3 or line.has_more():
        if line.has_more():
            line.read()
    assert line.screen.display[0].startswith("newest")


def test_stop_writes_what_was_queued(line: Line) -> None:
    line.writer.start()
    line.writer.send(b"\x1b[?25h")
    line.writer.stop(5.0)
    assert os.read(line.read_end, 100) == b"\x1b[?25h"


def test_stop_gives_up_on_a_stuck_terminal(line: Line) -> None:
    os.write(line.write_end, b" " * 65536)
    line.writer.start()
    line.writer.send(b"restore")
    line.writer.stop(0.05)
    assert os.read(line.read_end, 1 << 17) == b" " * 65536


def test_a_broken_terminal_is_told_once_and_ends_the_writer() -> None:
    line = Line()
    os.close(line.read_end)
    line.writer.start()
    line.writer.show(frame("x"))
    assert line.broken.wait(10)
    line.writer.show(frame("y"))
    line.writer.abandon()
    os.close(line.write_end)
