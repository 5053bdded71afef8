"""The app: puts themes, keys, driver and the chat screen together. It has no behaviour of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events, on
from textual.screen import Screen

from holytui import paths
from holytui.attachments.files import Chosen
from holytui.config.in_force import ConfigChange, ConfigInForce
from holytui.terminal.textual_adapter.app import ThinApp, driver_class
from holytui.terminal.textual_adapter.driver import BackgroundReported
from holytui.ui import driver_access
from holytui.ui.chat.screen import ChatScreen
from holytui.ui.lifecycle import crash_report
from holytui.ui.lifecycle.hangup import HangupHandler
from holytui.ui.lifecycle.notifications import CompletionNotifier
from holytui.ui.messages import AnswerEnded
from holytui.ui.ports import Group
from holytui.ui.themes import loader
from holytui.ui.themes.following import BackgroundThemes

if TYPE_CHECKING:
    from rich.console import RenderableType

    from holytui.bootstrap import OpenServices, Services
    from holytui.config.schema import Config, Ui
    from holytui.keymap import Keymap
    from holytui.terminal.hangup import Cause


class HolytuiApp(ThinApp[None]):
    """holytui, full screen."""

    TITLE = "holytui"
    CSS_PATH = "holytui.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        config: Config,
        keymap: Keymap,
        opening: OpenServices,
        *,
        model: str = "",
        conversation: str = "",
        question: str = "",
        files: Sequence[Chosen] = (),
        config_file: Path | None = None,
        problems: Sequence[str] = (),
        memory_folder: Path | None = None,
    ) -> None:
        """`problems` are those of the configuration file. `memory_folder`: nothing is saved, and files for other
        programs are created there."""
        super().__init__(driver_class=driver_class())
        self.live = ConfigInForce(config, keymap, config_file or paths.config_file(), problems, _unknown_theme)
        self.animation_level = "none"
        self.hangup: HangupHandler | None = None
        self._saving = memory_folder is None
        self.on_exit: Callable[[], None] = lambda: None
        """Called when the app begins to end."""
        self._background = BackgroundThemes(self, config.ui, watch=lambda on: driver_access.watch_background(self, on))
        self._chat = ChatScreen(
            opening,
            self.live,
            self._background,
            memory_folder=memory_folder,
            model=model,
            conversation=conversation,
            question=question,
            files=files,
        )
        self._notifier = CompletionNotifier(
            self._chat.state, config.ui.notify, write=self._write_unless_lost, tasks=self._chat
        )
        self.start_with_theme(self._find_theme(config.ui))
        self.live.subscribe(self._configure)

    def _find_theme(self, ui: Ui) -> str:
        """Return the configured theme if it exists, else the default for the terminal. Registers all themes."""
        found = loader.load()
        for theme in found.themes:
            self.register_theme(theme)
        known = {theme.name for theme in found.themes}
        self._chat.state.theme_problems = (*found.problems, *loader.describe_unknown(ui, known))
        if self._background.following:
            return self._background.current(known)
        return ui.theme if ui.theme in known else loader.default_for(self.console.color_system)

    @property
    def watches_background(self) -> bool:
        """Whether the driver asks for the terminal's background when it starts; not on a screen without colours."""
        return self._background.following and self._no_colour is None

    @on(BackgroundReported)
    def _background_reported(self, event: BackgroundReported) -> None:
        self._background.reported(event.background)

    def _configure(self, change: ConfigChange) -> None:
        """Use a changed configuration."""
        old, new = change.before.config.ui, change.after.config.ui
        self._notifier.configure(new.notify)
        if (new.theme, new.theme_dark, new.theme_light) != (old.theme, old.theme_dark, old.theme_light):
            self._background.configure(new)
            self.theme = self._find_theme(new)
        if new.mouse is not old.mouse:
            self._chat.log_view.selectable = driver_access.set_mouse(self, new.mouse)

    @property
    def hung_up(self) -> Cause | None:
        """Why the app ends; None while it runs, or if the user quits."""
        return self.hangup.cause if self.hangup is not None else None

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Begin to end the app."""
        self.on_exit()
        super().exit(result, return_code, message)

    def keep_unsent(self, services: Services) -> None:
        """Store the draft and unsent questions for the next start."""
        self._chat.drafts.keep_unsent(services, self._chat.send_queue.unsent())

    def text_to_leave(self) -> str:
        """Return the text for the terminal after the screen has closed; empty after a hang-up or a crash, and if
        nothing is saved."""
        if self.hung_up is not None or self.return_code or not self._saving:
            return ""
        from holytui.ui.lifecycle.leaving import text_to_leave

        chat = self._chat
        return text_to_leave(self.live.config.ui.leave, chat.log_view.messages, chat.state.conversation.id)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Defaults of our own variables, for themes that are not from our files."""
        return loader.FALLBACKS

    def get_default_screen(self) -> Screen[Any]:
        """The chat screen."""
        return self._chat

    def on_mount(self) -> None:
        """Begin to watch for hang-ups."""
        self.hangup = HangupHandler(self, self._chat.state, self._chat.settled)

    @on(events.AppFocus)
    @on(events.AppBlur)
    def _focus_changed(self, event: events.AppFocus | events.AppBlur) -> None:
        self._notifier.focus_changed(focused=isinstance(event, events.AppFocus))

    @on(events.TextSelected)
    def _text_selected(self) -> None:
        """Copy the text that the mouse has selected, as terminals do."""
        if text := self.screen.get_selected_text():
            self.copy_to_clipboard(text)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text for Textual's own keys, such as Ctrl+C in a dialog or the prompt."""
        self._clipboard = text
        self._chat.start(self._chat.clipboard.copy(text), Group.COPY)

    @on(AnswerEnded)
    def _answer_ended(self, event: AnswerEnded) -> None:
        self._notifier.ended(event)

    def _write_unless_lost(self, sequence: str) -> None:
        if self.hung_up is None:
            driver_access.write(self, sequence)

    def _handle_exception(self, error: Exception) -> None:
        """End with our crash report; Textual's own would print the values of variables."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(Text(crash_report.words(error, saving=self._saving)))


def _unknown_theme(config: Config) -> Sequence[str]:
    """A problem if a configuration that is read names a theme that does not exist."""
    return loader.theme_problems(config.ui)
