from __future__ import annotations

import dataclasses
import itertools
import re

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from holytui.terminal.diff import sgr
from holytui.terminal.diff.cells import CellRow, blank_row, to_cells
from holytui.terminal.diff.encode import encode
from holytui.terminal.diff.frame import Capabilities, Frame, Pen, TerminalCursor
from holytui.terminal.diff.sgr import StyleTable
from tests.terminal.reference_terminal import Cell, Screen, Stream

WIDTH, HEIGHT = 24, 9
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)  # explaining a failure takes minutes
LOOKS = [
    "",
    "1",
    "2",
    "1;2;38;2;255;0;0",
    "38;2;255;0;0;48;2;0;0;64",
    "48;2;0;0;64",
    "4;48;2;0;0;64",
    "7",
    "3;9;38;5;120;48;5;17",
    "3;48;2;0;0;64",
    "31;44",
    "53;91;104",
    "1;38;2;255;0;0;48;2;0;0;64",
]
STYLES = StyleTable(links=True)
NUMBERS = [STYLES.number(look) for look in LOOKS]
NUMBERS += [STYLES.number(look, f"https://{host}.example/") for look in ("", "4", "44") for host in "ab"]
FULL = Capabilities(sync=True, rep=True, ech=True, bce=True, margins=True)
BARE = Capabilities(ech=False, scroll=False)
EVERY = [
    Capabilities(sync=s, rep=r, ech=e, bce=b, margins=m, scroll=c)
    for s, r, e, b, m, c in itertools.product((False, True), repeat=6)
]


def row_of(parts: list[tuple[str, int]], width: int = WIDTH) -> CellRow:
    chars: list[str] = []
    styles: list[int] = []
    risky = False
    for text, style in parts:
        cells, doubtful = to_cells(text)
        chars += cells
        styles += [style] * len(cells)
        risky = risky or doubtful
    base = blank_row(width, styles[-1] if styles else 0)
    return base.replaced(0, chars, styles, risky=risky) if chars else base


def _frame(link: str) -> list[str]:
    """Attributes that no look has, for the oracle knows no links."""
    return {"": [], "https://a.example/": ["51"], "https://b.example/": ["52"]}[link]


class LinkStream(Stream):
    """Shows the cells of links in those attributes."""

    def feed(self, data: str) -> None:
        link = ""
        for part in re.split("(\x1b]8;;.*?\x1b\\\\|\x1b\\[[0-9;]*m)", data):
            if part.startswith("\x1b]8"):
                link = part[5:-2]
                super().feed("\x1b[54m")
            else:
                super().feed(part)
            if link and part.endswith(("m", "\\")):
                super().feed(f"\x1b[{_frame(link)[0]}m")


def paint(screen: Screen, frame: Frame) -> None:
    """The whole frame, each run of cells in its style set from scratch."""
    text = ""
    for y, row in enumerate(frame.rows):
        text += f"\x1b[{y + 1};1H"
        for style, run in itertools.groupby(zip(row.styles, row.chars, strict=True), key=lambda cell: cell[0]):
            parameters = ";".join(["0", *STYLES.look(style).parameters, *_frame(STYLES.look(style).link)])
            text += f"\x1b[{parameters}m" + "".join(char for _, char in run)
    Stream(screen).feed(text)


def shown(frame: Frame) -> list[list[Cell]]:
    screen = Screen(frame.width, frame.height)
    paint(screen, frame)
    return screen.cells()


TEXTS = st.one_of(
    st.text("ab ", max_size=10),
    st.text("─│ x", max_size=12),
    st.sampled_from(
        ["", "      ", "────────────", "aaaaaaaaaaaaaaaa", "漢字かな", "한국", "Tiếng Việt", "e\u0302\u0301"]
    ),
    st.sampled_from(["👨‍👩‍👧 ok", "❤️!", "🇻🇳 x", "👍🏽", "✅ done", "\x1b[31mred", "a\u0000b", "\u202eevil"]),
)
PARTS = st.lists(st.tuples(TEXTS, st.sampled_from(NUMBERS)), max_size=4)
ROWS = PARTS.map(row_of)


