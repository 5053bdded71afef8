"""The prompt, with the completions and the attached files above it."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from holytui.attachments.selection import SelectedFiles
from holytui.config.schema import Ui
from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.ui.bindings import names
from holytui.ui.composer.completion import NO_COMPLETIONS, Completion, Completions
from holytui.ui.composer.prompt import Prompt, QuestionFactory
from holytui.ui.slash_commands import Alone, Unknown
from holytui.ui.styling import part_style

_ROWS = 8


class CompletionList(Widget):
    """The list of completions, at most eight rows; the highlighted one is visible."""

    COMPONENT_CLASSES = {"completions--cursor"}  # noqa: RUF012 - Textual's own declaration

    completions: reactive[Completions] = reactive(NO_COMPLETIONS, repaint=True)

    def __init__(self) -> None:
        super().__init__(id="completions")

    def watch_completions(self, completions: Completions) -> None:
        """Adapt the height to the number of rows."""
        self.display = bool(completions)
        self.styles.height = min(_ROWS, len(completions.items))

    def render(self) -> Content:
        """The rows around the highlighted item."""
        completions, width = self.completions, max(1, self.size.width)
        top = max(0, min(completions.at - _ROWS // 2, len(completions.items) - _ROWS))
        rows = [
            row(item, width).stylize(part_style(self, "completions--cursor") if index == completions.at else "")
            for index, item in enumerate(completions.items[top : top + _ROWS], top)
        ]
        return Content("\n").join(rows)


def row(item: Completion, width: int) -> Content:
    """An item on one line: its label and remark."""
    pad = " " * max(2, 24 - cell_len(item.label))
    line = Content.assemble(" ", item.label, pad, (item.remark, "$muted"))
    return line.truncate(width, ellipsis=True).pad_right(max(0, width - line.cell_length))


class FileList(Widget):
    """The files that are sent with the question, and those that it only names."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="files")
        self._keys = names(keymap, Where.PROMPT)
        self._selected: SelectedFiles | None = None
        self._lines: list[tuple[str, bool]] = []

    def configure(self, keymap: Keymap) -> None:
        """Name other keys, in another language."""
        self._keys = names(keymap, Where.PROMPT)
        if self._selected is not None:
            self.show(self._selected)

    def show(self, selected: SelectedFiles) -> None:
        """Show these files."""
        self._selected = selected
        attach, remove = _("{press:prompt.attach} to attach it"), _("{press:prompt.attach} to remove it")
        self._lines = selected.lines(self._keys.render(attach), self._keys.render(remove))
        self.display = bool(self._lines)
        self.refresh(layout=True)

    def _rows(self, width: int) -> list[Content]:
        """Wrapped rather than truncated, as the end of a path matters most."""
        lines = (Content.assemble((line, "" if sent else "$muted")) for line, sent in self._lines)
        return [row for line in lines for row in line.wrap(max(1, width))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as Textual calls it
        """The number of rows."""
        return len(self._rows(width))

    def render(self) -> Content:
        """All rows."""
        return Content("\n").join(self._rows(self.size.width))


class Composer(Vertical):
    """The prompt and the lists above it."""

    def __init__(self, keymap: Keymap, question: QuestionFactory, ui: Ui, *, sees: Callable[[], bool]) -> None:
        super().__init__(id="composer")
        self._completions = CompletionList()
        self._files = FileList(keymap)
        self.prompt = Prompt(keymap, question, ui, sees=sees)

    def configure(self, keymap: Keymap, ui: Ui) -> None:
        """Use another configuration, and words in another language."""
        self._files.configure(keymap)
        self.prompt.configure(keymap, ui)

    def compose(self) -> ComposeResult:
        """Both lists above the prompt."""
        yield self._completions
        yield self._files
        yield self.prompt

    @on(Prompt.AttachmentsChanged)
    def _attachments_changed(self, event: Prompt.AttachmentsChanged) -> None:
        event.stop()
        self._files.show(event.selected)

    @on(Prompt.CompletionsChanged)
    def _completions_changed(self, event: Prompt.CompletionsChanged) -> None:
        event.stop()
        self._completions.completions = event.completions


def describe_invalid_command(error: Alone | Unknown) -> str:
    """A notice about a line that begins with `/` and is no valid command."""
    match error:
        case Alone(name):
            return _("{name} takes no text after it. To send a line that begins with /, type //").format(name=name)
        case Unknown(name, ""):
            return _("{name} is not a command. To send a line that begins with /, type //").format(name=name)
        case Unknown(name, meant):
            words = _("{name} is not a command; did you mean /{meant}? To send a line that begins with /, type //")
            return words.format(name=name, meant=meant)
