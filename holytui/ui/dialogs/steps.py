"""A dialog of several steps, each a list to pick from or a line to type. Esc goes back a step.

It stays one screen throughout: between two screens, keys of a pasted API key could reach the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from holytui.i18n import _
from holytui.text import visible
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.choices import Choices
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.dialogs.line_input import LineInput


class StepDialog(Picker):
    """The frame of the steps."""

    BINDINGS = [("escape", "back")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, title: str) -> None:
        super().__init__(title, ())
        self.steps: list[Callable[[], None]] = []
        """Functions that show the steps that Esc goes back to, the present one last."""
        self.is_passing = False
        """The present step is left for the last one of `steps` by Esc."""
        self.is_locked = False
        """Esc does nothing."""
        self._has_begun = False
        self._on_pick: Callable[[str], None] = lambda _value: None
        self._on_line: Callable[[str], None] | None = None
        """Called by Enter with a typed line; None: a choice is picked."""
        self._on_secret: Callable[[str], None] | None = None
        """Called by Enter with a text that was typed above choices, and is not shown."""

    def compose(self) -> ComposeResult:
        """The title, a text, a line to type in, the list, a note."""
        on, back = _("Next"), _("Back")
        with Vertical(id="dialog") as dialog:
            dialog.border_subtitle = f"Enter {on}  Esc {back}"
            yield Static(id="dialog-title")
            yield Static(id="dialog-text-above")
            yield LineInput(self._entered)
            yield Choices()
            yield Static("", id="dialog-more", markup=False)
            yield Static("", id="dialog-note", markup=False)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Show the first step before keys that were typed for it arrive."""
        if widget is not None and not self._has_begun:
            self._has_begun = True
            self.go(self.first_step)
        super().set_focus(widget, scroll_visible, from_app_focus)

    def first_step(self) -> None:
        """Show the first step."""
        raise NotImplementedError

    def go(self, step: Callable[[], None], *, passing: bool = False) -> None:
        """Show a step. Esc does not come back to a `passing` one."""
        self.leave()
        self.is_passing = passing
        if not passing:
            self.steps.append(step)
        step()

    def leave(self) -> None:
        """End the work of the present step."""

    def action_back(self) -> None:
        """Go back a step; from the first one, close."""
        if self.is_locked:
            return
        self.leave()
        if not self.is_passing:
            self.steps.pop()
        self.is_passing = False
        if self.steps:
            self.steps[-1]()
        else:
            self.dismiss(None)

    def post(self, callback: Callable[[], object]) -> None:
        """Call back on the loop soon, or never if the dialog is closed. For any thread."""
        if self.is_running:
            self.call_later(callback)

    def pick(
        self,
        title: str,
        choices: Sequence[Choice],
        then: Callable[[str], None],
        free: str = "",
        text: Content | None = None,
        *,
        refuse: Callable[[str], str] = lambda _typed: "",
        secret: Callable[[str], None] | None = None,
        hint: str = "",
        current: str = "",
    ) -> None:
        """Ask for one of `choices`, with a text above them; `free` labels a choice of the typed text itself, unless
        `refuse` returns a reason against it.

        With `secret`, a typed text is not shown, does not filter, and is what Enter takes; `hint` says what to type.
        """
        self._on_line, self._on_pick, self._on_secret = None, then, secret
        line = self.query_one(LineInput)
        line.value, line.password = "", secret is not None
        line.placeholder = hint or (_("type to filter") if choices else "")
        self.query_one(Choices).display = True
        self._set_choices(title, choices, current, free, refuse)
        self._frame(title, text)
        self._wanted = None
        self._update()

    def ask_line(
        self, title: str, example: str, then: Callable[[str], None], value: str = "", hidden: bool = False
    ) -> None:
        """Ask for a line of text."""
        self._on_line, self._on_secret = then, None
        line = self.query_one(LineInput)
        line.value = ""
        line.password, line.placeholder, line.value = hidden, example, value
        line.cursor_position = len(value)
        self.query_one(Choices).display = False
        self._frame(title)

    def _frame(self, title: str, text: Content | None = None) -> None:
        self.query_one("#dialog-title", Static).update(Content(visible(title)))
        self.show_text(text)
        self.query_one("#dialog-more", Static).display = False
        self.note("")

    def show_text(self, text: Content | None) -> None:
        """Replace the text above the line."""
        above = self.query_one("#dialog-text-above", Static)
        above.display = text is not None
        above.update(text or "")

    def show_keys(self, text: str) -> None:
        """Show the keys of the step below it."""
        self.query_one("#dialog").border_subtitle = text

    def note(self, text: str) -> None:
        """Show a remark below the list; empty: none."""
        note = self.query_one("#dialog-note", Static)
        note.update(Content.assemble((visible(text), "$warning")))
        note.display = bool(text)

    def _update(self) -> None:
        if self._on_line is None and not self._secret:
            super()._update()

    async def _entered(self) -> None:
        if self._on_line is not None:
            self._on_line(self.query_one(LineInput).text)
        elif self._on_secret is not None and (secret := self._secret):
            self._on_secret(secret)
        else:
            await super()._entered()

    @property
    def _secret(self) -> str:
        """The typed secret; empty where none is asked for."""
        return self.query_one(LineInput).text if self._on_secret is not None else ""

    def _take(self, value: str | None) -> None:
        if value:
            self._on_pick(value)