@st.composite
def next_frames(draw: st.DrawFn, frame: Frame) -> Frame:
    """What a chat does: new text, a row more, a scrolled log beside a side bar, a page up."""
    rows = list(frame.rows)
    kind = draw(st.sampled_from(["text", "rows", "scroll", "sidebar", "same", "all"]))
    if kind == "text":
        y = draw(st.integers(0, len(rows) - 1))
        x = draw(st.integers(0, frame.width - 1))
        cells, risky = to_cells(draw(TEXTS))
        rows[y] = rows[y].replaced(x, cells, [draw(st.sampled_from(NUMBERS))] * len(cells), risky=risky)
    elif kind == "rows":
        for y in draw(st.sets(st.integers(0, len(rows) - 1), max_size=4)):
            rows[y] = fit(draw(PARTS), frame.width)
    elif kind in ("scroll", "sidebar"):
        top = draw(st.integers(0, 2))
        bottom = len(rows) - draw(st.integers(0, 2))
        lines = draw(st.integers(-3, 3))
        left = draw(st.sampled_from([4, 8])) if kind == "sidebar" else 0
        for y in range(top, bottom):
            source = frame.rows[y + lines] if top <= y + lines < bottom else fit(draw(PARTS), frame.width)
            if source.chars[left] == "":
                continue
            rows[y] = rows[y].replaced(left, source.chars[left:], source.styles[left:], risky=source.risky)
    elif kind == "all":
        rows = [fit(draw(PARTS), frame.width) for _ in rows]
    cursor = TerminalCursor(
        draw(st.integers(0, frame.width - 1)), draw(st.integers(0, len(rows) - 1)), visible=draw(st.booleans())
    )
    return Frame(frame.width, tuple(rows), cursor)


def fit(parts: list[tuple[str, int]], width: int) -> CellRow:
    return row_of(parts, width)


@st.composite
def films(draw: st.DrawFn) -> list[Frame]:
    frames = [Frame(WIDTH, tuple(draw(st.lists(ROWS, min_size=HEIGHT, max_size=HEIGHT))))]
    for _ in range(draw(st.integers(1, 4))):
        frames.append(draw(next_frames(frames[-1])))
    return frames


@settings(max_examples=80, deadline=None, phases=PHASES)
@given(films(), st.sampled_from(EVERY))
def test_after_every_frame_the_screen_is_as_if_painted_in_full(frames: list[Frame], caps: Capabilities) -> None:
    screen = Screen(WIDTH, HEIGHT, bce=caps.bce)
    stream = LinkStream(screen)
    old: Frame | None = None
    pen = Pen()
    for frame in frames:
        data, pen = encode(old, frame, pen, caps, STYLES)
        stream.feed(data.decode())
        assert not STYLES.look(pen.style).link
        assert screen.cells() == shown(frame)
        assert (screen.cursor.x, screen.cursor.y) == (frame.cursor.x, frame.cursor.y)
        assert screen.cursor.hidden is not frame.cursor.visible
        old = frame


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(films(), st.sets(st.integers(0, 4)))
def test_dropped_frames_leave_no_trace(frames: list[Frame], dropped: set[int]) -> None:
    screen = Screen(WIDTH, HEIGHT)
    stream = LinkStream(screen)
    old: Frame | None = None
    pen = Pen()
    kept = [frame for at, frame in enumerate(frames) if at not in dropped]
    for frame in kept:
        data, pen = encode(old, frame, pen, FULL, STYLES)
        stream.feed(data.decode())
        old = frame
    assume(old is not None)
    assert old is not None
    assert screen.cells() == shown(old)


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(films(), films(), st.integers(0, 400))
def test_a_repaint_mends_what_an_aborted_frame_left(before: list[Frame], after: list[Frame], cut: int) -> None:
    screen = Screen(WIDTH, HEIGHT)
    stream = LinkStream(screen)
    data, _ = encode(None, before[0], Pen(), FULL, STYLES)
    stream.feed(data.decode())
    data, _ = encode(before[0], before[-1], Pen(), FULL, STYLES)
    text = data.decode()
    cuts = [*(match.start() for match in re.finditer(r"\x1b(?!\\)", text)), len(text)]
    stream.feed(text[: cuts[cut % len(cuts)]])
    data, _ = encode(None, after[-1], Pen(), FULL, STYLES)
    stream.feed(data.decode())
    assert screen.cells() == shown(after[-1])


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(films(), films())
def test_a_resize_paints_the_new_size(before: list[Frame], after: list[Frame]) -> None:
    wide = [
        Frame(WIDTH + 6, tuple(blank_row(WIDTH + 6).replaced(0, r.chars, r.styles, risky=r.risky) for r in f.rows))
        for f in after
    ]
    screen = Screen(WIDTH, HEIGHT)
    stream = LinkStream(screen)
    data, pen = encode(None, before[-1], Pen(), FULL, STYLES)
    stream.feed(data.decode())
    screen.resize(HEIGHT, WIDTH + 6)
    screen.left, screen.right = 0, WIDTH + 6
    old: Frame = before[-1]
    for frame in wide:
        data, pen = encode(old, frame, pen, FULL, STYLES)
        stream.feed(data.decode())
        old = frame
        assert screen.cells() == shown(frame)


