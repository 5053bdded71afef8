"""Text objects: the word, the quoted text, the block or the paragraph around the cursor."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, islice

from holytui.ui.composer.vim.lines import BLANK, Line, Lines, Position, class_of, indent, is_blank
from holytui.ui.composer.vim.motions import Motion, Origin, Span, closing_after, opening_before

_PAIRS = {"(": "()", ")": "()", "b": "()", "[": "[]", "]": "[]", "{": "{}", "}": "{}", "B": "{}", "<": "<>", ">": "<>"}


def _word(origin: Origin, *, around: bool, big: bool) -> Motion | None:
    row, column = origin.cursor
    runs = _runs(origin.line, big=big)
    if not runs:
        return Motion((row, 0), start=(row, 0))
    first = next(at for at, (_start, end, _blank) in enumerate(runs) if column < end or at == len(runs) - 1)
    extends = origin.anchor is not None and origin.anchor != origin.cursor
    if extends:
        first = next((at for at, (start, _end, _blank) in enumerate(runs) if start > column), len(runs))
    start_run, last = first, first - 1
    includes_blank = False
    for _each in range(origin.times):
        last += 1
        if last >= len(runs):
            return None
        if around and last + 1 < len(runs) and runs[last][2] != runs[last + 1][2]:
            last += 1
            includes_blank = True
        elif around and runs[last][2]:
            return None
        elif around:
            includes_blank = False
    if around and not includes_blank and not extends and first > 1 and runs[first - 1][2]:
        start_run = first - 1
    start = origin.anchor if extends else (row, runs[start_run][0])
    return Motion((row, runs[last][1] - 1), Span.INCLUSIVE, start=start)


def _runs(line: Line, *, big: bool) -> list[tuple[int, int, bool]]:
    """Start and end of each run of units of one class, and whether it is blank."""
    result, at = [], 0
    for kind, units in groupby(line, lambda unit: min(class_of(unit), 1) if big else class_of(unit)):
        end = at + len(list(units))
        result.append((at, end, kind == BLANK))
        at = end
    return result


def _quoted(origin: Origin, *, around: bool, quote: str) -> Motion | None:
    row, line = origin.cursor[0], origin.line
    pair = _quotes_around(line, origin.cursor[1], quote)
    if pair is None:
        return None
    start, end = pair
    if not around:
        if end == start + 1:
            return Motion((row, end), start=(row, end))
        return Motion((row, end - 1), Span.INCLUSIVE, start=(row, start + 1))
    after = end + 1
    while after < len(line) and is_blank(line[after]):
        after += 1
    if after == end + 1:
        while start and is_blank(line[start - 1]):
            start -= 1
    return Motion((row, after - 1), Span.INCLUSIVE, start=(row, start))


def _quotes_around(line: Line, column: int, quote: str) -> tuple[int, int] | None:
    quotes = [at for at, unit in enumerate(line) if unit == quote and not _is_escaped(line, at)]
    if column in quotes:
        at = quotes.index(column) & ~1  # on a quote: pairs count from the start of the line
        return (quotes[at], quotes[at + 1]) if at + 1 < len(quotes) else None
    before = [at for at in quotes if at < column]
    after = [at for at in quotes if at > column]
    if before and after:
        return before[-1], after[0]
    return (after[0], after[1]) if not before and len(after) > 1 else None


def _is_escaped(line: Line, at: int) -> bool:
    before = at
    while before and line[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _block(origin: Origin, *, around: bool, pair: str) -> Motion | None:
    lines, opening, closing = origin.lines, pair[0], pair[1]
    selected = origin.anchor is not None and origin.anchor != origin.cursor
    at = min(origin.anchor or origin.cursor, origin.cursor) if selected else origin.cursor
    row, column = at
    on_opening = column < len(lines[row]) and lines[row][column] == opening and not selected
    start: Position | None = at if on_opening else opening_before(lines, at, opening, closing)
    if start is None and not selected:
        start = _next_opening(lines, at, opening, origin.times)
    else:
        for _each in range(origin.times - 1):
            start = start and opening_before(lines, start, opening, closing)
    if start is None:
        return None
    end = closing_after(lines, (start[0], start[1] + 1), opening, closing)
    if end is None:
        return None
    if around:
        return Motion(end, Span.INCLUSIVE, start=start)
    return _inside(lines, start, end, is_brace=opening == "{")


def _next_opening(lines: Lines, at: Position, opening: str, count: int) -> Position | None:
    rows = ((row, at[1] if row == at[0] else 0) for row in range(at[0], len(lines)))
    found = (
        (row, column) for row, left in rows for column in range(left, len(lines[row])) if lines[row][column] == opening
    )
    return next(islice(found, count - 1, None), None)


def _inside(lines: Lines, start: Position, end: Position, *, is_brace: bool) -> Motion | None:
    """The text between two brackets; the lines between braces that are alone on theirs."""
    inner = (start[0], start[1] + 1)
    if inner[1] >= len(lines[inner[0]]) and inner[0] < end[0]:
        inner = (inner[0] + 1, 0)
    row, column = end
    if row > inner[0] and (not column or (is_brace and column <= indent(lines[row]))):
        if not is_brace or column == 0 or inner[1] == 0:
            return Motion((row, 0), start=inner)
        return Motion((row - 1, max(0, len(lines[row - 1]) - 1)), Span.INCLUSIVE, start=inner)
    return Motion(end, start=inner)


def _paragraphs(origin: Origin, *, around: bool) -> Motion | None:
    lines = origin.lines
    blank = [all(map(is_blank, line)) for line in lines]
    top = bottom = origin.cursor[0]
    extends = origin.anchor is not None and origin.anchor[0] != origin.cursor[0]
    if extends:
        top, bottom = min(top, origin.anchor[0] if origin.anchor else top), bottom + 1
        if bottom >= len(lines):
            return None
    else:
        while top and blank[top - 1] == blank[bottom]:
            top -= 1
    starts_blank = blank[bottom]
    for turn in range(origin.times * (2 if around else 1)):
        if turn:
            if bottom + 1 >= len(lines):
                if not around or turn % 2 == 0 or starts_blank:
                    return None
                # no blank lines follow: take those before
                while not extends and top and blank[top - 1]:
                    top -= 1
                break
            bottom += 1
        while bottom + 1 < len(lines) and blank[bottom + 1] == blank[bottom]:
            bottom += 1
    return Motion((bottom, 0), Span.LINES, start=(top, 0))


def text_object(name: str, *, around: bool) -> Callable[[Origin], Motion | None] | None:
    """The text object of a key after `i` or `a` (`around`), or None. It returns None if there is none at the cursor."""
    match name:
        case "w" | "W":
            return lambda origin: _word(origin, around=around, big=name == "W")
        case '"' | "'" | "`":
            return lambda origin: _quoted(origin, around=around, quote=name)
        case "p":
            return lambda origin: _paragraphs(origin, around=around)
        case _ if name in _PAIRS:
            return lambda origin: _block(origin, around=around, pair=_PAIRS[name])
    return None
