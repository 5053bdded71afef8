"""The state that the status line and the details page show, without Textual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holytui.models import Usage
from holytui.presentation.notice import Connection, Level

NEARLY_FULL = 0.8
"""The share of the context from which the status line warns."""
READY = Connection(Level.CALM, "")
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class TokenRate:
    """Tokens per second: the latest figure, and those before it for the sparkline."""

    now: float = 0.0
    past: tuple[float, ...] = ()

    def with_sample(self, value: float, keep: int = 8) -> TokenRate:
        """Return the rate after one more sample, with the last `keep` samples."""
        return replace(self, now=value, past=(*self.past, value)[-keep:])


@dataclass(frozen=True, slots=True)
class Status:
    """The fields of the status line; None or empty: not shown."""

    connection: Connection = READY
    model: str = ""
    effort: str = ""
    """The level of reasoning effort; empty for the model's default."""
    unsaved: bool = False
    """The chat is not saved."""
    usage: Usage | None = None
    cost: float | None = None
    context: float | None = None
    """The share of the model's context that the conversation fills: 0 to 1, or more."""
    ahead: float | None = None
    """An estimate of the same with the draft, or with the question just sent."""
    rate: TokenRate = TokenRate()
    first_token_s: float | None = None
    link: str = ""
    sharing: str = ""
    """The state of the exchange with a shared history."""
    position: str = ""
    """The position in the transcript, such as "↓ 34 new lines"."""


def sparkline(values: Sequence[float]) -> str:
    """Return one bar per value; the highest value fills its cell."""
    top = max(values, default=0)
    if top <= 0:
        return ""
    return "".join(_BARS[min(7, int(value / top * 7.999))] for value in values)
