"""From one screen to the next in as few bytes as possible: a pure function of both and of what the terminal can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from holytui.terminal.diff.cell_writer import Ink
from holytui.terminal.diff.cells import Row, blank_row
from holytui.terminal.diff.frame import Capabilities, Frame, Pen
from holytui.terminal.diff.scroll import Scroll, extent, find_scroll
from holytui.terminal.diff.sgr import DEFAULT, UNKNOWN, StyleTable

_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_SMALL_GAP = 4  # unchanged cells: writing them is no dearer than stepping over them
_TORN = 160  # characters: less than that comes in one piece, and no terminal shows a part of it
_LEAST_ROW = 4  # bytes: no row is written with less, so plain writing need not be tried against fewer
_FEW_BLANKS = 3  # as many bytes as erasing to the end of the line


def encode(old: Frame | None, new: Frame, pen: Pen, caps: Capabilities, styles: StyleTable) -> tuple[bytes, Pen]:
    """The bytes that make a terminal that shows `old` show `new`, and its pen behind them.

    `old` is None, or of another size, when nothing is known of the screen: then all of it is written.
    Nothing to do is no byte.
    """
    if old is None or old.width != new.width or old.height != new.height:
        ink = _repaint(new, caps, styles)
        torn = True
    else:
        ink = _difference(old, new, pen, caps, styles)
        torn = ink.rows > 1
    if old is None or old.cursor.visible != new.cursor.visible:
        ink.command("\x1b[?25h" if new.cursor.visible else "\x1b[?25l", ink.pen)
    ink.end_link()
    ink.move(min(new.cursor.x, new.width - 1), min(new.cursor.y, new.height - 1))
    text = ink.text
    if torn and caps.sync and len(text) > _TORN:
        text = f"{_SYNC_START}{text}{_SYNC_END}"
    return text.encode("utf-8", "replace"), ink.pen


def _repaint(new: Frame, caps: Capabilities, styles: StyleTable) -> Ink:
    """Clear and write everything; also sets what a stray program may have changed."""
    ink = Ink(new.width, Pen(), caps, styles)
    sides = "\x1b[?69l" if caps.margins else ""
    ink.command(f"\x1b[?7l{sides}" + ("\x1b[r" if caps.scroll else ""), Pen())
    ground = DEFAULT
    if caps.bce:
        tails = Counter(styles.blanks[row.styles[-1]] for row in new.rows)
        plain = (style for style, _ in tails.most_common() if not styles.look(style).attributes)
        ground = next((style for style in plain if not styles.look(style).link), DEFAULT)
    ink.style(ground)
    ink.command("\x1b[H\x1b[2J", Pen(0, 0, ground))
    cleared = blank_row(new.width, ground)
    for y, row in enumerate(new.rows):
        _write_row(ink, y, cleared, row, styles)
    return ink


def _difference(old: Frame, new: Frame, pen: Pen, caps: Capabilities, styles: StyleTable) -> Ink:
    pairs = enumerate(zip(old.rows, new.rows, strict=True))
    changed = [y for y, (before, row) in pairs if before is not row and before != row]
    scroll = find_scroll(old.rows, new.rows, changed) if caps.scroll else None
    moved = _scrolled(old, new, scroll, pen, caps, styles) if scroll is not None else None
    if moved is not None and len(moved.text) < _LEAST_ROW * len(changed):
        return moved
    plain = Ink(new.width, pen, caps, styles)
    for y in changed:
        _write_row(plain, y, old.rows[y], new.rows[y], styles)
    return moved if moved is not None and len(moved.text) < len(plain.text) else plain


def _scrolled(old: Frame, new: Frame, scroll: Scroll, pen: Pen, caps: Capabilities, styles: StyleTable) -> Ink:
    """Let the terminal move a part of the screen, then write what is still different."""
    ink = Ink(new.width, pen, caps, styles)
    part = scroll.left > 0 or scroll.right < new.width
    if caps.margins and caps.bce and part and not scroll.splits_a_wide_character(old.rows):
        fresh = new.rows[scroll.bottom - 1 if scroll.lines > 0 else scroll.top]
        ground = styles.blanks[fresh.styles[scroll.right - 1]]
        if not styles.look(ground).attributes and not styles.look(ground).link:
            ink.style(ground)
            margins = f"\x1b[?69h\x1b[{scroll.left + 1};{scroll.right}s"
            ink.command(margins + _region(scroll), Pen(0, 0, ground))
            _shift(ink, scroll, scroll.left)
            ink.command("\x1b[?69l\x1b[r", Pen(style=ground))
            _write_rows(ink, scroll.apply_within(old.rows, ground), new.rows, styles)
            return ink
    ink.command(_region(scroll), Pen(0, 0, ink.pen.style))
    _shift(ink, scroll, 0)
    ink.command("\x1b[r", Pen(style=ink.pen.style))
    _write_rows(ink, scroll.apply(old.rows), new.rows, styles)
    ink.rows = max(ink.rows, 2)  # a moved screen is half done between moving and writing
    return ink


def _region(scroll: Scroll) -> str:
    return f"\x1b[{scroll.top + 1};{scroll.bottom}r"


def _shift(ink: Ink, scroll: Scroll, x: int) -> None:
    """Move the region's rows, by the ways that every terminal since the VT102 has."""
    style = ink.pen.style
    lines = scroll.lines
    if lines > 0:
        y = scroll.bottom - 1
        delete = f"\x1b[{lines}M" if lines > 1 else "\x1b[M"
        if x == 0 and lines <= len(delete):
            ink.move(0, y)
            ink.command("\n" * lines, Pen(0, y, style))
        else:
            ink.move(x, scroll.top)
            ink.command(delete, Pen(-1, scroll.top, style))
    else:
        ink.move(x, scroll.top)
        ink.command(f"\x1b[{-lines}L" if lines < -1 else "\x1b[L", Pen(-1, scroll.top, style))


