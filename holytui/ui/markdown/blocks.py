"""Blocks of Markdown: containers and leaves (CommonMark 0.31, section 3).

A leaf records its containers, so a document is a flat list of leaves in the order of the text instead of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A block quote."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemList:
    """A list; only its items are displayed."""

    delimiter: str
    """The bullet (`-`, `+`, `*`) or the delimiter after the number (`.`, `)`); a different one starts a new list."""
    number: int | None
    """Number of the newest item; None in a bullet list."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A list item."""

    indent: int
    """Columns by which a line must be indented to belong to the item."""
    marker: str
    """The displayed list marker: `•` or `3.`."""


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """The content of `<details>`, up to its end tag."""


Container: TypeAlias = Quote | ItemList | Item | Details


class Kind(StrEnum):
    """The type of a leaf block."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FENCE = "fence"
    INDENTED = "indented"
    """Indented code."""
    TABLE = "table"
    """The first line is the header; the delimiter row is stored only as `aligns`."""
    RULE = "rule"
    TERM = "term"
    """A term of a definition list."""
    SUMMARY = "summary"
    """The summary of `<details>`; without lines if the source has none."""
    FORMULA = "formula"
    """A display formula of several lines, delimiters included; complete if `level` is 1."""
    EMPTY = "empty"
    """A list item without content so far."""


class Leaf:
    """A leaf block. Only the last leaf of a document changes."""

    __slots__ = (
        "aligns",
        "closed",
        "committed",
        "containers",
        "fence",
        "gap",
        "info",
        "kind",
        "level",
        "lines",
        "new_from",
        "number",
        "offsets",
        "start",
    )

    def __init__(self, kind: Kind, containers: tuple[Container, ...], new_from: int, gap: bool, start: int) -> None:
        self.kind = kind
        self.containers = containers
        self.new_from = new_from
        """Index of the first container that this leaf opens; `len(containers)` if none."""
        self.gap = gap
        """Whether a blank line separates it from the leaf before."""
        self.start = start
        """Offset of the first character in the source."""
        self.lines: list[str] = []
        self.offsets: list[int] = []
        """Offset of each line in the source."""
        self.committed = 0
        """Number of lines that are ended by a newline and final."""
        self.closed = False
        """Whether no further line can belong to the leaf."""
        self.level = 0
        """Heading level, 1 to 6; for a summary or formula, its parsing state."""
        self.info = ""
        """Info string of a fence."""
        self.fence = ("", 0, 0)
        """Character, length and indentation of the opening fence."""
        self.aligns: tuple[str, ...] = ()
        """Alignment of each table column: `left`, `right`, `center` or empty."""
        self.number = 0
        """Number of a code block, from 1 in document order."""

    def add(self, text: str, offset: int) -> None:
        """Append a line."""
        self.lines.append(text)
        self.offsets.append(offset)

    @property
    def is_code(self) -> bool:
        return self.kind in (Kind.FENCE, Kind.INDENTED)

    @property
    def code(self) -> str:
        """The text of a code block; indented code without leading and trailing blank lines."""
        text = "\n".join(self.lines)
        return text.strip("\n") if self.kind is Kind.INDENTED else text


@dataclass(frozen=True, slots=True)
class LeafState:
    """Snapshot of a leaf before another line."""

    leaf: Leaf
    kind: Kind
    level: int
    closed: bool
    count: int
    last: tuple[str, int] | None
    """Text and offset of the last line, which the next line may turn into a table header."""

    @classmethod
    def capture(cls, leaf: Leaf) -> LeafState:
        """Take a snapshot of the leaf."""
        last = (leaf.lines[-1], leaf.offsets[-1]) if leaf.lines else None
        return cls(leaf, leaf.kind, leaf.level, leaf.closed, len(leaf.lines), last)

    def restore(self) -> Leaf:
        """Reset the leaf to this state and return it."""
        leaf = self.leaf
        leaf.kind, leaf.level, leaf.closed = self.kind, self.level, self.closed
        keep = max(0, self.count - 1)
        del leaf.lines[keep:], leaf.offsets[keep:]
        if self.last is not None:
            leaf.add(*self.last)
        return leaf
