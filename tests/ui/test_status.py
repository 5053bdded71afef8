from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui import i18n
from holytui.engine import events as ev
from holytui.faults import Fault, FaultKind
from holytui.models import Problem, Usage
from holytui.presentation.notice import Connection, Level
from holytui.presentation.progress import connection
from holytui.presentation.status import Status, TokenRate, sparkline
from holytui.ui.status.line import line

RESET = Fault(FaultKind.RESET)
QUIET = Connection(Level.CALM, "before")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (ev.Connecting("t", 1, "api.test"), "connecting to api.test"),
        (ev.Connecting("t", 3, "api.test"), "connecting to api.test (attempt 3)"),
        (ev.ImagesLeftOut("t", 1), "1 image is left out, as this model accepts none"),
        (ev.ParamsLeftOut("t", ("effort=high",)), "sent without effort=high, which the server refuses"),
        (ev.Waiting("t"), "waiting for the first token · 0.0 s"),
        (ev.Delta("t", "x"), "receiving"),
        (ev.Reasoning("t", "x"), "reasoning"),
        (ev.Retrying("t", 2, 3, 103.4, RESET), "retry 2/3 in 3.4 s · connection reset"),
        (ev.Retrying("t", 1, 3, 101.0, Fault(FaultKind.STATUS, status=503)), "retry 1/3 in 1.0 s · HTTP 503"),
        (
            ev.Offline("t", 0.0, 108.0, Fault(FaultKind.DNS)),
            "offline since 00:00, next try in 8.0 s · host name not found",
        ),
        (ev.Online("t", 62.0), "connection is back after 1 min 2 s"),
        (ev.Refreshing("t"), "key refused, asking its source again"),
        (ev.Resuming("t", "prefill", 812), "resuming · 812 characters kept"),
        (ev.Quiet("t", 12.0, 12.0), "no data for 12 s"),
        (ev.Quiet("t", 0.0, 15.0), "connected, no token for 15 s"),
        (ev.Slow("t", 312.0), "slow link · 312 B/s"),
        (ev.Finished("t", None, 1, "stop"), "ready"),
        (ev.Stopped("t", None, 1), "stopped, text kept"),
        (ev.Interrupted("t", None, 4, Problem("x")), "interrupted, text kept"),
        (ev.Interrupted("t", None, 0, Problem("x", fault=Fault(FaultKind.LIMIT))), "not sent, question kept"),
        (ev.Failed("t", None, 1, Problem("The key was refused")), "The key was refused"),
        (ev.Replaced("t", "a", "", "v"), "receiving"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ev.TurnEvent) else "",
)
def test_each_event_has_its_words(event: ev.TurnEvent, words: str) -> None:
    assert connection(event, 100.0, QUIET).words(100.0) == words


def test_a_countdown_counts_down_and_stops_at_zero() -> None:
    waiting = connection(ev.Retrying("t", 1, 3, 102.0, RESET), 100.0, QUIET)
    assert "in 0.5 s" in waiting.words(101.5)
    assert "in 0.0 s" in waiting.words(109.0)


def test_words_of_a_server_are_never_taken_as_a_template() -> None:
    problem = Problem("{left} {0} {nothing}")
    assert connection(ev.Failed("t", None, 1, problem), 0.0, QUIET).words(0.0) == "{left} {0} {nothing}"


def test_a_chat_that_is_not_saved_says_so_also_where_little_fits() -> None:
    status = Status(model="lab/one", unsaved=True, usage=Usage(10, 20))
    assert line(status, 80, 0.0).plain.startswith("○ ready  not saved  lab/one")
    assert line(status, 20, 0.0).plain == "○ ready  not saved"
    assert "not saved" not in line(replace(status, unsaved=False), 80, 0.0).plain