def _sum_of_parts(cluster: str, width: int) -> int:
    """A terminal that knows nothing of sequences: each emoji for itself, text hearts in one cell."""
    if len(cluster) == 1:
        return width
    return sum(2 if ord(char) >= 0x1F000 else 0 if ord(char) in (0xFE0F, 0x200D) else 1 for char in cluster if char)


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(films(), st.sampled_from([FULL, BARE]))
def test_a_terminal_with_other_emoji_widths_shows_the_rest_in_place(frames: list[Frame], caps: Capabilities) -> None:
    doubtful = ("👨‍👩‍👧", "❤️", "🇻🇳", "👍🏽")
    screen = Screen(WIDTH, HEIGHT, bce=caps.bce, measure=lambda c, w: _sum_of_parts(c, w) if c in doubtful else w)
    stream = LinkStream(screen)
    old: Frame | None = None
    pen = Pen()
    for frame in frames:
        data, pen = encode(old, frame, pen, caps, STYLES)
        stream.feed(data.decode())
        old = frame
        if any(char in doubtful for row in frame.rows for char in row.chars[-8:]):
            return  # at the edge there is no room to draw it wider
        want = shown(frame)
        for y, row in enumerate(frame.rows):
            for x, char in enumerate(row.chars):
                wide = char in doubtful or (char == "" and row.chars[x - 1] in doubtful)
                if not wide:
                    assert screen.cell(x, y) == want[y][x], (x, y)


def test_what_did_not_change_costs_nothing() -> None:
    frame = Frame(WIDTH, tuple(row_of([("hello", NUMBERS[1])]) for _ in range(HEIGHT)))
    _, pen = encode(None, frame, Pen(), FULL, STYLES)
    again = Frame(WIDTH, tuple(row_of([("hello", NUMBERS[1])]) for _ in range(HEIGHT)))
    assert encode(frame, again, pen, FULL, STYLES) == (b"", pen)


def test_text_that_grows_costs_its_letters_and_two_moves() -> None:
    rows = [row_of([("You: hi", NUMBERS[4])]) for _ in range(HEIGHT)]
    before = Frame(WIDTH, (*rows[:4], row_of([("some", NUMBERS[4])]), *rows[5:]), TerminalCursor(2, 8))
    after = dataclasses.replace(before, rows=(*rows[:4], row_of([("some text", NUMBERS[4])]), *rows[5:]))
    _, pen = encode(None, before, Pen(), FULL, STYLES)
    _, pen = encode(before, dataclasses.replace(before, rows=(*rows[:4], row_of([("so", NUMBERS[4])]), *rows[5:])), pen,
                    FULL, STYLES)  # fmt: skip
    data, _ = encode(before, after, pen, FULL, STYLES)
    assert data == b"\x1b[5;6Htext\x1b[9;3H"


def test_a_scrolled_log_costs_a_region_and_the_new_row() -> None:
    lines = [f"{chr(97 + n) * 9} line {n}" for n in range(26)]
    frame = Frame(WIDTH, tuple(row_of([(lines[y], NUMBERS[4])]) for y in range(HEIGHT)))
    scrolled = Frame(WIDTH, (*(row_of([(lines[y + 1], NUMBERS[4])]) for y in range(HEIGHT - 1)), frame.rows[-1]))
    _, pen = encode(None, frame, Pen(), FULL, STYLES)
    data, _ = encode(frame, scrolled, pen, dataclasses.replace(FULL, margins=False), STYLES)
    assert b"\n" in data
    assert len(data) < 80


@pytest.mark.parametrize(("margins", "most"), [(True, 120), (False, 260)])
def test_a_log_beside_a_side_bar_scrolls_too(margins: bool, most: int) -> None:
    def frame(first: int) -> Frame:
        rows = []
        for y in range(30):
            side = f"chat number {y:2d}" if y < 6 else ""
            rows.append(row_of([(f"{side:<20}", NUMBERS[5]), (f"│ {chr(97 + (first + y) % 26) * 40}", NUMBERS[4])], 80))
        return Frame(80, tuple(rows))

    caps = dataclasses.replace(FULL, margins=margins)
    old, new = frame(1), frame(2)
    _, pen = encode(None, old, Pen(), caps, STYLES)
    data, _ = encode(old, new, pen, caps, STYLES)
    screen = Screen(80, 30)
    stream = LinkStream(screen)
    stream.feed(encode(None, old, Pen(), caps, STYLES)[0].decode())
    stream.feed(data.decode())
    assert screen.cells() == shown(new)
    assert len(data) < most


