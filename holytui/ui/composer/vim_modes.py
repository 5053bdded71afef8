"""Vim's modes of a text area: its keys in normal and visual mode, and the begin and end of insert mode.

Imported when the modes are turned on first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from textual.events import Key
from textual.widgets.text_area import Edit, Selection

from holytui.ui.composer.vim.editor import VimEditor
from holytui.ui.composer.vim.lines import Line, Lines, Position, split_clusters, to_text
from holytui.ui.composer.vim.operators import take
from holytui.ui.composer.vim.state import (
    ClipboardText,
    Mode,
    RedoRequested,
    UndoRequested,
    changed_span,
)
from holytui.ui.stand_ins import ExactTextArea, restored

_NAMED = {"left": "h", "right": "l", "home": "0", "end": "$", "ctrl+left_square_bracket": "escape"}
"""Named keys that are motions, or another name of a key."""
_VERTICAL = {"up": "k", "down": "j"}
"""Named keys that are motions in a selection and after an operator; else they go through the earlier questions."""
_OWN = frozenset(("escape", "backspace", "delete", "ctrl+r"))


class VimModes:
    """Between the pure editor and the text area, which has the text, the cursor and the undo history."""

    def __init__(
        self,
        area: ExactTextArea,
        parts: Callable[[str], Iterator[tuple[str, bool]]],
        *,
        changed: Callable[[str, str], object],
        copy: Callable[[str], object],
    ) -> None:
        """`parts` yields the pieces of a line, and whether each is one unit. `changed` gets the mode and the keys of an
        incomplete command when they change; `copy` gets text for the clipboard."""
        self._area = area
        self._parts = parts
        self._changed = changed
        self._copy = copy
        self._vim = VimEditor(split=self._units)
        self._insertion_mark: object = None
        """The last batch of edits before insert mode."""
        self.start_insert()
        changed(Mode.INSERT, "")

    @property
    def takes_keys(self) -> bool:
        """Whether keys are commands: in normal and visual mode."""
        return self._vim.mode is not Mode.INSERT

    @property
    def selected_text(self) -> str | None:
        """The text selected in visual mode, or None."""
        return restored(take(self._vim.lines, self._vim.selected).text) if self._vim.is_visual else None

    def start_insert(self) -> None:
        """Begin insert mode at the cursor."""
        self._mark_insertion()
        self._set_editor(self._synced(self._vim).entered_insert())

    def take_over_text(self) -> None:
        """Take over another text of the text area."""
        if self._vim.mode is Mode.INSERT:
            self._mark_insertion()
            self._vim = replace(self._vim, lines=self._units_of_lines(), cursor=(0, 0)).entered_insert()

    def _units(self, line: str) -> Line:
        parts = ((part,) if is_unit else split_clusters(part) for part, is_unit in self._parts(line))
        return tuple(unit for part in parts for unit in part)

    # -- keys

    def press(self, event: Key, *, is_enter: bool) -> bool:
        """Handle a key; False if it is not one of a mode. `is_enter`: Enter is a motion and sends nothing."""
        editor = self._vim
        if self._area.read_only:
            return False
        key = _NAMED.get(event.key, event.key)
        if event.key.startswith("alt+") and event.character and event.is_printable:
            # Esc and a letter soon after it: terminals send the same bytes for both
            self._escape()
            self._press(event.character)
            return True
        if editor.mode is Mode.INSERT:
            if key == "escape":
                self._leave_insert()
            return key == "escape"
        if event.is_printable and event.character:
            key = event.character
        elif (editor.is_visual or editor.pending) and key in _VERTICAL:
            key = _VERTICAL[key]
        elif key == "enter" and (is_enter or editor.pending or editor.is_visual):
            pass
        elif key == "escape" and editor.mode is Mode.NORMAL and not editor.pending:
            return False
        elif key not in _OWN and key not in _NAMED.values():
            self._set_editor(replace(editor, pending=()))
            return False
        self._press(key)
        return True

    def _escape(self) -> None:
        """Go to normal mode, without the keys of an incomplete command."""
        if self._vim.mode is Mode.INSERT:
            self._leave_insert()
        else:
            self._set_editor(replace(self._vim, pending=()))
            self.leave_visual()

    def leave_visual(self) -> None:
        """Keep nothing selected by visual mode."""
        if self._vim.is_visual:
            self._press("escape")

    def _press(self, key: str) -> None:
        before = self._synced(self._vim)
        after = before.press(key)
        self._area.history.checkpoint()
        if after.mode is Mode.INSERT:
            self._mark_insertion()
        self._bring(before, after)
        match after.request:
            case UndoRequested(count):
                for _each in range(min(count, len(self._area.history.undo_stack))):
                    self._area.undo()
            case RedoRequested(count):
                for _each in range(min(count, len(self._area.history.redo_stack))):
                    self._area.redo()
            case ClipboardText(text):
                self._copy(restored(text))
        if isinstance(after.request, UndoRequested | RedoRequested):
            self.show_cursor()

    def _leave_insert(self) -> None:
        lines, cursor = self._units_of_lines(), self._cursor()
        before = replace(self._vim, lines=lines, cursor=cursor)
        self._bring(before, self._vim.left_insert(lines, cursor))
        self._area.merge_undo_since(self._insertion_mark)
        self._area.history.checkpoint()

    def show_cursor(self) -> None:
        """Take over the text and the cursor after a key that the modes did not handle."""
        if self.takes_keys:
            before = self._synced(self._vim)
            self._bring(before, before)

    def _mark_insertion(self) -> None:
        self._area.history.checkpoint()
        self._insertion_mark = self._area.last_undo_batch

    # -- between the editor and the text area

    def _bring(self, before: VimEditor, after: VimEditor) -> None:
        """Bring the text area from one state of the editor to another."""
        if after.lines != before.lines:
            self._replace(to_text(before.lines), to_text(after.lines))
        end = self._location(after.lines, after.cursor)
        start = end
        if after.is_visual:
            start, end = self._selection_ends(after)
        self._area.selection = Selection(start, end)
        self._set_editor(after)

    def _replace(self, before: str, after: str) -> None:
        """Make one edit of what differs, so that the rest keeps its attachments."""
        start, same = changed_span(before, after)
        top, bottom = _location_at(before, start), _location_at(before, len(before) - same)
        self._area.edit(Edit(after[start : len(after) - same], top, bottom, maintain_selection_offset=False))

    def _selection_ends(self, editor: VimEditor) -> tuple[Position, Position]:
        """The ends of the selection. The text area paints the cursor at the second, after the selected text."""
        (row, column), (other, _column) = editor.anchor, editor.cursor
        lines = editor.lines
        if editor.mode is Mode.VISUAL_LINE:
            down = row <= other
            first, last = (row, 0), (other, len(lines[other]))
            if not down:
                first, last = (row, len(lines[row])), (other, 0)
            return self._location(lines, first), self._location(lines, last)
        if editor.anchor > editor.cursor:
            column = min(len(lines[row]), column + 1)
        return self._location(lines, (row, column)), self._location(lines, editor.cursor)

    def _set_editor(self, editor: VimEditor) -> None:
        before, self._vim = self._vim, editor
        if (before.mode, before.pending) != (editor.mode, editor.pending):
            self._changed(editor.mode, "".join(editor.pending))

    def _synced(self, editor: VimEditor) -> VimEditor:
        """The editor with the text and the cursor of the text area, which a mouse or a paste may have changed."""
        if self._area.text == restored(to_text(editor.lines)):
            shown = self._location(editor.lines, editor.cursor)
            ends = self._selection_ends(editor) if editor.is_visual else (shown, shown)
            if self._area.selection == Selection(*ends):
                return editor
        return editor.at(self._units_of_lines(), self._cursor())

    def _units_of_lines(self) -> Lines:
        return tuple(self._units(line) for line in self._area.document.lines)

    def _cursor(self) -> Position:
        row, offset = self._area.cursor_location
        line = self._units(self._area.document.get_line(row))
        at = column = 0
        while column < len(line) and at < offset:
            at += len(line[column])
            column += 1
        return row, column - (at > offset)

    @staticmethod
    def _location(lines: Lines, at: Position) -> Position:
        row = min(at[0], len(lines) - 1)
        return row, len("".join(lines[row][: at[1]]))


def _location_at(text: str, offset: int) -> Position:
    """The row and column of an offset."""
    before = text[:offset]
    return before.count("\n"), len(before) - (before.rfind("\n") + 1)
