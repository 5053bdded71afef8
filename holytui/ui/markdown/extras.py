r"""Blocks that CommonMark does not have: footnotes, definitions, `<details>`, and formulas of several lines.

The first two are items of lists. Of the others this module tells where they begin, and how an open one takes a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from holytui.ui.markdown import mathematics
from holytui.ui.markdown.blocks import Kind, Leaf

NOTE: Final = "^"
"""The sign of the lists of footnotes."""
DEFINITION: Final = ":"
"""The sign of the lists of definitions."""
_NOTE: Final = re.compile(r"\[\^([^\s\[\]^]{1,64})\]:")
_DEFINITION: Final = re.compile(r":(?=[ \t]+\S)")
_DETAILS: Final = re.compile(
    r"<details(?: open)?>[ \t]*(?:<summary>(?P<text>(?:(?!</summary>).)*)(?P<end></summary>)?)?"
)
_SUMMARY: Final = re.compile(r"<summary>(?P<text>(?:(?!</summary>).)*)(?P<end></summary>)?")
_EMPHASIS: Final = re.compile(r"</?(?:b|strong|i|em)>")
_CLOSERS: Final = {"$$": "$$", "\\[": "\\]"}
_LONGEST: Final = 2 * mathematics.LONGEST
"""Characters after which an open formula is none; it is laid out anew with each piece of its text."""
_TAIL: Final = ".,;:"
"""What may stand behind a formula of several lines."""


class Asks:
    """States of a summary, kept as the level of its leaf."""

    TAG: Final = 0
    END: Final = 1


@dataclass(frozen=True, slots=True)
class Sign:
    """What begins a footnote or a definition: the sign of its list, its length, and what is shown before it."""

    sign: str
    length: int
    shown: str


def sign(line: str, start: int) -> Sign | None:
    """The footnote or the definition that begins at `start`."""
    if line[start] == "[" and (note := _NOTE.match(line, start)):
        return Sign(NOTE, note.end() - start, note_mark(note.group(1)))
    if line[start] == ":" and _DEFINITION.match(line, start):
        return Sign(DEFINITION, 1, " ")
    return None


def note_mark(label: str) -> str:
    """A footnote as it is shown, in the text and before its words.

    A name keeps its sign, as `[^a-z]` may be no note.
    """
    return f"[{label}]" if label.isdecimal() else f"[^{label}]"


# -- details


def begins_details(text: str) -> bool:
    """Whether a line begins `<details>`."""
    return _DETAILS.fullmatch(text.rstrip(" \t")) is not None


def ends_details(text: str) -> bool:
    """Whether a line ends `<details>`."""
    return text.rstrip(" \t") == "</details>"


def open_summary(leaf: Leaf, text: str, offset: int) -> None:
    """Take the line that begins `<details>`, at `offset` of the source."""
    found = _DETAILS.fullmatch(text.rstrip(" \t"))
    if found is not None and found["text"] is not None:
        _begin_summary(leaf, found, offset)


def summary_takes(leaf: Leaf, text: str, offset: int) -> bool:
    """Whether a line belongs to an open summary, which takes it then."""
    text = text.strip(" \t")
    if not text:
        return False
    if leaf.level == Asks.TAG:
        found = _SUMMARY.fullmatch(text)
        if found is None:
            return False
        _begin_summary(leaf, found, offset)
        return True
    words, end, behind = text.partition("</summary>")
    if behind:
        return False
    if words:
        leaf.add(words, offset)
    leaf.closed = bool(end)
    return True


def _begin_summary(leaf: Leaf, found: re.Match[str], offset: int) -> None:
    leaf.level = Asks.END
    if found["text"].strip():
        leaf.add(found["text"].strip(), offset + found.start("text"))
    leaf.closed = found["end"] is not None


def without_emphasis(text: str) -> str:
    """A summary, which is bold anyway, without the tags that say so."""
    return _EMPHASIS.sub("", text)


# -- formulas


def begins_formula(text: str) -> bool:
    """Whether a line begins a formula in lines of its own. One that ends within the line is left to its paragraph."""
    text = text.rstrip(" \t")
    closer = _CLOSERS.get(text[:2])
    return closer is not None and len(text) <= _LONGEST and closer not in text[2:] and text[2:3] != "$"


def formula_takes(leaf: Leaf, text: str, offset: int) -> bool:
    """Whether a line belongs to an open formula, which takes it then."""
    if not text.strip(" \t") or offset + len(text) - leaf.start > _LONGEST:
        return False
    leaf.add(text, offset)
    closer = _CLOSERS[leaf.lines[0][:2]]
    if closer in text:
        leaf.closed = True
        leaf.level = int(text.rstrip(" \t" + _TAIL).endswith(closer) and text.count(closer) == 1)
    return True


def parts(leaf: Leaf) -> tuple[str, str]:
    """A formula that has come to its end, with its delimiters, and the punctuation behind it; both empty for another
    one."""
    if leaf.kind is not Kind.FORMULA or not leaf.level:
        return "", ""
    text = "\n".join(leaf.lines).rstrip(" \t")
    end = len(text.rstrip(" \t" + _TAIL))
    return text[:end], text[end:].strip(" \t")