def test_a_row_below_is_begun_by_a_line_feed_where_only_blanks_are_before_it() -> None:
    words = ["one", "two", "red"]
    old = Frame(WIDTH, tuple(row_of([("  " + word, NUMBERS[0])]) for word in words))
    new = Frame(WIDTH, tuple(row_of([("  " + word.upper(), NUMBERS[0])]) for word in words), TerminalCursor(5, 2))
    data, _ = encode(old, new, Pen(0, 0, NUMBERS[0]), BARE, STYLES)
    assert data == b"\x1b[2CONE\r\n  TWO\r\n  RED"


def test_a_terminal_that_erases_without_colour_gets_its_blanks_written() -> None:
    row = row_of([("x", NUMBERS[4])])
    frame = Frame(WIDTH, (row,) * 2)
    data, _ = encode(None, frame, Pen(), Capabilities(bce=False), STYLES)
    assert b"\x1b[K" not in data
    screen = Screen(WIDTH, 2, bce=False)
    Stream(screen).feed(data.decode())
    assert screen.cells() == shown(frame)


def test_only_frames_that_could_be_seen_in_part_are_bracketed_as_one_update() -> None:
    old = Frame(WIDTH, (blank_row(WIDTH),) * HEIGHT)
    one = Frame(WIDTH, (row_of([("a", 0)]), row_of([("b", 0)]), *old.rows[2:]))
    much = Frame(WIDTH, tuple(row_of([(f"{chr(97 + y)} text that is long", NUMBERS[y])]) for y in range(HEIGHT)))
    pen = Pen(0, 0, 0)
    assert b"2026" not in encode(old, one, pen, FULL, STYLES)[0]
    assert b"2026" not in encode(old, much, pen, dataclasses.replace(FULL, sync=False), STYLES)[0]
    data = encode(old, much, pen, FULL, STYLES)[0]
    assert data.startswith(b"\x1b[?2026h")
    assert data.endswith(b"\x1b[?2026l")
    assert data.count(b"2026") == 2


def test_lines_of_one_character_are_repeated_where_the_terminal_can() -> None:
    old = Frame(WIDTH, (blank_row(WIDTH),))
    new = Frame(WIDTH, (row_of([("─" * WIDTH, 0)]),))
    data = encode(old, new, Pen(0, 0, 0), FULL, STYLES)[0]
    assert "─\x1b[23b".encode() in data
    assert "─".encode() * WIDTH in encode(old, new, Pen(0, 0, 0), BARE, STYLES)[0]


def test_a_link_is_written_once_a_run_and_not_again_with_each_frame() -> None:
    address = "https://example.org/a"
    linked = STYLES.number("4", address)
    before = Frame(WIDTH, tuple(row_of([("see ", 0), ("a link", linked), (" x", 0)]) for _ in range(2)))
    data, pen = encode(None, before, Pen(), FULL, STYLES)
    assert data.count(address.encode()) == 2
    assert data.count(b"\x1b]8;;\x1b\\") == 3  # also at first, as nobody knows what was before
    after = Frame(WIDTH, (before.rows[0], row_of([("see ", 0), ("a link", linked), (" xy", 0)])))
    data, _ = encode(before, after, pen, FULL, STYLES)
    assert b"\x1b]8" not in data


def test_without_hyperlinks_no_byte_is_written_for_a_link() -> None:
    styles = StyleTable()
    assert styles.number("4", "https://example.org/") == styles.number("4")


@pytest.mark.parametrize(
    "address", ["javascript:x", "file:///etc/passwd", "https://a b", "https://a\x1b\\", "https://a\x07", "https://ü",
                "https://" + "a" * 1_001]
)  # fmt: skip
def test_only_safe_addresses_of_the_web_become_links(address: str) -> None:
    styles = StyleTable(links=True)
    assert styles.look(styles.number("4", address)).link == ""


def test_so_many_links_are_taken_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sgr, "_MAX_LINKED", 2)
    styles = StyleTable(links=True)
    links = [styles.look(styles.number("4", f"https://{number}.example/")).link for number in range(3)]
    assert links == ["https://0.example/", "https://1.example/", ""]
