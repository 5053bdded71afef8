"""Queries about the terminal's capabilities and background, and the answers that are still outstanding."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum

# Synchronized updates, side margins and REP. REP is tested: three line characters, then the cursor position. A line
# character, since tmux repeats only ASCII; row 2, since a report of row 1 would look like a function key. The first
# frame clears it. The position is the last answer: a terminal that skipped an earlier query does not answer it later.
_CAPABILITIES = "\x1b[?2026$p\x1b[?69$p\x1b[2;1H─\x1b[2b\x1b[6n"
_REP_SUPPORTED = (3, 1)
_COLOUR = "\x1b]11;?\x07"
_SCHEME_MODE = 2031
_WATCH, _UNWATCH = f"\x1b[?{_SCHEME_MODE}h", f"\x1b[?{_SCHEME_MODE}l"
_SCHEME_SUPPORT = f"\x1b[?{_SCHEME_MODE}$p"
_REPORT_TIME = 1.0  # seconds for which the first answers are waited for
_NO_REPORT_TIME = 60.0  # seconds after which none is expected

_COLOUR_REPORT = re.compile(
    r"(?s:\x1b?\]11;(?:rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?"
    r"|#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})))",
    re.IGNORECASE,
)
_MIDDLE = 0.18  # relative luminance (WCAG 2) of the grey that contrasts as much with white as with black


class Background(StrEnum):
    """The background of the terminal."""

    DARK = "dark"
    LIGHT = "light"


class TerminalQueries:
    """What was asked of the terminal and not answered yet. Returns the sequences to write; does no I/O."""

    def __init__(self, *, asks_modes: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        """`asks_modes`: the terminal does not show a part of queries about modes, as Apple's does."""
        self._asks_modes = asks_modes
        self._clock = clock
        self._capabilities_at: float | None = None
        self._colour_at: float | None = None
        """When the outstanding query was written; None if it was answered."""
        self._colour_answered = False
        """The terminal has answered it at least once."""
        self._watching = False
        self._notifies = False
        """The terminal reports changes by itself."""

    def start(self, *, watch: bool) -> str:
        """Return the queries of a terminal that is used from now on."""
        background = self.watch_background() if watch else ""
        if not self._asks_modes:
            return background
        self._capabilities_at = self._clock()
        return background + _CAPABILITIES

    def watch_background(self) -> str:
        """Return the query of the background, and the request to be notified of its changes."""
        self._watching = True
        self._colour_at = self._clock()
        return _COLOUR + (_SCHEME_SUPPORT if self._asks_modes else "") + _WATCH

    def unwatch_background(self) -> str:
        """Return the sequence that ends the notifications; empty if there are none."""
        watching, self._watching = self._watching, False
        return _UNWATCH if watching else ""

    def background_again(self) -> str:
        """Return the query to repeat when the background may have changed; empty if it would not be answered."""
        if not self._watching or not self._colour_answered:
            return ""
        self._colour_at = self._clock()
        return _COLOUR

    def position_reported(self, column: int, row: int) -> bool | None:
        """Return whether REP works; None if the position was not asked for here."""
        if self._capabilities_at is None:
            return None
        self._capabilities_at = None
        self._colour_at = None  # asked before, and the terminal answers in order
        return (column, row) == _REP_SUPPORTED

    def mode_reported(self, mode: int, value: int) -> None:
        """Record the answer about a mode (DECRPM)."""
        if mode == _SCHEME_MODE:
            self._notifies = value in (1, 2, 3)

    def colour_reported(self, report: str) -> Background | None:
        """Return the background of a report of a colour (OSC 11); None for any other text, or if it is not watched."""
        background = parse_background(report)
        if background is None:
            return None
        self._colour_at = None
        self._colour_answered = True
        return background if self._watching else None

    def scheme_reported(self, background: Background) -> Background | None:
        """Return the background of a notification; None if it is not watched."""
        self._notifies = True
        return background if self._watching else None

    def notified(self) -> bool:
        """Return whether a notification may come at any time."""
        return self._watching and self._notifies

    def expected(self) -> float | None:
        """Return the seconds for which an answer is expected, 0 for a late one; None for none."""
        now = self._clock()
        asked = (at for at in (self._capabilities_at, self._colour_at) if at is not None and now - at < _NO_REPORT_TIME)
        return max((max(0.0, _REPORT_TIME - (now - at)) for at in asked), default=None)


def parse_background(report: str) -> Background | None:
    """Return the background in a report of OSC 11, with or without its end; None for any other text."""
    found = _COLOUR_REPORT.match(report)
    if found is None:
        return None
    parts = [part for part in found.groups() if part is not None]
    red, green, blue = (_linear(int(part, 16) / (16 ** len(part) - 1)) for part in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return Background.LIGHT if luminance > _MIDDLE else Background.DARK


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
