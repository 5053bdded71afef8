"""Sections of the details page on the present state and the last answers, as lines that never wrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from textual.content import Content

from holytui import formatting
from holytui.i18n import _
from holytui.models import Usage
from holytui.presentation import labels
from holytui.presentation.status import NEARLY_FULL, Status, sparkline
from holytui.providers.pricing import CostTotal, format_total, unpriced_note
from holytui.store.values import AnswerStats, UsageTotal
from holytui.text import sanitize_line
from holytui.ui.pages.columns import TableColumn, TableRow, cut, facts, table
from holytui.ui.pages.plot import plot

PLOTTED = 120
"""Number of answers read; as many as a wide plot has columns."""
_LISTED = 20
_HEIGHT = 5
_PLOT_LEAST, _PLOT_MOST = 26, 60
_GAP = 3
_GAUGE = 30


@dataclass(frozen=True, slots=True)
class OpenFigures:
    """Figures of the open conversation."""

    status: Status
    host: str
    """Host of the next question; empty if unknown."""
    capacity: int | None = None
    """Context size of its model, in tokens."""
    talk: Sequence[UsageTotal] = ()
    """Totals of its answers."""
    bill: CostTotal = field(default_factory=CostTotal)


def now_lines(here: OpenFigures, width: int, clock: float) -> list[Content]:
    """Connection, model, tokens, speed, context and cost."""
    status = here.status
    rows = [
        (_("connection"), [status.connection.words(clock) or _("ready")]),
        (_("model"), [status.model or "–"]),
        (_("endpoint"), [here.host or "–"]),
        (_("tokens"), _tokens(status.usage, here.talk)),
        (_("speed"), _speed(status)),
        (_("cost"), _costs(status.cost, here.bill)),
        (_("context"), [""]),
    ]
    lines = facts(rows, width)
    name = lines[-1].plain
    return [*lines[:-1], lines[-1] + gauge(status, here.capacity, width - len(name))]


def _tokens(last: Usage | None, talk: Sequence[UsageTotal]) -> list[str]:
    parts = [_("{usage} for the last answer").format(usage=formatting.usage(last))] if last is not None else []
    if talk:
        total = sum((each.usage for each in talk), Usage())
        parts.append(_("{usage} in this conversation").format(usage=formatting.usage(total)))
    return parts or ["–"]


def _speed(status: Status) -> list[str]:
    parts = []
    if status.rate.now > 0:
        parts.append(f"{formatting.decimal(status.rate.now, 0)} tok/s {sparkline(status.rate.past)}".rstrip())
    if status.first_token_s is not None:
        parts.append(_("first token after {time}").format(time=formatting.seconds(status.first_token_s)))
    return parts or ["–"]


def _costs(last: float | None, bill: CostTotal) -> list[str]:
    parts = [_("{cost} for the last answer").format(cost=formatting.cost(last))] if last is not None else []
    if bill.amount is not None:
        parts.append(_("{cost} for this conversation").format(cost=format_total(bill)))
    if parts and bill.unpriced:
        parts.append(unpriced_note(bill))
    return parts or ["–"]


def gauge(status: Status, capacity: int | None, width: int) -> Content:
    """Use of the context: a bar, a percentage and the tokens, as far as they fit."""
    part, mark, style = status.context, "", "$primary"
    if status.ahead is not None and status.ahead >= max(NEARLY_FULL, part or 0.0):
        part, mark = status.ahead, "~"
    if part is None or not capacity:
        return Content("–")
    if part >= NEARLY_FULL:
        style = "$error" if part >= 1 else "$warning"
    percent = f"{mark}{part * 100:.0f} %"
    of = _("{used} of {all}").format(
        used=f"{mark}{formatting.count(round(part * capacity))}", all=formatting.count(capacity)
    )
    words = percent if len(percent) + len(of) + 2 > width else f"{percent}  {of}"
    room = min(_GAUGE, width - len(words) - 2)
    if room < 8:
        return Content(words if len(words) <= width else "").stylize(style)
    full = min(room, round(part * room))
    return Content.assemble(("█" * full, style), ("░" * (room - full), "$muted"), "  ", (words, style))


# -- the last answers


def answer_plots(answers: Sequence[AnswerStats], width: int) -> list[Content]:
    """Time to the first token, rate and requests, the newest on the right; beside each other where there is room."""
    beside = max(1, min(3, (width + _GAP) // (_PLOT_LEAST + _GAP)))
    wide = min(_PLOT_MOST, (width - _GAP * (beside - 1)) // beside)
    drawn = [
        plot_lines(_("time to the first token"), [each.first_token_s for each in answers], wide, formatting.seconds),
        plot_lines(_("tokens a second"), [each.rate for each in answers], wide, short),
        plot_lines(_("requests"), [each.requests for each in answers], wide, short),
    ]
    lines: list[Content] = []
    for first in range(0, len(drawn), beside):
        lines += [Content("")] if first else []
        lines += [_beside(row, wide) for row in zip(*drawn[first : first + beside], strict=True)]
    return lines


def plot_lines(
    title: str, values: Sequence[float | None], width: int, label: Callable[[float], str], height: int = _HEIGHT
) -> list[Content]:
    """A title above a plot."""
    rows = plot(values, width, height, label)
    head = Content.assemble((cut(title, width), "$muted"))
    return [head, *(Content.assemble((row.axis, "$muted"), (row.bars, "$primary")) for row in rows)]


def short(value: float) -> str:
    """A number for an axis: `31`, `4.2`, `12.4k`."""
    if value >= 10 or value == int(value):
        return formatting.count(round(value))
    return formatting.decimal(value, 1)


def _beside(row: Sequence[Content], width: int) -> Content:
    padded = [each.pad_right(max(0, width - each.cell_length)) for each in row[:-1]]
    return Content(" " * _GAP).join([*padded, row[-1]])


def answer_table(answers: Sequence[AnswerStats], width: int, today: date) -> list[Content]:
    """The last answers side by side, the newest first."""
    columns = [
        TableColumn(_("time")),
        TableColumn(_("model"), 2, least=10),
        TableColumn(_("first"), 3),
        TableColumn(_("whole"), 4),
        TableColumn("tok/s", 5),
        TableColumn(_("requests"), 6),
        TableColumn(_("how it ended"), 1, least=11),
    ]
    rows = [TableRow(_cells(each, today)) for each in reversed(answers[-_LISTED:])]
    return table(columns, rows, width)


def _cells(answer: AnswerStats, today: date) -> list[str]:
    return [
        formatting.moment(answer.at, today),
        sanitize_line(answer.model) or "–",
        formatting.seconds(answer.first_token_s) if answer.first_token_s is not None else "–",
        formatting.seconds(answer.duration_s) if answer.duration_s is not None else "–",
        short(answer.rate) if answer.rate is not None else "–",
        formatting.whole(answer.requests),
        _ended(answer),
    ]


def _ended(answer: AnswerStats) -> str:
    parts = [labels.state(answer.state)]
    if answer.fault is not None:
        parts.append(labels.cause(answer.fault))
    elif answer.finish_reason not in ("", "stop"):
        parts.append(sanitize_line(answer.finish_reason))
    if answer.reattached:
        parts.append(_("reattached {count}×").format(count=answer.reattached))
    return " · ".join(parts)
