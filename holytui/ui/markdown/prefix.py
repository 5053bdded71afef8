"""Line prefixes of leaves: bars of block quotes and details, list markers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from holytui.ui.markdown.blocks import Container, Details, Item, Kind, Leaf, Quote
from holytui.ui.markdown.runs import MUTED, Run
from holytui.ui.markdown.wrap import Prefix

QUOTE_BAR: Final[Run] = ("▎ ", "$text-secondary")
DETAILS_BAR: Final[Run] = ("│ ", MUTED)
MARKER: Final = "$text-accent"
SUMMARY: Final[Run] = ("▾ ", MARKER)
_TASK: Final = re.compile(r"\[([ xX])\](?=[ \t]+\S)")


def task_box(leaf: Leaf) -> str:
    """Return `[ ]` or `[x]` if the leaf starts a task list item, otherwise an empty string."""
    if leaf.kind is not Kind.PARAGRAPH or leaf.new_from == len(leaf.containers) or not leaf.lines:
        return ""
    inner = leaf.containers[-1]
    match = _TASK.match(leaf.lines[0]) if isinstance(inner, Item) else None
    return "" if match is None else f"[{match.group(1).lower()}]"


def prefix_of(leaf: Leaf) -> Prefix:
    """Return the prefix of the lines of a leaf."""
    box = task_box(leaf)
    first: list[Run] = []
    rest: list[Run] = []
    last = len(leaf.containers) - 1
    for index, container in enumerate(leaf.containers):
        match container:
            case Quote():
                first.append(QUOTE_BAR)
                rest.append(QUOTE_BAR)
            case Details():
                first.append(DETAILS_BAR)
                rest.append(DETAILS_BAR)
            case Item(marker=marker):
                shown = marker
                if box and index == last:
                    shown = box if marker == "•" else f"{marker} {box}"
                space = " " * (cell_len(shown) + 1)
                first.append((f"{shown} ", MARKER) if index >= leaf.new_from else (space, ""))
                rest.append((space, ""))
            case _:
                pass
    if leaf.kind is Kind.SUMMARY:
        first.append(SUMMARY)
        rest.append((" " * cell_len(SUMMARY[0]), ""))
    return Prefix(tuple(first), tuple(rest))


def gap_prefix(above: Sequence[Container], below: Sequence[Container]) -> tuple[Run, ...]:
    """Return the prefix of the blank line between two leaves: the bars of the containers that they share."""
    runs: list[Run] = []
    bars = 0
    for one, other in zip(above, below, strict=False):
        if isinstance(one, Quote | Item | Details) and one is not other:
            break
        match one:
            case Quote():
                runs.append(QUOTE_BAR)
                bars = len(runs)
            case Details():
                runs.append(DETAILS_BAR)
                bars = len(runs)
            case Item(marker=marker):
                runs.append((" " * (len(marker) + 1), MUTED))
            case _:
                pass
    shown = runs[:bars]
    if shown:
        bar, style = shown[-1]
        shown[-1] = (bar.rstrip(" "), style)
    return tuple(shown)
