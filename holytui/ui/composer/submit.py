"""Submitting a question: its files are read, its conversation is found or created, and the engine is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from holytui.attachments import files as attachments
from holytui.errors import NotAttached
from holytui.i18n import _, ngettext
from holytui.providers import vision
from holytui.text import sanitize_line
from holytui.ui.state import NewConversation, OpenConversation

if TYPE_CHECKING:
    from holytui.attachments.files import Chosen
    from holytui.bootstrap import Services
    from holytui.engine.engine import StartedTurn
    from holytui.models import Image, Message


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was sent, with the state that held when Enter was pressed."""

    text: str
    files: Sequence[Chosen]
    """Files that the user chose; other paths in the text are sent as text."""
    conversation: OpenConversation
    model: str
    settings: NewConversation = field(default_factory=NewConversation)
    editing: Message | None = None
    """The earlier question that this one replaces, on a new branch."""
    anyway: bool = False
    """Whether to send it although it names files that do not exist: it was refused once."""
    images: Sequence[Image] = ()
    """Images of an earlier question that are sent again with this one."""


def submit(services: Services, question: Question) -> StartedTurn:
    """Store a question and start its answer. Blocks on the disk.

    Raises NotAttached, ModelUnknown, StoreError; on an error nothing is stored.
    """
    editing = question.editing
    kept = question.images
    found = attachments.gather(
        [each for each in question.files if not attachments.carried(each.path, question.text, kept)]
    )
    if not question.anyway and (wrong := attachments.surely_paths(found.missing)):
        names = ", ".join(sanitize_line(f"@{path}") for path in wrong)
        title = ngettext("{names}: there is no such file", "{names}: there are no such files", len(wrong))
        raise NotAttached(title.format(names=names), _("Send it again to send the name as text"))
    images = (*kept, *found.images)
    if images:
        vision.require_vision(services.config, question.model)
    text = attachments.with_files(question.text, found.files)
    ask = partial(
        services.engine.ask,
        model=question.model,
        images=images,
        image_data=found.image_data,
    )
    if editing is not None:
        return ask(text, conversation_id=editing.conversation_id, parent_id=editing.parent_id)
    if question.conversation.id:
        return ask(text, conversation_id=question.conversation.id, parent_id=question.conversation.leaf or ...)
    if question.settings.params:
        return ask(text, conversation_id=_create_conversation(services, question))
    return ask(text, system=question.settings.system)


def _create_conversation(services: Services, question: Question) -> str:
    """Create a conversation with parameters. The engine derives its title from the question."""
    # imported here, so that the first paint does not wait for the engine
    from holytui.engine.context import system_prompt
    from holytui.providers.resolve import resolve

    config, settings = services.config, question.settings
    wanted = config.system if settings.system is None else settings.system
    resolve(config, question.model)  # raises before anything is created
    made = services.history.create_conversation(
        title="", model=question.model, system=system_prompt(wanted, config.prompts)
    )
    services.history.update_conversation(made.id, params=dict(settings.params))
    return made.id
