"""Detection of LaTeX formulas in a text."""

from __future__ import annotations

import re
from typing import Final

_MAX_INLINE: Final = 400
"""Maximum characters between a pair of `$`; signs further apart do not belong together."""
_CLOSING: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_DOLLAR_END: Final = re.compile(r"(?<![\s\\])\$(?![\d$])")
_PRICE: Final = re.compile(r"[\\^_=<>+{}|]|\s[-*/]\s")
"""Occurs in a formula of several words, but not between amounts such as `$5 (US$)`."""


def find(text: str, pos: int, end: int) -> tuple[int, int, bool]:
    r"""Find the formula that starts at `pos`, where the text has `$` or `\`.

    Returns its end and the length of its delimiters, both 0 if there is none, and whether more text could complete one.
    """
    opener = text[pos : pos + 2]
    closer = _CLOSING.get(opener)
    if closer is not None:
        at = text.find(closer, pos + 2, end)
        return (at + 2, 2, False) if at >= 0 else (0, 0, True)
    before = text[pos - 1 : pos]
    if opener[:1] != "$" or opener[1:].isspace() or before == "$" or (before.isascii() and before.isalnum()):
        return 0, 0, False
    if pos + 1 == end:
        return 0, 0, True
    last = min(end, pos + 1 + _MAX_INLINE)
    found = _DOLLAR_END.search(text, pos + 2, min(len(text), last + 1))
    if found is None or found.end() > last:
        return 0, 0, last == end
    inner = text[pos + 1 : found.start()]
    if "`" in inner or (any(map(str.isspace, inner)) and _PRICE.search(inner) is None):
        return 0, 0, False
    return found.end(), 1, False
