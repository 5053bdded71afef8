"""The chat screen: wires the widgets to the engine and the history. It decides nothing about recovery."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on, work
from textual.widget import Widget
from textual.widgets import TextArea

from holytui.attachments.files import Chosen
from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.keymap import BY_ID, Keymap, Where
from holytui.models import AnswerState
from holytui.presentation.notice import Level
from holytui.providers.vision import sees
from holytui.ui.bindings import install
from holytui.ui.chat.layout import ChatLayout
from holytui.ui.chat.navigation import Switching
from holytui.ui.composer.composer import no_command
from holytui.ui.composer.drafts import Writing
from holytui.ui.composer.prompt import Prompt
from holytui.ui.composer.send_queue import Sending
from holytui.ui.composer.submit import Place, Question, Settings
from holytui.ui.pages import help as help_page
from holytui.ui.reporting import told
from holytui.ui.sidebar.list_widget import Sidebar
from holytui.ui.sidebar.model import ConversationList
from holytui.ui.status import terminal_link
from holytui.ui.status.presenter import Bar
from holytui.ui.transcript.log import MessageLog

if TYPE_CHECKING:
    from holytui.bootstrap import Opening, Services
    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.models import Conversation, Image, Message
    from holytui.ui.transcript.live_answers import Answers
    from holytui.ui.turns import TurnView

# The engine and what acts on it take longer to import than the first paint may: they are imported after it.


class ChatScreen(ChatLayout):
    """The chat."""

    def __init__(
        self,
        opening: Opening,
        keymap: Keymap,
        *,
        model: str,
        conversation: str = "",
        question: str = "",
        files: Sequence[Chosen] = (),
        enter_sends: bool = True,
        sidebar: bool = True,
        text_width: int = 0,
    ) -> None:
        super().__init__(
            keymap,
            self.question,
            sees=self.model_sees,
            enter_sends=enter_sends,
            sidebar=sidebar,
            text_width=text_width,
        )
        self.services: Services | None = None
        self.place = Place()
        self.settings = Settings()
        """Of the conversation that is begun with the next question."""
        self.model = model
        self.theme_problems: tuple[str, ...] = ()
        self.cut: list[str] = []
        """Answers that the last end of holytui cut off and that were not let go on yet."""
        self._first = conversation
        self._opening = opening
        self.writing = Writing(self)
        self.sending = Sending(self)
        self.switching = Switching(self)
        if question:
            self.sending.keep(Question(question, files, self.place, model))
        self.list = ConversationList(self)
        self.bar = Bar(self)
        install(self, keymap, Where.APP)

    @cached_property
    def answers(self) -> Answers:
        """Those on their way; none before the history is open."""
        from holytui.ui.transcript.live_answers import Answers

        return Answers(self)

    @property
    def conversation_id(self) -> str:
        """The open conversation; empty until its first question is on disk."""
        return self.place.id

    # -- start and end

    def on_mount(self) -> None:
        """Paint first, then open the history off the loop."""
        self._open_services()

    @work(group="open", exit_on_error=False)
    async def _open_services(self) -> None:
        try:
            services = await asyncio.to_thread(self._opening)
        except HolytuiError as error:
            self.say(error.told, Level.ERROR)
            return
        self.services = services
        self.answers.listen(services)
        await self.start(services)
        if services.temporary is not None:
            self.say(services.problems[-1], Level.ERROR)
        elif self.conversation_id and (missing := self.missing_key()):
            self.say(missing, Level.WARNING)  # an empty conversation shows it above

    async def start(self, services: Services) -> None:
        """Show what is to be shown first; then what happens elsewhere is watched, and early questions go out."""
        from holytui.ui.chat import startup
        from holytui.ui.chat.history_watcher import Watch

        await startup.show_first(self, services, self._first)
        self.switching.started = True
        self.run_worker(Watch(self, services).run(), group="watch", exit_on_error=False)
        await self.sending.open(services)

    def on_unmount(self) -> None:
        """Nothing is to be delivered any more; what is written in the prompt is kept as a draft."""
        if self.services is not None:
            self.answers.close()
            self.writing.save_now(self.services)

    # -- conversations

    async def refresh_list(self) -> Sequence[Conversation]:
        """Show the list as it is on disk, and return it."""
        return await self.list.refresh()

    def show_new(self) -> None:
        """An empty conversation; it is on disk with its first question."""
        self.switching.new()

    def welcome(self) -> None:
        """What an empty conversation shows."""
        known = self.services.problems if self.services else ()
        problems = (*known, *filter(None, (self.missing_key(),)), *self.theme_problems)
        self.log_view.show((), help_page.welcome(self.model, problems, self.keymap))

    def missing_key(self) -> str:
        """A sentence if the model cannot be asked, as the variable with its key is not set."""
        if self.services is None:
            return ""
        from holytui.bootstrap import missing_key

        return missing_key(self.services.config, self.model)

    async def open_conversation(self, conversation_id: str) -> None:
        """Show a conversation at its end. Raises StoreError."""
        if self.services is not None:
            await self.switching.open(self.services, conversation_id)

    @on(Sidebar.Chosen)
    async def _conversation_chosen(self, event: Sidebar.Chosen) -> None:
        with told(self):
            await self.open_conversation(event.conversation_id)
            self.prompt.focus()

    # -- questions and answers

    def question(self, text: str, files: Sequence[Chosen], images: Sequence[Image]) -> Question:
        """What Enter means now."""
        return self.sending.question(text, files, images)

    @on(Prompt.FilesAsked)
    def _files_asked(self, event: Prompt.FilesAsked) -> None:
        from holytui.ui.composer import choosing

        choosing.choose(self, event.selected)

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        self.sending.send(event.question)

    @on(Prompt.Commanded)
    async def _commanded(self, event: Prompt.Commanded) -> None:
        from holytui.ui.chat import commanding

        await commanding.perform(self, event.action, event.words)

    @on(Prompt.NoCommand)
    def _no_command(self, event: Prompt.NoCommand) -> None:
        self.say(no_command(event.found), Level.WARNING)

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt, to be asked on a new branch."""
        self.writing.edit(question)

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        self.writing.typed()

    async def begin(self, services: Services, started: StartedTurn) -> None:
        """Show a turn that the engine has just begun."""
        self.bar.forget_notice()
        await self.answers.begin(services, started)

    @on(Prompt.Hurry)
    def _hurry(self) -> None:
        turn = self.answers.here()
        if turn is not None and turn.waits and self.services is not None:
            self.services.engine.hurry(turn.turn_id)

    def model_sees(self) -> bool:
        """Whether images can be sent to the model of the next question."""
        return self.services is not None and sees(self.services.config, self.model)

    # -- status

    def paint_status(self, ended: TurnView | None = None, *, progress: bool = False) -> None:
        """The bottom line as things are now; `ended` and `progress` as in `Bar.status`."""
        if self.services is not None:
            self.answers.painted()
        self.status_bar.status = replace(self.bar.status(ended, progress=progress), position=self._position())

    def say(self, text: str, level: Level = Level.CALM) -> None:
        """A notice in the bottom line, until the next state takes its place."""
        self.status_bar.status = replace(self.status_bar.status, connection=self.bar.notice(text, level))

    def _position(self) -> str:
        log = self.log_view
        if log.following:
            return ""
        words = ngettext("↓ {count} new line", "↓ {count} new lines", log.new_lines)
        return words.format(count=log.new_lines) if log.new_lines else _("↓ more below")

    @on(MessageLog.Moved)
    def _moved(self) -> None:
        position = self._position()
        if position != self.status_bar.status.position:
            self.status_bar.status = replace(self.status_bar.status, position=position)

    # -- keys

    def action_chat_stop(self) -> None:
        """Take back the question that waits in line; else stop the answer here; else go back to the prompt."""
        turn = self.answers.to_stop()
        if self.writing.end_editing() is not None:
            self.paint_status()
        elif turn is not None and turn.state is AnswerState.QUEUED and self.services is not None:
            self.run_worker(self.sending.take_back(self.services, turn), group="send")
        elif turn is not None and self.services is not None:
            self.services.engine.stop(turn.turn_id)
            turn.stopping()
            self.paint_status(progress=True)
        else:
            self.log_view.highlight("")
            self.set_focus(self.prompt)

    async def action_chat_new(self) -> None:
        """Begin a new conversation."""
        self.show_new()
        with told(self):
            await self.refresh_list()

    async def action_ask(self, action: str, _number: int) -> None:
        """Keys of the app that have a module of their own."""
        from holytui.ui.chat import actions

        with told(self):
            await actions.perform(self, action)

    async def do(self, action_id: str) -> None:
        """Do an action of the table wherever it belongs, as the palette asks for it."""
        where = BY_ID[action_id].where
        if where is Where.SIDEBAR and self.focused is not self.sidebar:
            from holytui.ui.sidebar import actions as conversation_actions

            with told(self):
                await conversation_actions.to_open_one(self, action_id)
            return
        places: dict[Where, Widget] = {Where.LOG: self.log_view, Where.SIDEBAR: self.sidebar, Where.PROMPT: self.prompt}
        node: Widget | ChatScreen = places.get(where, self)
        name = "action_" + action_id.replace(".", "_")
        await node.run_action(name.removeprefix("action_") if hasattr(node, name) else f"ask({action_id!r}, 0)")

    def set_mouse(self, wanted: bool) -> bool:
        """Turn the mouse on or off; returns whether it is on now."""
        self.log_view.selectable = terminal_link.set_mouse(self.app, wanted)
        return self.log_view.selectable

    @on(Prompt.EditorAsked)
    def _editor_asked(self) -> None:
        from holytui.ui.external_programs import write

        write(self)

    @on(MessageLog.Asked)
    async def _message_asked(self, event: MessageLog.Asked) -> None:
        from holytui.ui.transcript import actions as message_actions

        await message_actions.perform(self, event.action, event.message, event.number)

    @on(Sidebar.Asked)
    async def _conversation_asked(self, event: Sidebar.Asked) -> None:
        from holytui.ui.sidebar import actions as conversation_actions

        with told(self):
            await conversation_actions.perform(self, event.action, event.conversation)
