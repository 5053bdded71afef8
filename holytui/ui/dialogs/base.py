"""The base of all dialogs and pages: each closes once, and no key that is typed around its opening or closing is lost.

Keys that wait on a slow link arrive in one read. Those behind the key that closes a dialog belong to the screen below
it, and those that arrive before a dialog has a widget to type in belong to that widget.
"""

from __future__ import annotations

from textual import events
from textual.await_complete import AwaitComplete
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget

from holytui.ui.bindings import forwarded, fresh_copy, run_in_order


class Dialog(ModalScreen[ScreenResultType]):
    """A screen over the chat that gives back one result. What has the focus in it must handle its keys with
    `bindings.run_in_order`, which sends those behind the closing one to the screen below."""

    def __init__(self) -> None:
        super().__init__()
        self._given = False
        self._early: list[events.Key | events.Paste] = []
        """What was typed before anything had the focus."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result. Closing once more does nothing."""
        if self._given or not self.is_current:
            return AwaitComplete()
        self._given = True
        return super().dismiss(result)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Give a widget the focus, and what was typed for it."""
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
    """What is read in a dialog: it scrolls, and its keys act in the order in which they were typed."""

    async def on_key(self, event: events.Key) -> None:
        """See `run_in_order`."""
        await run_in_order(self, event)

    async def on_paste(self, event: events.Paste) -> None:
        """Pasted behind the key that closed the page, it belongs to the screen below."""
        forwarded(self, event)
