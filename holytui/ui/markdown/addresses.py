"""The addresses of the links in a text."""

from __future__ import annotations

from typing import Final

from holytui.text import addresses
from holytui.ui.markdown.block_builder import BlockBuilder
from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.inline import Inline, addresses_of
from holytui.ui.markdown.parser import BlockParser
from holytui.ui.markdown.tables import split_cells

_PARSED: Final = 256 * 1024
"""Characters parsed as Markdown; in the rest, which is shown as plain text, only bare addresses are found."""


def links(source: str) -> list[str]:
    """Return the addresses outside code, exactly as written, without duplicates, in the order of the text."""
    blocks = BlockBuilder()
    parser = BlockParser(blocks)
    end = source.find("\n", _PARSED) if len(source) > _PARSED else -1
    markdown, rest = (source[:end], source[end:]) if end >= 0 else (source, "")
    for line in markdown.split("\n"):
        parser.line(line, 0)
    found = [
        address
        for leaf in blocks.leaves
        if not leaf.is_code
        for text in _inline_texts(leaf)
        for address in _link_addresses(text)
    ]
    found += plain_links(rest)
    return list(dict.fromkeys(found))


def plain_links(text: str) -> list[str]:
    """Return the bare addresses in a plain text, without duplicates."""
    return list(dict.fromkeys(part for part, is_address in addresses(text) if is_address))


def _inline_texts(leaf: Leaf) -> list[str]:
    if leaf.kind is Kind.TABLE:
        return [cell for line in leaf.lines for cell in split_cells(line)]
    return ["\n".join(leaf.lines)]


def _link_addresses(text: str) -> list[str]:
    """Find the links piece by piece, as for display: parsing a long text as a whole is slow."""
    if "://" not in text and "](" not in text and "<" not in text:
        return []
    inline = Inline()
    inline.update(text)
    while not inline.done:
        inline.update(text)
    return [address for piece in inline.pieces() for address in addresses_of(piece)]
