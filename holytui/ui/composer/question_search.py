"""Search in the questions of all conversations, to use one again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.store.values import StoredQuestion
from holytui.text import sanitize_line, visible
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker

if TYPE_CHECKING:
    from holytui.ui.composer.prompt import Prompt
    from holytui.ui.ports import Dialogs, Reporter
    from holytui.ui.state import ChatState

_MOST = 5_000
"""Questions that are searched."""
_SEARCHED = 400
"""Characters of a question that are searched."""


class QuestionPicker(Picker):
    """Picks a question, which is shown below the list. Enter inserts it, Alt+Enter sends it."""

    BINDINGS = [("alt+enter", "send")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, questions: Sequence[StoredQuestion], typed: str) -> None:
        today = datetime.now().astimezone().date()
        super().__init__(
            _("Earlier questions"),
            [
                Choice(each.message_id, sanitize_line(each.excerpt[:_SEARCHED]), fmt.moment(each.created_at, today))
                for each in questions
            ],
            typed=typed,
        )
        self._questions = {each.message_id: each for each in questions}
        self.send = False
        """Whether the picked question is to be sent at once."""

    def compose_below(self) -> ComposeResult:
        """The highlighted question."""
        yield Static("", id="dialog-preview", markup=False)

    def on_mount(self) -> None:
        """Name the keys, and show the questions."""
        dialog = self.query_one("#dialog")
        insert, send, close = _("Insert"), _("Send"), _("Close")
        dialog.border_subtitle = f"Enter {insert}  Alt+Enter {send}  Esc {close}"
        super().on_mount()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        question = self._questions.get(event.option.id or "")
        text = visible(question.excerpt) if question is not None else ""
        title = sanitize_line(question.conversation_title) if question is not None else ""
        below = f"\n{title}" if title and not text.startswith(title) else ""
        self.query_one("#dialog-preview", Static).update(Content.assemble(text, (below, "$muted")))

    async def action_send(self) -> None:
        """Pick the highlighted question, to be sent."""
        self.send = True
        await self._entered()


class QuestionSearch:
    """Lets the user pick an earlier question for the prompt. Raises StoreError."""

    def __init__(self, state: ChatState, prompt: Prompt, *, dialogs: Dialogs, reporter: Reporter) -> None:
        self._state = state
        self._prompt = prompt
        self._dialogs = dialogs
        self._reporter = reporter

    async def open(self) -> None:
        """Show the questions that match the text of the prompt."""
        history = self._state.services.history
        questions = await asyncio.to_thread(history.questions, _MOST)
        if not questions:
            self._reporter.say(_("no question has been sent yet"), Level.WARNING)
            return
        typed = self._prompt.text.strip()
        dialog = QuestionPicker(questions, "" if "\n" in typed else typed)

        async def picked(message_id: str | None) -> None:
            found = await asyncio.to_thread(history.message, message_id) if message_id else None
            if found is not None:
                self._prompt.recall(found.text, send=dialog.send)

        self._dialogs.ask(dialog, picked)
