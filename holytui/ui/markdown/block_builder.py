"""Construction of the leaves of a document within their containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from holytui.ui.markdown.blocks import Container, Item, ItemList, Kind, Leaf, LeafState

_SEPARATED: Final = frozenset({Kind.HEADING, Kind.FENCE, Kind.INDENTED, Kind.TABLE, Kind.RULE})
"""Leaves displayed with a blank line around them, even without one in the source."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a builder before an unfinished line."""

    containers: tuple[Container, ...]
    new_from: int
    blank: bool
    code_blocks: int
    leaves: int
    last: LeafState | None


class BlockBuilder:
    """The leaves of the text so far and the open containers."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.settled = 0
        """Number of leading leaves that no further line can change."""
        self.code_blocks = 0
        self.containers: tuple[Container, ...] = ()
        """The open containers, outermost first."""
        self.blank = False
        """Whether a blank line follows the last leaf."""
        self._new_from = 0
        """Index of the first open container without a leaf."""

    def commit(self) -> None:
        """Declare all lines up to here final."""
        leaf = self.last
        if leaf is not None:
            leaf.committed = len(leaf.lines)
        self.settled = len(self.leaves) if leaf is None or leaf.closed else len(self.leaves) - 1

    def checkpoint(self) -> Checkpoint:
        """Return the state for `restore`."""
        last = LeafState.capture(self.leaves[-1]) if self.leaves else None
        return Checkpoint(self.containers, self._new_from, self.blank, self.code_blocks, len(self.leaves), last)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Revert the one line after `checkpoint`."""
        self.containers, self._new_from, self.blank = checkpoint.containers, checkpoint.new_from, checkpoint.blank
        self.code_blocks = checkpoint.code_blocks
        del self.leaves[max(0, checkpoint.leaves - 1) :]
        if checkpoint.last is not None:
            self.leaves.append(checkpoint.last.restore())

    @property
    def last(self) -> Leaf | None:
        return self.leaves[-1] if self.leaves else None

    @property
    def open_leaf(self) -> Leaf | None:
        leaf = self.last
        return None if leaf is None or leaf.closed or leaf.kind is Kind.EMPTY else leaf

    @property
    def innermost(self) -> Container | None:
        """The innermost open container."""
        return self.containers[-1] if self.containers else None

    @property
    def has_new_item(self) -> bool:
        """Whether a list item has been opened that has no leaf yet."""
        return any(isinstance(container, Item) for container in self.containers[self._new_from :])

    def is_childless(self, item: Item) -> bool:
        """Return whether a list item is the innermost container and has no content so far."""
        last = self.last
        return last is not None and last.kind is Kind.EMPTY and last.containers[-1] is item

    def close(self, count: int) -> None:
        """Close the open leaf and all but the first `count` containers."""
        leaf = self.last
        if leaf is not None and leaf.kind is not Kind.EMPTY:
            leaf.closed = True
        self.containers = self.containers[:count]
        self._new_from = min(self._new_from, count)

    def open_container(self, container: Container) -> None:
        """Open a container other than a list item."""
        self._close_lists()
        self.containers = (*self.containers, container)

    def open_item(self, parent: ItemList, item: Item) -> None:
        """Open an item of a new list."""
        self.open_container(parent)
        self.containers = (*self.containers, item)

    def open_next_item(self, parent: ItemList, item: Item) -> None:
        """Open an item in the innermost container, a list; `parent` replaces it."""
        self.containers = (*self.containers[:-1], parent)
        self._new_from = min(self._new_from, len(self.containers))
        self.containers = (*self.containers, item)

    def _close_lists(self) -> None:
        """Close innermost lists, which hold only items."""
        while self.containers and isinstance(self.containers[-1], ItemList):
            self.containers = self.containers[:-1]
        self._new_from = min(self._new_from, len(self.containers))

    def add_leaf(self, kind: Kind, start: int) -> Leaf:
        """Append a leaf that starts at offset `start` of the source, in the open containers."""
        self._close_lists()
        last = self.last
        new_from = self._new_from
        blank = self.blank
        if last is not None and last.kind is Kind.EMPTY:
            if self.containers[: len(last.containers)] == last.containers:
                self.leaves.pop()  # the new leaf is the content of its item
                new_from, blank = last.new_from, last.gap
                last = self.last
            else:
                last.closed = True
        gap = last is not None and (blank or _are_separated(last, kind))
        leaf = Leaf(kind, self.containers, new_from, gap, start)
        if leaf.is_code:
            self.code_blocks += 1
            leaf.number = self.code_blocks
        self.leaves.append(leaf)
        self._new_from = len(self.containers)
        self.blank = False
        return leaf

    def start_table(self, paragraph: Leaf, aligns: tuple[str, ...]) -> None:
        """Turn the last line of the last leaf, a paragraph, into the header of a table."""
        header, offset = paragraph.lines.pop(), paragraph.offsets.pop()
        if paragraph.lines:
            paragraph.closed = True
            table = Leaf(Kind.TABLE, paragraph.containers, len(paragraph.containers), True, offset)
        else:
            self.leaves.pop()
            above = self.last
            gap = bool(self.leaves) and (paragraph.gap or (above is not None and _are_separated(above, Kind.TABLE)))
            table = Leaf(Kind.TABLE, paragraph.containers, paragraph.new_from, gap, offset)
        table.aligns = aligns
        table.add(header, offset)
        self.leaves.append(table)


def _are_separated(above: Leaf, kind: Kind) -> bool:
    return kind in _SEPARATED or above.kind in _SEPARATED
