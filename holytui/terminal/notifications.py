"""Notifications by the terminal: a bell, or OSC 9, which many terminals show as a desktop notification.

A bell always arrives. OSC 9 does not: screen, mosh and zellij drop unknown sequences, and tmux passes on only wrapped
ones, and only if the user allows it. `notification` may run tmux: call it on a thread.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from holytui.terminal.clipboard import Run, run_command
from holytui.text import sanitize_line

BELL = "\a"
_TMUX_FORMAT = "#{allow-passthrough} #{window_active} #{window_zoomed_flag} #{pane_active} #{session_attached}"
_WITHOUT_OSC9 = ("screen", "tmux", "linux", "dumb")
"""Prefixes of the names of terminals without OSC 9; `tmux` without `$TMUX` is a tmux before an SSH session."""


def notification(text: str, *, environ: Mapping[str, str], run: Run = run_command) -> str:
    """Return the sequence that shows `text`, or a bell where it would not arrive.

    `text` must begin with a letter: some terminals take a leading number for another command.
    """
    sequence = f"\x1b]9;{sanitize_line(text)}\a"
    if environ.get("STY") or environ.get("ZELLIJ"):
        return BELL
    if environ.get("TMUX"):
        return _wrap_for_tmux(sequence) if _tmux_allows(environ, run) else BELL
    return BELL if environ.get("TERM", "").startswith(_WITHOUT_OSC9) else sequence


def _wrap_for_tmux(sequence: str) -> str:
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def _tmux_allows(environ: Mapping[str, str], run: Run) -> bool:
    """Return whether tmux passes wrapped sequences on: with `on` from visible panes, with `all` from any."""
    pane = environ.get("TMUX_PANE", "")
    try:
        reply = run(("tmux", "display-message", "-p", "-t", pane, _TMUX_FORMAT), b"").decode("utf-8", "replace").split()
    except (OSError, subprocess.SubprocessError):
        return False
    match reply:
        case [allowed, window, zoomed, active, attached]:
            visible = window == "1" and (zoomed == "0" or active == "1")
            return attached != "0" and (allowed == "all" or (allowed in ("on", "1") and visible))
        case _:  # the setting exists since 3.3
            return False
