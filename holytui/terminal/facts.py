"""Facts about a terminal, found by queries or known to the driver, for a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MeasuredText:
    """A text, and the columns that the terminal moved its cursor by."""

    name: str
    """Message id of the kind of text."""
    text: str
    expected: int
    """Columns by which holytui lays it out."""
    found: int | None = None
    """None: no report came."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """Facts about a terminal; None for what is unknown."""

    columns: int
    rows: int
    answers: bool
    """It answers queries."""
    sync: bool | None = None
    """Synchronized updates (private mode 2026)."""
    round_trip: float | None = None
    """Seconds from a query to its report."""
    kitty_keys: bool | None = None
    """It has the Kitty keyboard protocol."""
    texts: tuple[MeasuredText, ...] | None = None
    """Measured texts; None: not measured."""
