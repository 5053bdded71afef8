"""The rows of a tree. Pure.

The shown branch (elsewhere the one with the newest message) stays on its line; other branches stand before it, with a
line of their own:

    ● question
    ├─○ first answer
    │ ○ question below it
    ● second answer, which is shown

Deeply nested branches are drawn with their last lines only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holytui.models import Role
from holytui.store.values import OutlineEntry

_ROOT = ""
"""Stands for the parent of first messages."""
_LONGEST_RAIL = 40
"""Cells: of deeply nested branches only the last lines are drawn."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One message of the tree."""

    entry: OutlineEntry
    rail: str
    """The lines before it."""
    shown: bool
    """Whether it is on the shown branch."""
    variant: tuple[int, int]
    """Its number among its variants, from 1, and their number."""


def lay_out(entries: Sequence[OutlineEntry], leaf: str | None) -> tuple[TreeRow, ...]:
    """Return a row for each message, parents before children. `leaf` is the end of the shown branch.

    A message whose parent is missing is a first message; so is one of a circle, which a damaged history may have.
    """
    known = {entry.id: entry for entry in entries}
    children = _children(entries, known)
    order = _reached(children, known)
    shown = _ancestors(known, leaf)
    main = _main_children(children, order, known, shown)
    variants = _variants(children, known)
    rows: list[TreeRow] = []
    stack = _below(_ROOT, "", children, main)
    while stack:
        id_, rail, lane = stack.pop()
        rows.append(TreeRow(known[id_], rail, id_ in shown, variants[id_]))
        stack += _below(id_, lane, children, main)
    return tuple(rows)


def _children(entries: Sequence[OutlineEntry], known: dict[str, OutlineEntry]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        parent = entry.parent_id if entry.parent_id in known and entry.parent_id != entry.id else _ROOT
        found.setdefault(parent or _ROOT, []).append(entry.id)
    return found


def _reached(children: dict[str, list[str]], known: dict[str, OutlineEntry]) -> list[str]:
    """All messages, parents before children; circles are cut in `children`."""
    order: dict[str, None] = {}

    def walk(level: list[str]) -> None:
        while level:
            order.update(dict.fromkeys(level))
            level = [child for id_ in level for child in children.get(id_, ())]

    walk(children.get(_ROOT, []))
    for id_, entry in known.items():
        if id_ not in order:
            children[entry.parent_id or _ROOT].remove(id_)
            children.setdefault(_ROOT, []).append(id_)
            walk([id_])
    return list(order)


def _variants(children: dict[str, list[str]], known: dict[str, OutlineEntry]) -> dict[str, tuple[int, int]]:
    """The number of each message among its variants, and their number."""
    out: dict[str, tuple[int, int]] = {}
    for below in children.values():
        for role in Role:
            same = [id_ for id_ in below if known[id_].role is role]
            out |= {id_: (number, len(same)) for number, id_ in enumerate(same, 1)}
    return out


def _ancestors(known: dict[str, OutlineEntry], leaf: str | None) -> set[str]:
    """The message and all above it."""
    found: set[str] = set()
    while leaf is not None and leaf in known and leaf not in found:
        found.add(leaf)
        leaf = known[leaf].parent_id
    return found


def _main_children(
    children: dict[str, list[str]], order: list[str], known: dict[str, OutlineEntry], shown: set[str]
) -> dict[str, str]:
    """The child of each message that stays on its line."""
    newest = {id_: (id_ in shown, known[id_].created_at) for id_ in order}
    out: dict[str, str] = {}
    for id_ in [*reversed(order), _ROOT]:
        below = children.get(id_)
        if below:
            out[id_] = max(below, key=lambda child: newest[child])
            if id_:
                newest[id_] = max(newest[id_], newest[out[id_]])
    return out


def _below(id_: str, lane: str, children: dict[str, list[str]], main: dict[str, str]) -> list[tuple[str, str, str]]:
    """The children of a message with the lines before them and before those below; the last one comes first."""
    if id_ not in main:
        return []
    own = lane if len(lane) <= _LONGEST_RAIL else "…" + lane[3 - _LONGEST_RAIL :]
    side = [(child, f"{own}├─", f"{own}│ ") for child in children[id_] if child != main[id_]]
    return [(main[id_], lane, lane), *reversed(side)]
