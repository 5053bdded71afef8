"""A choice of a picker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: the result, the label and a remark."""

    value: str
    """Empty: a heading, which cannot be picked."""
    label: str
    remark: str = ""
