"""The output from one frame to the next, in as few bytes as possible. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from holytui.terminal.diff.cell_writer import CellWriter
from holytui.terminal.diff.cells import CellRow, blank_row
from holytui.terminal.diff.frame import Capabilities, Frame, Pen
from holytui.terminal.diff.scroll import Scroll, extent, find_scroll
from holytui.terminal.diff.sgr import DEFAULT, UNKNOWN, StyleTable

_SYNC_START, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_SMALL_GAP = 4  # unchanged cells that are as short to write as to skip
_TEARABLE = 160  # characters: shorter output arrives in one piece, so no terminal shows a part of it
_MIN_ROW = 4  # bytes that each row takes at least, so a shorter scroll needs no comparison with plain output
_FEW_BLANKS = 3  # as many bytes as EL


def encode(old: Frame | None, new: Frame, pen: Pen, caps: Capabilities, styles: StyleTable) -> tuple[bytes, Pen]:
    """Return the bytes that change a terminal from `old` to `new`, and the pen after them.

    `old` is None, or of another size, if the content of the screen is unknown: then all of it is written. Equal frames
    give no bytes.
    """
    if old is None or old.width != new.width or old.height != new.height:
        writer = _repaint(new, caps, styles)
        tearable = True
    else:
        writer = _difference(old, new, pen, caps, styles)
        tearable = writer.rows > 1
    if old is None or old.cursor.visible != new.cursor.visible:
        writer.command("\x1b[?25h" if new.cursor.visible else "\x1b[?25l", writer.pen)
    writer.end_link()
    writer.move(min(new.cursor.x, new.width - 1), min(new.cursor.y, new.height - 1))
    text = writer.text
    if tearable and caps.sync and len(text) > _TEARABLE:
        text = f"{_SYNC_START}{text}{_SYNC_END}"
    return text.encode("utf-8", "replace"), writer.pen


def _repaint(new: Frame, caps: Capabilities, styles: StyleTable) -> CellWriter:
    """Clear the screen and write everything; also set modes that another program may have changed."""
    writer = CellWriter(new.width, Pen(), caps, styles)
    sides = "\x1b[?69l" if caps.margins else ""
    writer.command(f"\x1b[?7l{sides}" + ("\x1b[r" if caps.scroll else ""), Pen())
    ground = DEFAULT
    if caps.bce:
        tails = Counter(styles.blanks[row.styles[-1]] for row in new.rows)
        plain = (style for style, _ in tails.most_common() if not styles.look(style).attributes)
        ground = next((style for style in plain if not styles.look(style).link), DEFAULT)
    writer.style(ground)
    writer.command("\x1b[H\x1b[2J", Pen(0, 0, ground))
    cleared = blank_row(new.width, ground)
    for y, row in enumerate(new.rows):
        _write_row(writer, y, cleared, row, styles)
    return writer


def _difference(old: Frame, new: Frame, pen: Pen, caps: Capabilities, styles: StyleTable) -> CellWriter:
    pairs = enumerate(zip(old.rows, new.rows, strict=True))
    changed = [y for y, (before, row) in pairs if before is not row and before != row]
    scroll = find_scroll(old.rows, new.rows, changed) if caps.scroll else None
    moved = _scrolled(old, new, scroll, pen, caps, styles) if scroll is not None else None
    if moved is not None and len(moved.text) < _MIN_ROW * len(changed):
        return moved
    plain = CellWriter(new.width, pen, caps, styles)
    for y in changed:
        _write_row(plain, y, old.rows[y], new.rows[y], styles)
    return moved if moved is not None and len(moved.text) < len(plain.text) else plain


def _scrolled(old: Frame, new: Frame, scroll: Scroll, pen: Pen, caps: Capabilities, styles: StyleTable) -> CellWriter:
    """Scroll a part of the screen, then write the remaining differences."""
    writer = CellWriter(new.width, pen, caps, styles)
    part = scroll.left > 0 or scroll.right < new.width
    if caps.margins and caps.bce and part and not scroll.splits_a_wide_character(old.rows):
        fresh = new.rows[scroll.bottom - 1 if scroll.lines > 0 else scroll.top]
        ground = styles.blanks[fresh.styles[scroll.right - 1]]
        if not styles.look(ground).attributes and not styles.look(ground).link:
            writer.style(ground)
            margins = f"\x1b[?69h\x1b[{scroll.left + 1};{scroll.right}s"
            writer.command(margins + _region(scroll), Pen(0, 0, ground))
            _shift(writer, scroll, scroll.left)
            writer.command("\x1b[?69l\x1b[r", Pen(style=ground))
            _write_rows(writer, scroll.apply_within(old.rows, ground), new.rows, styles)
            return writer
    writer.command(_region(scroll), Pen(0, 0, writer.pen.style))
    _shift(writer, scroll, 0)
    writer.command("\x1b[r", Pen(style=writer.pen.style))
    _write_rows(writer, scroll.apply(old.rows), new.rows, styles)
    writer.rows = max(writer.rows, 2)  # between scrolling and writing the screen is incomplete
    return writer


def _region(scroll: Scroll) -> str:
    return f"\x1b[{scroll.top + 1};{scroll.bottom}r"


def _shift(writer: CellWriter, scroll: Scroll, x: int) -> None:
    """Scroll the region by sequences of the VT102."""
    style = writer.pen.style
    lines = scroll.lines
    if lines > 0:
        y = scroll.bottom - 1
        delete = f"\x1b[{lines}M" if lines > 1 else "\x1b[M"
        if x == 0 and lines <= len(delete):
            writer.move(0, y)
            writer.command("\n" * lines, Pen(0, y, style))
        else:
            writer.move(x, scroll.top)
            writer.command(delete, Pen(-1, scroll.top, style))
    else:
        writer.move(x, scroll.top)
        writer.command(f"\x1b[{-lines}L" if lines < -1 else "\x1b[L", Pen(-1, scroll.top, style))


def _write_rows(writer: CellWriter, old: Sequence[CellRow | None], new: Sequence[CellRow], styles: StyleTable) -> None:
    for y, (before, row) in enumerate(zip(old, new, strict=True)):
        if before is not row and before != row:
            _write_row(writer, y, before, row, styles)


def _write_row(writer: CellWriter, y: int, old: CellRow | None, row: CellRow, styles: StyleTable) -> None:
    """Write the differences of one row; all of it if `old` is None."""
    width = len(row)
    tail = row.tail(styles.blanks)
    ground = row.styles[-1]
    erase_from = -1
    if tail < width and writer.may_erase(ground):
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
        # a terminal may draw it too wide, so everything after it is written again
        tail = row.tail(styles.blanks) if writer.may_erase(ground) else width
        spans = [(spans[0][0], tail)]
        erase_from = tail if tail < width else -1
    if not spans and erase_from < 0:
        return
    writer.rows += 1
    if spans and _is_shorter_from_start(writer, row, spans[0][0], y, styles):
        spans[0] = (0, spans[0][1])
    for start, end in spans:
        if start < end:
            writer.cells(row, y, start, end)
    if erase_from >= 0:
        writer.erase_to_end(erase_from, y, ground)


def _is_shorter_from_start(writer: CellWriter, row: CellRow, start: int, y: int, styles: StyleTable) -> bool:
    """Return whether a step to the start of the next row, with its blanks, is shorter than moving to `start`."""
    if not 0 < start <= _FEW_BLANKS or writer.pen.y != y - 1 or writer.pen.y < 0 or writer.pen.style == UNKNOWN:
        return False
    blank = styles.blanks[writer.pen.style]
    return all(row.chars[x] == " " and styles.blanks[row.styles[x]] == blank for x in range(start))


def _spans(old: CellRow, new: CellRow, end: int) -> list[tuple[int, int]]:
    """Return the runs of changed columns before `end`, joined over gaps that are cheaper to write than to skip."""
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
    """Return the column after the character at `last`, which may be two cells wide."""
    return last + 2 if last + 1 < len(chars) and chars[last + 1] == "" else last + 1


def _cheap_gap(chars: list[str], styles: list[int], last: int, x: int) -> bool:
    between = chars[last + 1 : x]
    if len(between) > _SMALL_GAP or not "".join(between).isascii():
        return False
    style = styles[last]
    return all(other == style for other in styles[last + 1 : x + 1])
