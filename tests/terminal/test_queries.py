"""The background of the terminal: read from its reports, asked again at the right times, and never waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.terminal.queries import Background, TerminalQueries, parse_background

DARK, LIGHT = Background.DARK, Background.LIGHT
BLACK, WHITE = "\x1b]11;rgb:0000/0000/0000", "\x1b]11;rgb:ffff/ffff/ffff"


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("report", "background"),
    [
        (BLACK, DARK),
        (WHITE, LIGHT),
        ("\x1b]11;rgb:1e1e/1e1e/2e2e", DARK),
        ("\x1b]11;rgb:fd/f6/e3", LIGHT),  # Solarized, two digits
        ("\x1b]11;rgba:eeee/eeee/eeee/cccc", LIGHT),
        ("\x1b]11;#282828", DARK),
        ("\x1b]11;rgb:0/0/f", DARK),
        ("\x1b]11;rgb:0/f/0", LIGHT),
        ("\x1b]10;rgb:ffff/ffff/ffff", None),
        ("\x1b]11;rgb:ffff/ffff", None),
        ("\x1b]11;?", None),
        ("\x1bP1+r", None),
        ("", None),
    ],
)
def test_a_colour_is_dark_or_light_or_no_colour(report: str, background: Background | None) -> None:
    assert parse_background(report) is background


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse_background("\x1b]11;" + text)
    assert TerminalQueries().colour_reported(text) is None


def test_without_watching_nothing_is_asked_or_undone() -> None:
    queries = TerminalQueries()
    sent = queries.start(watch=False)
    assert "]11;" not in sent
    assert "2031" not in sent
    assert queries.unwatch_background() == queries.background_again() == ""
    assert queries.colour_reported(WHITE) is None
    assert queries.scheme_reported(LIGHT) is None


def test_the_position_comes_last_so_that_its_answer_ends_all_waiting() -> None:
    clock = Clock()
    queries = TerminalQueries(clock=clock)
    sent = queries.start(watch=True)
    assert sent.index("\x1b]11;?\x07") < sent.index("\x1b[?2031$p") < sent.index("\x1b[?2031h") < sent.index("\x1b[6n")
    assert queries.expected() == 1.0
    clock.now += 5
    assert queries.expected() == 0.0
    assert queries.position_reported(3, 1) is True
    assert queries.expected() is None, "the terminal has skipped the colour"
    assert queries.background_again() == "", "it would skip it again"
    assert queries.position_reported(3, 1) is None, "a function key looks like a position"


def test_an_answer_that_never_comes_is_not_expected_for_ever() -> None:
    clock = Clock()
    queries = TerminalQueries(clock=clock)
    queries.start(watch=True)
    clock.now += 61
    assert queries.expected() is None


def test_apples_terminal_is_asked_for_its_colour_only() -> None:
    queries = TerminalQueries(asks_modes=False)
    assert queries.start(watch=True) == "\x1b]11;?\x07\x1b[?2031h"
    assert queries.start(watch=False) == ""


def test_a_terminal_that_answers_is_asked_again_until_it_is_left() -> None:
    clock = Clock()
    queries = TerminalQueries(clock=clock)
    queries.start(watch=True)
    assert queries.colour_reported(WHITE) is LIGHT
    queries.position_reported(3, 1)
    assert queries.background_again() == "\x1b]11;?\x07"
    assert queries.expected() == 1.0
    assert queries.colour_reported(BLACK) is DARK
    assert queries.expected() is None
    assert queries.unwatch_background() == "\x1b[?2031l"
    assert queries.unwatch_background() == ""
    assert queries.background_again() == ""
    assert queries.colour_reported(WHITE) is None, "a late answer changes nothing"


def test_notifications_may_come_at_any_time_where_the_terminal_has_them() -> None:
    queries = TerminalQueries()
    queries.start(watch=True)
    queries.mode_reported(2031, 0)
    queries.position_reported(3, 1)
    assert not queries.notified()
    queries.mode_reported(2031, 2)
    assert queries.notified()
    assert queries.expected() is None
    assert queries.scheme_reported(LIGHT) is LIGHT
    queries.unwatch_background()
    assert not queries.notified()
