"""The details page: present state, last answers, totals, and the link to the terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from holytui.engine.spending import Spent, describe
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import BY_ID, display_key
from holytui.presentation.status import READY, Status
from holytui.providers import pricing
from holytui.providers.resolve import GUIDE, resolve
from holytui.store.values import AnswerStats, UsageTotal
from holytui.ui import driver_access
from holytui.ui.bindings import textual_key
from holytui.ui.details import terminal_link, usage
from holytui.ui.details.answers import PLOTTED, OpenFigures, answer_plots, answer_table, now_lines
from holytui.ui.dialogs.base import Dialog, Page
from holytui.ui.pages.columns import cut
from holytui.ui.pages.lines import LinesWidget

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.keymap import Keymap
    from holytui.ui.state import ChatState

_SCOPE = "details.scope"


@dataclass(frozen=True, slots=True)
class DetailsFigures:
    """DetailsFigures read from the history."""

    answers: Sequence[AnswerStats]
    """The last answers of this conversation or of all."""
    talk: Sequence[UsageTotal]
    days: Sequence[date]
    spent: Sequence[UsageTotal]
    """By day and model, of all conversations."""
    spent_of_limits: Sequence[Spent]
    """For each limit that is set."""


def read(services: Services, conversation_id: str, today: date, *, everything: bool) -> DetailsFigures:
    """Read the figures. Blocks on the disk. Raises StoreError."""
    history, days = services.history, usage.days_until(today)
    wanted = None if everything else conversation_id
    return DetailsFigures(
        history.last_answers(PLOTTED, wanted),
        history.usage_totals((0.0, inf), conversation_id) if conversation_id else (),
        days,
        history.usage_totals(usage.midnights(days)),
        services.engine.spent(conversation_id),
    )


class DetailsPage(Dialog[None]):
    """Sections of lines. Esc, q, Enter and F6 close it; its own key switches between this conversation and all."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape,q,enter", "dismiss(None)"),
        ("j", "scroll_by(1)"),
        ("k", "scroll_by(-1)"),
    ]

    def __init__(
        self,
        state: ChatState,
        keymap: Keymap,
        status_bar: Widget,
        status: Callable[[], Status],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`status_bar` is the widget with the reactive `status`, which `status` reads. Raises HistoryNotOpen."""
        super().__init__()
        self._state = state
        self._services = state.services
        self._keymap = keymap
        self._status_bar = status_bar
        self._status = status
        self._clock = clock
        self._everything = not state.conversation.id
        self._figures: DetailsFigures | None = None
        self._problem = ""
        self._ticker: Timer | None = None
        for key in keymap.keys_for("app.details"):
            self._bindings.bind(textual_key(key), "dismiss(None)")
        for key in keymap.keys_for(_SCOPE):
            self._bindings.bind(textual_key(key), "scope")

    def compose(self) -> ComposeResult:
        """The title, the page, its keys."""
        yield Static(Content(_("Details")), id="details-title")
        with Page(id="details-page"):
            yield LinesWidget(self._lines)
        yield LinesWidget(self._keys, id="details-keys")

    def on_mount(self) -> None:
        """Focus the page, and follow the status line."""
        self.set_focus(self.query_one("#details-page"))
        self.watch(self._status_bar, "status", self._status_changed, init=False)
        self._tick(self._status())
        self._read()

    @work(exclusive=True, group="details", exit_on_error=False)
    async def _read(self) -> None:
        wanted = self._state.conversation.id, self._today()
        try:
            self._figures = await asyncio.to_thread(read, self._services, *wanted, everything=self._everything)
            self._problem = ""
        except HolytuiError as error:
            self._problem = str(error)
        self._paint()

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock()).astimezone().date()

    # -- while it is open

    def _status_changed(self, status: Status) -> None:
        """Repaint, and read the figures again if an answer may have ended."""
        self._tick(status)
        self._paint()
        if self._state.turn is None:  # an answer may have ended
            self._read()

    def _tick(self, status: Status) -> None:
        """Repaint once a second while there is a countdown."""
        if status.connection.moving and self._ticker is None:
            self._ticker = self.set_interval(1.0, self._paint)
        elif not status.connection.moving and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _paint(self) -> None:
        for lines in self.query(LinesWidget):
            lines.renew()

    def action_scope(self) -> None:
        """Switch between this conversation and all."""
        self._everything = not self._everything or not self._state.conversation.id
        self._read()

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        self.query_one("#details-page").scroll_relative(y=step, animate=False)

    # -- content

    def _keys(self, width: int) -> list[Content]:
        keys = self._keymap.keys_for(_SCOPE)
        hints = [(display_key(keys[0]), _(BY_ID[_SCOPE].label))] if keys and self._state.conversation.id else []
        hints += [("↑ ↓ PgUp PgDn", _("Scroll")), ("Esc", _("Close"))]
        out = Content("")
        for key, word in hints:
            item = Content.assemble((key, "bold $primary"), " ", (word, "$muted"))
            out = out + Content("  ") + item if out else item
        return [out.truncate(width, ellipsis=True)]

    def _lines(self, width: int) -> list[Content]:
        sections = [(_("Now"), now_lines(self._here(), width, time.monotonic()))]
        if self._problem:
            sections.append((_("The history"), [Content(cut(self._problem, width)).stylize("$error")]))
        if (figures := self._figures) is not None:
            title = _("Recent answers of all conversations") if self._everything else _("Recent answers here")
            sections.append((title, self._answers(figures, width)))
            spent = usage.lines(self._services.config, figures.spent, figures.days, width)
            sections.append((_("All conversations, the last {count} days").format(count=len(figures.days)), spent))
            if figures.spent_of_limits:
                sections.append((_("Limits of spending"), [_limit(one, width) for one in figures.spent_of_limits]))
        sections.append((_("The link to your terminal"), self._link(width)))
        out: list[Content] = []
        for title, lines in sections:
            out += [Content("")] if out else []
            out += [Content(cut(title, width)).stylize("bold $primary"), *lines]
        return out

    def _link(self, width: int) -> list[Content]:
        return terminal_link.lines(driver_access.link_figures(self.app), driver_access.capabilities(self.app), width)

    def _answers(self, figures: DetailsFigures, width: int) -> list[Content]:
        if not figures.answers:
            return [Content(cut(_("no answer here yet"), width))]
        return [
            *answer_plots(figures.answers, width),
            Content(""),
            *answer_table(figures.answers, width, self._today()),
        ]

    def _here(self) -> OpenFigures:
        config, turn = self._services.config, self._state.turn
        model = pricing.find_model(config, self._state.model)
        # the status line may show a notice instead of the connection
        status = replace(self._status(), connection=turn.connection if turn is not None else READY)
        talk = self._figures.talk if self._figures is not None else ()
        capacity = model.context if model is not None else None
        return OpenFigures(status, self._host(), capacity, talk, pricing.total_cost(config, talk))

    def _host(self) -> str:
        try:
            found = resolve(self._services.config, self._state.model)
        except HolytuiError:
            return ""
        return _("built into holytui") if found.ref.provider == GUIDE else found.endpoint.host


def _limit(one: Spent, width: int) -> Content:
    style = "$error" if one.reached else "$warning" if one.near else ""
    return Content(cut(describe(one), width)).stylize(style)
