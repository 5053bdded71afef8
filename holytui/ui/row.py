"""A line of the message log."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what stands in it, and what stands before it."""

    content: Content
    gutter: str
