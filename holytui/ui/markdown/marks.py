"""Metadata in the style of a run, in Textual's syntax: the address of a link, the source of a formula.

Textual ignores everything after a quoted value, so a mark is at the end of a style. For a formula inside a link,
Textual reads the address.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

_SCHEMES: Final = ("http://", "https://")
_MAX_ADDRESS: Final = 1_000
"""Maximum characters of an address; terminals need not support more than 2,083, and each costs bytes."""
_UNQUOTED: Final = "!#$%&()*+,/:;=?@[]~"
"""Characters not percent-encoded; quotes, spaces, controls and non-ASCII characters are."""
_FORMULA: Final = re.compile(r" formula='(\d+)\.(\d+)\.([^']*)'$")


def safe_address(address: str) -> str:
    """Return an address as printable ASCII for a terminal; empty unless it is HTTP or HTTPS and not too long."""
    if not address.lower().startswith(_SCHEMES):
        return ""
    safe = quote(address, safe=_UNQUOTED, errors="replace")
    return safe if len(safe) <= _MAX_ADDRESS else ""


def link(address: str) -> str:
    """Return the mark of a link, a suffix for a style; empty if the address is not safe for a terminal."""
    safe = safe_address(address)
    return f" link='{safe}'" if safe else ""


def formula(source: str, offset: int, row: int) -> str:
    """Return the mark of a row of the formula at `offset`."""
    return f" formula='{offset}.{row}.{quote(source, safe='')}'"


def formula_of(style: object) -> tuple[str, int, str] | None:
    """Return the formula marked by a style: a key distinguishing it from its neighbours, the row, the source."""
    found = _FORMULA.search(style) if isinstance(style, str) and style.endswith("'") else None
    if found is None:
        return None
    offset, row, source = found.groups()
    return f"{offset}.{source}", int(row), unquote(source)
