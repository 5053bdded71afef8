"""Completions for a `/command` or an `@path`, as pure values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from holytui.i18n import _
from holytui.keymap import BY_ID
from holytui.ui import slash_commands
from holytui.ui.composer import path_completion
from holytui.ui.composer.path_completion import FolderEntry

MAX_COMPLETIONS = 1_000
"""Maximum number of items: they are computed again for each key."""
EntriesOf = Callable[[str], Sequence[FolderEntry] | None]
"""The entries of a folder; None while it is being read."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion: inserted text, label and remark."""

    text: str
    label: str
    remark: str


@dataclass(frozen=True, slots=True)
class Completions:
    """Items that replace the text of the cursor's line from `column` to the cursor."""

    items: tuple[Completion, ...] = ()
    column: int = 0
    typed: str = ""
    """The text that is replaced."""
    at: int = 0
    """Index of the highlighted item."""
    are_commands: bool = False
    """Whether the items are commands, which Enter runs at once."""

    def __bool__(self) -> bool:
        return bool(self.items)

    def moved(self, step: int) -> Completions:
        """Move the highlight, wrapping around."""
        return replace(self, at=(self.at + step) % len(self.items)) if self.items else self

    @property
    def highlighted(self) -> Completion:
        """The item that Tab inserts."""
        return self.items[self.at]

    @property
    def is_typed(self) -> bool:
        """Whether the highlighted item is typed already, so that Enter sends."""
        return self.highlighted.text.rstrip() == self.typed

    def updated(self, newer: Completions) -> Completions:
        """`newer`, with the highlight on the same item if it is among them."""
        if not self.items or not newer.items:
            return newer
        at = next((index for index, item in enumerate(newer.items) if item == self.highlighted), 0)
        return replace(newer, at=at if self.at else 0)


NO_COMPLETIONS = Completions()


def completions_for(
    line: str, column: int, *, only_line: bool, entries_of: EntriesOf, sees: bool = False
) -> Completions:
    """Completions with the cursor at `column` of `line`; commands only in a single line. `sees`: the model accepts
    images."""
    if only_line and (names := slash_commands.offered(line)) and column == len(line):
        return Completions(tuple(_command(name) for name in names), 0, line, are_commands=True)
    typed = path_completion.typed_at(line, column)
    if typed is None:
        return NO_COMPLETIONS
    entries = path_completion.matching(entries_of(typed.folder) or (), typed.beginning)
    items = tuple(
        Completion(path_completion.completed_text(typed, entry), _label(entry), entry.remark(sees=sees))
        for entry in entries[:MAX_COMPLETIONS]
    )
    return Completions(items, typed.column, line[typed.column : column])


def _command(name: str) -> Completion:
    return Completion(f"/{name}", f"/{name}", _(BY_ID[slash_commands.COMMANDS[name]].help))


def _label(name: FolderEntry) -> str:
    return name.name + ("/" if name.size is None else "")