def _write_rows(ink: Ink, old: Sequence[Row | None], new: Sequence[Row], styles: StyleTable) -> None:
    for y, (before, row) in enumerate(zip(old, new, strict=True)):
        if before is not row and before != row:
            _write_row(ink, y, before, row, styles)


def _write_row(ink: Ink, y: int, old: Row | None, row: Row, styles: StyleTable) -> None:
    """Write what differs in one row; everything when `old` is None."""
    width = len(row)
    tail = row.tail(styles.blanks)
    ground = row.styles[-1]
    erase_from = -1
    if tail < width and ink.may_erase(ground):
        if old is None:
            erase_from = tail
        else:
            ends = extent(old, row, tail, width)
            if ends is not None and ends[1] - ends[0] > _FEW_BLANKS:
                erase_from = ends[0]
    if erase_from < 0:
        tail = width
    spans = [(0, tail)] if old is None else _spans(old, row, tail)
    if row.risky and spans and row.has_risky(spans[0][0]):
        # what a terminal draws too wide must be written over: all behind it is written again
        tail = row.tail(styles.blanks) if ink.may_erase(ground) else width
        spans = [(spans[0][0], tail)]
        erase_from = tail if tail < width else -1
    if not spans and erase_from < 0:
        return
    ink.rows += 1
    if spans and _is_shorter_from_start(ink, row, spans[0][0], y, styles):
        spans[0] = (0, spans[0][1])
    for start, end in spans:
        if start < end:
            ink.cells(row, y, start, end)
    if erase_from >= 0:
        ink.erase_to_end(erase_from, y, ground)


def _is_shorter_from_start(ink: Ink, row: Row, start: int, y: int, styles: StyleTable) -> bool:
    """Whether a step to the next row's start and the few blanks there are shorter than the way to column `start`."""
    if not 0 < start <= _FEW_BLANKS or ink.pen.y != y - 1 or ink.pen.y < 0 or ink.pen.style == UNKNOWN:
        return False
    blank = styles.blanks[ink.pen.style]
    return all(row.chars[x] == " " and styles.blanks[row.styles[x]] == blank for x in range(start))


def _spans(old: Row, new: Row, end: int) -> list[tuple[int, int]]:
    """Runs of changed columns before `end`; gaps that are cheaper to write than to step over are in them."""
    ends = extent(old, new, 0, end)
    if ends is None:
        return []
    first, end_of_last = ends
    spans: list[tuple[int, int]] = []
    start = first
    last = first
    old_chars, old_styles, chars, styles = old.chars, old.styles, new.chars, new.styles
    for x in range(first + 1, end_of_last):
        if chars[x] == old_chars[x] and styles[x] == old_styles[x]:
            continue
        if x - last > 1 and not _cheap_gap(chars, styles, last, x):
            spans.append((start, _whole(chars, last)))
            start = x if chars[x] else x - 1
        last = x
    spans.append((start, _whole(chars, last)))
    if chars[spans[0][0]] == "" and spans[0][0] > 0:
        spans[0] = (spans[0][0] - 1, spans[0][1])
    return spans


def _whole(chars: list[str], last: int) -> int:
    """The column behind the character at `last`, the second cell of a wide one included."""
    return last + 2 if last + 1 < len(chars) and chars[last + 1] == "" else last + 1


def _cheap_gap(chars: list[str], styles: list[int], last: int, x: int) -> bool:
    between = chars[last + 1 : x]
    if len(between) > _SMALL_GAP or not "".join(between).isascii():
        return False
    style = styles[last]
    return all(other == style for other in styles[last + 1 : x + 1])
