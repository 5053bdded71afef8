"""The state that the status line and the details page show, without Textual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holytui.models import Usage
from holytui.presentation.notice import Connection, Level

NEARLY_FULL = 0.8
"""Part of the context from which the status line warns."""
READY = Connection(Level.CALM, "")
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens per second: the latest figure, and those before it for the sparkline."""

    now: float = 0.0
    past: tuple[float, ...] = ()

    def with_sample(self, value: float, keep: int = 8) -> Rate:
        """The rate after one more sample; the last `keep` samples are kept."""
        return replace(self, now=value, past=(*self.past, value)[-keep:])


@dataclass(frozen=True, slots=True)
class Status:
    """All that the status line can show; None or empty: the field is not shown."""

    connection: Connection = READY
    model: str = ""
    usage: Usage | None = None
    cost: float | None = None
    context: float | None = None
    """Part of the model's context that the conversation fills: 0 to 1, and above."""
    ahead: float | None = None
    """The same with the draft, or with the question that was just sent: an estimate."""
    rate: Rate = Rate()
    first_token_s: float | None = None
    link: str = ""
    position: str = ""
    """The position in the transcript, such as "↓ 34 new lines"."""


def sparkline(values: Sequence[float]) -> str:
    """One bar per value; the highest fills its cell."""
    top = max(values, default=0)
    if top <= 0:
        return ""
    return "".join(_BARS[min(7, int(value / top * 7.999))] for value in values)
