"""Totals of the answers of the last days, by day in local time and by model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from textual.content import Content

from holytui import formatting
from holytui.config.schema import Config
from holytui.i18n import _
from holytui.models import Usage
from holytui.providers.pricing import format_total, total_cost, unpriced_note
from holytui.store.values import UsageTotal
from holytui.text import sanitize_line
from holytui.ui.details.answers import plot_lines, short
from holytui.ui.pages.columns import TableColumn, TableRow, cut, table

DAYS = 30
_PLOT_MOST = 3 * DAYS + 12


def days_until(today: date, count: int = DAYS) -> list[date]:
    """The last `count` days, today with them, oldest first."""
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def midnights(days: Sequence[date]) -> list[float]:
    """Unix times of the starts of the days and the end of the last; a day may have 23 or 25 hours."""
    # not with astimezone(), which moves a midnight skipped by a time change to the day before
    return [datetime.combine(day, time()).timestamp() for day in [*days, days[-1] + timedelta(days=1)]]


def lines(config: Config, spent: Sequence[UsageTotal], days: Sequence[date], width: int) -> list[Content]:
    """Totals by model, a plot by day, then the days themselves."""
    if not spent:
        return [Content(cut(_("no answer in these days"), width))]
    total = total_cost(config, spent)
    notes = []
    if total.amount is None:
        notes.append(_("no model here has a price in the configuration"))
    elif total.unpriced:
        notes.append(_("the cost is {without}").format(without=unpriced_note(total)))
    return [
        *by_model(config, spent, width),
        *(Content.assemble((cut(note, width), "$muted")) for note in notes),
        Content(""),
        *_plot(config, spent, days, width),
        Content(""),
        *by_day(config, spent, days, width),
    ]


def by_model(config: Config, spent: Sequence[UsageTotal], width: int) -> list[Content]:
    """A row for each model, the most expensive first, and the sum."""
    models = sorted({each.model for each in spent})
    groups = {model: [each for each in spent if each.model == model] for model in models}
    models.sort(key=lambda model: (-(total_cost(config, groups[model]).amount or 0.0), -_tokens(groups[model]), model))
    rows = [TableRow(_cells(config, sanitize_line(model) or "–", groups[model])) for model in models]
    if len(models) > 1:
        rows.append(TableRow(_cells(config, _("in all"), spent), "bold"))
    return table(_columns(_("model")), rows, width)


def by_day(config: Config, spent: Sequence[UsageTotal], days: Sequence[date], width: int) -> list[Content]:
    """Days with answers, newest first, each with its models."""
    rows = []
    for span in sorted({each.span for each in spent}, reverse=True):
        of_day = [each for each in spent if each.span == span]
        day = formatting.day(days[span])
        if len(of_day) == 1:
            rows.append(TableRow(_cells(config, f"{day}  {sanitize_line(of_day[0].model)}", of_day)))
            continue
        rows.append(TableRow(_cells(config, day, of_day)))
        rows += [TableRow(_cells(config, f"  {sanitize_line(each.model)}", [each]), "$muted") for each in of_day]
    return table(_columns(_("day")), rows, width)


def _columns(title: str) -> list[TableColumn]:
    return [
        TableColumn(title, 0, least=22),
        TableColumn(_("answers"), 4),
        TableColumn(_("in"), 3),
        TableColumn(_("out"), 2),
        TableColumn(_("retries"), 5),
        TableColumn(_("cost"), 1),
    ]


def _cells(config: Config, name: str, spent: Sequence[UsageTotal]) -> list[str]:
    used = sum((each.usage for each in spent), Usage())
    mark = formatting.inexact_mark(at_least=used.at_least, estimated=used.estimated)
    return [
        name,
        formatting.whole(sum(each.answers for each in spent)),
        mark + formatting.count(used.input),
        mark + formatting.count(used.output),
        formatting.whole(sum(each.retries for each in spent)),
        format_total(total_cost(config, spent)),
    ]


def _plot(config: Config, spent: Sequence[UsageTotal], days: Sequence[date], width: int) -> list[Content]:
    """Plot of the cost by day, or of tokens if nothing has a price."""
    wide = min(width, _PLOT_MOST)
    each_day = [[each for each in spent if each.span == span] for span in range(len(days))]
    if total_cost(config, spent).amount is not None:
        drawn = plot_lines(_("cost a day"), [total_cost(config, one).amount or 0.0 for one in each_day], wide, _price)
    else:
        drawn = plot_lines(_("tokens a day"), [float(_tokens(one)) for one in each_day], wide, short)
    span = f"{formatting.day(days[0])} – {formatting.day(days[-1])}"
    return [*drawn, Content.assemble((cut(span, width), "$muted"))]


def _price(amount: float) -> str:
    return formatting.cost(amount) if amount else "0"


def _tokens(spent: Iterable[UsageTotal]) -> int:
    return sum(each.usage.input + each.usage.output for each in spent)
