"""The chat screen: wires the widgets to the engine and the history. It decides nothing about recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from holytui.engine import events as ev
from holytui.engine import titles
from holytui.engine.engine import StartedTurn
from holytui.engine.events import TurnEvent
from holytui.engine.services import Opening, Services
from holytui.errors import HolytuiError, NotAttached
from holytui.i18n import _
from holytui.keymap import BY_ID, Keymap, Where
from holytui.models import AnswerState, Conversation, Message
from holytui.terminal.app import ThinScreen
from holytui.ui import actions, bookmark, conversation_actions, drafts, link, message_actions, starting
from holytui.ui import help as help_page
from holytui.ui.asking import Place, Question, Settings, put
from holytui.ui.bindings import install
from holytui.ui.connection import Connection, Level
from holytui.ui.drafts import Draft, DraftKeeper, decode
from holytui.ui.editing import write
from holytui.ui.mailbox import Mailbox
from holytui.ui.opened import Opened, entry_of, open_conversation
from holytui.ui.status import Status
from holytui.ui.turns import TurnView
from holytui.ui.watch import Watch
from holytui.ui.widgets.composer import Composer, unknown_words
from holytui.ui.widgets.key_hints import KeyHints
from holytui.ui.widgets.message_log import MessageLog
from holytui.ui.widgets.prompt import Prompt
from holytui.ui.widgets.sidebar import Sidebar
from holytui.ui.widgets.status_bar import StatusBar

_NARROW = 100
_SHORT = 16
_DRAFT_AFTER = 1.0
"""Seconds without a key after which what is written is saved."""
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
        self.place = Place()
        self.settings = Settings()
        """Of the conversation that is begun with the next question."""
        self.model = model
        self.theme_problems: tuple[str, ...] = ()
        self.cut: list[str] = []
        """Answers that the last end of holytui cut off and that were not let go on yet."""
        self.deleted: list[str] = []
        """Conversations deleted since the start, the latest last."""
        self._first = conversation
        self._early = [Question(question, (), self.place, model)] if question else []
        """Questions from before the history was open and the first conversation was shown."""
        self._started = False
        self._opening = opening
        self._enter_sends = enter_sends
        self._sidebar_wanted: bool | None = None if sidebar else False
        self._turns: dict[str, TurnView] = {}
        self._mailbox = Mailbox(self._deliver)
        self._painted = 0.0
        self._editing: Message | None = None
        self._aside = Draft()
        """What was in the prompt before an earlier question was put there."""
        self._refused = ""
        """A question that names files that are not there; sent once more, it goes out as it is."""
        self._drafts = DraftKeeper()
        self._fresh = Draft()
        """What is written for a conversation that does not exist yet."""
        self._typed_at = 0.0
        self._draft_timer: Timer | None = None
        self._ahead: dict[str, list[TurnEvent]] = {}
        """Events of turns that began so fast that they are not known here yet."""
        self._sending = asyncio.Lock()
        self._saving = asyncio.Lock()
        install(self, keymap, Where.APP)

    def compose(self) -> ComposeResult:
        """The list beside the messages; prompt, keys and status below."""
        with Horizontal(id="main"):
            yield Sidebar(self.keymap)
            with Vertical(id="chat"):
                yield MessageLog(self.keymap)
                yield Composer(self.keymap, self.question, enter_sends=self._enter_sends)
        yield KeyHints(self.keymap)
        yield StatusBar()

    @property
    def conversation_id(self) -> str:
        """The open conversation; empty until its first question is on disk."""
        return self.place.id

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
        if services.temporary is not None:
            self.say(services.problems[-1], Level.ERROR)

    async def start(self, services: Services) -> None:
        """What to show first: what was asked for, else a conversation with an answer that was cut, else a new one."""
        mark = await asyncio.to_thread(bookmark.take, services.history)
        conversation = self._first or ("" if self._early else mark.conversation_id)
        cut = [*mark.cut, *await asyncio.to_thread(services.history.unfinished)]
        await self.refresh_list()
        if conversation:
            await self.open_conversation(conversation)
        elif cut and not self._early:
            await self.open_conversation(cut[-1].conversation_id)
        elif not self.conversation_id:
            kept = await asyncio.to_thread(drafts.load, services.history, "")
            self.show_new()
            if not self.prompt.text:
                self.prompt.restore(self._drafts.moved("", kept))
        await starting.after_cut(self, services, cut)
        self._started = True
        self.run_worker(Watch(self, services).run(), group="watch", exit_on_error=False)
        for question in self._early:
            await self._send(services, replace(question, place=self.place)).wait()

    def on_unmount(self) -> None:
        """Nothing is to be delivered any more; what is written in the prompt is kept as a draft."""
        self._mailbox.close()
        if self.services is not None:
            self._drafts.save(self.services.history)

    # -- conversations

    async def refresh_list(self) -> Sequence[Conversation]:
        """Show the list as it is on disk, and return it."""
        if self.services is None:
            return ()
        found = await asyncio.to_thread(self.services.history.conversations)
        busy = {turn.conversation_id for turn in self._turns.values()}
        shown = [replace(one, streaming=True) if one.id in busy else one for one in found]
        self.sidebar.show(shown, self.conversation_id, datetime.now().astimezone().date())
        return found

    def show_new(self) -> None:
        """An empty conversation; it is on disk with its first question."""
        self._leave()
        self.place = Place()
        self.settings = Settings()
        fresh = self._drafts.moved("", self._fresh)
        if self._started:
            self.prompt.restore(fresh)
        self.welcome()
        self.prompt.remember([])
        self.paint_status()
        self.prompt.focus()

    def welcome(self) -> None:
        """What an empty conversation shows."""
        problems = (*(self.services.problems if self.services else ()), *self.theme_problems)
        self.log_view.show((), help_page.welcome(self.model, problems))

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
        self.place.leaf = self.place.theirs = opened.leaf
        await self.refresh_list()

    def _show(self, opened: Opened) -> None:
        if opened.conversation.id != self.conversation_id:
            self._leave()
            self.place = Place(opened.conversation.id)
        if opened.conversation.id != self._drafts.conversation_id:
            kept = decode(opened.conversation.draft)
            draft = self._drafts.moved(opened.conversation.id, kept)
            if self._started or not self.prompt.text:  # what was typed before the first paint stays
                self.prompt.restore(draft)
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

    def question(self, text: str, paths: Sequence[str]) -> Question:
        """What Enter means now: where it was pressed, and what held then."""
        editing, again = self._editing, text == self._refused
        self._refused = ""
        if editing is not None:
            self._end_editing()
        return Question(text, paths, self.place, self.model, self.settings, editing, again)

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        if self.services is None or not self._started:
            self._early.append(event.question)
            self.say(_("one moment, the history is being opened"), Level.BUSY)
        else:
            self._send(self.services, event.question)

    @work(group="send", exit_on_error=False)
    async def _send(self, services: Services, question: Question) -> None:
        try:
            async with self._sending:
                started = await asyncio.to_thread(put, services, question)
            if question.place is self.place:
                self._drafts.named(question.place.id)
            self._keep_draft()
            await self.begin(services, started)
        except HolytuiError as error:
            if question.editing is not None and question.place is self.place:
                self.edit(question.editing)
                self.prompt.put(question.text)
            else:
                self.prompt.give_back(question.text)
            if isinstance(error, NotAttached):
                self._refused = question.text
            self.say(str(error), Level.ERROR)

    @on(Prompt.Commanded)
    async def _commanded(self, event: Prompt.Commanded) -> None:
        await self.do(event.action)

    @on(Prompt.NoCommand)
    def _no_command(self, event: Prompt.NoCommand) -> None:
        self.say(unknown_words(event.name, event.meant), Level.WARNING)

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt; sent from there, it is asked on a new branch."""
        if self._editing is None:
            self._aside = self.prompt.draft
        self._editing = question
        self.prompt.put(question.text)
        self.prompt.focus()
        self.say(_("editing: Enter asks on a new branch, the old one stays · Esc leaves it"))

    def _end_editing(self) -> None:
        """What was in the prompt before comes back."""
        self._editing = None
        self.prompt.restore(self._aside)

    # -- drafts

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        self._typed_at = time.monotonic()
        self._note_draft()
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(_DRAFT_AFTER, self._pause_of_typing)

    def _pause_of_typing(self) -> None:
        self._draft_timer = None
        rest = self._typed_at + _DRAFT_AFTER - time.monotonic()
        if rest > 0.01:
            self._draft_timer = self.set_timer(rest, self._pause_of_typing)
        else:
            self._keep_draft()

    def _note_draft(self) -> bool:
        """Take down what is written; whether any draft is to be saved."""
        return self._drafts.wrote(self.prompt.draft if self._editing is None else self._aside)

    def _keep_draft(self) -> None:
        if self._note_draft() and self.services is not None:
            self._save_drafts(self.services)

    @work(group="draft", exit_on_error=False)
    async def _save_drafts(self, services: Services) -> None:
        async with self._saving:
            await asyncio.to_thread(self._drafts.save, services.history)

    def _leave(self) -> None:
        """Another conversation is about to be shown: what is written stays with the old one."""
        if not self._started:
            return
        if self._editing is not None:
            self._end_editing()
        self._keep_draft()
        if not self._drafts.conversation_id:
            self._fresh = self.prompt.draft

    # -- turns

    async def begin(self, services: Services, started: StartedTurn) -> None:
        """Show a turn that the engine has just begun, in the conversation that is open or a new one."""
        self._turns[started.turn_id] = TurnView(
            started.turn_id, started.conversation_id, started.answer_id, time.monotonic()
        )
        self._deliver(self._ahead.pop(started.turn_id, ()))
        leaf = self.place.leaf if self.conversation_id == started.conversation_id else None
        opened = await asyncio.to_thread(open_conversation, services.history, started.conversation_id, leaf)
        if opened is not None and self.conversation_id == started.conversation_id:
            self._show(opened)
        await self.refresh_list()

    @on(Prompt.Hurry)
    def _hurry(self) -> None:
        turn = self.turn_here()
        if turn is not None and turn.waits and self.services is not None:
            self.services.engine.hurry(turn.turn_id)

    @property
    def editing(self) -> bool:
        """Whether an earlier question is in the prompt, to be asked anew."""
        return self._editing is not None

    @property
    def on_their_way(self) -> bool:
        """Whether any answer is, in any conversation."""
        return bool(self._turns)

    @property
    def own_answers(self) -> set[str]:
        """The answers that this window receives."""
        return {turn.answer_id for turn in self._turns.values()}

    @property
    def own_conversations(self) -> set[str]:
        """Those in which this window receives an answer."""
        return {turn.conversation_id for turn in self._turns.values()}

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
                self._ahead.setdefault(event.turn_id, []).append(event)
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
        if await asyncio.to_thread(titles.wanted, self.services, turn.conversation_id):
            titles.make(self.services, turn.conversation_id, partial(self.call_later_from_thread, self._named))

    def call_later_from_thread(self, callback: Callable[[], None]) -> None:
        """Call it on the screen's loop soon, or never if the screen is gone."""
        if self.is_running:
            self.call_later(callback)  # posts a message, which any thread may do

    def _named(self) -> None:
        self.run_worker(self.refresh_list(), group="list", exit_on_error=False)

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
        self.set_focus(self.query_one(f"#{following}"))

    def action_sidebar_toggle(self) -> None:
        """Show or hide the list; when it is shown it has the focus."""
        shown = self.has_class("-no-sidebar")
        self._sidebar_wanted = shown
        self.set_class(not shown, "-no-sidebar")
        self.set_focus(self.sidebar if shown else self.prompt)

    # -- keys

    def _to_stop(self) -> TurnView | None:
        """The selected answer if it waits in line, else the one that is on its way here."""
        selected = self.log_view.selected if self.focused is self.log_view else None
        if selected is not None:
            for turn in self._turns.values():
                own = turn.answer_id in (selected.message.id, self.log_view.answer_to(selected.message.id))
                if own and turn.state is AnswerState.QUEUED:
                    return turn
        return self.turn_here()

    def action_chat_stop(self) -> None:
        """Stop the answer here; if there is none, go back to the prompt."""
        turn = self._to_stop()
        if self._editing is not None:
            self._end_editing()
            self.paint_status()
        elif turn is not None and self.services is not None:
            self.services.engine.stop(turn.turn_id)
        else:
            self.set_focus(self.prompt)

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
        if where is Where.SIDEBAR and self.focused is not self.sidebar:
            await conversation_actions.to_open_one(self, action_id)
            return
        places: dict[Where, Widget] = {Where.LOG: self.log_view, Where.SIDEBAR: self.sidebar, Where.PROMPT: self.prompt}
        node: Widget | ChatScreen = places.get(where, self)
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
