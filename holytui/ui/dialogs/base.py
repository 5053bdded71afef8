"""The base of dialogs and pages: each closes once, and no key typed while it opens or closes is lost.

On a slow link several keys arrive in one read. Keys after the one that closes a dialog belong to the screen below, and
keys that arrive before the dialog has a focus belong to the widget that gets it.
"""

from __future__ import annotations

from textual import events
from textual.await_complete import AwaitComplete
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget

from holytui.ui.bindings import forwarded, fresh_copy, run_in_order


class Dialog(ModalScreen[ScreenResultType]):
    """A screen over the chat with one result. Its focused widget must handle keys with `bindings.run_in_order`, which
    forwards those after the closing one to the screen below."""

    def __init__(self) -> None:
        super().__init__()
        self._given = False
        self._early: list[events.Key | events.Paste] = []
        """Events that arrived before any widget had the focus."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result. Closing once more does nothing."""
        if self._given or not self.is_current:
            return AwaitComplete()
        self._given = True
        return super().dismiss(result)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a widget, and forward the early events to it."""
        super().set_focus(widget, scroll_visible, from_app_focus)
        if self.focused is not None:
            early, self._early = self._early, []
            for event in early:
                self.focused._forward_event(event)

    def _forward_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and self.focused is None:
            self._early.append(fresh_copy(event))
        else:
            super()._forward_event(event)


class Page(VerticalScroll):
    """A scrolling page in a dialog, whose keys act in the order in which they were typed."""

    async def on_key(self, event: events.Key) -> None:
        """See `run_in_order`."""
        await run_in_order(self, event)

    async def on_paste(self, event: events.Paste) -> None:
        """Forward a paste after the closing key to the screen below."""
        forwarded(self, event)
