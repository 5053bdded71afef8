"""What the prompt offers while a `/command` or an `@path` is typed, as values; the list above the prompt shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from holytui.i18n import _
from holytui.keymap import BY_ID
from holytui.ui import slash_commands
from holytui.ui.composer import path_completion
from holytui.ui.composer.path_completion import Name

MOST = 1_000
"""Items that are offered; more are made on each key, and nobody goes through them."""
NamesOf = Callable[[str], Sequence[Name] | None]
"""What is in a folder; None while that is not known yet."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to take: what it writes, what is shown, a dim remark."""

    text: str
    label: str
    remark: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The items, and from which column of the cursor's line on they take the place of what is typed."""

    items: tuple[Item, ...] = ()
    column: int = 0
    typed: str = ""
    """What stands there now."""
    at: int = 0
    """The highlighted item."""
    command: bool = False
    """The items are commands, which Enter does at once."""

    def __bool__(self) -> bool:
        return bool(self.items)

    def moved(self, step: int) -> Offer:
        """Another item is highlighted; the list is a ring."""
        return replace(self, at=(self.at + step) % len(self.items)) if self.items else self

    @property
    def highlighted(self) -> Item:
        """The item that Tab takes."""
        return self.items[self.at]

    @property
    def taken_already(self) -> bool:
        """The highlighted item is what is typed, so Enter has nothing to take."""
        return self.highlighted.text.rstrip() == self.typed

    def after(self, newer: Offer) -> Offer:
        """`newer`, with the highlight on the item that has it now, if it is still offered."""
        if not self.items or not newer.items:
            return newer
        at = next((index for index, item in enumerate(newer.items) if item == self.highlighted), 0)
        return replace(newer, at=at if self.at else 0)


NOTHING = Offer()


def offer_for(line: str, column: int, *, only_line: bool, names_of: NamesOf, sees: bool = False) -> Offer:
    """What to offer with the cursor at `column` of `line`; commands only where that line is all there is. `sees`: the
    model can be sent images."""
    if only_line and (names := slash_commands.offered(line)) and column == len(line):
        return Offer(tuple(_command(name) for name in names), 0, line, command=True)
    typed = path_completion.typed_at(line, column)
    if typed is None:
        return NOTHING
    found = path_completion.matching(names_of(typed.folder) or (), typed.beginning)
    items = tuple(
        Item(path_completion.written(typed, name), _shown(name), name.remark(sees=sees)) for name in found[:MOST]
    )
    return Offer(items, typed.column, line[typed.column : column])


def _command(name: str) -> Item:
    return Item(f"/{name}", f"/{name}", _(BY_ID[slash_commands.COMMANDS[name]].help))


def _shown(name: Name) -> str:
    return name.name + ("/" if name.size is None else "")
