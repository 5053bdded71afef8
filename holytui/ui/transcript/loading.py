"""Reading a conversation to show it: the messages of a branch, each with its position among its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.models import Conversation, Message, Role
from holytui.ui.transcript.message_view import MessageView

if TYPE_CHECKING:
    from holytui.store.history import History


@dataclass(frozen=True, slots=True)
class LoadedConversation:
    """A conversation with the messages of one branch."""

    conversation: Conversation
    views: Sequence[MessageView]

    @property
    def leaf(self) -> str | None:
        """The last message that is shown."""
        last = self.views[-1].message if self.views else None
        return last.id if last is not None and not is_system_entry(last) else None

    @property
    def questions(self) -> list[str]:
        """What the user asked, oldest first."""
        return [view.message.text for view in self.views if view.message.role is Role.USER]


def load_conversation(history: History, conversation_id: str, leaf_id: str | None = None) -> LoadedConversation | None:
    """Read it, the branch down to `leaf_id` or else the one that was shown last; None if there is no such conversation.

    Blocks on the disk: not for the screen's loop.
    """
    conversation = history.conversation(conversation_id)
    if conversation is None:
        return None
    views = [view_of(history, message) for message in history.branch(conversation.id, leaf_id)]
    mark_changes(views)
    if conversation.system:
        views.insert(0, MessageView(_system_prompt(conversation)))
    return LoadedConversation(conversation, views)


_SYSTEM = "system prompt of "


def _system_prompt(conversation: Conversation) -> Message:
    """The system prompt as it is shown above the messages; it is none of them."""
    own = _SYSTEM + conversation.id
    return Message(own, conversation.id, None, Role.SYSTEM, conversation.system, conversation.created_at)


def is_system_entry(message: Message) -> bool:
    """Whether this is the system prompt above the messages."""
    return message.id.startswith(_SYSTEM)


def mark_changes(views: Sequence[MessageView]) -> None:
    """Say above a question, or else above its answer, that from there on another model answers."""
    model = ""
    for index, view in enumerate(views):
        message = view.message
        if message.role is not Role.ASSISTANT or not message.model:
            continue
        if model and message.model != model:
            before = views[index - 1] if index else view
            first = before if before.message.role is Role.USER else view
            first.set_above(_("from here on: {model}").format(model=message.model))
        model = message.model


def view_of(history: History, message: Message) -> MessageView:
    """One message with its place among its variants."""
    variants = [one.id for one in history.variants(message.id)]
    place = variants.index(message.id) + 1 if message.id in variants else 1
    return MessageView(message, (place, max(1, len(variants))))


def adjacent_variant(history: History, message: Message, step: int) -> str | None:
    """The leaf to show for the variant `step` further (around the end); None if there is only one."""
    variants = [one.id for one in history.variants(message.id)]
    if len(variants) < 2:
        return None
    at = variants.index(message.id)
    return history.leaf_below(variants[(at + step) % len(variants)])


def fork(history: History, message: Message) -> str:
    """A new conversation with a copy of the branch down to `message`; returns its id."""
    old = history.conversation(message.conversation_id)
    assert old is not None, "a shown message has a conversation"
    return history.fork(message.id, _("{title} · branch").format(title=old.title))
