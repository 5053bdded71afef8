"""A row of the message log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from textual.content import Content

CODE_INDENT: Final = "  "
"""Prefix of each nonempty line of code."""
Source: TypeAlias = tuple[str, int]
"""The source line that a row shows, in full or in part, and the column, with tabs expanded, at which the row starts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the log: its gutter, its content, and the data for copying it."""

    content: Content
    gutter: str
    indent: int = 0
    """Number of leading characters of the content that are prefix: bars, list markers, spaces."""
    joint: str | None = None
    """Text removed by the soft wrap between the row before and this one; None at the start of a line of the text."""
    source: Source | None = None
    """Source position of literally displayed text."""
    code: bool = False
    """Whether it is a line of code."""
    note: bool = False
    """Whether it is a note next to the message, which a search ignores."""
