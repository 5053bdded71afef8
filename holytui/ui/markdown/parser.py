"""The block phase of Markdown, line by line (CommonMark 0.31, "A parsing strategy"), with the tables of GFM.

markdown-it parses a text as a whole, so each token would parse an open list again from its first item. Here the cost
of a line does not depend on its position; inline content is left to markdown-it. Raw HTML except `<details>`, and link
reference definitions, are treated as text, so that nothing is hidden.
"""

from __future__ import annotations

from typing import Final

from holytui.ui.markdown import block_starts, extensions
from holytui.ui.markdown.block_builder import BlockBuilder
from holytui.ui.markdown.blocks import Details, Item, ItemList, Kind, Leaf, Quote
from holytui.ui.markdown.cursor import Cursor
from holytui.ui.markdown.tables import alignments, header_fits

_MAX_DEPTH: Final = 24
"""Maximum nesting of containers; deeper markers are text. A line of 20,000 `>` is an attack, not a quote."""


class BlockParser:
    """Parses lines into a block builder."""

    def __init__(self, blocks: BlockBuilder) -> None:
        self._blocks = blocks
        self._offset = 0
        """Offset of the current line in the source."""

    def line(self, text: str, offset: int, partial: bool = False) -> None:
        """Parse a line, without its newline, at `offset` of the source.

        A `partial` line may still grow: dashes that could underline a heading or start a list item stay text until
        the line is complete.
        """
        self._offset = offset
        cursor = Cursor(text)
        matched = self._match(cursor)
        leaf = self._blocks.open_leaf
        whole = matched == len(self._blocks.containers)
        if whole and leaf is not None and leaf.is_code and self._continue_code(leaf, cursor):
            return
        if whole and leaf is not None and self._continue_extension(leaf, cursor):
            return
        if leaf is not None and (leaf.is_code or leaf.kind in (Kind.SUMMARY, Kind.FORMULA)):
            leaf.closed = True
            leaf = None
        paragraph = leaf if leaf is not None and leaf.kind is Kind.PARAGRAPH else None
        if paragraph is not None and whole and self._underline(paragraph, cursor, partial):
            return
        consumed, matched, opened = self._open_blocks(cursor, matched, paragraph, whole)
        if consumed:
            return
        if cursor.blank:
            self._blank_line(cursor, matched, opened)
        elif opened or leaf is None:
            self._blocks.close(matched)
            self._add_paragraph(cursor)
        elif paragraph is not None:
            cursor.skip_indent()
            paragraph.add(cursor.rest(), self._at(cursor))
        elif whole and leaf.kind is Kind.TABLE and cursor.indent < 4:
            cursor.skip_indent()
            leaf.add(cursor.rest(), self._at(cursor))
        else:
            self._blocks.close(matched)
            self._add_paragraph(cursor)

    def _at(self, cursor: Cursor) -> int:
        return self._offset + cursor.pos

    def _match(self, cursor: Cursor) -> int:
        """Return how many of the open containers the line continues, and consume their prefixes."""
        for index, container in enumerate(self._blocks.containers):
            match container:
                case Quote():
                    if cursor.indent > 3 or cursor.text[cursor.next : cursor.next + 1] != ">":
                        return index
                    self._skip_quote_marker(cursor)
                case Item(indent=indent):
                    if cursor.blank:
                        if self._blocks.is_childless(container):
                            return index
                        cursor.skip_indent()
                    elif cursor.indent >= indent:
                        cursor.skip(indent)
                    else:
                        return index
                case _:
                    pass
        return len(self._blocks.containers)

    @staticmethod
    def _skip_quote_marker(cursor: Cursor) -> None:
        cursor.skip_indent()
        cursor.skip(1)
        cursor.skip_space()

    def _continue_code(self, leaf: Leaf, cursor: Cursor) -> bool:
        """Append the line to an open code block; returns False if it does not belong to it."""
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
            self._blocks.blank = True
        else:
            return False
        leaf.add(cursor.rest(), self._at(cursor))
        return True

    def _continue_extension(self, leaf: Leaf, cursor: Cursor) -> bool:
        """Append the line to an open summary or formula; returns False if it does not belong to it."""
        match leaf.kind:
            case Kind.SUMMARY:
                return extensions.continue_summary(leaf, cursor.rest(), self._at(cursor))
            case Kind.FORMULA:
                return extensions.continue_formula(leaf, cursor.rest(), self._at(cursor))
            case _:
                return False

    def _underline(self, paragraph: Leaf, cursor: Cursor, partial: bool) -> bool:
        """Turn the paragraph into a heading or its last line into a table header, if the line requires it."""
        if cursor.indent > 3:
            return False
        text = cursor.text[cursor.next :].rstrip(" \t")
        aligns = alignments(text)
        dashes = bool(text) and text[0] in "=-" and text == text[0] * len(text)
        if header_fits(paragraph.lines[-1], aligns) and not (partial and dashes):
            self._blocks.start_table(paragraph, aligns)
        elif dashes and partial:
            paragraph.add(text, self._at(cursor))
        elif dashes:
            paragraph.kind, paragraph.level, paragraph.closed = Kind.HEADING, 1 if text[0] == "=" else 2, True
        else:
            return False
        return True

    def _open_blocks(self, cursor: Cursor, matched: int, paragraph: Leaf | None, whole: bool) -> tuple[bool, int, bool]:
        """Open the blocks that start on this line.

        Returns whether the line is consumed, the number of its containers, and whether any was opened.
        """
        opened = False
        while not cursor.blank and matched < _MAX_DEPTH:
            if cursor.indent > 3:
                if paragraph is not None and not opened:
                    break
                self._blocks.close(matched)
                cursor.skip(4)
                self._add_leaf(Kind.INDENTED, cursor).add(cursor.rest(), self._at(cursor))
                return True, matched, opened
            if cursor.text[cursor.next] == ">":
                self._blocks.close(matched)
                self._blocks.open_container(Quote())
                self._skip_quote_marker(cursor)
            elif self._open_leaf_block(cursor, matched):
                return True, matched, opened
            elif not self._open_item(cursor, matched, paragraph if whole and not opened else None):
                break
            opened = True
            matched = len(self._blocks.containers)
        return False, matched, opened

    def _open_leaf_block(self, cursor: Cursor, matched: int) -> bool:
        """Open a heading, fence, thematic break or extension block, if the line starts one."""
        found = block_starts.leaf_start(cursor.text, cursor.next)
        if found is None:
            return self._open_extension(cursor, matched)
        self._blocks.close(matched)
        leaf = self._add_leaf(found.kind, cursor)
        if found.kind is Kind.FENCE:
            leaf.fence = (found.char, found.level, cursor.indent)
            leaf.info = found.text
            return True
        leaf.closed = True
        if found.kind is Kind.HEADING:
            leaf.level = found.level
            leaf.add(found.text, self._offset + found.at)
        return True

    def _open_extension(self, cursor: Cursor, matched: int) -> bool:
        """Open or close `<details>`, or open a formula, if the line does."""
        text = cursor.text[cursor.next :]
        if text[0] not in "<$\\":
            return False
        if extensions.starts_details(text):
            self._blocks.close(matched)
            extensions.open_summary(self._add_leaf(Kind.SUMMARY, cursor), text, self._offset + cursor.next)
            self._blocks.open_container(Details())
        elif extensions.ends_details(text):
            details = [
                index
                for index, container in enumerate(self._blocks.containers[:matched])
                if isinstance(container, Details)
            ]
            if not details:
                return False
            self._blocks.close(details[-1])
            self._blocks.blank = True
        elif extensions.starts_formula(text):
            self._blocks.close(matched)
            self._add_leaf(Kind.FORMULA, cursor).add(text, self._offset + cursor.next)
        else:
            return False
        return True

    def _open_extension_item(self, cursor: Cursor, matched: int, paragraph: Leaf | None) -> bool:
        """Open a footnote or a definition, if the line starts one."""
        found = extensions.extension_marker(cursor.text, cursor.next)
        if found is None:
            return False
        indent = 4
        if found.delimiter == extensions.DEFINITION:
            above = self._blocks.containers[matched - 1] if matched else None
            if paragraph is not None and len(paragraph.lines) == 1:
                paragraph.kind = Kind.TERM
            elif not (isinstance(above, ItemList) and above.delimiter == found.delimiter):
                return False
            indent = 2
        self._blocks.close(matched)
        cursor.skip_indent()
        cursor.skip(found.length)
        cursor.skip_indent()
        parent = self._blocks.innermost
        item = Item(indent, found.label)
        if isinstance(parent, ItemList) and parent.delimiter == found.delimiter:
            self._blocks.open_next_item(parent, item)
        else:
            self._blocks.open_item(ItemList(found.delimiter, None), item)
        return True

    def _open_item(self, cursor: Cursor, matched: int, paragraph: Leaf | None) -> bool:
        """Open a list item, if the line starts one."""
        if cursor.text[cursor.next] in "[:":
            return self._open_extension_item(cursor, matched, paragraph)
        found = block_starts.list_marker(cursor.text, cursor.next)
        if found is None or (paragraph is not None and not found.interrupts):
            return False
        self._blocks.close(matched)
        parent = self._blocks.innermost
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
            self._blocks.open_next_item(ItemList(delimiter, number), _item(indent, delimiter, number))
        else:
            self._blocks.open_item(ItemList(delimiter, number), _item(indent, delimiter, number))
        return True

    @staticmethod
    def _padding(cursor: Cursor) -> int:
        """Skip the space after a list marker; returns its columns that belong to the item."""
        if cursor.blank or cursor.indent > 4:
            cursor.skip_space()
            return 1
        width = cursor.indent
        cursor.skip(width)
        return width

    def _add_leaf(self, kind: Kind, cursor: Cursor) -> Leaf:
        return self._blocks.add_leaf(kind, self._offset + cursor.next)

    def _blank_line(self, cursor: Cursor, matched: int, opened: bool) -> None:
        if not opened:
            self._blocks.close(matched)
            self._blocks.blank = True
        elif self._blocks.has_new_item:
            self._add_leaf(Kind.EMPTY, cursor)

    def _add_paragraph(self, cursor: Cursor) -> None:
        cursor.skip_indent()
        self._add_leaf(Kind.PARAGRAPH, cursor).add(cursor.rest(), self._at(cursor))


def _item(indent: int, delimiter: str, number: int | None) -> Item:
    return Item(indent, "•" if number is None else f"{number}{delimiter}")
