"""Environment variables that Textual reads while it is imported."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping


def is_ssh(environ: Mapping[str, str]) -> bool:
    """Return whether this session runs over SSH."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def prepare_environment(environ: MutableMapping[str, str], *, over_ssh: bool | None = None) -> None:
    """Set what suits a slow connection, except what the user has set. Call this before importing Textual.

    The Kitty keyboard protocol is off because input methods for Vietnamese, Chinese, Japanese and Korean break under
    it. An empty `TEXTUAL_DISABLE_KITTY_KEY` turns it on again.
    """
    if over_ssh is None:
        over_ssh = is_ssh(environ)
    if environ.get("STY") and environ.get("COLORTERM"):
        # inherited from the terminal around GNU screen, which takes the components of a 24-bit colour for attributes
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    # the driver paces the output; a lower rate here would only delay each key and token
    environ.setdefault("TEXTUAL_FPS", "120")
    # the bytes of one key press may arrive apart over SSH, so the rest of an escape sequence gets more time
    environ.setdefault("ESCDELAY", "100" if over_ssh else "50")
    if over_ssh:
        environ.setdefault("TEXTUAL_ANIMATIONS", "none")
