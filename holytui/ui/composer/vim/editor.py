"""The state of an editor with Vim's modes, and what each key makes of it.

Insert mode is not here: its keys go to the widget, and `left_insert` takes over the text that was typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from holytui.ui.composer.vim import edits, operators
from holytui.ui.composer.vim.commands import KeyCommand, parse
from holytui.ui.composer.vim.lines import Lines, Position, Splitter, indent, split_clusters
from holytui.ui.composer.vim.motions import MOTIONS, CharSearch, Motion, Origin, wanted_column
from holytui.ui.composer.vim.operators import EditedText, TextRange
from holytui.ui.composer.vim.registers import CLIPBOARD, Registers
from holytui.ui.composer.vim.state import (
    ClipboardText,
    Insertion,
    Mode,
    RedoRequested,
    RepeatableChange,
    Request,
    UndoRequested,
)
from holytui.ui.composer.vim.text_objects import text_object

_MAX_CHARS = 20_000
"""The longest text that a count may insert: the prompt lays out all of its text at once."""


@dataclass(frozen=True, slots=True)
class VimEditor:
    """An immutable editor."""

    lines: Lines = ((),)
    cursor: Position = (0, 0)
    mode: Mode = Mode.INSERT
    split: Splitter = split_clusters
    anchor: Position = (0, 0)
    """The end of the visual selection that does not move."""
    column: int = 0
    """The wanted column of `j` and `k`."""
    pending: tuple[str, ...] = ()
    """Keys of an incomplete command."""
    registers: Registers = field(default_factory=Registers)
    search: CharSearch | None = None
    change: RepeatableChange | None = None
    insertion: Insertion | None = None
    request: Request | None = None
    """The request of the last key."""

    @property
    def is_visual(self) -> bool:
        """Whether text is selected."""
        return self.mode in (Mode.VISUAL, Mode.VISUAL_LINE)

    # -- insert mode

    def at(self, lines: Lines, cursor: Position) -> VimEditor:
        """With a text and cursor that were changed elsewhere."""
        mode = Mode.NORMAL if self.is_visual else self.mode
        return replace(self, lines=lines, mode=mode, pending=())._moved(cursor)

    def entered_insert(self) -> VimEditor:
        """In insert mode, as if by `i`."""
        return self._inserting(KeyCommand("i"), self.lines, self.cursor)

    def _inserting(self, command: KeyCommand, lines: Lines, cursor: Position, separator: str = "") -> VimEditor:
        change = RepeatableChange(command)
        count = command.count or 1 if not command.operator else 1
        start = Insertion(lines, cursor, change, count, separator)
        return replace(self, lines=lines, cursor=cursor, mode=Mode.INSERT, insertion=start)

    def left_insert(self, lines: Lines, cursor: Position) -> VimEditor:
        """In normal mode, after `lines` were typed."""
        result, begin = replace(self, lines=lines, mode=Mode.NORMAL, insertion=None, pending=()), self.insertion
        if begin is not None:
            typed = begin.typed(lines)
            again = (begin.separator + typed) * (begin.count - 1)
            if again and len(again) <= _MAX_CHARS:
                edited = edits.insert(lines, cursor, again, self.split)
                result, cursor = replace(result, lines=edited.lines), edited.cursor
            result = replace(result, change=replace(begin.change, typed=typed))
        return result._moved((cursor[0], max(0, cursor[1] - 1)))

    # -- keys

    def press(self, key: str) -> VimEditor:
        """The editor after a key in normal or visual mode: a character, or a name such as `escape`."""
        before = replace(self, request=None, pending=())
        if key == "escape":
            return before if self.pending else before._normal(self.cursor)
        keys = (*self.pending, key)
        command = parse(keys, visual=self.is_visual)
        if command is True:
            return replace(before, pending=keys)
        if not isinstance(command, KeyCommand):
            return before
        return before._run_visual(command) if self.is_visual else before._run(command)

    def _normal(self, cursor: Position) -> VimEditor:
        return replace(self, mode=Mode.NORMAL)._moved(cursor)

    def _moved(self, cursor: Position, column: int | None = None) -> VimEditor:
        """With the cursor at a position that its mode allows."""
        row = min(cursor[0], len(self.lines) - 1)
        past_end = self.is_visual or self.mode is Mode.INSERT
        at = (row, max(0, min(cursor[1], len(self.lines[row]) - (not past_end))))
        wanted = wanted_column(self.lines, Motion(at)) if column is None else column
        return replace(self, cursor=at, column=wanted)

    def _edited(self, edited: EditedText | None, command: KeyCommand) -> VimEditor:
        if edited is None:
            return self
        result = replace(self, lines=edited.lines, change=RepeatableChange(command))
        return result._normal(edited.cursor)

    def _motion(self, command: KeyCommand, *, whole: bool = False) -> Motion | None:
        anchor = self.anchor if self.is_visual else None
        origin = Origin(
            self.lines,
            self.cursor,
            self.column,
            command.count,
            command.argument,
            command.operator,
            anchor,
            self.search,
        )
        if whole and command.verb in ("i", "a"):
            found = text_object(command.argument, around=command.verb == "a")
        else:
            found = MOTIONS.get(command.verb)
        return found(origin) if found is not None else None

    def _searched(self, command: KeyCommand) -> VimEditor:
        if command.verb in ("f", "F", "t", "T"):
            return replace(self, search=CharSearch(command.verb, command.argument))
        return self

    # -- normal mode

    def _run(self, command: KeyCommand) -> VimEditor:
        if command.operator:
            return self._operate(command)
        times = command.count or 1
        match command.verb:
            case "i" | "a" | "I" | "A" | "o" | "O":
                return self._insert(command)
            case "p" | "P" | "J" | "~" | "r":
                return self._edit(command, times)
            case "v" | "V" as verb:
                mode = Mode.VISUAL if verb == "v" else Mode.VISUAL_LINE
                return replace(self, mode=mode, anchor=self.cursor)._moved(self.cursor, self.column)
            case "u":
                return replace(self, request=UndoRequested(times))
            case "ctrl+r":
                return replace(self, request=RedoRequested(times))
            case ".":
                return self._repeat(command.count)
        return self._move(command)

    def _insert(self, command: KeyCommand) -> VimEditor:
        (row, column), line = self.cursor, self.lines[self.cursor[0]]
        match command.verb:
            case "a":
                column = min(len(line), column + 1)
            case "I":
                column = indent(line)
            case "A":
                column = len(line)
            case "o" | "O" as verb:
                opened = edits.open_line(self.lines, row, above=verb == "O")
                return self._inserting(command, opened.lines, opened.cursor, "\n")
        return self._inserting(command, self.lines, (row, column))

    def _edit(self, command: KeyCommand, times: int) -> VimEditor:
        match command.verb:
            case "J":
                edited = edits.join(self.lines, self.cursor[0], times)
            case "~":
                edited = edits.toggle_case(self.lines, self.cursor, times)
            case "r":
                edited = edits.replace_units(self.lines, self.cursor, command.argument, times)
            case _:
                return self._put(command, before=command.verb == "P")
        return self._edited(edited, command)

    def _move(self, command: KeyCommand) -> VimEditor:
        result, motion = self._searched(command), self._motion(command)
        if motion is None:
            return result
        return result._moved(motion.target, wanted_column(self.lines, motion))

    def _put(self, command: KeyCommand, *, before: bool) -> VimEditor:
        register, times = self.registers.get(command.register), command.count or 1
        if register is None or (len(register.text) + 1) * times > _MAX_CHARS:
            return self
        edited = edits.put(self.lines, self.cursor, register, times, self.split, before=before)
        return self._edited(edited, command)

    def _operate(self, command: KeyCommand) -> VimEditor:
        result = self._searched(command)
        if command.verb == command.operator:
            row = self.cursor[0]
            last = row + (command.count or 1) - 1
            if last >= len(self.lines):
                if row == len(self.lines) - 1:
                    return self
                last = len(self.lines) - 1
            return result._apply(command, TextRange(self.cursor, (last, 0), is_lines=True), self.cursor)
        motion = self._motion(command, whole=True)
        if motion is None:
            return result
        text = operators.range_of(self.lines, self.cursor, motion, command.operator)
        start = self.cursor if motion.start is None else motion.start
        return result._apply(command, text, min(start, motion.target))

    def _apply(self, command: KeyCommand, text: TextRange, cursor: Position, steps: int = 1) -> VimEditor:
        """Apply an operator; `cursor` is where it stays if the text is only read."""
        match command.operator:
            case "y":
                taken = operators.take(self.lines, text)
                request = ClipboardText(taken.text) if command.register in tuple(CLIPBOARD) else None
                registers = self.registers.yanked(command.register, taken)
                return replace(self, registers=registers, request=request)._normal(cursor)
            case "d" | "c" as operator:
                if operator == "d" and not text.is_lines and text.start == text.end:
                    return self._normal(cursor)
                edited = (operators.delete if operator == "d" else operators.clear_for_change)(self.lines, text)
                return self._deleted(command, edited)
            case ">":
                edited = operators.shift(self.lines, text, steps)
            case "<":
                edited = operators.shift(self.lines, text, -steps)
            case operator:
                edited = operators.map_units(self.lines, text, operators.CASES[operator])
                edited = replace(edited, cursor=cursor)
        return self._edited(edited, command)

    def _deleted(self, command: KeyCommand, edited: EditedText) -> VimEditor:
        registers, request = self.registers, None
        if edited.taken is not None and (edited.taken.text or edited.is_large):
            registers = registers.deleted(command.register, edited.taken, is_large=edited.is_large)
            request = ClipboardText(edited.taken.text) if command.register in tuple(CLIPBOARD) else None
        result = replace(self, registers=registers, request=request)
        if command.operator == "c":
            return result._inserting(command, edited.lines, edited.cursor)
        return result._edited(edited, command)

    def _repeat(self, count: int | None) -> VimEditor:
        change = self.change
        if change is None:
            return self
        if count is not None:
            change = replace(change, command=replace(change.command, count=count))
        if change.of_lines is None:
            result = self._run(change.command)
        else:
            result = self._selected_again(change)._run_visual(change.command)
        if result.mode is Mode.INSERT:
            edited = edits.insert(result.lines, result.cursor, change.typed, self.split)
            result = result.left_insert(edited.lines, edited.cursor)
        return replace(result, change=change) if result.change is not self.change else result

    def _selected_again(self, change: RepeatableChange) -> VimEditor:
        row = min(self.cursor[0] + change.rows, len(self.lines) - 1)
        column = change.columns - 1 + (self.cursor[1] if not change.rows else 0)
        end = (row, max(0, min(column, len(self.lines[row]) - 1)))
        mode = Mode.VISUAL_LINE if change.of_lines else Mode.VISUAL
        return replace(self, mode=mode, anchor=self.cursor, cursor=end)

    # -- visual mode

    @property
    def selected(self) -> TextRange:
        """The visual selection."""
        is_lines = self.mode is Mode.VISUAL_LINE
        return operators.selected_range(self.lines, self.anchor, self.cursor, is_lines=is_lines)

    def _run_visual(self, command: KeyCommand) -> VimEditor:
        text = self.selected
        if command.operator:
            return self._operate_on(command, text)
        match command.verb:
            case "o" | "O":
                return replace(self, cursor=self.anchor, anchor=self.cursor)._moved(self.anchor)
            case "v" | "V" as verb:
                mode = Mode.VISUAL if verb == "v" else Mode.VISUAL_LINE
                return self._normal(self.cursor) if mode is self.mode else replace(self, mode=mode)
            case "J":
                rows = abs(self.anchor[0] - self.cursor[0]) + 1
                edited = edits.join(self.lines, text.start[0], rows)
                return self._remember(self._edited(edited, command)._normal_after(text), text)
            case "r":
                char = command.argument if len(command.argument) == 1 else " "
                edited = operators.map_units(self.lines, text, lambda _unit: char)
                return self._remember(self._edited(edited, command), text)
            case "p" | "P":
                return self._put_over(command, text)
            case "i" | "a":
                return self._select_object(command)
        return self._move(command)

    def _operate_on(self, command: KeyCommand, text: TextRange) -> VimEditor:
        if command.is_lines:
            text = replace(text, is_lines=True, end=(max(self.anchor, self.cursor)[0], 0))
        if command.operator in (">", "<"):
            text = replace(text, end=(max(self.anchor, self.cursor)[0], 0))
        cursor = (text.start[0], 0) if text.is_lines and self.anchor <= self.cursor else text.start
        result = replace(self, mode=Mode.NORMAL)._apply(command, text, cursor, command.count or 1)
        return self._remember(result, text) if command.operator != "y" else result

    def _normal_after(self, text: TextRange) -> VimEditor:
        return self._normal(text.start) if self.is_visual else self

    def _remember(self, result: VimEditor, text: TextRange) -> VimEditor:
        """`result` with the size of the selection, for `.`."""
        start, end = sorted((self.anchor, self.cursor))
        rows, columns = end[0] - start[0], end[1] + 1 - (start[1] if end[0] == start[0] else 0)
        of_lines = self.mode is Mode.VISUAL_LINE or text.is_lines
        if result.insertion is not None:
            change = replace(result.insertion.change, rows=rows, columns=columns, of_lines=of_lines)
            return replace(result, insertion=replace(result.insertion, change=change))
        if result.change is None or result.change is self.change:
            return result
        return replace(result, change=replace(result.change, rows=rows, columns=columns, of_lines=of_lines))

    def _put_over(self, command: KeyCommand, text: TextRange) -> VimEditor:
        """Replace the selection by a register; `p` takes the selected text into the unnamed one."""
        register = self.registers.get(command.register)
        if register is None or (len(register.text) + 1) * (command.count or 1) > _MAX_CHARS:
            return self._normal(text.start)
        deleted = operators.delete(self.lines, text)
        edited = edits.put_over(self.lines, text, register, command.count or 1, self.split)
        registers = self.registers
        if command.verb == "p" and deleted.taken is not None:
            registers = registers.deleted("", deleted.taken, is_large=deleted.is_large)
        return self._remember(replace(self, registers=registers)._edited(edited, command), text)

    def _select_object(self, command: KeyCommand) -> VimEditor:
        motion = self._motion(command, whole=True)
        if motion is None:
            return self
        start, end = motion.start or self.anchor, motion.target
        text = operators.range_of(self.lines, start, motion, "")
        if text.is_lines:
            end = (text.end[0], len(self.lines[text.end[0]]))
        elif text.end > text.start:
            end = (text.end[0], max(0, text.end[1] - 1))
        mode = Mode.VISUAL_LINE if command.argument == "p" else Mode.VISUAL
        return replace(self, mode=mode, anchor=start)._moved(end)
