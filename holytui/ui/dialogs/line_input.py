"""A text line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rich.text import Text
from textual import events
from textual.binding import BindingsMap
from textual.widgets import Input

from holytui.ui.bindings import forwarded, run_in_order
from holytui.ui.stand_ins import held, restored, signs

_SCROLL = ("scroll_up", "scroll_down", "page_up", "page_down")


class LineInput(Input):
    """A text line whose keys act in the order in which they were typed."""

    def __init__(
        self,
        entered: Callable[[], Awaitable[None]],
        value: str = "",
        placeholder: str = "",
        id: str = "dialog-filter",  # noqa: A002 - Textual's name
    ) -> None:
        """`entered` runs on Enter, before the next key is handled."""
        super().__init__(value, placeholder=placeholder, id=id, compact=True)
        self._entered = entered
        self.cursor_blink = False
        # these keys are for the list below the line
        self._bindings = BindingsMap([binding for _, binding in self._bindings if binding.action not in _SCROLL])

    def validate_value(self, value: str) -> str:
        """Insert placeholders for invisible characters."""
        return held(value)

    @property
    def text(self) -> str:
        """The text without placeholders; `value` has them."""
        return restored(self.value)

    @property
    def _value(self) -> Text:
        shown = "•" * len(self.value) if self.password else signs(self.value)
        return Text(shown, no_wrap=True, overflow="ignore", end="")

    def action_copy(self) -> None:
        """Copy the selected text, unless it is hidden."""
        if not self.password:
            super().action_copy()

    def action_cut(self) -> None:
        """Cut the selected text, unless it is hidden."""
        if not self.password:
            super().action_cut()

    async def on_key(self, event: events.Key) -> None:
        """See `run_in_order`."""
        await run_in_order(self, event)

    async def on_paste(self, event: events.Paste) -> None:
        """Forward a paste to the focused widget if the focus has moved."""
        forwarded(self, event)

    async def action_submit(self) -> None:
        """Handle Enter. Textual's message would arrive after the next keys."""
        await self._entered()
