"""Frames, and the capabilities of the terminal that shows them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from holytui.terminal.diff.cells import CellRow
from holytui.terminal.diff.sgr import UNKNOWN


@dataclass(frozen=True, slots=True)
class TerminalCursor:
    """The cursor of the terminal: input methods open their window there even while it is hidden."""

    x: int = 0
    y: int = 0
    visible: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of the screen: `rows[y].chars[x]`, all rows `width` cells wide."""

    width: int
    rows: tuple[CellRow, ...]
    cursor: TerminalCursor = TerminalCursor()

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Pen:
    """Position and style of the next output; -1 (UNKNOWN) for what is unknown.

    After output in the last column the column is unknown: terminals differ about it.
    """

    x: int = -1
    y: int = -1
    style: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Features that save bytes. The terminal is queried for those that the environment does not reveal."""

    sync: bool = False
    """Synchronized updates (private mode 2026): a frame is shown as a whole."""
    rep: bool = False
    """Repeat the last character (REP, `CSI n b`)."""
    ech: bool = True
    """Erase characters (ECH, `CSI n X`)."""
    bce: bool = False
    """Background colour erase: erased cells get the current background, not the terminal's own."""
    margins: bool = False
    """Left and right margins (DECSLRM): a part of the width can scroll."""
    scroll: bool = True
    """Scroll regions (DECSTBM)."""
    links: bool = False
    """Hyperlinks (OSC 8). Other terminals may show the addresses as text, so only known ones get them."""

    def updated(self, **changes: bool) -> Capabilities:
        """Return these capabilities with those that the terminal reported."""
        return dataclasses.replace(self, **changes)


_WITH_BCE = (
    "xterm", "tmux", "linux", "alacritty", "kitty", "foot", "wezterm", "rxvt", "konsole", "vte", "gnome",
    "st-", "ghostty", "contour", "mintty", "iterm", "rio", "putty", "ms-terminal",
)  # fmt: skip


def capabilities(environ: Mapping[str, str]) -> Capabilities:
    """Derive the capabilities from the environment.

    `FORCE_HYPERLINK` turns links on or off, as in other programs; over SSH it is often needed. GNU screen erases with
    the terminal's own background by default; tmux with a `screen` terminal type does not.
    """
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return Capabilities(ech=False, scroll=False)
    in_screen = bool(environ.get("STY")) or (term.startswith("screen") and not environ.get("TMUX"))
    coloured = term.startswith(_WITH_BCE) or (term.startswith("screen") and bool(environ.get("TMUX")))
    return Capabilities(bce=coloured and not in_screen, links=_has_links(environ, in_screen=in_screen))


_LINKS_BY_TERM = ("xterm-kitty", "foot", "alacritty", "wezterm", "xterm-ghostty", "contour", "rio", "konsole")
_LINKS_BY_PROGRAM = frozenset(("iTerm.app", "WezTerm", "ghostty", "vscode", "rio", "Hyper", "Tabby"))
_VTE = 5000  # 0.50: earlier versions crash, or show the sequence as text
_TMUX = (3, 4)


def _has_links(environ: Mapping[str, str], *, in_screen: bool) -> bool:
    forced = environ.get("FORCE_HYPERLINK", "")
    if forced:
        return forced not in ("0", "false")
    if in_screen:
        return False
    program, version = environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", "")
    if environ.get("TMUX"):  # the other variables are of the terminal around it
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        return program == "tmux" and numbers >= _TMUX
    vte = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM", "").startswith(_LINKS_BY_TERM)
        or program in _LINKS_BY_PROGRAM
        or bool(environ.get("WT_SESSION") or environ.get("KONSOLE_VERSION"))
        or (vte.isdecimal() and int(vte) >= _VTE)
    )
