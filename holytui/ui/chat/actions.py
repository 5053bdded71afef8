"""Actions of the whole screen: copying, searching, stopping, the palette, help, quitting."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from holytui.i18n import _
from holytui.images import text_with_images
from holytui.keymap import ACTIONS, Action, Where
from holytui.models import AnswerState, Role
from holytui.presentation.notice import Level
from holytui.ui import driver_access
from holytui.ui.bindings import shown_keys
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import PageDialog, Picker
from holytui.ui.dialogs.search import SearchDialog, SearchTarget
from holytui.ui.pages.help import help_lines

if TYPE_CHECKING:
    from textual.app import App

    from holytui.config.in_force import ConfigInForce
    from holytui.ui.clipboard import Clipboard
    from holytui.ui.composer.drafts import DraftController
    from holytui.ui.composer.prompt import Prompt
    from holytui.ui.composer.send_queue import SendQueue
    from holytui.ui.external_programs import ExternalPrograms
    from holytui.ui.ports import ConversationIndex, Dialogs, Navigation, Reporter, StatusDisplay
    from holytui.ui.state import ChatState
    from holytui.ui.transcript.live_answers import LiveAnswers
    from holytui.ui.transcript.log import MessageLog


class ChatActions:
    """Actions that belong to no single part of the screen. They raise HolytuiError."""

    def __init__(
        self,
        app: App[Any],
        state: ChatState,
        log: MessageLog,
        prompt: Prompt,
        *,
        live: ConfigInForce,
        drafts: DraftController,
        send_queue: SendQueue,
        answers: LiveAnswers,
        navigation: Navigation,
        index: ConversationIndex,
        status: StatusDisplay,
        clipboard: Clipboard,
        programs: ExternalPrograms,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        self._app = app
        self._state = state
        self._log = log
        self._prompt = prompt
        self._live = live
        self._drafts = drafts
        self._send_queue = send_queue
        self._answers = answers
        self._navigation = navigation
        self._index = index
        self._status = status
        self._clipboard = clipboard
        self._programs = programs
        self._dialogs = dialogs
        self._reporter = reporter

    # -- conversations and answers

    async def new(self) -> None:
        """Show an empty conversation."""
        self._navigation.new()
        await self._index.refresh()

    async def stop(self) -> None:
        """End editing; else take back the newest queued question; else stop the answer; else focus the prompt; in the
        prompt, have servers stop generating interrupted answers."""
        turn = self._answers.to_stop()
        if self._drafts.end_editing() is not None:
            self._status.refresh()
        elif turn is not None and turn.state is AnswerState.QUEUED:
            await self._send_queue.take_back(turn)
        elif turn is not None:
            self._stop_turn()
        elif self._prompt.has_focus:
            self._log.highlight("")
            await self._release_interrupted()
        else:
            # on the way back to the prompt nobody means to give an answer up
            self._log.highlight("")
            self.focus_prompt()

    async def _release_interrupted(self) -> None:
        """Have servers stop generating the last answer shown and those that the start offered to resume."""
        engine, shown = self._state.services.engine, self._log.messages[-1:]
        ids = [*self._state.resumable_ids, *(message.id for message in shown if message.role is Role.ASSISTANT)]
        if any([await asyncio.to_thread(engine.release, answer_id) for answer_id in ids]):
            self._reporter.say(_("stopped at the server · {press:message.resume} to continue"))

    def _stop_turn(self) -> None:
        turn = self._state.turn
        if turn is not None:
            self._state.services.engine.stop(turn.turn_id)
            turn.stopping()
            self._status.refresh(progress=True)

    def retry_now(self) -> None:
        """End the countdown to the next attempt."""
        turn = self._state.turn
        if turn is not None and turn.waits:
            self._state.services.engine.retry_now(turn.turn_id)

    async def interrupt(self) -> None:
        """Copy the selected text; else clear the prompt; else stop the answer; else name the key that quits."""
        prompt = self._prompt
        written = prompt.selected_text if prompt.has_focus else ""
        if written:
            await self._clipboard.copy(written)
        elif shown := self._log.selected_text:
            self._log.screen.clear_selection()  # so that the next press goes on to the cases below
            await self._clipboard.copy(shown)
        elif prompt.text:
            prompt.clear_undoable()
            self._reporter.say(_("prompt cleared · {press:prompt.older} to restore the text"))
        elif self._state.turn is not None:
            self._stop_turn()
        else:
            self._reporter.say(_("{press:app.quit} to quit"))

    # -- copying

    async def copy_last(self) -> None:
        """Copy the last answer."""
        for message in reversed(self._log.messages):
            if message.role is Role.ASSISTANT and message.text:
                await self._clipboard.copy(message.text)
                return
        self._reporter.say(_("there is no answer to copy yet"), Level.WARNING)

    async def copy_all(self) -> None:
        """Copy the whole conversation as Markdown."""
        parts = []
        for message in self._log.messages:
            name = _("You") if message.role is Role.USER else message.model or message.role.value
            parts.append(f"## {name}\n\n{text_with_images(message)}\n")
        if parts:
            await self._clipboard.copy("\n".join(parts))

    # -- search

    def search_all(self, query: str = "") -> None:
        """Search all conversations, at once for `query` if it is given."""
        self._search(None, query)

    def search_here(self, query: str = "") -> None:
        """Search the open conversation."""
        self._search(self._state.conversation.id or None, query)

    def _search(self, conversation_id: str | None, query: str) -> None:
        async def picked(found: SearchTarget | None) -> None:
            if found is not None:
                await self._go_to(found)

        self._dialogs.ask(SearchDialog(self._state.services.history, conversation_id, query), picked)

    async def _go_to(self, found: SearchTarget) -> None:
        if found.message_id is None:
            await self._navigation.open(found.conversation_id)
            return
        await asyncio.to_thread(self._show_branch_of, found.conversation_id, found.message_id)
        await self._navigation.open(found.conversation_id)
        self._log.focus()
        self._log.highlight(found.query)
        self._log.reveal(found.message_id, found.places)

    def _show_branch_of(self, conversation_id: str, message_id: str) -> None:
        """Make the branch of a message the shown one. Blocks on the disk."""
        history = self._state.services.history
        if all(message.id != message_id for message in history.branch(conversation_id)):
            history.update_conversation(conversation_id, leaf_id=history.leaf_below(message_id))

    # -- the screen

    def focus_prompt(self) -> None:
        """Give the prompt the focus."""
        self._prompt.focus()

    def edit_externally(self) -> None:
        """Write the question in `$VISUAL` or `$EDITOR`."""
        prompt = self._prompt
        edited = self._programs.edit(prompt.full_text)
        if edited is not None:
            # text from an editor was not typed here: only files that were chosen before stay chosen
            prompt.set_text(edited, {each.path: each.place for each in prompt.files}, prompt.images)
        prompt.focus()

    def help(self) -> None:
        """Show the keys and files."""
        self._dialogs.open(PageDialog(_("Help"), partial(help_lines, self._live.keymap, self._live.file)))

    def quit(self) -> None:
        """Quit; in a prompt with text the key deletes to the right, as in a shell."""
        if self._prompt.has_focus and self._prompt.text:
            self._prompt.action_delete_right()
        else:
            self._app.exit()

    def suspend(self) -> None:
        """Suspend the process, as job control does; `fg` in the shell brings it back and repaints the screen."""
        if os.getpgrp() == os.getsid(0):
            # started by the terminal itself: the kernel does not stop a process that no shell could bring back
            self._reporter.say(_("no shell started holytui that could bring it back"), Level.WARNING)
        else:
            self._app.action_suspend_process()

    def repaint(self) -> None:
        """Paint every cell again."""
        driver_access.repaint(self._app)

    def toggle_mouse(self) -> None:
        """Turn the mouse on or off."""
        on = self._log.selectable = driver_access.set_mouse(self._app, not self._log.selectable)
        taken, free = _("the mouse is on: it selects text here"), _("the mouse is off: your terminal selects text")
        self._reporter.say(taken if on else free)

    def palette(self, run: Callable[[str], Awaitable[None]]) -> None:
        """Show all actions by name, and run the chosen one."""
        keys = shown_keys(self._live.keymap, " ")
        choices = [
            Choice(action.id, _(action.label), f"{keys[action.id]} · {_(action.help)}")
            for action in ACTIONS
            if is_in_palette(action)
        ]

        async def chosen(action_id: str | None) -> None:
            if action_id:
                await run(action_id)

        self._dialogs.ask(Picker(_("Actions"), choices), chosen)


_PROMPT_IN_PALETTE = frozenset({"prompt.editor", "prompt.attach", "prompt.undo", "prompt.redo"})


def is_in_palette(action: Action) -> bool:
    """Whether the palette lists an action. Excludes navigation, sending and numbered actions."""
    if action.where in (Where.DETAILS, Where.CHECK, Where.TREE):
        return False
    if action.where is Where.LOG:
        return action.id == "log.search" or (action.id.startswith(("chat.", "message.")) and len(action.keys) < 9)
    return action.id in _PROMPT_IN_PALETTE or (action.where is not Where.PROMPT and action.id != "app.palette")
