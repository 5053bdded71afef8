"""One line to type in."""

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
    """A line to type in, whose keys act in the order in which they were typed."""

    def __init__(
        self,
        entered: Callable[[], Awaitable[None]],
        value: str = "",
        placeholder: str = "",
        id: str = "dialog-filter",  # noqa: A002 - Textual's name
    ) -> None:
        """`entered` is done for Enter, before the keys behind it are looked at."""
        super().__init__(value, placeholder=placeholder, id=id, compact=True)
        self._entered = entered
        self.cursor_blink = False
        # Textual's would scroll the line itself; the keys are for the list below it
        self._bindings = BindingsMap([binding for _, binding in self._bindings if binding.action not in _SCROLL])

    def validate_value(self, value: str) -> str:
        """Every character has a place; `text` is what was typed."""
        return held(value)

    @property
    def text(self) -> str:
        """What is written. `value` is what the widget holds of it."""
        return restored(self.value)

    @property
    def _value(self) -> Text:
        return Text(signs(self.value), no_wrap=True, overflow="ignore", end="")

    async def on_key(self, event: events.Key) -> None:
        """See `run_in_order`."""
        await run_in_order(self, event)

    async def on_paste(self, event: events.Paste) -> None:
        """Pasted behind a key that moved the focus, it belongs there."""
        forwarded(self, event)

    async def action_submit(self) -> None:
        """Enter. Textual's message would arrive behind the keys that follow."""
        await self._entered()
