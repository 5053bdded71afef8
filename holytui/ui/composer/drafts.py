"""The draft in the prompt, the editing of earlier questions, and the drafts of all conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.timer import Timer

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.ui.composer.draft_store import Draft, DraftBuffer, decode, load, save
from holytui.ui.ports import Group, Reporter, Tasks
from holytui.ui.state import ChatState

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.models import Conversation, Message
    from holytui.ui.composer.prompt import Prompt

_DRAFT_AFTER = 1.0
"""Seconds without a key after which the draft is saved."""


class DraftController:
    """Keeps the text of the prompt with its conversation. Implements the port `QuestionEditor`."""

    def __init__(
        self, state: ChatState, prompt: Prompt, *, reporter: Reporter, tasks: Tasks, on_pause: Callable[[], None]
    ) -> None:
        """`on_pause` is called when typing pauses."""
        self._state = state
        self._prompt = prompt
        self._reporter = reporter
        self._tasks = tasks
        self._on_pause = on_pause
        self._drafts = DraftBuffer()
        self.fresh = Draft()
        """The draft of a new conversation."""
        self._aside = Draft()
        """The draft that the edited question replaced in the prompt."""
        self._editing: Message | None = None
        self._typed_at = 0.0
        self._timer: Timer | None = None
        self._saving = asyncio.Lock()

    @property
    def text(self) -> str:
        """The draft, with folded pastes unfolded."""
        return self._prompt.full_text

    # -- an earlier question

    @property
    def editing(self) -> Message | None:
        """The earlier question that is being edited, or None."""
        return self._editing

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt; sent, it begins a new branch."""
        prompt = self._prompt
        if self._editing is None:
            self._aside = prompt.draft
        self._editing = question
        prompt.set_text(question.text, images=question.images)
        prompt.focus()
        words = _("editing: sent on a new branch, the old one stays · {press:chat.stop} to cancel")
        if question.images:
            words = _("editing, with its images: sent on a new branch, the old one stays · {press:chat.stop} to cancel")
        if prompt.folded:  # shorter, to leave room for both keys
            words = _("editing, partly folded · {press:prompt.editor} to edit all of it · {press:chat.stop} to cancel")
        self._reporter.say(words)

    def end_editing(self) -> Message | None:
        """Restore the draft from before; returns the question that was edited, or None."""
        edited, self._editing = self._editing, None
        if edited is not None:
            self._prompt.restore(self._aside)
        return edited

    # -- drafts

    def typed(self) -> None:
        """Save the draft at the next pause of typing."""
        self._typed_at = time.monotonic()
        self._note()
        if self._timer is None:
            self._timer = self._tasks.after(_DRAFT_AFTER, self._pause)

    def _pause(self) -> None:
        self._timer = None
        rest = self._typed_at + _DRAFT_AFTER - time.monotonic()
        if rest > 0.01:
            self._timer = self._tasks.after(rest, self._pause)
        else:
            self.keep()
            self._on_pause()

    def _note(self) -> bool:
        """Record the draft; returns whether any draft must be saved."""
        return self._drafts.update(self._prompt.draft if self._editing is None else self._aside)

    def keep(self) -> None:
        """Save changed drafts in the background."""
        if self._note() and self._state.is_open:
            self._tasks.start(self._save(self._state.services), Group.DRAFT)

    async def _save(self, services: Services) -> None:
        async with self._saving:
            await asyncio.to_thread(self._drafts.save, services.history)

    def save_now(self, services: Services) -> None:
        """Save changed drafts before returning. Blocks on the disk."""
        self._drafts.save(services.history)

    def keep_unsent(self, services: Services, sent: Sequence[str]) -> None:
        """Keep the draft, and questions that were `sent` but not stored, as the draft of the next start."""
        with suppress(StoreError):
            kept, written = load(services.history, ""), self._drafts.new_conversation
            text = "\n".join(filter(None, (kept.text, *sent, written.text)))
            if text != kept.text:
                save(services.history, "", Draft(text, {**kept.pastes, **written.pastes}))

    # -- from one conversation to another

    def leave(self) -> None:
        """Keep the draft with its conversation, before another one is shown."""
        self.end_editing()
        self.keep()
        if not self._drafts.conversation_id:
            self.fresh = self._prompt.draft

    def first(self) -> None:
        """Restore the draft for a new conversation at the start, unless something was typed already."""
        moved = self._drafts.switch_to("", self.fresh)
        if not self._prompt.text:
            self._prompt.restore(moved)

    def enter_new(self, *, show: bool) -> None:
        """Restore the draft for a new conversation."""
        fresh = self._drafts.switch_to("", self.fresh)
        if show:
            self._prompt.restore(fresh)

    def enter(self, conversation: Conversation, *, show: bool) -> None:
        """Restore the draft of a conversation; without `show` only if nothing was typed."""
        if conversation.id == self._drafts.conversation_id:
            return
        draft = self._drafts.switch_to(conversation.id, decode(conversation.draft))
        if show or not self._prompt.text:
            self._prompt.restore(draft)

    def named(self, conversation_id: str) -> None:
        """The new conversation has been stored under this id."""
        self.fresh = Draft()
        self._drafts.assign_id(conversation_id)
