"""The addresses of the links in a text, for a list of them."""

from __future__ import annotations

from typing import Final

from holytui.text import addresses
from holytui.ui.markdown.blocks import Kind, Leaf
from holytui.ui.markdown.inline import Inline, addresses_of
from holytui.ui.markdown.parser import BlockParser
from holytui.ui.markdown.tables import cells

_MARKDOWN: Final = 256 * 1024
"""Characters in which links of Markdown are looked for; behind them only addresses that stand in the text are found,
as there only these are shown."""


def links(source: str) -> list[str]:
    """The addresses as they were written, each once, in the order of the text; what stands in code is no link."""
    parser = BlockParser()
    end = source.find("\n", _MARKDOWN) if len(source) > _MARKDOWN else -1
    rich, rest = (source[:end], source[end:]) if end >= 0 else (source, "")
    for line in rich.split("\n"):
        parser.line(line, 0)
    found = [address for leaf in parser.leaves if not leaf.is_code for text in _texts(leaf) for address in _in(text)]
    found += plain_links(rest)
    return list(dict.fromkeys(found))


def plain_links(text: str) -> list[str]:
    """The addresses in a text that is shown as it was written."""
    return list(dict.fromkeys(part for part, is_address in addresses(text) if is_address))


def _texts(leaf: Leaf) -> list[str]:
    if leaf.kind is Kind.TABLE:
        return [cell for line in leaf.lines for cell in cells(line)]
    return ["\n".join(leaf.lines)]


def _in(text: str) -> list[str]:
    """In the same pieces in which the text is parsed to be shown, as a long one takes long as a whole."""
    if "://" not in text and "](" not in text and "<" not in text:
        return []
    inline = Inline()
    inline.update(text)
    while not inline.done:
        inline.update(text)
    return [address for piece in inline.pieces() for address in addresses_of(piece)]
