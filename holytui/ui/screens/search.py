"""Search in everything that was said, or in one conversation; Enter jumps to the message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.models import Role
from holytui.store.history import Hit, Library
from holytui.text import sanitize_line, visible
from holytui.ui import format as fmt
from holytui.ui.stand_ins import restored
from holytui.ui.widgets.choices import Choices
from holytui.ui.widgets.line import Line

_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Where to jump: a conversation, a message of it unless its title was found, and the words in that."""

    conversation_id: str
    message_id: str | None
    places: Sequence[int]
    query: str = ""
    """What was searched for."""


class SearchDialog(ModalScreen[Found | None]):
    """A line to type in above the hits; each hit is a place and the words around it."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape", "dismiss(None)"),
        ("up", "move(-1)"),
        ("down", "move(1)"),
        ("pageup", "move(-5)"),
        ("pagedown", "move(5)"),
    ]

    def __init__(self, history: Library, conversation_id: str | None = None, query: str = "") -> None:
        super().__init__()
        self._history = history
        self._conversation_id = conversation_id
        self._query = query
        self._hits: Sequence[Hit] = ()

    def compose(self) -> ComposeResult:
        """The line, the hits, and how many there are."""
        title = _("Search in this conversation") if self._conversation_id else _("Search all conversations")
        with Vertical(id="dialog", classes="page"):
            yield Static(Content(title), id="dialog-title")
            yield Line(self._query, placeholder=_("accents may be left out: duong finds đường"))
            yield Choices()
            yield Static("", id="dialog-note", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()
        self._search(self._query)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._search(restored(event.value).strip())

    @work(exclusive=True, group="search", exit_on_error=False)
    async def _search(self, query: str) -> None:
        try:
            hits = await asyncio.to_thread(self._history.search, query, _LIMIT, self._conversation_id) if query else ()
        except HolytuiError as error:
            self.query_one("#dialog-note", Static).update(Content(str(error)))
            return
        self._hits = hits
        options = self.query_one(OptionList)
        options.set_options(Option(row(hit), id=str(index)) for index, hit in enumerate(hits))
        options.highlighted = 0 if hits else None
        count = len(hits)
        note = ngettext("{count} place", "{count} places", count).format(count=count) if query else ""
        self.query_one("#dialog-note", Static).update(Content(note))

    @on(Input.Submitted)
    def _entered(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._jump(highlighted)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self._jump(event.option_index)

    def _jump(self, index: int) -> None:
        hit = self._hits[index]
        self.dismiss(Found(hit.conversation_id, hit.message_id, hit.places, self.query_one(Input).value))

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        options = self.query_one(OptionList)
        if options.option_count:
            at = (options.highlighted or 0) + step
            options.highlighted = max(0, min(options.option_count - 1, at))


def row(hit: Hit) -> Content:
    """Title and date, then the words around the match with the match marked."""
    when = fmt.moment(hit.created_at, datetime.now().astimezone().date())
    who = {Role.USER: _("You"), Role.ASSISTANT: _("Answer")}.get(hit.role, "") if hit.role else _("Title")
    snippet = Content.assemble(
        *((visible(part, breaks=False), "bold $accent" if found else "") for part, found in hit.parts)
    )
    return Content.assemble((sanitize_line(hit.title), "bold"), (f" · {who} · {when}\n", "$muted"), "  ", snippet)
