from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from textual.events import Key, Leave
from textual.widget import Widget

from holytui.hints import KEYLESS
from holytui.terminal.textual_adapter.driver import ThinDriver
from holytui.ui.transcript import log_scroller
from holytui.ui.transcript.input_pause import InputPause
from holytui.ui.transcript.log_scroller import LogScroller
from holytui.ui.transcript.message_list import MessageList


def test_work_waits_for_a_moment_after_input() -> None:
    now = [100.0]
    last = [float("-inf")]
    pause = InputPause(lambda: last[0], lambda: now[0])
    assert pause.rest() == 0
    last[0] = 100.0
    assert pause.rest() == pytest.approx(0.1)
    now[0] = 100.06
    assert pause.rest() == pytest.approx(0.04)
    now[0] = 100.11
    assert pause.rest() == 0


def test_keys_that_follow_each_other_do_not_keep_work_waiting() -> None:
    now = [100.0]
    pause = InputPause(lambda: now[0], lambda: now[0])
    worked = []
    for _ in range(100):
        if not pause.rest():
            worked.append(now[0])
        now[0] += 0.03
    assert len(worked) > 10
    assert max(b - a for a, b in pairwise(worked)) < 0.25


def test_layout_waits_and_is_done_then(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = [0.07, 0.0]
    called: list[float] = []
    laid_out: list[object] = []
    due: list[object] = []

    class Display:
        has_focus = False
        slack = 0

        def repaint(self, first: int, last: int) -> None:
            pass

        def clear_text_selection(self) -> None:
            pass

        def moved(self, *, following: bool, new_lines: int) -> None:
            pass

    messages = MessageList(KEYLESS)
    messages.show([], ())
    messages.resize(40, 10)
    unfinished: list[Sequence[object]] = [[1], []]
    monkeypatch.setattr(messages, "unfinished", lambda: unfinished[0])

    def lay_out(_spent: object) -> None:
        laid_out.append(1)
        unfinished.pop(0)

    monkeypatch.setattr(messages, "lay_out", lay_out)

    def after(seconds: float, callback: object) -> None:
        called.append(seconds)
        due.append(callback)

    scroller = LogScroller(messages, Display(), after, lambda: rests.pop(0))
    scroller.settle()
    due.pop()()  # type: ignore[operator]  # a callback
    assert called == [log_scroller._FRAME, 0.07]
    assert not laid_out
    due.pop()()  # type: ignore[operator]  # likewise
    assert laid_out == [1]
    assert not due


def test_the_driver_knows_when_a_key_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = object.__new__(ThinDriver)
    driver._writer, driver.last_input = None, float("-inf")
    monkeypatch.setattr("textual.driver.Driver.process_message", lambda _self, _message: None)
    driver.process_message(Leave(Widget()))
    assert driver.last_input == float("-inf")
    driver.process_message(Key("a", "a"))
    assert driver.last_input > 0
