"""Recognition of block starts by the first characters of a line (CommonMark 0.31, chapters 4 and 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from holytui.ui.markdown.blocks import Kind

_HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_FENCE: Final = re.compile(r"`{3,}+(?![^`]*`)|~{3,}")
_BULLET: Final = re.compile(r"[-+*](?=[ \t]|$)")
_ORDERED: Final = re.compile(r"(\d{1,9})[.)](?=[ \t]|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class LeafStart:
    """The start of a heading, a fence or a thematic break."""

    kind: Kind
    level: int = 0
    """Heading level, 1 to 6, or length of the fence."""
    text: str = ""
    """Heading text, or info string of the fence."""
    at: int = 0
    """Offset of `text` in the line."""
    char: str = ""
    """Fence character."""


@dataclass(frozen=True, slots=True)
class ListMarker:
    """A list marker."""

    delimiter: str
    """The bullet, or the delimiter after the number."""
    number: int | None
    length: int
    interrupts: bool
    """Whether it can interrupt a paragraph; "1998. A good year" cannot."""


def leaf_start(line: str, start: int) -> LeafStart | None:
    """Return the heading, fence or thematic break at `start`, if any. `start` must be within the line."""
    char = line[start]
    if char == "#" and (heading := _HEADING.match(line, start)):
        return LeafStart(
            Kind.HEADING, len(heading.group(1)), _without_closing_sequence(line[heading.end() :]), heading.end()
        )
    if char in "`~" and (fence := _FENCE.match(line, start)):
        info = line[fence.end() :].strip(" \t")
        return LeafStart(Kind.FENCE, fence.end() - start, info, fence.end(), char)
    if char in "*-_" and _is_thematic_break(line[start:]):
        return LeafStart(Kind.RULE)
    return None


def list_marker(line: str, start: int) -> ListMarker | None:
    """Return the list marker at `start`, if any. `start` must be within the line."""
    bullet = line[start] in "-+*"
    found = (_BULLET if bullet else _ORDERED).match(line, start)
    if found is None:
        return None
    number = None if bullet else int(found.group(1))
    interrupts = bool(line[found.end() :].strip(" \t")) and number in (None, 1)
    return ListMarker(found.group()[-1], number, len(found.group()), interrupts)


def _without_closing_sequence(text: str) -> str:
    """Strip the closing sequence of `#` from a heading."""
    text = text.rstrip(" \t")
    bare = text.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else text


def _is_thematic_break(text: str) -> bool:
    signs = text.replace(" ", "").replace("\t", "")
    return len(signs) > 2 and signs == signs[0] * len(signs)
