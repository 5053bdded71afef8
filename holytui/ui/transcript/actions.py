"""Actions on the selected message."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from holytui.engine.ending import Ending
from holytui.i18n import _, ngettext
from holytui.images import text_with_images
from holytui.models import DeltaKind, Message, Role
from holytui.presentation.notice import Level
from holytui.store.assembly import SeamContext, seam_contexts
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import PageDialog, Picker
from holytui.ui.markdown.addresses import links, plain_links
from holytui.ui.pages.attempts import answer_lines
from holytui.ui.transcript.loading import adjacent_variant, fork

if TYPE_CHECKING:
    from holytui.store.history import History
    from holytui.ui.clipboard import Clipboard
    from holytui.ui.external_programs import ExternalPrograms
    from holytui.ui.ports import Dialogs, Navigation, QuestionEditor, Reporter, Turns
    from holytui.ui.state import ChatState
    from holytui.ui.transcript.log import MessageLog


class MessageActions:
    """Actions on a message. They raise HolytuiError."""

    def __init__(
        self,
        state: ChatState,
        log: MessageLog,
        *,
        turns: Turns,
        navigation: Navigation,
        editor: QuestionEditor,
        clipboard: Clipboard,
        programs: ExternalPrograms,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        self._state = state
        self._log = log
        self._turns = turns
        self._navigation = navigation
        self._editor = editor
        self._clipboard = clipboard
        self._programs = programs
        self._dialogs = dialogs
        self._reporter = reporter

    # -- copying and reading

    async def copy(self, message: Message) -> None:
        """Copy the text selected with the mouse, or else the message."""
        await self._clipboard.copy(self._log.selected_text or text_with_images(message))

    async def copy_code(self, message: Message, number: int) -> None:
        """Copy the n-th code block, counted from 1."""
        view = self._log.view_of(message.id)
        blocks = view.body.code_blocks if view is not None and message.role is Role.ASSISTANT else ()
        if number > len(blocks):
            words = ngettext("this message has {count} code block", "this message has {count} code blocks", len(blocks))
            self._reporter.say(words.format(count=len(blocks)), Level.WARNING)
            return
        await self._clipboard.copy(blocks[number - 1].text)

    async def links(self, message: Message) -> None:
        """Show the addresses of the links in the message; the one that is picked is copied."""
        find = links if message.role is Role.ASSISTANT else plain_links
        found = await asyncio.to_thread(find, message.text)
        if not found:
            self._reporter.say(_("this message has no links"), Level.WARNING)
            return

        async def picked(address: str | None) -> None:
            if address is not None:
                await self._clipboard.copy(address)

        title = ngettext("{count} link, to be copied", "{count} links, one to be copied", len(found))
        choices = [Choice(address, address) for address in found]
        self._dialogs.ask(Picker(title.format(count=len(found)), choices), picked)

    def page(self, message: Message) -> None:
        """Show the message in the pager."""
        self._programs.page(text_with_images(message))

    def print_out(self, message: Message) -> None:
        """Print the message to the terminal."""
        self._programs.print_out(text_with_images(message))

    async def details(self, message: Message) -> None:
        """Show the attempts of the answer."""
        answer = self._answer_of(message)
        if answer is None:
            self._reporter.say(_("select an answer to see its attempts"), Level.WARNING)
            return
        history = self._state.services.history
        attempts = await asyncio.to_thread(history.attempts, answer.id)
        sides = await asyncio.to_thread(_joints, history, answer)
        host = await asyncio.to_thread(_host_name, history, answer.id)
        self._dialogs.open(PageDialog(_("This answer"), partial(answer_lines, answer, attempts, sides, host)))

    # -- asking again

    async def retry(self, message: Message) -> None:
        """Ask again; the old answer is kept as a variant."""
        answer = self._answer_of(message)
        if answer is None:
            self._reporter.say(_("select an answer to ask again"), Level.WARNING)
            return
        started = await asyncio.to_thread(self._state.services.engine.retry, answer.id, model=self._state.model)
        if self._state.conversation.id == started.conversation_id:
            self._state.set_leaf(started.answer_id)
        await self._turns.begin(started)

    async def resume(self, message: Message) -> None:
        """Continue an interrupted answer."""
        answer = self._answer_of(message)
        if answer is None or not Ending.of(answer).resumable:
            self._reporter.say(_("this answer was not interrupted: there is nothing to continue"), Level.WARNING)
            return
        started = await asyncio.to_thread(self._state.services.engine.resume, answer.id)
        await self._turns.begin(started)

    def edit(self, message: Message) -> None:
        """Put the question into the prompt; sent from there, it begins a new branch."""
        question: Message | None = message
        if message.role is Role.ASSISTANT:
            question = self._log.message(message.parent_id or "")
        if question is not None:
            self._editor.edit(question)

    # -- branches

    async def fork(self, message: Message) -> None:
        """Start a new conversation with a copy of the branch down to this message."""
        copy_id = await asyncio.to_thread(fork, self._state.services.history, message)
        await self._navigation.open(copy_id)
        self._reporter.say(_("this is a new conversation; the old one is unchanged"))

    async def show_variant(self, message: Message, step: int) -> None:
        """Show the variant `step` further, around the end."""
        history = self._state.services.history
        leaf = await asyncio.to_thread(adjacent_variant, history, message, step)
        if leaf is None:
            self._reporter.say(_("this message has no other variant"))
            return
        await asyncio.to_thread(history.update_conversation, message.conversation_id, leaf_id=leaf)
        await self._navigation.open(message.conversation_id)
        self._log.reveal(leaf)

    async def undo_seams(self, message: Message) -> None:
        """Show both sides of each seam as they were received."""
        services = self._state.services
        attempts = await asyncio.to_thread(services.history.attempts, message.id)
        if not any(attempt.cut or attempt.keep >= 0 or attempt.end >= 0 for attempt in attempts):
            self._reporter.say(_("nothing was removed from this answer"))
            return
        await asyncio.to_thread(services.engine.undo_seams, message.id)
        fresh = await asyncio.to_thread(services.history.message, message.id)
        view = self._log.view_of(message.id)
        if fresh is not None and view is not None:
            view.update(fresh)
            self._log.changed()

    def _answer_of(self, message: Message) -> Message | None:
        """The answer itself, or the one that follows the question."""
        if message.role is Role.ASSISTANT:
            return message
        return next(
            (each for each in self._log.messages if each.parent_id == message.id and each.role is Role.ASSISTANT), None
        )


def _joints(history: History, answer: Message) -> tuple[SeamContext, ...]:
    if not (answer.seams or answer.begun_again):
        return ()  # the raw texts may be long
    attempts = history.attempts(answer.id)
    return seam_contexts((attempt, history.raw_text(attempt.id, DeltaKind.CONTENT)) for attempt in attempts)


def _host_name(history: History, message_id: str) -> str:
    """Return the name of the other machine that a message comes from; empty for this one."""
    origin = history.replica.origin(message_id) if history.replica is not None else None
    return (origin.name or origin.id) if origin is not None else ""