def test_usage_says_at_least_and_about() -> None:
    plain = line(Status(usage=Usage(120, 812)), 120, 0.0).plain
    least = line(Status(usage=Usage(120, 812, at_least=True)), 120, 0.0).plain
    about = line(Status(usage=Usage(120, 812, estimated=True)), 120, 0.0).plain
    assert ("↑ 120 ↓ 812" in plain, "↑ ≥120 ↓ ≥812" in least, "↑ ~120 ↓ ~812" in about) == (True, True, True)


full = Status(
    connection=Connection(Level.BUSY, "receiving"),
    model="holysheep/gpt-4",
    usage=Usage(1200, 34),
    cost=0.0123,
    context=0.42,
    rate=TokenRate(31.0, (10.0, 20.0, 31.0)),
    first_token_s=0.8,
    link="rtt 80 ms",
    position="↓ 34 new lines",
)


@given(st.integers(1, 200))
def test_the_line_never_wraps_whatever_the_width(width: int) -> None:
    assert line(full, width, 0.0).cell_length <= width


def test_a_narrow_line_keeps_the_connection_and_drops_the_link_first() -> None:
    assert "rtt" in line(full, 160, 0.0).plain
    assert "rtt" not in line(full, 100, 0.0).plain
    assert line(full, 14, 0.0).plain.startswith("● receiving")


def test_a_context_that_is_nearly_full_is_not_dropped() -> None:
    crowded = Status(connection=full.connection, model=full.model, context=0.93, rate=full.rate, first_token_s=0.8)
    assert "93 %" in line(crowded, 70, 0.0).plain


@pytest.mark.parametrize(
    ("context", "ahead", "words"),
    [
        (0.42, None, "context 42 %"),
        (0.42, 0.79, "context 42 %"),
        (0.42, 0.81, "context nearly full: ~81 %"),
        (None, 0.5, ""),
        (None, 1.34, "context over: ~134 %"),
        (0.93, 0.85, "context nearly full: 93 %"),
        (0.93, 1.0, "context over: ~100 %"),
    ],
)
def test_a_question_that_would_fill_the_context_is_told_before_it_is_answered(
    context: float | None, ahead: float | None, words: str
) -> None:
    shown = line(Status(context=context, ahead=ahead), 60, 0.0).plain
    assert shown.removeprefix("○ ready").strip() == words


def test_a_question_that_is_too_long_is_told_on_a_narrow_line_too() -> None:
    crowded = Status(connection=full.connection, model=full.model, usage=full.usage, ahead=1.34, link="link 200 ms")
    assert "~134 %" in line(crowded, 40, 0.0).plain


def test_the_effort_stays_with_the_model() -> None:
    for width in (200, 60):
        assert f"{full.model} (effort: high)" in line(replace(full, effort="high"), width, 0.0).plain
    assert "effort" not in line(full, 200, 0.0).plain


def test_the_link_stands_before_what_grows_while_text_streams() -> None:
    early, late = line(full, 160, 0.0).plain, line(replace(full, rate=TokenRate(131.0, (1.0,) * 8)), 160, 0.0).plain
    assert early.index("rtt 80 ms") == late.index("rtt 80 ms")


def test_a_sparkline_has_a_bar_a_value() -> None:
    assert sparkline([0, 1, 2, 4]) == "▁▂▄█"
    assert sparkline([]) == sparkline([0.0]) == ""


def test_vietnamese_numbers_have_a_comma() -> None:
    i18n.set_language("vi")
    assert "0,8 s" in line(full, 200, 0.0).plain


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "○ press F1 to see all keys"),
        (20, "○ press F1 to see…"),
        (19, "○ press F1 to see…"),
        (15, "○ press F1 to…"),
    ],
)
def test_what_has_no_room_is_cut_between_words(width: int, shown: str) -> None:
    status = Status(Connection.plain(Level.CALM, "press F1 to see all keys"))
    assert line(status, width, 0.0).plain == shown


def test_one_long_word_is_cut_anyway() -> None:
    status = Status(Connection.plain(Level.CALM, "x" * 100))
    assert line(status, 20, 0.0).plain == "○ " + "x" * 17 + "…"
