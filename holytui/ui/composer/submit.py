"""Putting a question: its files are read, its conversation is found or made, and the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from holytui.attachments import files as attachments
from holytui.errors import NotAttached
from holytui.i18n import _, ngettext
from holytui.providers import vision
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.attachments.files import Chosen
    from holytui.bootstrap import Services
    from holytui.engine.engine import StartedTurn
    from holytui.models import Image, Message

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(slots=True)
class Place:
    """The conversation that is open. It has no id until its first question is on disk; those that are put meanwhile
    wait for it."""

    id: str = ""
    leaf: str | None = None
    """The last message of the branch that this window shows, which a question follows. Another window may show another
    branch; the history remembers only the last one."""
    theirs: str | None = None
    """The last message of another window's branch, of which the user knows."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a conversation that does not exist yet is to have; `system` None: as the configuration says."""

    system: str | None = None
    params: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Question:
    """What was sent, with all that was so when Enter was pressed."""

    text: str
    files: Sequence[Chosen]
    """Those that the user chose; whatever else the text names goes out as words."""
    place: Place
    model: str
    settings: Settings = Settings()
    editing: Message | None = None
    """The question that this one takes the place of, on a new branch."""
    anyway: bool = False
    """It was sent before, and refused as it names files that are not there."""
    images: Sequence[Image] = ()
    """Those of an earlier question that go out again with this one."""


def put(services: Services, question: Question) -> StartedTurn:
    """Blocks on the disk. Raises NotAttached, ModelUnknown, StoreError; then nothing was asked."""
    editing = question.editing
    kept = question.images
    found = attachments.gather(
        [each for each in question.files if not attachments.carried(each.path, question.text, kept)]
    )
    if not question.anyway and (wrong := attachments.surely_paths(found.missing)):
        names = ", ".join(sanitize_line(f"@{path}") for path in wrong)
        title = ngettext("{names}: there is no such file", "{names}: there are no such files", len(wrong))
        raise NotAttached(title.format(names=names), _("Sent once more, it goes out as text"))
    images = (*kept, *found.images)
    if images:
        vision.need(services.config, question.model)
    text = attachments.with_files(question.text, found.files)
    ask = partial(
        services.engine.ask,
        model=question.model,
        images=images,
        image_data=found.image_data,
    )
    if editing is not None:
        started = ask(text, conversation_id=editing.conversation_id, parent_id=editing.parent_id)
    elif question.place.id:
        started = ask(text, conversation_id=question.place.id, parent_id=question.place.leaf or ...)
    elif question.settings.params:
        started = ask(text, conversation_id=_prepared(services, question))
    else:
        started = ask(text, system=question.settings.system)
    question.place.id = started.conversation_id
    question.place.leaf = started.answer_id
    return started


def _prepared(services: Services, question: Question) -> str:
    """A conversation with parameters of its own, still without a title; the engine gives it that of the question."""
    # imported here, as the first paint does not wait for the engine
    from holytui.engine.context import system_prompt
    from holytui.providers.resolve import resolve

    config, settings = services.config, question.settings
    wanted = config.system if settings.system is None else settings.system
    resolve(config, question.model)  # before anything is made
    made = services.history.create_conversation(
        title="", model=question.model, system=system_prompt(wanted, config.prompts)
    )
    services.history.update_conversation(made.id, params=dict(settings.params))
    return made.id
