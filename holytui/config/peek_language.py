"""The configured language, read before the rest, as problems and the command line's help are shown in it."""

from __future__ import annotations

from pathlib import Path


def configured_language(file: Path) -> str:
    """Return `language` of `[ui]`; empty if it is not set or the file is not readable, which `load` reports."""
    try:
        text = file.read_text("utf-8")
        import tomllib  # most of the time that `holytui --help` takes; not needed without a file

        table = tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return ""
    ui = table.get("ui")
    language = ui.get("language") if isinstance(ui, dict) else None
    return language if isinstance(language, str) else ""
