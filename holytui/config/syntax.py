"""Descriptions of TOML syntax errors."""

from __future__ import annotations

import re
import tomllib

from holytui.i18n import _
from holytui.text import sanitize_line

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BARE = re.compile(r"[^\W\d]|[~/.$@<%&*]")
"""First character of a string that lacks quotes."""
_PAIR = re.compile(r"\s*[\w.\"' -]+=\s*([^\s\"'\[{#][^#]*)")
_NUMBER = re.compile(r"[\d_.:+-]+,?")


def describe_syntax_error(message: str, text: str) -> tuple[str, int, int | None]:
    """Return a description of tomllib's error, its line and column. Never quotes the value, which may be secret."""
    place = _PLACE.search(message)
    description = sanitize_line(message[: place.start()] if place else message)
    if not place or not place[1]:
        return description, text.rstrip().count("\n") + 1, None
    line, column = int(place[1]), int(place[2])
    return _quoting_advice(text.split("\n")[line - 1], column) or description, line, column


def _quoting_advice(line: str, column: int) -> str:
    """Return advice if the value lacks quotes or is a miswritten boolean; else an empty string."""
    value = found[1].strip() if (found := _PAIR.match(line)) else line[column - 1 :].strip(" \t\r,]}")
    if value.rstrip(",").casefold() in ("true", "false"):
        return "" if value.islower() else _("true and false are written in lower case")
    if _NUMBER.fullmatch(value) or not (found or _BARE.match(line[column - 1 :])):
        return ""
    try:
        tomllib.loads(f"value = {value}")
    except ValueError:
        return _('a text needs quotes: "…"') if _BARE.search(value) else ""
    return ""
