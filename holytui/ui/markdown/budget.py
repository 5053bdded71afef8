"""Time budgets for layout work."""

from __future__ import annotations

import time
from collections.abc import Callable

Spent = Callable[[], bool]
"""Returns whether the time budget of a piece of work is used up."""


def never() -> bool:
    """Return False: a budget without a limit."""
    return False


def within(seconds: float) -> Spent:
    """Start a budget of `seconds`."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end
