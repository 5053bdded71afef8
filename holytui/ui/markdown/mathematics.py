r"""Where formulas are in a text, and their Unicode form if the extra `holytui[math]` is there.

The converter is imported on a thread when the first formula is met: until then, and without the extra, a formula is
shown as it was written. `misses` tells a document that it has to be laid out once more.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 1_000
"""Characters of a formula that is converted; also of one in a block of its own."""
_MAX_INLINE: Final = 400
"""Characters between two `$`: what is further away belongs to something else."""
_CLOSING: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_DOLLAR_END: Final = re.compile(r"(?<![\s\\])\$(?![\d$])")
_PRICE: Final = re.compile(r"[\\^_=<>+{}|]|\s[-*/]\s")
"""What is in a formula of several words, and not between `$5 (US$)`."""


class _State(Enum):
    UNKNOWN = auto()
    """No formula was met yet."""
    LOADING = auto()
    AVAILABLE = auto()
    MISSING = auto()


class _Converter:
    """pylatexenc, once it is imported."""

    def __init__(self) -> None:
        self.state = _State.UNKNOWN
        self.misses = 0
        self._convert: Callable[[str], str] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Import it on a thread."""
        if self.state is _State.UNKNOWN:
            self.state = _State.LOADING
            self._thread = threading.Thread(target=self._load, name="holytui-mathematics", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until it is imported, or known to be missing, if that has begun."""
        if self._thread is not None:
            self._thread.join()

    def _load(self) -> None:
        try:
            from holytui.ui.markdown.latex import to_unicode
        except ImportError:
            self.state = _State.MISSING
        else:
            self._convert = to_unicode
            self.state = _State.AVAILABLE

    def convert(self, formula: str) -> str:
        """The formula as text; empty if it is not to be shown as such. Never raises."""
        if self._convert is None:
            return ""
        try:
            return self._convert(formula)
        except Exception:  # noqa: BLE001 - the formula may be anything, and its parser is another project's
            return ""


_converter: Final = _Converter()


def misses() -> int:
    """How many formulas were shown as they were written because the converter was not imported yet."""
    return _converter.misses


def settled() -> bool:
    """Whether the converter is imported, or known to be missing."""
    return _converter.state in (_State.AVAILABLE, _State.MISSING)


def available() -> bool:
    """Whether formulas are converted."""
    return _converter.state is _State.AVAILABLE


def wait() -> None:
    """Wait until it is known, if a formula was met."""
    _converter.wait()


def to_text(formula: str) -> str:
    """The text to show for a formula without its delimiters; empty: what was written."""
    if len(formula) > MAX_LENGTH or not formula.strip():
        return ""
    if not settled():
        _converter.start()
        _converter.misses += 1
        return ""
    return _converted(formula)


@lru_cache(maxsize=1024)
def _converted(formula: str) -> str:
    """A text that grows is parsed many times, its formulas once."""
    return _converter.convert(formula)


def find(text: str, pos: int, end: int) -> tuple[int, int, bool]:
    r"""The formula that begins at `pos`, where the text has `$` or `\`: its end and the length of its delimiters.

    Both are 0 if there is none; the last value is whether more text could still make one.
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
