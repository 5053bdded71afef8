"""Small dialogs: pick one of many, type one line, read a page. Each gives back a value or None (Esc)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from holytui.i18n import _
from holytui.text import visible
from holytui.ui.screens.dialog import Dialog, Page
from holytui.ui.widgets.choices import Choices
from holytui.ui.widgets.line import Line

_WIDEST = 34


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: what comes back, what is shown, and a dim remark beside it."""

    value: str
    """Empty: a heading, which cannot be picked."""
    label: str
    remark: str = ""


class Picker(Dialog[str | None]):
    """Pick one of many by typing some of its letters. ↑ ↓ move, Enter picks, Esc leaves."""

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
    ) -> None:
        super().__init__()
        self._title = title
        self._refuse = refuse
        """Why what is typed cannot be picked; empty if it can."""
        self._choices = [
            replace(choice, label=visible(choice.label, breaks=False), remark=visible(choice.remark, breaks=False))
            for choice in choices
        ]
        self._column = min(_WIDEST, max((cell_len(choice.label) for choice in self._choices), default=0) + 3)
        """Where the remarks begin."""
        self._current = current
        self._free = free
        """If given, what is typed may be picked too, under this label."""
        self._shown: str | None = None
        """What the list was made for."""

    def compose(self) -> ComposeResult:
        """A line to type in above the list."""
        with Vertical(id="dialog"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            yield Line(self._entered, placeholder=_("type to filter"))
            yield Choices()

    def on_mount(self) -> None:
        """All choices, the current one highlighted."""
        self._fill()
        self.set_focus(self.query_one(Line))

    def _fill(self) -> None:
        """Bring the list up to what is typed."""
        wanted = self.query_one(Line).text.strip()
        if wanted == self._shown:
            return
        self._shown = wanted
        found = list(self._choices)
        if wanted:
            matcher = Matcher(wanted)
            offered = [choice for choice in self._choices if choice.value]
            scored = [(matcher.match(f"{choice.label} {choice.remark}"), choice) for choice in offered]
            found = [choice for score, choice in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
            if self._free and not any(choice.value == wanted for choice in found):
                refusal = self._refuse(wanted)
                said = Choice("" if refusal else wanted, visible(wanted, breaks=False), refusal or self._free)
                found.append(said)
        options = self.query_one(OptionList)
        options.set_options(
            Option(self._row(choice), id=choice.value or None, disabled=not choice.value) for choice in found
        )
        values = [choice.value for choice in found]
        first = next((at for at, value in enumerate(values) if value), None)
        options.highlighted = values.index(self._current) if not wanted and self._current in values else first

    def _row(self, choice: Choice) -> Content:
        if not choice.value and not choice.remark:
            return Content.assemble((choice.label, "bold $primary"))
        mark = "› " if choice.value and choice.value == self._current else "  "
        pad = " " * max(2, self._column - cell_len(choice.label))
        return Content.assemble(mark, choice.label, (pad + choice.remark if choice.remark else "", "$muted"))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._fill()

    async def _entered(self) -> None:
        self._fill()
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        self._fill()
        options = self.query_one(OptionList)
        can = [at for at, option in enumerate(options.options) if not option.disabled]
        if can and options.highlighted is not None:
            at = max(0, min(options.option_count - 1, options.highlighted + step))
            beyond = [one for one in can if (one >= at if step > 0 else one <= at)]
            options.highlighted = (beyond[0] if step > 0 else beyond[-1]) if beyond else can[-1 if step > 0 else 0]


class LineDialog(Dialog[str | None]):
    """Type one line. Enter takes it, Esc leaves."""

    BINDINGS = [("escape", "dismiss(None)")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value

    def compose(self) -> ComposeResult:
        """The question and the line."""
        with Vertical(id="dialog", classes="small"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            yield Line(self._entered, self._value)

    async def _entered(self) -> None:
        self.dismiss(self.query_one(Line).text)


class PageDialog(Dialog[None]):
    """Read a page of lines, laid out for the width there is. Esc, q or Enter leave."""

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
        """The arrows scroll."""
        self.set_focus(self.query_one("#dialog-page"))
        self.call_after_refresh(self._lay_out)

    def on_resize(self) -> None:
        """Other lines for another width."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        width = self.query_one("#dialog-page").size.width
        if width != self._width:
            self._width = width
            self.query_one("#dialog-lines", Static).update(Content("\n").join(self._lines(max(1, width))))

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        self.query_one("#dialog-page").scroll_relative(y=step, animate=False)
