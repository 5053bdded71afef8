"""The settings that Textual reads from the environment while it is imported. Call this before importing it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping


def is_ssh(environ: Mapping[str, str]) -> bool:
    """Whether this session came in over SSH."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def prepare_environment(environ: MutableMapping[str, str], *, over_ssh: bool | None = None) -> None:
    """Set what suits a thin line; whatever the user has set stays.

    The Kitty keyboard protocol is off because input methods for Vietnamese, Chinese, Japanese and Korean break under
    it. An empty `TEXTUAL_DISABLE_KITTY_KEY` turns it on again.
    """
    if over_ssh is None:
        over_ssh = is_ssh(environ)
    if environ.get("STY") and environ.get("COLORTERM"):
        # inherited from the terminal around GNU screen, which takes the parts of a 24 bit colour for attributes
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    # the driver paces what is written; here a lower rate would only make each key and token wait for the next beat
    environ.setdefault("TEXTUAL_FPS", "120")
    # over a line the bytes of one key press may come apart, so an escape is waited for a little longer
    environ.setdefault("ESCDELAY", "100" if over_ssh else "50")
    if over_ssh:
        environ.setdefault("TEXTUAL_ANIMATIONS", "none")
