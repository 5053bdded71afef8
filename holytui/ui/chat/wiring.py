"""The objects behind the actions of the chat, and the table of their handlers.

This module alone knows every part of the screen. It imports the engine, so it is imported after the first paint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.ui.chat.actions import ChatActions
from holytui.ui.chat.effort import EffortAction
from holytui.ui.chat.history_watcher import HistoryWatcher
from holytui.ui.chat.model_picker import ModelPicker
from holytui.ui.chat.prompt_picker import PromptPicker
from holytui.ui.chat.saved_prompts import SavedPrompts
from holytui.ui.chat.startup import Startup
from holytui.ui.chat.syncing import SyncController
from holytui.ui.composer.file_chooser import FileChooser
from holytui.ui.composer.question_search import QuestionSearch
from holytui.ui.connect.action import ConnectAction
from holytui.ui.details.page import DetailsPage
from holytui.ui.driver_access import last_input
from holytui.ui.external_programs import ExternalPrograms
from holytui.ui.lifecycle.garbage import FullCollections
from holytui.ui.settings.controller import SettingsController
from holytui.ui.sidebar.actions import SidebarActions
from holytui.ui.themes import loader
from holytui.ui.themes.picker import ThemeController, theme_choices
from holytui.ui.transcript.actions import MessageActions
from holytui.ui.transcript.export import Exporter
from holytui.ui.transcript.held_questions import HeldQuestions
from holytui.ui.transcript.input_pause import InputPause
from holytui.ui.transcript.live_answers import LiveAnswers
from holytui.ui.transcript.loading import is_system_entry
from holytui.ui.tree.actions import TreeActions

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App

    from holytui.config.in_force import ConfigInForce
    from holytui.models import Conversation, Message
    from holytui.ui.chat.layout import ChatLayout
    from holytui.ui.chat.navigation import Navigator
    from holytui.ui.clipboard import Clipboard
    from holytui.ui.composer.drafts import DraftController
    from holytui.ui.composer.send_queue import SendQueue
    from holytui.ui.messages import AnswerEnded
    from holytui.ui.ports import Dialogs, Reporter, Tasks
    from holytui.ui.sidebar.model import ConversationList
    from holytui.ui.state import ChatState
    from holytui.ui.status.presenter import StatusPresenter
    from holytui.ui.themes.following import BackgroundThemes


@dataclass(frozen=True, slots=True)
class Invocation:
    """A request for an action by a key, the palette or a slash command."""

    message: Message | None = None
    """The selected message, for actions of the transcript."""
    conversations: tuple[Conversation, ...] = ()
    """The marked conversations, or the one under the cursor of the list, or else the open one, for actions of the
    list."""
    number: int = 0
    """Which of the action's numbered keys, from 1; 0: it has none."""
    words: str = ""
    """Text after the slash command, which takes the place of a dialog."""


