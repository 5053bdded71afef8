"""Blocks beyond CommonMark: footnotes, definition lists, `<details>` and display formulas.

Footnotes and definitions are list items; this module recognises their markers. For `<details>` and formulas it
recognises the first line and decides whether an open block continues with a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from holytui.ui.markdown import mathematics
from holytui.ui.markdown.blocks import Kind, Leaf

FOOTNOTE: Final = "^"
"""Delimiter of footnote lists."""
DEFINITION: Final = ":"
"""Delimiter of definition lists."""
_FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]^]{1,64})\]:")
_DEFINITION: Final = re.compile(r":(?=[ \t]+\S)")
_DETAILS: Final = re.compile(
    r"<details(?: open)?>[ \t]*(?:<summary>(?P<text>(?:(?!</summary>).)*)(?P<end></summary>)?)?"
)
_SUMMARY: Final = re.compile(r"<summary>(?P<text>(?:(?!</summary>).)*)(?P<end></summary>)?")
_EMPHASIS: Final = re.compile(r"</?(?:b|strong|i|em)>")
_CLOSING: Final = {"$$": "$$", "\\[": "\\]"}
_MAX_LENGTH: Final = 2 * mathematics.MAX_LENGTH
"""Maximum characters of an open formula, since each addition lays it out again."""
_PUNCTUATION: Final = ".,;:"
"""Punctuation allowed after the closing delimiter of a display formula."""


class SummaryState:
    """Parsing state of a summary, stored as the `level` of its leaf."""

    EXPECTED: Final = 0
    OPEN: Final = 1


@dataclass(frozen=True, slots=True)
class ExtensionMarker:
    """Marker of a footnote or a definition."""

    delimiter: str
    """Delimiter of its list: `FOOTNOTE` or `DEFINITION`."""
    length: int
    label: str
    """The displayed marker."""


def extension_marker(line: str, start: int) -> ExtensionMarker | None:
    """Return the footnote or definition marker at `start`, if any."""
    if line[start] == "[" and (footnote := _FOOTNOTE.match(line, start)):
        return ExtensionMarker(FOOTNOTE, footnote.end() - start, footnote_label(footnote.group(1)))
    if line[start] == ":" and _DEFINITION.match(line, start):
        return ExtensionMarker(DEFINITION, 1, " ")
    return None


def footnote_label(label: str) -> str:
    """Return the displayed form of a footnote reference or marker.

    A name keeps its caret, since `[^a-z]` may be a regular expression.
    """
    return f"[{label}]" if label.isdecimal() else f"[^{label}]"


# -- details


def starts_details(text: str) -> bool:
    """Return whether a line starts `<details>`."""
    return _DETAILS.fullmatch(text.rstrip(" \t")) is not None


def ends_details(text: str) -> bool:
    """Return whether a line ends `<details>`."""
    return text.rstrip(" \t") == "</details>"


def open_summary(leaf: Leaf, text: str, offset: int) -> None:
    """Parse the line that starts `<details>`, at `offset` of the source, into its summary."""
    found = _DETAILS.fullmatch(text.rstrip(" \t"))
    if found is not None and found["text"] is not None:
        _start_summary(leaf, found, offset)


def continue_summary(leaf: Leaf, text: str, offset: int) -> bool:
    """Append a line to an open summary; returns False if it does not belong to it."""
    text = text.strip(" \t")
    if not text:
        return False
    if leaf.level == SummaryState.EXPECTED:
        found = _SUMMARY.fullmatch(text)
        if found is None:
            return False
        _start_summary(leaf, found, offset)
        return True
    content, end, trailing = text.partition("</summary>")
    if trailing:
        return False
    if content:
        leaf.add(content, offset)
    leaf.closed = bool(end)
    return True


def _start_summary(leaf: Leaf, found: re.Match[str], offset: int) -> None:
    leaf.level = SummaryState.OPEN
    if found["text"].strip():
        leaf.add(found["text"].strip(), offset + found.start("text"))
    leaf.closed = found["end"] is not None


def without_emphasis(text: str) -> str:
    """Strip emphasis tags from a summary, which is displayed bold anyway."""
    return _EMPHASIS.sub("", text)


# -- formulas


def starts_formula(text: str) -> bool:
    """Return whether a line starts a display formula. A formula that ends within the line is inline."""
    text = text.rstrip(" \t")
    closer = _CLOSING.get(text[:2])
    return closer is not None and len(text) <= _MAX_LENGTH and closer not in text[2:] and text[2:3] != "$"


def continue_formula(leaf: Leaf, text: str, offset: int) -> bool:
    """Append a line to an open formula; returns False if it does not belong to it."""
    if not text.strip(" \t") or offset + len(text) - leaf.start > _MAX_LENGTH:
        return False
    leaf.add(text, offset)
    closer = _CLOSING[leaf.lines[0][:2]]
    if closer in text:
        leaf.closed = True
        leaf.level = int(text.rstrip(" \t" + _PUNCTUATION).endswith(closer) and text.count(closer) == 1)
    return True


def formula_parts(leaf: Leaf) -> tuple[str, str]:
    """Return a complete formula with its delimiters, and the punctuation after it; both empty if incomplete."""
    if leaf.kind is not Kind.FORMULA or not leaf.level:
        return "", ""
    text = "\n".join(leaf.lines).rstrip(" \t")
    end = len(text.rstrip(" \t" + _PUNCTUATION))
    return text[:end], text[end:].strip(" \t")
