"""The sequences that call the user to the terminal: a bell, or OSC 9, which many terminals show as a desktop notice.

A bell gets through everything. OSC 9 does not: screen, mosh and zellij drop what they do not know, and tmux passes on
only what is wrapped, and only where the user allows that. Call `notice` on a thread: it may ask tmux.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from holytui.terminal.clipboard import Run, run_command
from holytui.text import sanitize_line

BELL = "\a"
_ASK_TMUX = "#{allow-passthrough} #{window_active} #{window_zoomed_flag} #{pane_active} #{session_attached}"
_NOT_OSC = ("screen", "tmux", "linux", "dumb")
"""Terminals, by the beginning of their name, that do not show it; `tmux` without `$TMUX` is one before an ssh."""


def notice(text: str, *, environ: Mapping[str, str], run: Run = run_command) -> str:
    """The sequence that shows `text`, or a bell where it would not arrive.

    `text` is to begin with a letter: to some terminals a number there is the name of another command.
    """
    sequence = f"\x1b]9;{sanitize_line(text)}\a"
    if environ.get("STY") or environ.get("ZELLIJ"):
        return BELL
    if environ.get("TMUX"):
        return _through_tmux(sequence) if _tmux_passes(environ, run) else BELL
    return BELL if environ.get("TERM", "").startswith(_NOT_OSC) else sequence


def _through_tmux(sequence: str) -> str:
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def _tmux_passes(environ: Mapping[str, str], run: Run) -> bool:
    """Whether tmux hands on what is wrapped: set to `on` it does from panes in sight, set to `all` from any."""
    pane = environ.get("TMUX_PANE", "")
    try:
        told = run(("tmux", "display-message", "-p", "-t", pane, _ASK_TMUX), b"").decode("utf-8", "replace").split()
    except (OSError, subprocess.SubprocessError):
        return False
    match told:
        case [allowed, window, zoomed, active, attached]:
            in_sight = window == "1" and (zoomed == "0" or active == "1")
            return attached != "0" and (allowed == "all" or (allowed in ("on", "1") and in_sight))
        case _:  # before 3.3 there is no such setting
            return False
