"""What the style of a run says beside its look, in Textual's words: the address of a link, the source of a formula.

Textual reads nothing behind a quoted value, so a mark stands at the end of a style and two may not stand in one; of a
formula in a link it reads the address.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

_SCHEMES: Final = ("http://", "https://")
_LONGEST: Final = 1_000
"""Characters of an address; a terminal need not take more than 2,083, and each costs bytes."""
_KEPT: Final = "!#$%&()*+,/:;=?@[]~"
"""Of an address; quotes, spaces, controls and what is not ASCII are written as `%XX`."""
_FORMULA: Final = re.compile(r" formula='(\d+)\.(\d+)\.([^']*)'$")


def safe_address(address: str) -> str:
    """An address that may be given to a terminal: printable ASCII; empty if it is not of the web, or too long."""
    if not address.lower().startswith(_SCHEMES):
        return ""
    safe = quote(address, safe=_KEPT, errors="replace")
    return safe if len(safe) <= _LONGEST else ""


def link(address: str) -> str:
    """The mark of a link, to be put behind a style; empty if the address is for no terminal."""
    safe = safe_address(address)
    return f" link='{safe}'" if safe else ""


def formula(source: str, place: int, row: int) -> str:
    """The mark of a formula that stands at `place`, on one of its rows."""
    return f" formula='{place}.{row}.{quote(source, safe='')}'"


def formula_of(style: object) -> tuple[str, int, str] | None:
    """The formula that a style marks: a key that tells it from its neighbours, the row, its source."""
    found = _FORMULA.search(style) if isinstance(style, str) and style.endswith("'") else None
    if found is None:
        return None
    place, row, source = found.groups()
    return f"{place}.{source}", int(row), unquote(source)
