from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from holytui.terminal.diff.cells import blank_row, to_cells
from holytui.terminal.diff.frame import TerminalCursor, capabilities
from holytui.terminal.diff.sgr import UNKNOWN, Look, StyleTable, parse_look
from holytui.terminal.textual_adapter.canvas import Canvas
from tests.terminal.reference_terminal import Screen, Stream

LOOKS = st.builds(
    Look,
    st.frozensets(st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 21, 53])),
    st.sampled_from(["", "31", "38;5;9", "38;2;1;2;3"]),
    st.sampled_from(["", "41", "48;5;9", "48;2;1;2;3"]),
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_no_control_character_gets_into_a_cell(text: str) -> None:
    cells, _ = to_cells(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for cell in cells for char in cell)
    assert not any(0x202A <= ord(char) <= 0x202E for cell in cells for char in cell)


@settings(max_examples=200, deadline=None)
@given(st.text("ab ❤\ufe0f\u200d👩👨🏽🇻🇳漢\u0301", max_size=12))
def test_painted_rows_are_as_wide_as_textual_says(text: str) -> None:
    segment = Segment(text, Style(bold=True))
    strip = Strip([segment, Segment("|")])
    canvas = Canvas(StyleTable(), ColorSystem.TRUECOLOR)
    canvas.resize(40, 1)
    canvas.apply(LayoutUpdate([[strip]], Region(0, 0, 40, 1)))
    assert canvas.frame(TerminalCursor()).rows[0].chars.index("|") == segment.cell_length


@settings(max_examples=300, deadline=None)
@given(LOOKS, LOOKS)
def test_a_change_of_style_ends_in_that_style(old: Look, new: Look) -> None:
    table = StyleTable()
    first, second = (table.number(";".join(look.parameters)) for look in (old, new))
    screen, fresh = Screen(1, 1), Screen(1, 1)
    screen.select_graphic_rendition()
    Stream(screen).feed(table.change(UNKNOWN, first) + table.change(first, second))
    Stream(fresh).feed(f"\x1b[{';'.join(new.parameters)}m" if new.parameters else "\x1b[m")
    assert screen.cursor.attrs == fresh.cursor.attrs
    assert len(table.change(first, second)) <= len(f"\x1b[0;{';'.join(new.parameters)}m")


def test_without_colours_only_attributes_are_left() -> None:
    assert parse_look("1;38;2;1;2;3;44", colours=False) == Look(frozenset({1}))


def test_half_a_wide_character_becomes_a_blank() -> None:
    row = blank_row(6).replaced(1, ["漢", "", "字", ""], [0] * 4, risky=False)
    assert row.replaced(2, ["x"], [0], risky=False).chars == [" ", " ", "x", "字", "", " "]
    assert row.replaced(3, ["x"], [0], risky=False).chars == [" ", "漢", "", "x", " ", " "]
    assert row.replaced(5, ["漢", ""], [0] * 2, risky=False).chars[-1] == " "


def test_capabilities_follow_the_environment() -> None:
    assert capabilities({"TERM": "xterm-256color"}).bce
    assert not capabilities({"TERM": "screen-256color"}).bce
    assert capabilities({"TERM": "screen-256color", "TMUX": "/tmp/x,1,0"}).bce
    assert not capabilities({"TERM": "xterm", "STY": "1.pts"}).bce
    assert not capabilities({"TERM": "vt100"}).bce
    assert not capabilities({"TERM": "dumb"}).scroll


@pytest.mark.parametrize(
    ("environ", "links"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7402"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4205"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM": "screen.xterm-kitty", "STY": "1.pts", "WT_SESSION": "x"}, False),
        ({"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a"}, False),
        ({"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4"}, True),
        ({"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "iTerm.app"}, False),
        ({"TERM": "xterm-256color", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM": "dumb", "FORCE_HYPERLINK": "1"}, False),
    ],
)
def test_hyperlinks_are_written_where_they_are_known(environ: dict[str, str], links: bool) -> None:
    assert capabilities(environ).links is links
