"""A dialog for a text of several lines."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from holytui.i18n import _
from holytui.text import visible
from holytui.ui.bindings import forwarded, run_in_order
from holytui.ui.dialogs.base import Dialog
from holytui.ui.stand_ins import ExactTextArea


class TextDialog(Dialog[str | None]):
    """Write a text. Enter saves it, Ctrl+J inserts a new line, Esc cancels."""

    BINDINGS = [("escape", "dismiss(None)")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The title, the text, the keys."""
        save, newline, cancel = _("Save"), _("New line"), _("Cancel")
        with Vertical(id="dialog"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            yield _Area(self._text)
            yield Static(Content("  ".join((f"Enter {save}", f"Ctrl+J {newline}", f"Esc {cancel}"))), id="dialog-note")


class _Area(ExactTextArea):
    """A text area whose keys act in the order in which they were typed."""

    def __init__(self, text: str) -> None:
        super().__init__(text, id="dialog-text", soft_wrap=True, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False

    def on_mount(self) -> None:
        """Focus the area, with the cursor at the end."""
        self.move_cursor(self.document.end)
        self.screen.set_focus(self)

    async def on_key(self, event: events.Key) -> None:
        """Close with the text on Enter; see `run_in_order` for other keys."""
        if forwarded(self, event):
            return
        match event.key:
            case "enter":
                self.screen.dismiss(self.text)
            case "ctrl+j" | "alt+enter":
                self.insert("\n")
            case _:
                await run_in_order(self, event)
                return
        event.stop()
        event.prevent_default()

    async def on_paste(self, event: events.Paste) -> None:
        """Forward a paste after the closing key to the screen below."""
        forwarded(self, event)