Outcome = Awaitable[None] | None
Handler = Callable[[Invocation], Outcome]


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the chat screen created before the first paint."""

    app: App[Any]
    state: ChatState
    layout: ChatLayout
    live: ConfigInForce
    background: BackgroundThemes
    memory_folder: Path | None
    """Where files for other programs are created if nothing may be saved."""
    drafts: DraftController
    send_queue: SendQueue
    navigator: Navigator
    conversations: ConversationList
    status: StatusPresenter
    clipboard: Clipboard
    reporter: Reporter
    dialogs: Dialogs
    tasks: Tasks
    welcome: Callable[[], None]
    run: Callable[[str], Awaitable[None]]
    """Runs an action by its id."""
    on_end: Callable[[AnswerEnded], object]


class Wiring:
    """Everything that acts on the engine."""

    def __init__(self, parts: Parts) -> None:
        state, layout, reporter, dialogs = parts.state, parts.layout, parts.reporter, parts.dialogs
        log, prompt, live = layout.log_view, layout.prompt, parts.live
        programs = ExternalPrograms(parts.app, reporter, folder=parts.memory_folder)
        self.answers = LiveAnswers(
            state,
            log,
            show=parts.navigator.show,
            index=parts.conversations,
            status=parts.status,
            tasks=parts.tasks,
            reporter=reporter,
            on_end=parts.on_end,
            pause=InputPause(partial(last_input, parts.app)).rest,
        )
        self.startup = Startup(
            state,
            parts.drafts,
            navigation=parts.navigator,
            index=parts.conversations,
            turns=self.answers,
            reporter=reporter,
        )
        self.watcher = HistoryWatcher(state, log, index=parts.conversations, status=parts.status, reporter=reporter)
        self.syncing = SyncController(state, live, tasks=parts.tasks, reporter=reporter)
        self.collections = FullCollections(lambda: bool(state.turns), partial(last_input, parts.app))
        self.files = FileChooser(prompt, dialogs=dialogs, reporter=reporter)
        self.chat = ChatActions(
            parts.app,
            state,
            log,
            prompt,
            live=live,
            drafts=parts.drafts,
            send_queue=parts.send_queue,
            answers=self.answers,
            navigation=parts.navigator,
            index=parts.conversations,
            status=parts.status,
            clipboard=parts.clipboard,
            programs=programs,
            dialogs=dialogs,
            reporter=reporter,
        )
        messages = MessageActions(
            state,
            log,
            turns=self.answers,
            navigation=parts.navigator,
            editor=parts.drafts,
            clipboard=parts.clipboard,
            programs=programs,
            dialogs=dialogs,
            reporter=reporter,
        )
        self.sidebar = sidebar = SidebarActions(
            state,
            parts.conversations,
            layout.list_pane,
            layout.show_list,
            navigation=parts.navigator,
            dialogs=dialogs,
            reporter=reporter,
        )
        models = ModelPicker(
            state, status=parts.status, dialogs=dialogs, reporter=reporter, welcome=parts.welcome, run=parts.run
        )
        self.settings = settings = SettingsController(
            live,
            choices={
                "ui.theme": partial(theme_choices, parts.app, automatic=True),
                "ui.theme_dark": partial(theme_choices, parts.app, automatic=False),
                "ui.theme_light": partial(theme_choices, parts.app, automatic=False),
                "default_model": models.choices,
            },
            programs=programs,
            dialogs=dialogs,
            reporter=reporter,
        )
        connecting = ConnectAction(
            state, live.file, use=models.use, reload=settings.reload, dialogs=dialogs, reporter=reporter
        )
        prompts = PromptPicker(
            state,
            navigation=parts.navigator,
            status=parts.status,
            dialogs=dialogs,
            reporter=reporter,
            welcome=parts.welcome,
        )
        saved = SavedPrompts(state, prompt, dialogs=dialogs, reporter=reporter)
        held = HeldQuestions(state, log, turns=self.answers, reporter=reporter)
        effort = EffortAction(state, status=parts.status, reporter=reporter)
        questions = QuestionSearch(state, prompt, dialogs=dialogs, reporter=reporter)
        themes = ThemeController(
            parts.app, live.file, parts.background, change=settings.change, dialogs=dialogs, reporter=reporter
        )
        exporter = Exporter(state, log, dialogs=dialogs, reporter=reporter)
        tree = TreeActions(
            state,
            lambda: live.keymap,
            log.reveal,
            navigation=parts.navigator,
            dialogs=dialogs,
            reporter=reporter,
        )

        def open_check() -> None:
            # few open it, and its imports take longer than those of most other pages together
            from holytui.ui.check.page import CheckPage

            dialogs.open(CheckPage(state, live.keymap, live.file, loader.theme_problems, parts.clipboard))

        wrap = _Adapters(reporter)
        chat = self.chat
        self.handlers: Mapping[str, Handler] = {
            "app.connect": wrap.plain(connecting.open),
            "app.check": wrap.plain(open_check),
            "app.details": lambda _call: dialogs.open(
                DetailsPage(state, live.keymap, layout.status_bar, lambda: layout.status_bar.status)
            ),
            "app.help": wrap.plain(chat.help),
            "app.mouse": wrap.plain(chat.toggle_mouse),
            "app.palette": lambda _call: chat.palette(parts.run),
            "app.quit": wrap.plain(chat.quit),
            "app.repaint": wrap.plain(chat.repaint),
            "app.suspend": wrap.plain(chat.suspend),
            "app.reload": wrap.plain(settings.reload),
            "app.settings": lambda call: settings.open(call.words),
            "app.sync": lambda call: self.syncing.ask(call.words),
            "app.theme": wrap.plain(themes.pick),
            "chat.copy": wrap.plain(chat.copy_last),
            "chat.copy_all": wrap.plain(chat.copy_all),
            "chat.effort": lambda call: effort.choose(call.words),
            "chat.export": wrap.plain(exporter.ask),
            "chat.interrupt": wrap.plain(chat.interrupt),
            "chat.new": wrap.plain(chat.new),
            "chat.prompt": lambda call: saved.use(call.words),
            "chat.over_limit": wrap.plain(held.send_first),
            "chat.resume_all": wrap.plain(self.startup.resume_all),
            "chat.stop": wrap.plain(chat.stop),
            "chat.tree": lambda call: tree.open(call.message),
            "chat.system": wrap.plain(prompts.pick),
            "history.search": lambda call: chat.search_all(call.words),
            "log.prompt": wrap.plain(chat.focus_prompt),
            "log.search": lambda call: chat.search_here(call.words),
            "message.copy": wrap.any_message(messages.copy),
            "message.label": lambda call: wrap.message(lambda message: tree.label(message, call.words))(call),
            "message.links": wrap.message(messages.links),
            "message.copy_code": wrap.numbered(messages.copy_code),
            "message.details": wrap.message(messages.details),
            "message.edit": wrap.message(messages.edit, system=prompts.pick),
            "message.fork": wrap.message(messages.fork),
            "message.pager": wrap.any_message(messages.page),
            "message.print": wrap.any_message(messages.print_out),
            "message.resume": wrap.message(messages.resume),
            "message.retry": wrap.message(messages.retry),
            "message.undo_seam": wrap.message(messages.undo_seams),
            "message.variant": wrap.message(lambda message: messages.show_variant(message, 1)),
            "message.variant_back": wrap.message(lambda message: messages.show_variant(message, -1)),
            "model.pick": lambda call: models.pick(call.words),
            "prompt.editor": wrap.plain(chat.edit_externally),
            "prompt.search": wrap.plain(questions.open),
            "sidebar.archive": wrap.conversations(sidebar.archive),
            "sidebar.archived": wrap.plain(sidebar.toggle_archived),
            "sidebar.delete": wrap.conversations(sidebar.delete),
            "sidebar.export": wrap.conversations(exporter.ask_all),
            "sidebar.filter": wrap.plain(sidebar.filter),
            "sidebar.local": wrap.conversations(sidebar.toggle_local),
            "sidebar.pin": wrap.conversations(sidebar.pin),
            "sidebar.rename": lambda call: wrap.conversations(lambda all_: sidebar.rename(all_, call.words))(call),
            "sidebar.tag": lambda call: wrap.conversations(lambda all_: sidebar.tag(all_, call.words))(call),
            "sidebar.undo": wrap.plain(sidebar.undo),
        }


class _Adapters:
    """From the methods of the controllers to handlers."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def plain(self, act: Callable[[], Outcome]) -> Handler:
        """An action that needs nothing but the state."""
        return lambda _call: act()

    def any_message(self, act: Callable[[Message], Outcome]) -> Handler:
        """An action on the selected message or the system prompt; ignored while nothing is shown."""
        return lambda call: act(call.message) if call.message is not None else None

    def message(self, act: Callable[[Message], Outcome], system: Callable[[], Outcome] | None = None) -> Handler:
        """An action on the selected message. `system` is the one on the system prompt, which is no message."""

        def handle(call: Invocation) -> Outcome:
            if call.message is None:
                return None
            if not is_system_entry(call.message):
                return act(call.message)
            if system is not None:
                return system()
            self._reporter.say(_("this is the system prompt, not a message"), Level.WARNING)
            return None

        return handle

    def numbered(self, act: Callable[[Message, int], Outcome]) -> Handler:
        """An action on a numbered part of the selected message."""
        return lambda call: self.message(lambda message: act(message, call.number))(call)

    def conversations(self, act: Callable[[Sequence[Conversation]], Outcome]) -> Handler:
        """An action on conversations of the list."""

        def handle(call: Invocation) -> Outcome:
            if call.conversations:
                return act(call.conversations)
            self._reporter.say(_("no conversation is open"), Level.WARNING)
            return None

        return handle
