"""The prompt, and above it the list of what it offers while a command or a path is typed."""

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
from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.ui.bindings import names
from holytui.ui.composer.completion import NOTHING, Item, Offer
from holytui.ui.composer.prompt import MakeQuestion, Prompt
from holytui.ui.slash_commands import Alone, Unknown
from holytui.ui.styling import part_style

_ROWS = 8


class OfferList(Widget):
    """As many rows as there are items, eight at most; the highlighted one is in sight."""

    COMPONENT_CLASSES = {"offers--cursor"}  # noqa: RUF012 - Textual's own declaration

    offer: reactive[Offer] = reactive(NOTHING, repaint=True)

    def __init__(self) -> None:
        super().__init__(id="offers")

    def watch_offer(self, offer: Offer) -> None:
        """As high as its rows."""
        self.display = bool(offer)
        self.styles.height = min(_ROWS, len(offer.items))

    def render(self) -> Content:
        """The rows around the highlighted one."""
        offer, width = self.offer, max(1, self.size.width)
        top = max(0, min(offer.at - _ROWS // 2, len(offer.items) - _ROWS))
        rows = [
            row(item, width).stylize(part_style(self, "offers--cursor") if index == offer.at else "")
            for index, item in enumerate(offer.items[top : top + _ROWS], top)
        ]
        return Content("\n").join(rows)


def row(item: Item, width: int) -> Content:
    """One item on one line: what it writes, and a remark."""
    pad = " " * max(2, 24 - cell_len(item.label))
    line = Content.assemble(" ", item.label, pad, (item.remark, "$muted"))
    return line.truncate(width, ellipsis=True).pad_right(max(0, width - line.cell_length))


class FileList(Widget):
    """What Enter sends beside the text, and which files are only named in it."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="files")
        self._keys = names(keymap, Where.PROMPT)
        self._lines: list[tuple[str, bool]] = []

    def show(self, selected: SelectedFiles) -> None:
        """As high as its lines."""
        attach, remove = _("{press:prompt.attach} to attach it"), _("{press:prompt.attach} to remove it")
        self._lines = selected.lines(self._keys.render(attach), self._keys.render(remove))
        self.display = bool(self._lines)
        self.refresh(layout=True)

    def _rows(self, width: int) -> list[Content]:
        """No line is cut, as the end of a path may be what matters."""
        lines = (Content.assemble((line, "" if sent else "$muted")) for line, sent in self._lines)
        return [row for line in lines for row in line.wrap(max(1, width))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as Textual calls it
        """A row each."""
        return len(self._rows(width))

    def render(self) -> Content:
        """All rows."""
        return Content("\n").join(self._rows(self.size.width))


class Composer(Vertical):
    """Where a question is put together."""

    def __init__(
        self, keymap: Keymap, question: MakeQuestion, *, enter_sends: bool = True, sees: Callable[[], bool]
    ) -> None:
        super().__init__(id="composer")
        self._offers = OfferList()
        self._files = FileList(keymap)
        self.prompt = Prompt(keymap, question, enter_sends=enter_sends, sees=sees)

    def compose(self) -> ComposeResult:
        """The list above the prompt."""
        yield self._offers
        yield self._files
        yield self.prompt

    @on(Prompt.Attaching)
    def _attaching(self, event: Prompt.Attaching) -> None:
        event.stop()
        self._files.show(event.selected)

    @on(Prompt.Offered)
    def _offered(self, event: Prompt.Offered) -> None:
        event.stop()
        self._offers.offer = event.offer


def no_command(found: Alone | Unknown) -> str:
    """What to say of a line that begins with `/` and cannot be done."""
    match found:
        case Alone(name):
            return _("{name} takes no text after it. To send a line that begins with /, type //").format(name=name)
        case Unknown(name, ""):
            return _("{name} is not a command. To send a line that begins with /, type //").format(name=name)
        case Unknown(name, meant):
            words = _("{name} is not a command; did you mean /{meant}? To send a line that begins with /, type //")
            return words.format(name=name, meant=meant)
