"""Markdown: what is shown depends on the text and not on the pieces it came in; the work is linear; nothing is lost.

Input: width, how to cut, whether it is repeated (a byte each), text.
"""

from __future__ import annotations

from collections.abc import Iterator

from holytui.ui.markdown.document import MarkdownDocument
from tests.fuzz.pieces import CONTROLS, calls, pieces
from tests.ui.markdown_shapes import SHAPES, shape
from tests.ui.test_markdown import RENDERINGS

_LONG = 1_500
_GROWTH = 2.6
"""How many times the calls may be for a text of twice the length."""
_BASE = 3_000
_FEW_CALLS = 20
"""A character, which are few enough however they have grown: an odd repetition may open what an even one closes."""
_MOST_CALLS = 260
"""A character of a text that comes as a whole: pieces of 128 characters with much markup are parsed at once, and the
search for the end of a link may scan all of a piece from each bracket in it, twice."""


def seeds() -> Iterator[bytes]:
    """The texts that tests of the looks and of the cost use."""
    for number, rendering in enumerate(RENDERINGS):
        yield bytes((number * 7 % 80, number, number % 8)) + str(rendering.values[0]).encode()
    for name in list(SHAPES)[::8]:
        yield b"\x28\3\1" + shape(name, 60).encode()
    yield b"\x20\0\0" + "日本語 `a` \u200b\x1b[31m👩‍👩‍👧 \u202e| a |\n|-|\n| b |\n~~~py\nx='\n".encode()


def check(data: bytes) -> None:
    """The lines and the code blocks of the whole and of the pieces are the same, and safe; a repetition is linear."""
    if len(data) < 4:
        return
    width, salt, repeated = data[0] % 100 + 1, data[1], data[2] % 4 == 1
    text = data[3:].decode("utf-8", "replace")
    whole = MarkdownDocument(text)
    whole.close()
    lines = _look(whole, width)
    assert CONTROLS.isdisjoint("".join(str(line[0]) for line in lines)), "a control character is shown"
    growing = MarkdownDocument()
    for piece in pieces(text, salt or 1):
        growing.append(piece)
        growing.lines(width)
    growing.close()
    assert _look(growing, width) == lines, "the pieces change the lines"
    assert growing.code_blocks == whole.code_blocks, "the pieces change the code"
    assert growing.source == text
    if repeated and text:
        _linear(text, width)


def _look(document: MarkdownDocument, width: int) -> list[tuple[object, ...]]:
    return [(line.text, tuple(line.content.spans), line.indent, line.joint) for line in document.lines(width)]


def _linear(text: str, width: int) -> None:
    times = _LONG // len(text) + 1
    short = calls(lambda: MarkdownDocument(text * times).lines(width))
    long = calls(lambda: MarkdownDocument(text * times * 2).lines(width))
    few = _FEW_CALLS * 2 * len(text) * times
    assert long <= max(few, _GROWTH * short + _BASE), f"{short} calls, and {long} for twice the text"
    if short > _MOST_CALLS * (len(text) * times + 100):
        # a paragraph just short enough to be parsed as a whole costs more a character than a long text
        times *= 8
        short = calls(lambda: MarkdownDocument(text * times).lines(width))
    assert short <= _MOST_CALLS * (len(text) * times + 100), f"{short} calls for {len(text) * times} characters"
