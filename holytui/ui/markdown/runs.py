"""Runs of styled text, and the styles of inline content."""

from __future__ import annotations

from typing import Final, TypeAlias

from holytui.text import visible

Run: TypeAlias = tuple[str, str]
"""Text and its style in Textual's syntax (`bold $text-primary`), or an empty style."""

CODE: Final = "$text-warning"
LINK: Final = "underline $text-primary"
MATHEMATICS: Final = "$text-accent"
FOOTNOTE: Final = "$text-accent"
MUTED: Final = "$muted"
SEAM: Final = "┊"
SEAM_SPACE: Final = "\u1680"
"""Placeholder of a seam in parsed text: Markdown treats it as a space, and it hardly occurs otherwise."""


def literal_runs(text: str, style: str) -> list[Run]:
    """Return the runs of unparsed text."""
    before, *seams = visible(text).split(SEAM_SPACE)
    runs: list[Run] = [(before, style)] if before else []
    for after in seams:
        runs.append((SEAM, MUTED))
        if after:
            runs.append((after, style))
    return runs
