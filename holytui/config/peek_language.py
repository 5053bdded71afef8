"""The language that the configuration names, before the configuration is read as a whole: problems in it, the help of
the command line and what commands print are to be in that language already."""

from __future__ import annotations

import tomllib
from pathlib import Path


def configured_language(file: Path) -> str:
    """`language` of `[ui]`; empty where there is none, or no file that can be read (whoever loads it says why)."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    ui = table.get("ui")
    language = ui.get("language") if isinstance(ui, dict) else None
    return language if isinstance(language, str) else ""
