"""The layout of the chat screen, and the focus."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from holytui.config.schema import Ui
from holytui.keymap import Keymap, Where
from holytui.terminal.textual_adapter.app import ThinScreen
from holytui.ui.bindings import install, names
from holytui.ui.composer.composer import Composer
from holytui.ui.composer.prompt import Prompt, QuestionFactory
from holytui.ui.sidebar.list_widget import Sidebar
from holytui.ui.sidebar.pane import ListPane
from holytui.ui.status.key_hints import KeyHints
from holytui.ui.status.widget import StatusBar
from holytui.ui.transcript.log import MessageLog

_NARROW = 100
_SHORT = 16
_PLACES = {"log": Where.LOG, "sidebar": Where.SIDEBAR, "list-filter": Where.SIDEBAR}


class ChatLayout(ThinScreen[None]):
    """The list beside the messages; prompt, keys and status below."""

    AUTO_FOCUS = "#prompt"

    def __init__(
        self,
        keymap: Keymap,
        question: QuestionFactory,
        *,
        sees: Callable[[], bool],
        ui: Ui,
    ) -> None:
        super().__init__()
        self.keymap = keymap
        self.log_view = MessageLog(keymap, ui)
        self.composer = Composer(keymap, question, ui, sees=sees)
        self.list_pane = ListPane(keymap)
        self.status_bar = StatusBar(names(keymap, Where.PROMPT))
        self._hints = KeyHints(keymap)
        self._list_wanted: bool | None = None if ui.sidebar else False
        """None: if there is room."""

    def configure(self, keymap: Keymap, ui: Ui) -> None:
        """Use other keys, another configuration of the screen, and words in another language."""
        self.keymap = keymap
        install(self, keymap, Where.APP)
        named = names(keymap, self._hints.where)
        self.log_view.configure(keymap, ui, named)
        self.composer.configure(keymap, ui)
        self.list_pane.configure(keymap)
        self.status_bar.names = named
        self._hints.configure(keymap)

    def want_list(self, wanted: bool) -> None:
        """Show the list where there is room, or hide it, as the configuration says."""
        self._list_wanted = None if wanted else False
        if not wanted and self.focused is not None and self.focused.id in ("sidebar", "list-filter"):
            self.set_focus(self.prompt)
        self._fit(self.app.size.width, self.app.size.height)

    def compose(self) -> ComposeResult:
        """All widgets; the style sheet hides those without room."""
        with Horizontal(id="main"):
            yield self.list_pane
            with Vertical(id="chat"):
                yield self.log_view
                yield self.composer
        yield self._hints
        yield self.status_bar

    @property
    def prompt(self) -> Prompt:
        """The text area in which the question is written."""
        return self.composer.prompt

    @property
    def sidebar(self) -> Sidebar:
        """The list of conversations."""
        return self.list_pane.sidebar

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
        if self._hints.where is not where:
            self._hints.where = where
            named = names(self.keymap, where)
            self.log_view.name_keys(named)
            self.status_bar.names = named

    @on(Prompt.ModeChanged)
    def _mode_changed(self, event: Prompt.ModeChanged) -> None:
        self._hints.mode = event.mode
        self._hints.pending = event.pending

    def action_app_focus(self) -> None:
        """From the prompt to the messages, to the list if it is shown, and back."""
        order = ["prompt", "log"] if self.has_class("-no-sidebar") else ["prompt", "log", "sidebar"]
        now = self.focused.id if self.focused is not None else ""
        following = order[(order.index(now) + 1) % len(order)] if now in order else "prompt"
        self.set_focus(self.query_one(f"#{following}"))
