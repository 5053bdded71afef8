"""Markdown into leaves, a line at a time: the block phase of CommonMark 0.31 ("A parsing strategy"), and GFM's tables.

markdown-it parses a text as a whole, so an open list would be parsed anew from its first item with each token that
comes. Here a line costs the same wherever it stands; what stands in a paragraph is still markdown-it's to parse.
Raw HTML but for `<details>`, and link reference definitions, are text like any other, so that nothing is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from holytui.ui.markdown import block_starts, extensions
from holytui.ui.markdown.blocks import Container, Details, Item, ItemList, Kind, Leaf, LeafState, Quote
from holytui.ui.markdown.cursor import Cursor
from holytui.ui.markdown.tables import alignments, header_fits

_APART: Final = frozenset({Kind.HEADING, Kind.FENCE, Kind.INDENTED, Kind.TABLE, Kind.RULE})
"""Leaves with a blank line around them, even where the text has none."""
_DEEPEST: Final = 24
"""Containers in one another; what would open more is text. A line of 20,000 `>` is an attack, not a quote."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of a parser before a line that has not come to its end."""

    stack: tuple[Container, ...]
    new_from: int
    blank: bool
    code_blocks: int
    leaves: int
    last: LeafState | None


class BlockParser:
    """Takes lines and keeps the leaves of all that came. The last line can be taken back and given anew, longer."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.settled = 0
        """How many leaves, from the first, no further line can change."""
        self.code_blocks = 0
        self._stack: tuple[Container, ...] = ()
        self._new_from = 0
        """`_stack[_new_from:]` has no leaf yet."""
        self._blank = False
        """A blank line came after the last leaf."""
        self._offset = 0

    def commit(self) -> None:
        """All lines up to here came to their end."""
        leaf = self._last
        if leaf is not None:
            leaf.committed = len(leaf.lines)
        self.settled = len(self.leaves) if leaf is None or leaf.closed else len(self.leaves) - 1

    def mark(self) -> Mark:
        """Where `restore` goes back to."""
        last = LeafState.capture(self.leaves[-1]) if self.leaves else None
        return Mark(self._stack, self._new_from, self._blank, self.code_blocks, len(self.leaves), last)

    def restore(self, mark: Mark) -> None:
        """Take back the one line that came after `mark`."""
        self._stack, self._new_from, self._blank = mark.stack, mark.new_from, mark.blank
        self.code_blocks = mark.code_blocks
        del self.leaves[max(0, mark.leaves - 1) :]
        if mark.last is not None:
            self.leaves.append(mark.last.restore())

    def line(self, text: str, offset: int, partial: bool = False) -> None:
        """Take one line, without its newline, that stands at `offset` of the source.

        A `partial` line may still grow: dashes that could become the underline of a heading or the first item of
        a list stay text until it is known.
        """
        self._offset = offset
        cursor = Cursor(text)
        matched = self._match(cursor)
        leaf = self._open_leaf
        whole = matched == len(self._stack)
        if whole and leaf is not None and leaf.is_code and self._literal(leaf, cursor):
            return
        if whole and leaf is not None and self._extra_takes(leaf, cursor):
            return
        if leaf is not None and (leaf.is_code or leaf.kind in (Kind.SUMMARY, Kind.FORMULA)):
            leaf.closed = True
            leaf = None
        paragraph = leaf if leaf is not None and leaf.kind is Kind.PARAGRAPH else None
        if paragraph is not None and whole and self._underline(paragraph, cursor, partial):
            return
        done, matched, opened = self._starts(cursor, matched, paragraph, whole)
        if done:
            return
        if cursor.blank:
            self._blank_line(cursor, matched, opened)
        elif opened or leaf is None:
            self._close(matched)
            self._text(cursor)
        elif paragraph is not None:
            cursor.skip_indent()
            paragraph.add(cursor.rest(), self._at(cursor))
        elif whole and leaf.kind is Kind.TABLE and cursor.indent < 4:
            cursor.skip_indent()
            leaf.add(cursor.rest(), self._at(cursor))
        else:
            self._close(matched)
            self._text(cursor)

    @property
    def _last(self) -> Leaf | None:
        return self.leaves[-1] if self.leaves else None

    @property
    def _open_leaf(self) -> Leaf | None:
        leaf = self._last
        return None if leaf is None or leaf.closed or leaf.kind is Kind.EMPTY else leaf

    def _at(self, cursor: Cursor) -> int:
        return self._offset + cursor.pos

    def _match(self, cursor: Cursor) -> int:
        """How many of the open containers the line belongs to."""
        for index, container in enumerate(self._stack):
            match container:
                case Quote():
                    if cursor.indent > 3 or cursor.text[cursor.next : cursor.next + 1] != ">":
                        return index
                    self._quote_sign(cursor)
                case Item(indent=indent):
                    if cursor.blank:
                        if self._is_childless(container):
                            return index
                        cursor.skip_indent()
                    elif cursor.indent >= indent:
                        cursor.skip(indent)
                    else:
                        return index
                case _:
                    pass
        return len(self._stack)

    def _is_childless(self, item: Item) -> bool:
        last = self._last
        return last is not None and last.kind is Kind.EMPTY and last.containers[-1] is item

    @staticmethod
    def _quote_sign(cursor: Cursor) -> None:
        cursor.skip_indent()
        cursor.skip(1)
        cursor.skip_space()

    def _literal(self, leaf: Leaf, cursor: Cursor) -> bool:
        """Take the line into open code; False if it does not belong to it."""
        if leaf.kind is Kind.FENCE:
            char, count, indent = leaf.fence
            end = cursor.text[cursor.next :].rstrip(" \t") if cursor.indent < 4 else ""
            if len(end) >= count and end == char * len(end):
                leaf.closed = True
                return True
            cursor.skip(min(indent, cursor.indent))
        elif cursor.indent >= 4:
            cursor.skip(4)
        elif cursor.blank:
            cursor.skip_indent()
            self._blank = True
        else:
            return False
        leaf.add(cursor.rest(), self._at(cursor))
        return True

    def _extra_takes(self, leaf: Leaf, cursor: Cursor) -> bool:
        """Take the line into an open summary or formula; False if it does not belong to it."""
        match leaf.kind:
            case Kind.SUMMARY:
                return extensions.continue_summary(leaf, cursor.rest(), self._at(cursor))
            case Kind.FORMULA:
                return extensions.continue_formula(leaf, cursor.rest(), self._at(cursor))
            case _:
                return False

    def _underline(self, paragraph: Leaf, cursor: Cursor, partial: bool) -> bool:
        """Whether the line makes what stands above it a heading or the header of a table."""
        if cursor.indent > 3:
            return False
        text = cursor.text[cursor.next :].rstrip(" \t")
        aligns = alignments(text)
        dashes = bool(text) and text[0] in "=-" and text == text[0] * len(text)
        if header_fits(paragraph.lines[-1], aligns) and not (partial and dashes):
            self._table(paragraph, aligns)
        elif dashes and partial:
            paragraph.add(text, self._at(cursor))
        elif dashes:
            paragraph.kind, paragraph.level, paragraph.closed = Kind.HEADING, 1 if text[0] == "=" else 2, True
        else:
            return False
        return True

    def _table(self, paragraph: Leaf, aligns: tuple[str, ...]) -> None:
        header, offset = paragraph.lines.pop(), paragraph.offsets.pop()
        if paragraph.lines:
            paragraph.closed = True
            table = Leaf(Kind.TABLE, paragraph.containers, len(paragraph.containers), True, offset)
        else:
            self.leaves.pop()
            above = self._last
            gap = bool(self.leaves) and (paragraph.gap or (above is not None and self._is_apart(above, Kind.TABLE)))
            table = Leaf(Kind.TABLE, paragraph.containers, paragraph.new_from, gap, offset)
        table.aligns = aligns
        table.add(header, offset)
        self.leaves.append(table)

    def _starts(self, cursor: Cursor, matched: int, paragraph: Leaf | None, whole: bool) -> tuple[bool, int, bool]:
        """Open what begins on this line: whether the line is done, the containers it is in, whether any was opened."""
        opened = False
        while not cursor.blank and matched < _DEEPEST:
            if cursor.indent > 3:
                if paragraph is not None and not opened:
                    break
                self._close(matched)
                cursor.skip(4)
                self._leaf(Kind.INDENTED, cursor).add(cursor.rest(), self._at(cursor))
                return True, matched, opened
            if cursor.text[cursor.next] == ">":
                self._close(matched)
                self._push(Quote())
                self._quote_sign(cursor)
            elif self._simple(cursor, matched):
                return True, matched, opened
            elif not self._item(cursor, matched, paragraph if whole and not opened else None):
                break
            opened = True
            matched = len(self._stack)
        return False, matched, opened

    def _simple(self, cursor: Cursor, matched: int) -> bool:
        """Open a heading, a fence or a rule, if the line is one."""
        found = block_starts.leaf_start(cursor.text, cursor.next)
        if found is None:
            return self._extra(cursor, matched)
        self._close(matched)
        leaf = self._leaf(found.kind, cursor)
        if found.kind is Kind.FENCE:
            leaf.fence = (found.char, found.level, cursor.indent)
            leaf.info = found.text
            return True
        leaf.closed = True
        if found.kind is Kind.HEADING:
            leaf.level = found.level
            leaf.add(found.text, self._offset + found.at)
        return True

    def _extra(self, cursor: Cursor, matched: int) -> bool:
        """Begin or end `<details>`, or begin a formula, if the line does."""
        text = cursor.text[cursor.next :]
        if text[0] not in "<$\\":
            return False
        if extensions.starts_details(text):
            self._close(matched)
            extensions.open_summary(self._leaf(Kind.SUMMARY, cursor), text, self._offset + cursor.next)
            self._stack = (*self._stack, Details())
        elif extensions.ends_details(text):
            begun = [at for at, container in enumerate(self._stack[:matched]) if isinstance(container, Details)]
            if not begun:
                return False
            self._close(begun[-1])
            self._blank = True
        elif extensions.starts_formula(text):
            self._close(matched)
            self._leaf(Kind.FORMULA, cursor).add(text, self._offset + cursor.next)
        else:
            return False
        return True

    def _extra_item(self, cursor: Cursor, matched: int, paragraph: Leaf | None) -> bool:
        """Open a footnote or a definition, if the line begins one."""
        found = extensions.extension_marker(cursor.text, cursor.next)
        if found is None:
            return False
        indent = 4
        if found.delimiter == extensions.DEFINITION:
            above = self._stack[matched - 1] if matched else None
            if paragraph is not None and len(paragraph.lines) == 1:
                paragraph.kind = Kind.TERM
            elif not (isinstance(above, ItemList) and above.delimiter == found.delimiter):
                return False
            indent = 2
        self._close(matched)
        cursor.skip_indent()
        cursor.skip(found.length)
        cursor.skip_indent()
        parent = self._stack[-1] if self._stack else None
        if not (isinstance(parent, ItemList) and parent.delimiter == found.delimiter):
            self._push(ItemList(found.delimiter, None))
        self._stack = (*self._stack, Item(indent, found.label))
        return True

    def _item(self, cursor: Cursor, matched: int, paragraph: Leaf | None) -> bool:
        """Open an item of a list, if the line begins one."""
        if cursor.text[cursor.next] in "[:":
            return self._extra_item(cursor, matched, paragraph)
        found = block_starts.list_marker(cursor.text, cursor.next)
        if found is None or (paragraph is not None and not found.interrupts):
            return False
        self._close(matched)
        parent = self._stack[-1] if self._stack else None
        before = cursor.indent
        cursor.skip_indent()
        cursor.skip(found.length)
        indent = before + found.length + self._padding(cursor)
        delimiter, number = found.delimiter, found.number
        if (
            isinstance(parent, ItemList)
            and parent.delimiter == delimiter
            and (parent.number is None) == (number is None)
        ):
            number = None if parent.number is None else parent.number + 1
            self._stack = (*self._stack[:-1], ItemList(delimiter, number))
            self._new_from = min(self._new_from, len(self._stack))
        else:
            self._push(ItemList(delimiter, number))
        self._stack = (*self._stack, Item(indent, "•" if number is None else f"{number}{delimiter}"))
        return True

    @staticmethod
    def _padding(cursor: Cursor) -> int:
        """Go over the space behind a marker; how many columns of it are the item's."""
        if cursor.blank or cursor.indent > 4:
            cursor.skip_space()
            return 1
        width = cursor.indent
        cursor.skip(width)
        return width

    def _blank_line(self, cursor: Cursor, matched: int, opened: bool) -> None:
        if not opened:
            self._close(matched)
            self._blank = True
        elif any(isinstance(container, Item) for container in self._stack[self._new_from :]):
            self._leaf(Kind.EMPTY, cursor)

    def _text(self, cursor: Cursor) -> None:
        cursor.skip_indent()
        self._leaf(Kind.PARAGRAPH, cursor).add(cursor.rest(), self._at(cursor))

    def _close(self, matched: int) -> None:
        """Leave the containers that the line does not belong to, and the open leaf."""
        leaf = self._last
        if leaf is not None and leaf.kind is not Kind.EMPTY:
            leaf.closed = True
        self._stack = self._stack[:matched]
        self._new_from = min(self._new_from, matched)

    def _leave_list(self) -> None:
        """A list holds items only: what is none ends it."""
        while self._stack and isinstance(self._stack[-1], ItemList):
            self._stack = self._stack[:-1]
        self._new_from = min(self._new_from, len(self._stack))

    def _push(self, container: Container) -> None:
        self._leave_list()
        self._stack = (*self._stack, container)

    def _leaf(self, kind: Kind, cursor: Cursor) -> Leaf:
        self._leave_list()
        last = self._last
        new_from = self._new_from
        blank = self._blank
        if last is not None and last.kind is Kind.EMPTY:
            if self._stack[: len(last.containers)] == last.containers:
                self.leaves.pop()  # its item has something in it by now
                new_from, blank = last.new_from, last.gap
                last = self._last
            else:
                last.closed = True
        gap = last is not None and (blank or self._is_apart(last, kind))
        leaf = Leaf(kind, self._stack, new_from, gap, self._offset + cursor.next)
        if leaf.is_code:
            self.code_blocks += 1
            leaf.number = self.code_blocks
        self.leaves.append(leaf)
        self._new_from = len(self._stack)
        self._blank = False
        return leaf

    @staticmethod
    def _is_apart(last: Leaf, kind: Kind) -> bool:
        return kind in _APART or last.kind in _APART
