"""Conversion of formulas to Unicode with the extra `holytui[math]`.

The converter is imported on a thread when the first formula occurs. Until it is loaded, and without the extra, the
source of a formula is displayed. A change of `misses` means that a document must be laid out again later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 1_000
"""Maximum characters of a converted formula, inline or display."""


class _State(Enum):
    UNKNOWN = auto()
    """No formula has occurred yet."""
    LOADING = auto()
    AVAILABLE = auto()
    MISSING = auto()


class _Converter:
    """Loads the LaTeX converter on a thread and calls it."""

    def __init__(self) -> None:
        self.state = _State.UNKNOWN
        self.misses = 0
        self._convert: Callable[[str], str] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Import the converter on a thread, on the first call."""
        if self.state is _State.UNKNOWN:
            self.state = _State.LOADING
            self._thread = threading.Thread(target=self._load, name="holytui-mathematics", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Block until a started import has ended."""
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
        """Convert a formula; empty if it has no readable form. Never raises."""
        if self._convert is None:
            return ""
        try:
            return self._convert(formula)
        except Exception:  # noqa: BLE001 - arbitrary input to a third-party parser
            return ""


_converter: Final = _Converter()


def misses() -> int:
    """Return how many formulas were left unconverted because the converter was not loaded yet."""
    return _converter.misses


def settled() -> bool:
    """Return whether the import of the converter has ended, with or without success."""
    return _converter.state in (_State.AVAILABLE, _State.MISSING)


def available() -> bool:
    """Return whether the converter is loaded."""
    return _converter.state is _State.AVAILABLE


def wait() -> None:
    """Block until a started import of the converter has ended."""
    _converter.wait()


def to_text(formula: str) -> str:
    """Convert a formula without its delimiters; if the result is empty, display its source."""
    if len(formula) > MAX_LENGTH or not formula.strip():
        return ""
    if not settled():
        _converter.start()
        _converter.misses += 1
        return ""
    return _converted(formula)


@lru_cache(maxsize=1024)
def _converted(formula: str) -> str:
    """Cache conversions, since a growing text is parsed many times."""
    return _converter.convert(formula)
