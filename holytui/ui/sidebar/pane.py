"""The list of conversations, with the filter line above it."""

from __future__ import annotations

from datetime import datetime

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.ui.dialogs.line_input import LineInput
from holytui.ui.sidebar.list_widget import Sidebar
from holytui.ui.stand_ins import restored


class FilterLine(LineInput):
    """Shown while it has the focus or text. Enter and ↓ focus the list, Esc clears the filter."""

    BINDINGS = [("escape", "clear_filter"), ("down", "to_list")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self) -> None:
        super().__init__(self._to_list, placeholder=_("title or #tag"), id="list-filter")
        self.display = False

    def action_clear_filter(self) -> None:
        """Clear the filter and focus the list."""
        self.value = ""
        self.action_to_list()

    def action_to_list(self) -> None:
        """Focus the list."""
        self.screen.set_focus(self.screen.query_one(Sidebar))

    async def _to_list(self) -> None:
        self.action_to_list()

    def on_blur(self, _event: events.Blur) -> None:
        """Hide the line if it is empty."""
        self.display = bool(self.value)


class ListPane(Vertical):
    """The pane beside the messages."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="list")
        self.filter_line = FilterLine()
        self.sidebar = Sidebar(keymap)

    def configure(self, keymap: Keymap) -> None:
        """Use other keys, and words in another language."""
        self.filter_line.placeholder = _("title")
        self.sidebar.configure(keymap, datetime.now().astimezone().date())

    def compose(self) -> ComposeResult:
        """The filter line above the list."""
        yield self.filter_line
        yield self.sidebar

    def begin_filter(self) -> None:
        """Show and focus the filter line."""
        self.filter_line.display = True
        self.filter_line.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.sidebar.filter(restored(event.value), datetime.now().astimezone().date())
