"""Update the generated part of the README, the table of keys. `--check` only reports whether it is up to date."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from holytui.keymap import ACTIONS, Where
from holytui.ui.bindings import display_key
from holytui.ui.slash_commands import name_of

README = Path(__file__).parent.parent / "README.md"
_PLACES = {
    Where.APP: "Everywhere",
    Where.PROMPT: "Prompt",
    Where.LOG: "Messages",
    Where.SIDEBAR: "List",
    Where.DETAILS: "Details",
}


def keys_table() -> str:
    """Return the table in Markdown, one row per action."""
    rows = ["| where | key | does |", "|---|---|---|"]
    for where in Where:
        for action in ACTIONS:
            if action.where is where:
                names = [display_key(key) for key in action.keys] or [name_of(action.id)]
                keys = " ".join(f"`{name}`" for name in names)
                rows.append(f"| {_PLACES[where]} | {keys} | {action.help} |")
    return "\n".join(rows)


def filled(text: str) -> str:
    """Return the README with an up-to-date table."""
    block = f"<!-- keys -->\n\n{keys_table()}\n\n<!-- /keys -->"
    return re.sub(r"<!-- keys -->(.*<!-- /keys -->)?", lambda _: block, text, flags=re.DOTALL)


def main() -> int:
    """Write, or check."""
    text = README.read_text("utf-8")
    if "--check" in sys.argv:
        return int(filled(text) != text)
    README.write_text(filled(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
