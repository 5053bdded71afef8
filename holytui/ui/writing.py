"""What is being written: a question, an earlier one to be asked anew, and the drafts of all conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.timer import Timer

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.ui.drafts import Draft, DraftKeeper, decode, load, save

if TYPE_CHECKING:
    from holytui.engine.services import Services
    from holytui.models import Conversation, Message
    from holytui.ui.screens.chat import ChatScreen

_DRAFT_AFTER = 1.0
"""Seconds without a key after which what is written is saved."""


class Writing:
    """The text in the prompt belongs to one conversation, and stays with it when another is opened."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._drafts = DraftKeeper()
        self.fresh = Draft()
        """What is written for a conversation that does not exist yet."""
        self._aside = Draft()
        """What was in the prompt before an earlier question was put there."""
        self.editing: Message | None = None
        """An earlier question that is in the prompt, to be asked anew."""
        self._typed_at = 0.0
        self._timer: Timer | None = None
        self._saving = asyncio.Lock()

    # -- an earlier question

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt; sent from there, it is asked on a new branch."""
        prompt = self._screen.prompt
        if self.editing is None:
            self._aside = prompt.draft
        self.editing = question
        prompt.put(question.text, images=question.images)
        prompt.focus()
        words = _("editing: sent on a new branch, the old one stays · {press:chat.stop} to cancel")
        if question.images:
            words = _("editing, with its images: sent on a new branch, the old one stays · {press:chat.stop} to cancel")
        self._screen.say(words)

    def end_editing(self) -> Message | None:
        """What was in the prompt before comes back; returns what was edited."""
        edited, self.editing = self.editing, None
        if edited is not None:
            self._screen.prompt.restore(self._aside)
        return edited

    # -- drafts

    def typed(self) -> None:
        """A key has changed the text; it is saved at the next pause."""
        self._typed_at = time.monotonic()
        self._note()
        if self._timer is None:
            self._timer = self._screen.set_timer(_DRAFT_AFTER, self._pause)

    def _pause(self) -> None:
        self._timer = None
        rest = self._typed_at + _DRAFT_AFTER - time.monotonic()
        if rest > 0.01:
            self._timer = self._screen.set_timer(rest, self._pause)
        else:
            self.keep()
            self._screen.bar.weigh()

    def _note(self) -> bool:
        """Take down what is written; whether any draft is to be saved."""
        return self._drafts.wrote(self._screen.prompt.draft if self.editing is None else self._aside)

    def keep(self) -> None:
        """Save what is to be saved, off the loop."""
        services = self._screen.services
        if self._note() and services is not None:
            self._screen.run_worker(self._save(services), group="draft", exit_on_error=False)

    async def _save(self, services: Services) -> None:
        async with self._saving:
            await asyncio.to_thread(self._drafts.save, services.history)

    def save_now(self, services: Services) -> None:
        """At the end: save, and wait for it."""
        self._drafts.save(services.history)

    def keep_unsent(self, services: Services, sent: Sequence[str]) -> None:
        """The user left before what was `sent` or is written was on disk: it is found at the next start."""
        with suppress(StoreError):
            kept, written = load(services.history, ""), self._drafts.waiting
            text = "\n".join(filter(None, (kept.text, *sent, written.text)))
            if text != kept.text:
                save(services.history, "", Draft(text, {**kept.pastes, **written.pastes}))

    # -- from one conversation to another

    def leave(self) -> None:
        """Another conversation is about to be shown: what is written stays with the old one."""
        self.end_editing()
        self.keep()
        if not self._drafts.conversation_id:
            self.fresh = self._screen.prompt.draft

    def first(self) -> None:
        """At the start: what had been written for a new conversation, unless something was typed already."""
        moved = self._drafts.moved("", self.fresh)
        if not self._screen.prompt.text:
            self._screen.prompt.restore(moved)

    def enter_new(self, *, show: bool) -> None:
        """A new conversation: what had been written for one comes back."""
        fresh = self._drafts.moved("", self.fresh)
        if show:
            self._screen.prompt.restore(fresh)

    def enter(self, conversation: Conversation, *, show: bool) -> None:
        """A conversation is opened: its draft comes back; before the first paint only if nothing was typed."""
        if conversation.id == self._drafts.conversation_id:
            return
        draft = self._drafts.moved(conversation.id, decode(conversation.draft))
        if show or not self._screen.prompt.text:
            self._screen.prompt.restore(draft)

    def named(self, conversation_id: str) -> None:
        """The new conversation exists now."""
        self.fresh = Draft()
        self._drafts.named(conversation_id)
