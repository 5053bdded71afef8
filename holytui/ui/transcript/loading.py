"""Loading a conversation for display: the messages of a branch, each with its position among its variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        """Id of the last message, or None."""
        last = self.views[-1].message if self.views else None
        return last.id if last is not None and not is_system_entry(last) else None

    @property
    def questions(self) -> list[str]:
        """The texts of the questions, oldest first."""
        return [view.message.text for view in self.views if view.message.role is Role.USER]


def load_conversation(history: History, conversation_id: str, leaf_id: str | None = None) -> LoadedConversation | None:
    """Load the branch down to `leaf_id`, or else the one shown last; None if the conversation does not exist.

    Blocks on the disk. Raises StoreError.
    """
    conversation = history.conversation(conversation_id)
    if conversation is None:
        return None
    labels = history.labels(conversation.id)
    views = [view_of(history, message, labels) for message in history.branch(conversation.id, leaf_id)]
    mark_changes(views)
    if conversation.system:
        views.insert(0, MessageView(_system_prompt(conversation)))
    return LoadedConversation(conversation, views)


_SYSTEM = "system prompt of "


def _system_prompt(conversation: Conversation) -> Message:
    """The system prompt as an view above the messages."""
    own = _SYSTEM + conversation.id
    return Message(own, conversation.id, None, Role.SYSTEM, conversation.system, conversation.created_at)


def is_system_entry(message: Message) -> bool:
    """Whether a message is the view with the system prompt."""
    return message.id.startswith(_SYSTEM)


def mark_changes(views: Sequence[MessageView]) -> None:
    """Announce a change of the model, above the question or else above its answer."""
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


def view_of(history: History, message: Message, labels: Mapping[str, str]) -> MessageView:
    """A message with its position among its variants, and its label. Blocks on the disk."""
    variants = history.variant_ids(message.id)
    place = variants.index(message.id) + 1 if message.id in variants else 1
    return MessageView(message, (place, max(1, len(variants))), labels.get(message.id, ""))


def adjacent_variant(history: History, message: Message, step: int) -> str | None:
    """The leaf of the variant `step` further, wrapping around; None if there is only one. Blocks on the disk."""
    variants = history.variant_ids(message.id)
    if len(variants) < 2:
        return None
    at = variants.index(message.id)
    return history.leaf_below(variants[(at + step) % len(variants)])


def fork(history: History, message: Message) -> str:
    """Copy the branch down to `message` into a new conversation; returns its id. Blocks on the disk."""
    old = history.conversation(message.conversation_id)
    assert old is not None, "a shown message has a conversation"
    return history.fork(message.id, _("{title} · branch").format(title=old.title))
