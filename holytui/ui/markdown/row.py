"""A line of the message log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from textual.content import Content

Source: TypeAlias = tuple[str, int]
"""The line of a text that a row shows, or a part of it, and the column (with tabs as spaces) that it begins at."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what stands in it, and what stands before it; and what is copied of it."""

    content: Content
    gutter: str
    indent: int = 0
    """How many characters of the content are not of the text: bars, bullets, spaces."""
    joint: str | None = None
    """What stood between it and the row before in the text, if it is the same line there; else None."""
    source: Source | None = None
    """Of what is shown as it was written: where it was."""
    code: bool = False
    note: bool = False
    """It is said beside the message, and is no place where its words are found."""
