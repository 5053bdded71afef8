"""How the first characters of a line tell what begins there (CommonMark 0.31, chapters 4 and 5)."""

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
    """A heading, a fence or a rule."""

    kind: Kind
    level: int = 0
    """Of a heading, 1 to 6; of a fence, how many characters it has."""
    text: str = ""
    """Of a heading, its text; of a fence, what stands behind it."""
    at: int = 0
    """Where `text` begins in the line."""
    char: str = ""
    """What a fence is made of."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What begins an item of a list."""

    sign: str
    """The bullet, or the sign behind the number."""
    number: int | None
    length: int
    interrupts: bool
    """Whether it may stand right below a line of a paragraph: a line such as "1998. A good year" begins no list."""


def leaf(line: str, start: int) -> LeafStart | None:
    """The heading, fence or rule that begins at `start`, where the line has a character."""
    char = line[start]
    if char == "#" and (heading := _HEADING.match(line, start)):
        return LeafStart(Kind.HEADING, len(heading.group(1)), _without_end(line[heading.end() :]), heading.end())
    if char in "`~" and (fence := _FENCE.match(line, start)):
        info = line[fence.end() :].strip(" \t")
        return LeafStart(Kind.FENCE, fence.end() - start, info, fence.end(), char)
    if char in "*-_" and _is_rule(line[start:]):
        return LeafStart(Kind.RULE)
    return None


def marker(line: str, start: int) -> Marker | None:
    """The marker of an item that begins at `start`, where the line has a character."""
    bullet = line[start] in "-+*"
    found = (_BULLET if bullet else _ORDERED).match(line, start)
    if found is None:
        return None
    number = None if bullet else int(found.group(1))
    interrupts = bool(line[found.end() :].strip(" \t")) and number in (None, 1)
    return Marker(found.group()[-1], number, len(found.group()), interrupts)


def _without_end(text: str) -> str:
    """The text of a heading without the `#` that may end it."""
    text = text.rstrip(" \t")
    bare = text.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else text


def _is_rule(text: str) -> bool:
    signs = text.replace(" ", "").replace("\t", "")
    return len(signs) > 2 and signs == signs[0] * len(signs)
