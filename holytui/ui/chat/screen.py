"""The chat screen: creates the parts of the chat and connects their events. It decides nothing about recovery."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from textual import on
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from holytui import paths
from holytui.attachments.files import Chosen
from holytui.config.in_force import ConfigInForce
from holytui.errors import HolytuiError
from holytui.keymap import BY_ID, Where
from holytui.presentation.notice import Level
from holytui.ui import driver_access
from holytui.ui.bindings import install
from holytui.ui.chat.layout import ChatLayout
from holytui.ui.chat.navigation import Navigator
from holytui.ui.chat.reconfiguration import Reconfiguration
from holytui.ui.clipboard import Clipboard
from holytui.ui.composer.composer import describe_invalid_command
from holytui.ui.composer.drafts import DraftController
from holytui.ui.composer.prompt import Prompt
from holytui.ui.composer.send_queue import SendQueue
from holytui.ui.composer.submit import Question
from holytui.ui.pages.help import welcome_lines
from holytui.ui.ports import Group
from holytui.ui.reporting import report_errors
from holytui.ui.sidebar.list_widget import Sidebar
from holytui.ui.sidebar.model import ConversationList
from holytui.ui.state import ChatState
from holytui.ui.status.presenter import StatusPresenter
from holytui.ui.transcript.log import MessageLog

if TYPE_CHECKING:
    from pathlib import Path

    from holytui.bootstrap import OpenServices
    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.models import Conversation, Image, Message
    from holytui.presentation.turn_view import TurnView
    from holytui.ui.chat.wiring import Wiring
    from holytui.ui.themes.following import BackgroundThemes

_T = TypeVar("_T")


class ChatScreen(ChatLayout):
    """The chat. Implements the ports `Reporter`, `Dialogs`, `Tasks` and `Turns`."""

    def __init__(
        self,
        opening: OpenServices,
        live: ConfigInForce,
        background: BackgroundThemes,
        *,
        model: str = "",
        conversation: str = "",
        question: str = "",
        files: Sequence[Chosen] = (),
        memory_folder: Path | None = None,
    ) -> None:
        """`model`: that of the command line, or empty. `memory_folder`: see `HolytuiApp`."""
        self.state = ChatState(model or live.config.default_model)
        super().__init__(live.keymap, self._question, sees=self.state.model_sees, ui=live.config.ui)
        self._opening = opening
        self._opening_ended = asyncio.Event()
        self._live = live
        self._background = background
        self._first = conversation
        self._memory_folder = memory_folder
        self.clipboard = Clipboard(
            self,
            lambda sequence: driver_access.write(self.app, sequence),
            file=paths.copied_file() if memory_folder is None else None,
        )
        self.drafts = DraftController(self.state, self.prompt, reporter=self, tasks=self, on_pause=self._typing_paused)
        self.status = StatusPresenter(
            self.state,
            self.status_bar,
            self.log_view,
            self.drafts,
            tasks=self,
            link=lambda: driver_access.link_figures(self.app),
            saving=memory_folder is None,
        )
        self.conversations = ConversationList(self.state, self.sidebar)
        self.navigator = Navigator(
            self.state,
            self.log_view,
            self.prompt,
            self.drafts,
            index=self.conversations,
            status=self.status,
            reporter=self,
            welcome=self.welcome,
            sync=self._sync_answers,
        )
        self.send_queue = SendQueue(
            self.state, self.prompt, self.drafts, self, status=self.status, reporter=self, tasks=self
        )
        if question:
            self.send_queue.keep(Question(question, files, self.state.conversation, self.state.model))
        install(self, live.keymap, Where.APP)
        live.subscribe(
            Reconfiguration(self.state, self, status=self.status, welcome=self.welcome, follows_default=not model).apply
        )

    @cached_property
    def wiring(self) -> Wiring:
        """All that acts on the engine. Imported after the first paint, which would wait for it."""
        from holytui.ui.chat.wiring import Parts, Wiring

        return Wiring(
            Parts(
                app=self.app,
                state=self.state,
                layout=self,
                live=self._live,
                background=self._background,
                memory_folder=self._memory_folder,
                drafts=self.drafts,
                send_queue=self.send_queue,
                navigator=self.navigator,
                conversations=self.conversations,
                status=self.status,
                clipboard=self.clipboard,
                reporter=self,
                dialogs=self,
                tasks=self,
                welcome=self.welcome,
                run=self.run,
                on_end=self.post_message,
            )
        )

    # -- start and end

    def on_mount(self) -> None:
        """Paint first, then open the history off the loop."""
        self.start(self._open_services(), Group.OPEN)

    async def _open_services(self) -> None:
        try:
            await self._open()
        finally:
            self._opening_ended.set()

    async def _open(self) -> None:
        state = self.state
        try:
            services = await asyncio.to_thread(self._opening)
        except HolytuiError as error:
            state.opening_failed = error.full_text
            self.say(error.full_text, Level.ERROR)
            return
        state.services = services
        wiring = self.wiring
        wiring.answers.listen()
        await wiring.startup.show_first(self._first, asked=self.send_queue.is_waiting)
        self.navigator.started = True
        self.start(wiring.watcher.run(), Group.WATCH)
        self.start(wiring.collections.run(), Group.WATCH)
        self.start(wiring.settings.run(), Group.WATCH)
        self.start(wiring.syncing.run(), Group.WATCH)
        await self.send_queue.open()
        if services.is_temporary and services.saving:
            self.say(services.problems[-1], Level.ERROR)
        elif state.conversation.id and (missing := self._missing_key()):
            self.say(missing, Level.WARNING)  # an empty conversation shows it in its transcript

    async def settled(self) -> None:
        """Wait until the history is open or cannot be opened, and until no question is being stored."""
        await self._opening_ended.wait()
        await self.send_queue.idle()

    def on_unmount(self) -> None:
        """Receive nothing more, and keep what is in the prompt as a draft."""
        if self.state.is_open:
            self.wiring.answers.close()
            self.drafts.save_now(self.state.services)

    # -- ports

    def say(self, text: str, level: Level = Level.CALM) -> None:
        """Show a notice until the next state takes its place."""
        self.status.say(text, level)

    def ask(self, dialog: Screen[_T], then: Callable[[_T | None], Awaitable[None]]) -> None:
        """Show a dialog and pass its result on (None: cancelled). What `then` raises is reported."""

        async def answered(value: _T | None) -> None:
            with report_errors(self):
                await then(value)

        self.app.push_screen(dialog, answered)

    def open(self, page: Screen[Any]) -> None:
        """Show a screen that has no result."""
        self.app.push_screen(page)

    def start(self, work: Coroutine[Any, Any, None], group: Group) -> None:
        """Run a coroutine in the background. Only an error of sending ends the app: it may have lost a question."""
        self.run_worker(work, group=group, exit_on_error=group is Group.SEND)

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once."""
        return self.set_timer(seconds, callback)

    def call_from_thread(self, callback: Callable[[], None]) -> None:
        """Call back on the loop soon, or never if the screen is gone. For any thread; returns at once."""
        if self.is_running:
            self.call_later(callback)

    async def begin(self, started: StartedTurn) -> None:
        """Show a turn that the engine has begun."""
        self.status.forget_notice()
        await self.wiring.answers.begin(started)

    async def withdrawn(self, turn: TurnView) -> None:
        """Show the conversation without a question that was taken back."""
        await self.wiring.answers.withdrawn(turn)

    # -- an empty conversation

    def welcome(self) -> None:
        """Fill the transcript of an empty conversation."""
        known = self.state.services.problems if self.state.is_open else ()
        problems = (*known, *filter(None, (self._missing_key(),)), *self.state.theme_problems)
        connected = self.state.is_open and bool(self.state.services.config.providers)
        self.log_view.show((), welcome_lines(self.state.model, problems, self.keymap, connected=connected))

    def _missing_key(self) -> str:
        """A sentence if the variable with the key of the model is not set."""
        if not self.state.is_open:
            return ""
        from holytui.bootstrap import missing_key

        return missing_key(self.state.services.config, self.state.model)

    # -- actions

    async def action_ask(self, action: str, number: int) -> None:
        """Run an action of the whole screen, for a key."""
        await self._handle(action, number=number)

    async def run(self, action_id: str, words: str = "") -> None:
        """Run any action by its id, for the palette and for slash commands."""
        where = BY_ID[action_id].where
        places: dict[Where, Widget] = {Where.LOG: self.log_view, Where.SIDEBAR: self.sidebar, Where.PROMPT: self.prompt}
        node = places.get(where, self)
        name = action_id.replace(".", "_")
        if hasattr(node, f"action_{name}"):
            await node.run_action(name)
            return
        view = self.log_view.selected if where is Where.LOG else None
        conversations = self.sidebar.chosen if self.focused is self.sidebar else ()
        if where is Where.SIDEBAR and not conversations:
            with report_errors(self):
                conversations = await self._open_one()
        await self._handle(action_id, view.message if view is not None else None, conversations, words=words)

    async def _open_one(self) -> tuple[Conversation, ...]:
        here = self.state.conversation.id
        found = await asyncio.to_thread(self.state.services.history.conversation, here) if here else None
        return (found,) if found is not None else ()

    async def _handle(
        self,
        action_id: str,
        message: Message | None = None,
        conversations: tuple[Conversation, ...] = (),
        *,
        number: int = 0,
        words: str = "",
    ) -> None:
        from holytui.ui.chat.wiring import Invocation

        with report_errors(self):
            outcome = self.wiring.handlers[action_id](Invocation(message, conversations, number, words))
            if inspect.isawaitable(outcome):
                await outcome

    @on(MessageLog.ActionRequested)
    async def _message_action(self, event: MessageLog.ActionRequested) -> None:
        await self._handle(event.action, event.message, number=event.number)

    @on(Sidebar.ActionRequested)
    async def _conversation_action(self, event: Sidebar.ActionRequested) -> None:
        await self._handle(event.action, conversations=event.conversations)

    @on(Sidebar.Marked)
    def _conversations_marked(self, event: Sidebar.Marked) -> None:
        self.wiring.sidebar.marked(event.count)

    @on(Sidebar.FoldersCollapsed)
    async def _folders_collapsed(self, event: Sidebar.FoldersCollapsed) -> None:
        with report_errors(self):
            await self.conversations.keep_collapsed(event.names)

    @on(Prompt.ActionRequested)
    async def _prompt_action(self, event: Prompt.ActionRequested) -> None:
        await self._handle(event.action)

    # -- events of the parts

    def _question(self, text: str, files: Sequence[Chosen], images: Sequence[Image]) -> Question:
        return self.send_queue.question(text, files, images)

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        self.send_queue.send(event.question)

    @on(Prompt.CommandEntered)
    async def _command_entered(self, event: Prompt.CommandEntered) -> None:
        await self.run(event.action, event.words)

    @on(Prompt.InvalidCommand)
    def _invalid_command(self, event: Prompt.InvalidCommand) -> None:
        self.say(describe_invalid_command(event.error), Level.WARNING)

    @on(Prompt.ClipboardRequested)
    async def _clipboard_requested(self, event: Prompt.ClipboardRequested) -> None:
        await self.clipboard.copy(event.text)

    @on(Prompt.FilesRequested)
    def _files_requested(self, event: Prompt.FilesRequested) -> None:
        self.wiring.files.choose(event.selected)

    @on(Prompt.RetryRequested)
    def _retry_requested(self) -> None:
        if self.state.turn is not None:
            self.wiring.chat.retry_now()

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        self.drafts.typed()

    def _sync_answers(self) -> None:
        self.wiring.answers.sync_all()

    def _typing_paused(self) -> None:
        self.status.estimate_context()

    @on(MessageLog.Moved)
    def _moved(self) -> None:
        self.status.refresh_position()

    @on(Sidebar.Chosen)
    async def _conversation_chosen(self, event: Sidebar.Chosen) -> None:
        with report_errors(self):
            await self.navigator.open(event.conversation_id)
            self.prompt.focus()
