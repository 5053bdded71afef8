"""Something to pick in a dialog."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """What comes back, what is shown, and a dim remark beside it."""

    value: str
    """Empty: a heading, which cannot be picked."""
    label: str
    remark: str = ""
