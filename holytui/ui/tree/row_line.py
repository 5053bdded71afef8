"""One message of the tree as a line."""

from __future__ import annotations

from datetime import date

from rich.cells import cell_len
from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.models import AnswerState, Role
from holytui.presentation import labels
from holytui.text import visible
from holytui.ui.tree.layout import TreeRow

_ROOM = 36
"""Cells that the beginning of a line keeps; without them the figures at its end are left out."""


def row_line(row: TreeRow, label: str, width: int, today: date, *, chosen: bool = False) -> Content:
    """Return a line of at most `width` cells. The shown branch has `●`, others `○`; a chosen message has `✓`."""
    entry = row.entry
    name, style = _("You"), "bold $secondary"
    if entry.role is Role.ASSISTANT:
        name, style = visible(entry.model, breaks=False) or _("Assistant"), "bold $primary"
    bullet = ("✓" if chosen else "●" if row.shown else "○", "bold" if row.shown else "$muted")
    begin = Content.assemble((row.rail, "$muted"), bullet, " ", (name, style if row.shown else style[5:]))
    if label:
        begin += Content.assemble("  ", (f"⚑ {visible(label, breaks=False)}", "bold $warning"))
    preview = visible(" ".join(entry.text.split()), breaks=False)
    begin += Content.assemble("  ", preview if row.shown else (preview, "$muted"))
    facts = _facts(row, today)
    while facts and width - cell_len(_joined(facts)) < _ROOM:
        facts.pop()
    if not facts:
        return begin.truncate(width, ellipsis=True)
    end = _joined(facts)
    room = width - cell_len(end)
    begin = begin.truncate(room, ellipsis=True)
    return Content.assemble(begin, " " * (room - begin.cell_length), (end, "$muted"))


def _joined(facts: list[str]) -> str:
    return "  " + " · ".join(facts)


def _facts(row: TreeRow, today: date) -> list[str]:
    number, many = row.variant
    facts = [_("variant {number}/{many}").format(number=number, many=many)] if many > 1 else []
    if row.entry.state is not AnswerState.COMPLETE:
        facts.append(labels.state(row.entry.state))
    return [*facts, fmt.moment(row.entry.created_at, today)]
