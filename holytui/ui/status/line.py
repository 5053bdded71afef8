"""The status line as text. Fields are dropped by rank where the line is narrow."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from holytui import formatting as fmt
from holytui.hints import KEYLESS, ActionNames
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.presentation.status import NEARLY_FULL, Status, sparkline
from holytui.text import sanitize_line

_STYLE = {Level.CALM: "$muted", Level.BUSY: "$primary", Level.WARNING: "$warning", Level.ERROR: "$error"}
_MARK = {Level.CALM: "○", Level.BUSY: "●", Level.WARNING: "▲", Level.ERROR: "✗"}


def fields(status: Status, now: float, names: ActionNames = KEYLESS) -> list[tuple[int, str, str]]:
    """(rank, text, style) in the order shown; in a narrow line the highest rank is dropped first."""
    here = status.connection
    words = names.render(here.words(now)) or _("ready")
    out = [(0, f"{_MARK[here.level]} {words}", _STYLE[here.level])]
    if status.unsaved:
        out.append((1, _("not saved"), "$warning"))
    if status.position:
        out.append((1, status.position, "$accent"))
    if status.model:
        effort = " " + _("(effort: {level})").format(level=status.effort) if status.effort else ""
        out.append((2, sanitize_line(status.model) + effort, ""))
    if status.usage is not None:
        out.append((3, fmt.usage(status.usage), ""))
    if status.cost is not None:
        out.append((4, fmt.cost(status.cost), ""))
    if status.ahead is not None and status.ahead >= max(NEARLY_FULL, status.context or 0.0):
        out.append(_context(status.ahead, "~"))
    elif status.context is not None:
        out.append(_context(status.context))
    if status.link:  # before fields that grow while text streams, so that its cells are not written again
        out.append((8, status.link, "$muted"))
    if status.sharing:
        out.append((9, sanitize_line(status.sharing), "$muted"))
    if status.rate.now > 0:
        bars = sparkline(status.rate.past)
        out.append((6, f"{fmt.decimal(status.rate.now, 0)} tok/s {bars}".rstrip(), "$muted"))
    if status.first_token_s is not None:
        out.append((7, _("first {time}").format(time=fmt.seconds(status.first_token_s)), "$muted"))
    return out


def _context(part: float, mark: str = "") -> tuple[int, str, str]:
    percent = f"{mark}{part * 100:.0f} %"
    if part >= 1:
        return 1, _("context over: {percent}").format(percent=percent), "$error"
    if part >= NEARLY_FULL:
        return 2, _("context nearly full: {percent}").format(percent=percent), "$warning"
    return 5, _("context {percent}").format(percent=percent), "$muted"


def line(status: Status, width: int, now: float, names: ActionNames = KEYLESS) -> Content:
    """The status line, at most `width` cells; fields are dropped by rank, and only the last one is truncated."""
    shown = fields(status, now, names)
    while len(shown) > 1 and _width(shown) > width:
        shown.remove(max(shown, key=lambda field: field[0]))
    parts: list[tuple[str, str]] = []
    for index, (_rank, text, style) in enumerate(shown):
        if index:
            parts.append(("  ", ""))
        parts.append((text, style))
    return _cut(Content.assemble(*parts), width)


def _cut(text: Content, width: int) -> Content:
    """`text` truncated to `width` cells, between two words unless that leaves less than half of it."""
    if text.cell_length <= width:
        return text
    kept = len(text.truncate(width, ellipsis=True).plain) - 1
    gap = text.plain.rfind(" ", 0, kept + 1)
    return text[: gap if gap >= kept // 2 else kept].rstrip() + Content("…")


def _width(shown: Sequence[tuple[int, str, str]]) -> int:
    return sum(Content(text).cell_length for _rank, text, _style in shown) + 2 * (len(shown) - 1)
