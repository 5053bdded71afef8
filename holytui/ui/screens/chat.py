"""The chat screen: wires the widgets to the engine and the history. It decides nothing about recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.widget import Widget

from holytui.engine import events as ev
from holytui.engine.engine import StartedTurn
from holytui.engine.events import TurnEvent
from holytui.engine.services import Opening, Services
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import BY_ID, Keymap, Where
from holytui.models import Message
from holytui.terminal.app import ThinScreen
from holytui.ui import actions, conversation_actions, link, message_actions
from holytui.ui import help as help_page
from holytui.ui.bindings import install
from holytui.ui.connection import Connection, Level
from holytui.ui.editing import write
from holytui.ui.mailbox import Mailbox
from holytui.ui.opened import Opened, entry_of, open_conversation
from holytui.ui.status import Status
from holytui.ui.turns import TurnView
from holytui.ui.widgets.key_hints import KeyHints
from holytui.ui.widgets.message_log import MessageLog
from holytui.ui.widgets.prompt import Prompt
from holytui.ui.widgets.sidebar import Sidebar
from holytui.ui.widgets.status_bar import StatusBar

_NARROW = 100
_SHORT = 16
_NUMBERS_EVERY = 0.5
"""Seconds between two paintings of the figures in the status bar while text streams."""


class ChatScreen(ThinScreen[None]):
    """Conversations, messages, prompt and status."""

    AUTO_FOCUS = "#prompt"

    def __init__(
        self,
        opening: Opening,
        keymap: Keymap,
        *,
        model: str,
        conversation: str = "",
        question: str = "",
        enter_sends: bool = True,
        sidebar: bool = True,
    ) -> None:
        super().__init__()
        self.keymap = keymap
        self.services: Services | None = None
        self.conversation_id = ""
        self.model = model
        self.theme_problems: tuple[str, ...] = ()
        self.deleted: list[str] = []
        """Conversations deleted since the start, the latest last."""
        self._first = conversation
        self._early = [question] if question else []
        """Questions from before the history was open."""
        self._opening = opening
        self._enter_sends = enter_sends
        self._sidebar_wanted: bool | None = None if sidebar else False
        self._turns: dict[str, TurnView] = {}
        self._mailbox = Mailbox(self._deliver)
        self._painted = 0.0
        self._editing: Message | None = None
        install(self, keymap, Where.APP)

    def compose(self) -> ComposeResult:
        """The list beside the messages; prompt, keys and status below."""
        with Horizontal(id="main"):
            yield Sidebar(self.keymap)
            with Vertical(id="chat"):
                yield MessageLog(self.keymap)
                yield Prompt(self.keymap, enter_sends=self._enter_sends)
        yield KeyHints(self.keymap)
        yield StatusBar()

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
    def sidebar(self) -> Sidebar:
        """The list of conversations."""
        return self.query_one(Sidebar)

    @property
    def status_bar(self) -> StatusBar:
        """The bottom line."""
        return self.query_one(StatusBar)

    # -- start and end

    def on_mount(self) -> None:
        """Paint first, then open the history off the loop."""
        self._fit(self.app.size.width, self.app.size.height)
        self._open_services()

    @work(group="open", exit_on_error=False)
    async def _open_services(self) -> None:
        try:
            services = await asyncio.to_thread(self._opening)
        except HolytuiError as error:
            self.say(str(error), Level.ERROR)
            return
        self.services = services
        self._mailbox.open()
        services.engine.listen(self._mailbox.put)
        await self.start(services)

    async def start(self, services: Services) -> None:
        """What to show first: what was asked for, else a conversation with an answer that was cut, else a new one."""
        conversation, early = self._first, self._early
        self._early = []
        cut = await asyncio.to_thread(services.history.unfinished)
        await self.refresh_list()
        if conversation:
            await self.open_conversation(conversation)
        elif cut and not early:
            await self.open_conversation(cut[-1].conversation_id)
            self.say(_("an answer was cut when holytui ended; its text is kept"), Level.WARNING)
        elif not self.conversation_id:
            self.show_new()
        for question in early:
            await self._send(services, question).wait()

    def on_unmount(self) -> None:
        """Nothing is to be delivered any more; what is written in the prompt is kept as a draft."""
        self._mailbox.close()

    # -- conversations

    async def refresh_list(self) -> None:
        """The list as it is on disk."""
        if self.services is None:
            return
        found = await asyncio.to_thread(self.services.history.conversations)
        busy = {turn.conversation_id for turn in self._turns.values()}
        shown = [replace(one, streaming=True) if one.id in busy else one for one in found]
        self.sidebar.show(shown, self.conversation_id, datetime.now().astimezone().date())

    def show_new(self) -> None:
        """An empty conversation; it is on disk with its first question."""
        self.conversation_id = ""
        problems = (*(self.services.problems if self.services else ()), *self.theme_problems)
        self.log_view.show((), help_page.welcome(self.model, problems))
        self.prompt.remember([])
        self.paint_status()
        self.prompt.focus()

    async def open_conversation(self, conversation_id: str) -> None:
        """Show a conversation at its end."""
        if self.services is None:
            return
        opened = await asyncio.to_thread(open_conversation, self.services.history, conversation_id)
        if opened is None:
            self.say(_("that conversation is gone"), Level.WARNING)
            return
        if opened.conversation.unread:
            await asyncio.to_thread(self.services.history.update_conversation, conversation_id, unread=False)
        self._show(opened)
        await self.refresh_list()

    def _show(self, opened: Opened) -> None:
        self.conversation_id = opened.conversation.id
        self.model = opened.conversation.model or self.model
        self.log_view.show(opened.entries)
        self.prompt.remember(opened.questions)
        for turn in self._turns.values():
            self._sync(turn)
        self.paint_status()

    @on(Sidebar.Chosen)
    async def _conversation_chosen(self, event: Sidebar.Chosen) -> None:
        await self.open_conversation(event.conversation_id)
        self.prompt.focus()

    # -- questions and answers

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        if self.services is None:
            self._early.append(event.text)
            self.say(_("one moment, the history is being opened"), Level.BUSY)
        else:
            self._send(self.services, event.text)

    @work(group="send", exit_on_error=False)
    async def _send(self, services: Services, text: str) -> None:
        try:
            if self._editing is not None and self._editing.conversation_id == self.conversation_id:
                started = await asyncio.to_thread(
                    services.engine.ask,
                    text,
                    conversation_id=self.conversation_id,
                    model=self.model,
                    parent_id=self._editing.parent_id,
                )
            else:
                started = await asyncio.to_thread(
                    services.engine.ask, text, conversation_id=self.conversation_id or None, model=self.model
                )
            self._editing = None
            await self.begin(services, started)
        except HolytuiError as error:
            self.prompt.give_back(text)
            self.say(str(error), Level.ERROR)

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt; sent from there, it is asked on a new branch."""
        self._editing = question
        self.prompt.put(question.text)
        self.prompt.focus()
        self.say(_("editing: Enter asks on a new branch, the old one stays · Esc leaves it"))

    async def begin(self, services: Services, started: StartedTurn) -> None:
        """Show a turn that the engine has just begun, in the conversation that is open or a new one."""
        self._turns[started.turn_id] = TurnView(
            started.turn_id, started.conversation_id, started.answer_id, time.monotonic()
        )
        opened = await asyncio.to_thread(open_conversation, services.history, started.conversation_id)
        if opened is not None and self.conversation_id in ("", started.conversation_id):
            self._show(opened)
        await self.refresh_list()

    @on(Prompt.Hurry)
    def _hurry(self) -> None:
        turn = self.turn_here()
        if turn is not None and turn.waits and self.services is not None:
            self.services.engine.hurry(turn.turn_id)

    def turn_here(self) -> TurnView | None:
        """The answer on its way in the shown conversation."""
        here = [turn for turn in self._turns.values() if turn.conversation_id == self.conversation_id]
        return here[0] if here else None

    # -- events of the engine

    def _deliver(self, batch: Sequence[TurnEvent]) -> None:
        now = time.monotonic()
        for event in batch:
            turn = self._turns.get(event.turn_id)
            if turn is None:
                continue
            turn.apply(event, now)
            if isinstance(event, ev.Ended):
                self._ended(turn)
        touched = {event.turn_id for event in batch}
        calm = all(isinstance(event, ev.Delta | ev.Reasoning) for event in batch)
        try:
            for turn in list(self._turns.values()):
                if turn.turn_id in touched:
                    self._sync(turn)
            if not calm or now - self._painted >= _NUMBERS_EVERY:
                self.paint_status()
        except NoMatches:  # the screen is being taken down
            self._mailbox.close()

    def _sync(self, turn: TurnView) -> None:
        """Bring the log's entry up to what the engine has of the answer."""
        if turn.conversation_id != self.conversation_id or self.services is None:
            return
        entry = self.log_view.entry(turn.answer_id)
        texts = self.services.engine.told(turn.answer_id)
        if entry is None or texts is None:
            return
        grew = entry.sync(*texts)
        if entry.message.state is not turn.state:
            entry.update(replace(entry.message, state=turn.state))
            grew = True
        if grew:
            self.log_view.changed()

    def _ended(self, turn: TurnView) -> None:
        del self._turns[turn.turn_id]
        self._settle(turn)

    @work(group="settle", exit_on_error=False)
    async def _settle(self, turn: TurnView) -> None:
        """The answer as it was stored: its figures, its problem, its seams."""
        if self.services is None:
            return
        history = self.services.history
        here = turn.conversation_id == self.conversation_id
        if not here:
            await asyncio.to_thread(history.update_conversation, turn.conversation_id, unread=True)
        message = await asyncio.to_thread(history.message, turn.answer_id)
        entry = self.log_view.entry(turn.answer_id)
        if message is not None and entry is not None:
            fresh = await asyncio.to_thread(entry_of, history, message)
            entry.variant = fresh.variant
            entry.update(message)
            self.log_view.changed()
        if here:
            self.paint_status(turn)
        await self.refresh_list()

    # -- status

    def paint_status(self, ended: TurnView | None = None) -> None:
        """The bottom line as things are now; `ended` is a turn that has just ended here."""
        turn = self.turn_here() or ended
        bar = self.status_bar
        status = Status(model=self.model, position=self._position())
        if turn is not None:
            status = replace(
                status,
                connection=turn.connection,
                usage=turn.usage,
                rate=turn.rate if ended is None else bar.status.rate,
                first_token_s=turn.first_token_s,
            )
        self._painted = time.monotonic()
        bar.status = status

    def say(self, text: str, level: Level = Level.CALM) -> None:
        """A notice in the bottom line, until the next state takes its place."""
        self.status_bar.status = replace(self.status_bar.status, connection=Connection.plain(level, text))

    def _position(self) -> str:
        log = self.log_view
        if log.following:
            return ""
        return _("↓ {count} new lines").format(count=log.new_lines) if log.new_lines else _("↓ more below")

    @on(MessageLog.Moved)
    def _moved(self) -> None:
        position = self._position()
        if position != self.status_bar.status.position:
            self.status_bar.status = replace(self.status_bar.status, position=position)

    # -- size and focus

    def on_resize(self, event: events.Resize) -> None:
        """Hide what has no room."""
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        wanted = self._sidebar_wanted if self._sidebar_wanted is not None else width >= _NARROW
        self.set_class(not wanted, "-no-sidebar")
        self.set_class(height < _SHORT, "-short")

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        places = {"log": Where.LOG, "sidebar": Where.SIDEBAR}
        self.query_one(KeyHints).where = places.get(event.widget.id or "", Where.PROMPT)

    def action_app_focus(self) -> None:
        """From the prompt to the messages, to the list if it is shown, and back."""
        order = ["prompt", "log"] if self.has_class("-no-sidebar") else ["prompt", "log", "sidebar"]
        now = self.focused.id if self.focused is not None else ""
        following = order[(order.index(now) + 1) % len(order)] if now in order else "prompt"
        self.query_one(f"#{following}").focus()

    def action_sidebar_toggle(self) -> None:
        """Show or hide the list; when it is shown it has the focus."""
        shown = self.has_class("-no-sidebar")
        self._sidebar_wanted = shown
        self.set_class(not shown, "-no-sidebar")
        (self.sidebar if shown else self.prompt).focus()

    # -- keys

    def action_chat_stop(self) -> None:
        """Stop the answer here; if there is none, go back to the prompt."""
        turn = self.turn_here()
        if self._editing is not None:
            self._editing = None
            self.prompt.put("")
            self.paint_status()
        elif turn is not None and self.services is not None:
            self.services.engine.stop(turn.turn_id)
        else:
            self.prompt.focus()

    async def action_chat_new(self) -> None:
        """Begin a new conversation."""
        self.show_new()
        await self.refresh_list()

    async def action_ask(self, action: str, _number: int) -> None:
        """Keys of the app that have a module of their own."""
        await actions.perform(self, action)

    async def do(self, action_id: str) -> None:
        """Do an action of the table wherever it belongs, as the palette asks for it."""
        where = BY_ID[action_id].where
        node: Widget | ChatScreen = self
        if where is Where.LOG:
            node = self.log_view
        elif where is Where.SIDEBAR:
            node = self.sidebar
        name = "action_" + action_id.replace(".", "_")
        await node.run_action(name.removeprefix("action_") if hasattr(node, name) else f"ask({action_id!r}, 0)")

    def link_lines(self) -> list[Content]:
        """What is known of the way to the terminal."""
        return link.lines(self.app)

    def set_mouse(self, wanted: bool) -> bool:
        """Turn the mouse on or off; returns whether it is on now."""
        self.log_view.selectable = link.set_mouse(self.app, wanted)
        return self.log_view.selectable

    @on(Prompt.EditorAsked)
    def _editor_asked(self) -> None:
        write(self)

    @on(MessageLog.Asked)
    async def _message_asked(self, event: MessageLog.Asked) -> None:
        await message_actions.perform(self, event.action, event.message, event.number)

    @on(Sidebar.Asked)
    async def _conversation_asked(self, event: Sidebar.Asked) -> None:
        await conversation_actions.perform(self, event.action, event.conversation)
