"""Numbers and sizes as people read them, in the user's language; what else is shown so is in `ui.format`."""

from __future__ import annotations

from holytui.i18n import language


def decimal(value: float, places: int) -> str:
    """A number with `places` decimals."""
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language() == "vi" else text


def size(number: int) -> str:
    """Bytes: `812 B`, `12.4 kB`, `1.3 MB`."""
    if number < 1000:
        return f"{number} B"
    value, unit = (number / 1000, "kB") if number < 1_000_000 else (number / 1_000_000, "MB")
    return f"{decimal(value, 1)} {unit}"
