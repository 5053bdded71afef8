"""What Markdown text is made of: containers around leaves, and the leaves in the order of the text.

A leaf knows the containers that it stands in, so a document is one flat list of leaves, and nothing has to walk a tree.
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
    """A list; only its items are seen."""

    sign: str
    """The bullet (`-`, `+`, `*`) or the sign behind the number (`.`, `)`): another one begins another list."""
    number: int | None
    """The number of its newest item; None in a bullet list."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item of a list."""

    indent: int
    """Columns that a line must be indented by to belong to it."""
    marker: str
    """What is shown before it: `•` or `3.`."""


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """What `<details>` holds, up to its end tag."""


Container: TypeAlias = Quote | ItemList | Item | Details


class Kind(StrEnum):
    """What a leaf is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FENCE = "fence"
    INDENTED = "indented"
    """Code by indentation."""
    TABLE = "table"
    """Its first line is the header; the row of dashes is kept in `aligns` only."""
    RULE = "rule"
    TERM = "term"
    """Of a list of definitions."""
    SUMMARY = "summary"
    """The heading of `<details>`; without a text there was none."""
    FORMULA = "formula"
    """Of several lines, with its delimiters; whole if its level is 1."""
    EMPTY = "empty"
    """Nothing yet, in an item that must be shown."""


class Leaf:
    """A block that holds text. Only the last leaf of a document ever changes."""

    __slots__ = (
        "aligns",
        "closed",
        "committed",
        "containers",
        "fence",
        "fresh",
        "gap",
        "info",
        "kind",
        "level",
        "lines",
        "number",
        "offsets",
        "start",
    )

    def __init__(self, kind: Kind, containers: tuple[Container, ...], fresh: int, gap: bool, start: int) -> None:
        self.kind = kind
        self.containers = containers
        self.fresh = fresh
        """`containers[fresh:]` begin with this leaf."""
        self.gap = gap
        """A blank line stands before it."""
        self.start = start
        """Offset of its first character in the source."""
        self.lines: list[str] = []
        self.offsets: list[int] = []
        """Offset of each line in the source."""
        self.committed = 0
        """How many of its lines came to their end and stay as they are."""
        self.closed = False
        self.level = 0
        """Of a heading, 1 to 6; of a summary and a formula, how far it has come."""
        self.info = ""
        """Of a fence: what stands behind its opening."""
        self.fence = ("", 0, 0)
        """Of a fence: its character, how many, and the columns before it."""
        self.aligns: tuple[str, ...] = ()
        """Of a table, each column: `left`, `right`, `center` or empty."""
        self.number = 0
        """Of a code block, counted from 1 through the document."""

    def add(self, text: str, offset: int) -> None:
        """One more line."""
        self.lines.append(text)
        self.offsets.append(offset)

    @property
    def is_code(self) -> bool:
        return self.kind in (Kind.FENCE, Kind.INDENTED)

    @property
    def code(self) -> str:
        """The text of a code block, without the blank lines around indented code."""
        text = "\n".join(self.lines)
        return text.strip("\n") if self.kind is Kind.INDENTED else text


@dataclass(frozen=True, slots=True)
class LeafState:
    """How a leaf was before one more line."""

    leaf: Leaf
    kind: Kind
    level: int
    closed: bool
    count: int
    last: tuple[str, int] | None
    """Its last line, which may become the header of a table."""

    @classmethod
    def of(cls, leaf: Leaf) -> LeafState:
        """The leaf as it is."""
        last = (leaf.lines[-1], leaf.offsets[-1]) if leaf.lines else None
        return cls(leaf, leaf.kind, leaf.level, leaf.closed, len(leaf.lines), last)

    def put_back(self) -> Leaf:
        """The leaf, made as it was."""
        leaf = self.leaf
        leaf.kind, leaf.level, leaf.closed = self.kind, self.level, self.closed
        keep = max(0, self.count - 1)
        del leaf.lines[keep:], leaf.offsets[keep:]
        if self.last is not None:
            leaf.add(*self.last)
        return leaf
