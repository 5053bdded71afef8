"""What stands where on the chat screen, what has no room on a small one, and where the keys go."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from holytui.keymap import Keymap, Where
from holytui.terminal.app import ThinScreen
from holytui.ui.bindings import names
from holytui.ui.widgets.composer import Composer
from holytui.ui.widgets.key_hints import KeyHints
from holytui.ui.widgets.list_pane import ListPane
from holytui.ui.widgets.message_log import MessageLog
from holytui.ui.widgets.prompt import MakeQuestion, Prompt
from holytui.ui.widgets.sidebar import Sidebar
from holytui.ui.widgets.status_bar import StatusBar

_NARROW = 100
_SHORT = 16
_PLACES = {"log": Where.LOG, "sidebar": Where.SIDEBAR, "list-filter": Where.SIDEBAR}


class ChatLayout(ThinScreen[None]):
    """The list beside the messages; prompt, keys and status below."""

    AUTO_FOCUS = "#prompt"

    def __init__(
        self,
        keymap: Keymap,
        question: MakeQuestion,
        *,
        sees: Callable[[], bool],
        enter_sends: bool,
        sidebar: bool,
        text_width: int,
    ) -> None:
        super().__init__()
        self._sees = sees
        self.keymap = keymap
        self._question = question
        self._enter_sends = enter_sends
        self._text_width = text_width
        self._list_wanted: bool | None = None if sidebar else False
        """None: if there is room."""

    def compose(self) -> ComposeResult:
        """All widgets; the ones without room are hidden by the style sheet."""
        with Horizontal(id="main"):
            yield ListPane(self.keymap)
            with Vertical(id="chat"):
                yield MessageLog(self.keymap, self._text_width)
                yield Composer(self.keymap, self._question, enter_sends=self._enter_sends, sees=self._sees)
        yield KeyHints(self.keymap)
        yield StatusBar(names(self.keymap, Where.PROMPT))

    # -- parts

    @property
    def log_view(self) -> MessageLog:
        """The messages."""
        return self.query_one(MessageLog)

    @property
    def prompt(self) -> Prompt:
        """Where the question is written."""
        return self.query_one(Prompt)

    @property
    def list_pane(self) -> ListPane:
        """The list of conversations and the line that filters it."""
        return self.query_one(ListPane)

    @property
    def sidebar(self) -> Sidebar:
        """The list of conversations."""
        return self.query_one(Sidebar)

    @property
    def status_bar(self) -> StatusBar:
        """The bottom line."""
        return self.query_one(StatusBar)

    # -- room

    def on_mount(self) -> None:
        """Hide what has no room before it is painted."""
        self._fit(self.app.size.width, self.app.size.height)

    def on_resize(self, event: events.Resize) -> None:
        """Hide what has no room."""
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        wanted = self._list_wanted if self._list_wanted is not None else width >= _NARROW
        self.set_class(not wanted, "-no-sidebar")
        self.set_class(height < _SHORT, "-short")

    def show_list(self) -> None:
        """Show the list if it is hidden."""
        if self.has_class("-no-sidebar"):
            self._list_wanted = True
            self.set_class(False, "-no-sidebar")

    def action_sidebar_toggle(self) -> None:
        """Show or hide the list; when it is shown it has the focus."""
        if self.has_class("-no-sidebar"):
            self.show_list()
            self.set_focus(self.sidebar)
        else:
            self._list_wanted = False
            self.set_class(True, "-no-sidebar")
            self.set_focus(self.prompt)

    # -- focus

    @on(events.DescendantFocus)
    def _focused(self) -> None:
        # not the event's widget: of two that got the focus shortly after each other, the first may report last
        now = self.focused.id if self.focused is not None else None
        where = _PLACES.get(now or "", Where.PROMPT)
        hints = self.query_one(KeyHints)
        if hints.where is not where:
            hints.where = where
            named = names(self.keymap, where)
            self.log_view.name_keys(named)
            self.status_bar.names = named

    def action_app_focus(self) -> None:
        """From the prompt to the messages, to the list if it is shown, and back."""
        order = ["prompt", "log"] if self.has_class("-no-sidebar") else ["prompt", "log", "sidebar"]
        now = self.focused.id if self.focused is not None else ""
        following = order[(order.index(now) + 1) % len(order)] if now in order else "prompt"
        self.set_focus(self.query_one(f"#{following}"))
