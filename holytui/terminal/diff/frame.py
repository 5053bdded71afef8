"""What the screen is to show, and what its terminal can do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from holytui.terminal.diff.cells import Row
from holytui.terminal.diff.sgr import UNKNOWN


@dataclass(frozen=True, slots=True)
class Cursor:
    """The terminal's own cursor: input methods open their window there even while it is hidden."""

    x: int = 0
    y: int = 0
    visible: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole screen: `rows[y].chars[x]`, all rows `width` cells wide."""

    width: int
    rows: tuple[Row, ...]
    cursor: Cursor = Cursor()

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Pen:
    """Where the terminal writes next, and in which style; -1 (UNKNOWN) where that is not known.

    After the last column is written the column is unknown: terminals differ about it.
    """

    x: int = -1
    y: int = -1
    style: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be used to save bytes. What is not certain from the environment is asked of the terminal."""

    sync: bool = False
    """Synchronized updates (private mode 2026): a frame is shown at once."""
    rep: bool = False
    """Repeat the last character (REP, `CSI n b`)."""
    ech: bool = True
    """Erase characters (ECH, `CSI n X`)."""
    bce: bool = False
    """Erasing paints with the background colour that is set, not with the terminal's own."""
    margins: bool = False
    """Left and right margins (DECSLRM), so that a part of the width can scroll."""
    scroll: bool = True
    """Scroll regions (DECSTBM)."""
    links: bool = False
    """Hyperlinks (OSC 8). What does not know them may show their addresses, so they are used where they are known."""

    def learnt(self, **changes: bool) -> Capabilities:
        """These capabilities, with what the terminal answered."""
        return dataclasses.replace(self, **changes)


_ERASES_IN_COLOUR = (
    "xterm", "tmux", "linux", "alacritty", "kitty", "foot", "wezterm", "rxvt", "konsole", "vte", "gnome",
    "st-", "ghostty", "contour", "mintty", "iterm", "rio", "putty", "ms-terminal",
)  # fmt: skip


def capabilities(environ: Mapping[str, str]) -> Capabilities:
    """What is known from the environment alone.

    `FORCE_HYPERLINK` says whether there are links, as other programs take it; over SSH it often has to.
    GNU screen erases with the terminal's own background unless told otherwise; tmux in a `screen` terminal does not.
    """
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return Capabilities(ech=False, scroll=False)
    in_screen = bool(environ.get("STY")) or (term.startswith("screen") and not environ.get("TMUX"))
    coloured = term.startswith(_ERASES_IN_COLOUR) or (term.startswith("screen") and bool(environ.get("TMUX")))
    return Capabilities(bce=coloured and not in_screen, links=_has_links(environ, in_screen=in_screen))


_LINKS_BY_TERM = ("xterm-kitty", "foot", "alacritty", "wezterm", "xterm-ghostty", "contour", "rio", "konsole")
_LINKS_BY_PROGRAM = frozenset(("iTerm.app", "WezTerm", "ghostty", "vscode", "rio", "Hyper", "Tabby"))
_VTE = 5000  # 0.50: those before crash over or show a link
_TMUX = (3, 4)


def _has_links(environ: Mapping[str, str], *, in_screen: bool) -> bool:
    forced = environ.get("FORCE_HYPERLINK", "")
    if forced:
        return forced not in ("0", "false")
    if in_screen:
        return False
    program, version = environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", "")
    if environ.get("TMUX"):  # what else is in the environment is of the terminal around it
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        return program == "tmux" and numbers >= _TMUX
    vte = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM", "").startswith(_LINKS_BY_TERM)
        or program in _LINKS_BY_PROGRAM
        or bool(environ.get("WT_SESSION") or environ.get("KONSOLE_VERSION"))
        or (vte.isdecimal() and int(vte) >= _VTE)
    )
