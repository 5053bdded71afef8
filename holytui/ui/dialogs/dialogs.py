"""Small dialogs: pick one of many, type one line, read a page. Each gives back a value or None (Esc)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.text import visible
from holytui.ui.dialogs.base import Dialog, Page
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.choices import Choices
from holytui.ui.dialogs.line_input import LineInput
from holytui.ui.dialogs.narrowing import Narrowing
from holytui.ui.markdown.budget import within

_WIDEST = 34
_MOST = 200
"""Maximum rows."""
_SLICE = 0.005
"""Seconds of search in one callback."""


class Picker(Dialog[str | None]):
    """Pick one of many by typing some of its letters. ↑ ↓ move, Enter picks, Esc cancels.

    Of hundreds of thousands of choices the best matches are shown when all were searched; keys that act on the list
    wait for that.
    """

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape", "dismiss(None)"),
        ("up", "move(-1)"),
        ("down", "move(1)"),
        ("pageup", "move(-10)"),
        ("pagedown", "move(10)"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        current: str = "",
        free: str = "",
        refuse: Callable[[str], str] = lambda _typed: "",
        *,
        typed: str = "",
    ) -> None:
        """`typed`: the text to filter by at first."""
        super().__init__()
        self._set_choices(title, choices, current, free, refuse)
        self._first_typed = typed
        self._wanted: str | None = None
        """The text of the last update of the list."""
        self._settled = asyncio.Event()
        """Set when the list shows the choices for `_wanted`."""
        self._settled.set()

    def _set_choices(
        self,
        title: str,
        choices: Sequence[Choice],
        current: str = "",
        free: str = "",
        refuse: Callable[[str], str] = lambda _typed: "",
    ) -> None:
        self._title = title
        self._refuse = refuse
        """Returns why a typed text cannot be picked, or empty."""
        self._choices = choices
        self._narrowing = Narrowing(choices, _MOST)
        widths = (cell_len(visible(choice.label, breaks=False)) for choice in choices[: _MOST + 1])
        self._column = min(_WIDEST, max(widths, default=0) + 3) if len(choices) <= _MOST else _WIDEST
        """Column of the remarks."""
        self._current = current
        self._free = free
        """If not empty, a typed text can be picked too, under this label."""

    def compose(self) -> ComposeResult:
        """A text line above the list."""
        with Vertical(id="dialog"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            yield LineInput(self._entered, self._first_typed, placeholder=_("type to filter"))
            yield Choices()
            yield Static("", id="dialog-more", markup=False)
            yield from self.compose_below()

    def compose_below(self) -> ComposeResult:
        """Widgets of a subclass below the list."""
        return ()

    def on_mount(self) -> None:
        """Show the choices and highlight the current one."""
        self._update()
        self.set_focus(self.query_one(LineInput))

    def _update(self) -> None:
        """Update the list for the typed text: at once if that is fast."""
        wanted = self.query_one(LineInput).text.strip()
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._narrowing.set_query(wanted)
        if self._narrowing.advance(within(_SLICE)):
            self._show(wanted)
            self._settled.set()
        elif self._settled.is_set():
            self._settled.clear()
            self._search_on()

    @work(group="narrow", exit_on_error=False)
    async def _search_on(self) -> None:
        """Search in slices, with room for keys between two."""
        try:
            while not self._settled.is_set():
                await asyncio.sleep(0)
                if self._wanted is not None and self._narrowing.advance(within(_SLICE)):
                    self._show(self._wanted)
                    self._settled.set()
        finally:
            self._settled.set()  # also when it is cancelled, as the dialog closes

    def _show(self, wanted: str) -> None:
        found = self._narrowing.result
        rows = list(found.best) if wanted else self._with_current(found.best)
        more = found.count - len(rows)
        if wanted and self._free and not found.exact:
            refusal = self._refuse(wanted)
            if not refusal or not rows:
                rows.append(Choice("" if refusal else wanted, wanted, refusal or self._free))
        options = self.query_one(OptionList)
        options.set_options(
            Option(self._row(choice), id=choice.value or None, disabled=not choice.value) for choice in rows
        )
        values = [choice.value for choice in rows]
        first = next((at for at, value in enumerate(values) if value), None)
        options.highlighted = (
            values.index(self._current) if not wanted and self._current and self._current in values else first
        )
        note = self.query_one("#dialog-more", Static)
        note.display = more > 0
        note.update(Content(_("… and {count} more: type to narrow").format(count=fmt.whole(more))))

    def _with_current(self, rows: Sequence[Choice]) -> list[Choice]:
        """The rows, with the current choice first if it is not among them."""
        if len(rows) < len(self._choices) and not any(choice.value == self._current for choice in rows):
            current = next((choice for choice in self._choices if choice.value == self._current), None)
            if current is not None:
                return [current, *rows[:-1]]
        return list(rows)

    def _row(self, choice: Choice) -> Content:
        label, remark = visible(choice.label, breaks=False), visible(choice.remark, breaks=False)
        if not choice.value and not remark:
            return Content.assemble((label, "bold $primary"))
        mark = "› " if choice.value and choice.value == self._current else "  "
        pad = " " * max(2, self._column - cell_len(label))
        return Content.assemble(mark, label, (pad + remark if remark else "", "$muted"))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._update()

    async def _entered(self) -> None:
        """Pick the highlighted choice for the text typed now; keys after Enter wait for it."""
        self._update()
        await self._settled.wait()
        options = self.query_one(OptionList)
        if self.is_current and options.highlighted is not None:
            self._take(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option.id)

    def _take(self, value: str | None) -> None:
        """Close with the picked value."""
        self.dismiss(value)

    async def action_move(self, step: int) -> None:
        """Move the highlight among the choices for the text typed now."""
        self._update()
        await self._settled.wait()
        options = self.query_one(OptionList)
        can = [at for at, option in enumerate(options.options) if not option.disabled]
        if can and options.highlighted is not None:
            at = max(0, min(options.option_count - 1, options.highlighted + step))
            beyond = [one for one in can if (one >= at if step > 0 else one <= at)]
            options.highlighted = (beyond[0] if step > 0 else beyond[-1]) if beyond else can[-1 if step > 0 else 0]


class LineDialog(Dialog[str | None]):
    """Type one line. Enter accepts it, Esc cancels."""

    BINDINGS = [("escape", "dismiss(None)")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical(id="dialog", classes="small"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            yield LineInput(self._entered, self._value)

    async def _entered(self) -> None:
        self.dismiss(self.query_one(LineInput).text)


class PageDialog(Dialog[None]):
    """Read a page of lines, laid out for the width there is. Esc, q or Enter close it."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape,q,enter,f1", "dismiss(None)"),
        ("j", "scroll_by(1)"),
        ("k", "scroll_by(-1)"),
    ]

    def __init__(self, title: str, lines: Callable[[int], Sequence[Content]]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._width = 0

    def compose(self) -> ComposeResult:
        """The title above the lines, the keys in the border below them."""
        with Vertical(id="dialog", classes="page") as dialog:
            dialog.border_subtitle = f"↑ ↓ PgUp PgDn {_('Scroll')}  Esc {_('Close')}"
            yield Static(Content(visible(self._title)), id="dialog-title")
            with Page(id="dialog-page"):
                yield Static(id="dialog-lines")

    def on_mount(self) -> None:
        """Focus the page, so that arrows scroll it."""
        self.set_focus(self.query_one("#dialog-page"))
        self.call_after_refresh(self._lay_out)

    def on_resize(self) -> None:
        """Lay out for another width."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        width = self.query_one("#dialog-page").size.width
        if width != self._width:
            self._width = width
            self.query_one("#dialog-lines", Static).update(Content("\n").join(self._lines(max(1, width))))

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        self.query_one("#dialog-page").scroll_relative(y=step, animate=False)
