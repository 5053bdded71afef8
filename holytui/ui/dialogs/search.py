"""Search in all conversations or in one; Enter jumps to the message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from holytui import formatting as fmt
from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.models import Role
from holytui.store.history import History
from holytui.store.values import SearchHit
from holytui.text import sanitize_line, visible
from holytui.ui.dialogs.base import Dialog
from holytui.ui.dialogs.choices import Choices
from holytui.ui.dialogs.line_input import LineInput

_LIMIT = 50


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """A result to jump to: a message and offsets of matches in it, or a conversation whose title matched."""

    conversation_id: str
    message_id: str | None
    places: Sequence[int]
    query: str = ""
    """The query of the search."""


class SearchDialog(Dialog[SearchTarget | None]):
    """A text line above the hits, each with its context."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape", "dismiss(None)"),
        ("up", "move(-1)"),
        ("down", "move(1)"),
        ("pageup", "move(-5)"),
        ("pagedown", "move(5)"),
    ]

    def __init__(self, history: History, conversation_id: str | None = None, query: str = "") -> None:
        super().__init__()
        self._history = history
        self._conversation_id = conversation_id
        self._query = query
        self._hits: Sequence[SearchHit] = ()
        self._wanted: str | None = None
        """The query of the last search."""
        self._settled = asyncio.Event()
        """Set when the hits are those of the last search."""

    def compose(self) -> ComposeResult:
        """The line, the hits, and their number."""
        title = _("Search in this conversation") if self._conversation_id else _("Search all conversations")
        with Vertical(id="dialog", classes="page"):
            yield Static(Content(title), id="dialog-title")
            yield LineInput(self._entered, self._query, placeholder=_("accents may be left out: duong finds đường"))
            yield Choices()
            yield Static("", id="dialog-note", markup=False)

    def on_mount(self) -> None:
        """Focus the line."""
        self._update()
        self.set_focus(self.query_one(LineInput))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._update()

    def _update(self) -> None:
        """Search for the typed text, unless it was searched last."""
        wanted = self.query_one(LineInput).text.strip()
        if wanted != self._wanted:
            self._wanted = wanted
            self._settled.clear()
            self._search(wanted)

    @work(exclusive=True, group="search", exit_on_error=False)
    async def _search(self, query: str) -> None:
        try:
            self._show(query, await asyncio.to_thread(self._found, query) if query else ())
        except HolytuiError as error:
            self.query_one("#dialog-note", Static).update(Content(str(error)))
        finally:
            if query == self._wanted:  # also when it is cancelled, as the dialog closes
                self._settled.set()

    def _found(self, query: str) -> Sequence[SearchHit]:
        return self._history.search(query, _LIMIT, self._conversation_id)

    def _show(self, query: str, hits: Sequence[SearchHit]) -> None:
        self._hits = hits
        options = self.query_one(OptionList)
        options.set_options(Option(row(hit), id=str(index)) for index, hit in enumerate(hits))
        options.highlighted = 0 if hits else None
        count = len(hits)
        note = ngettext("{count} place", "{count} places", count).format(count=count) if query else ""
        self.query_one("#dialog-note", Static).update(Content(note))

    async def _entered(self) -> None:
        """Jump to the highlighted hit for the text typed now; keys after Enter wait for it."""
        self._update()
        await self._settled.wait()
        highlighted = self.query_one(OptionList).highlighted if self.is_current else None
        if highlighted is not None:
            self._jump(highlighted)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self._jump(event.option_index)

    def _jump(self, index: int) -> None:
        hit = self._hits[index]
        self.dismiss(SearchTarget(hit.conversation_id, hit.message_id, hit.places, self.query_one(LineInput).text))

    async def action_move(self, step: int) -> None:
        """Move the highlight among the hits for the text typed now."""
        self._update()
        await self._settled.wait()
        if not self.is_current:
            return
        options = self.query_one(OptionList)
        if options.option_count:
            at = (options.highlighted or 0) + step
            options.highlighted = max(0, min(options.option_count - 1, at))


def row(hit: SearchHit) -> Content:
    """Title and date, then the words around the match with the match marked."""
    when = fmt.moment(hit.created_at, datetime.now().astimezone().date())
    who = {Role.USER: _("You"), Role.ASSISTANT: _("Answer")}.get(hit.role, "") if hit.role else _("Title")
    snippet = Content.assemble(
        *((visible(part, breaks=False), "bold $accent" if found else "") for part, found in hit.parts)
    )
    return Content.assemble((sanitize_line(hit.title), "bold"), (f" · {who} · {when}\n", "$muted"), "  ", snippet)
