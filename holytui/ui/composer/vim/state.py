"""Values of the editor: its modes, the last change, the begin of insert mode, and requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holytui.ui.composer.vim.commands import KeyCommand
from holytui.ui.composer.vim.lines import Lines, Position, to_text


class Mode(StrEnum):
    """A mode; the value is shown."""

    INSERT = "INSERT"
    NORMAL = "NORMAL"
    VISUAL = "VISUAL"
    VISUAL_LINE = "V-LINE"


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """The text before should be restored, so many changes back."""

    count: int


@dataclass(frozen=True, slots=True)
class RedoRequested:
    """Changes that were undone should be made again, so many."""

    count: int


@dataclass(frozen=True, slots=True)
class ClipboardText:
    """A text for the clipboard."""

    text: str


Request = UndoRequested | RedoRequested | ClipboardText
"""An action of a key that is not the editor's own."""


@dataclass(frozen=True, slots=True)
class RepeatableChange:
    """The last change, for `.`."""

    command: KeyCommand
    typed: str = ""
    """The text typed in insert mode."""
    rows: int = 0
    columns: int = 0
    """The size of the visual selection: further lines, and units in the last line."""
    of_lines: bool | None = None
    """Whether whole lines were selected; None without a selection."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """The begin of insert mode."""

    lines: Lines
    cursor: Position
    change: RepeatableChange
    count: int = 1
    """How many times the text is inserted."""
    separator: str = ""
    """Between two times."""

    def typed(self, lines: Lines) -> str:
        """The text typed since: what was inserted between two ends that are as they were."""
        before, after = to_text(self.lines), to_text(lines)
        head = to_text((*self.lines[: self.cursor[0]], self.lines[self.cursor[0]][: self.cursor[1]]))
        tail = before[len(head) :]
        if len(after) >= len(before) and after.startswith(head) and after.endswith(tail):
            return after[len(head) : len(after) - len(tail)]
        start, end = changed_span(before, after)
        return after[start : len(after) - end]


def changed_span(before: str, after: str) -> tuple[int, int]:
    """How many characters at the start and at the end two texts have in common."""
    limit = min(len(before), len(after))
    start = next((at for at in range(limit) if before[at] != after[at]), limit)
    limit -= start
    return start, next((at for at in range(limit) if before[-1 - at] != after[-1 - at]), limit)
